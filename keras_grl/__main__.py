"""`python -m keras_grl` is the command `keras-grl`."""

import sys

from keras_grl.commands.main import main

if __name__ == "__main__":
    sys.exit(main())
