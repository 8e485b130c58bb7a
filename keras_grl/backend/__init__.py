"""The only code that differs by backend; the rest is `keras.ops`."""
