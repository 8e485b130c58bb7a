"""The programs of the command line: `keras-grl adapt` and `keras-grl check`."""
