"""`python -m keras_grl` is the command `keras-grl`."""

import sys

from keras_grl.commands.main import main

sys.exit(main())
