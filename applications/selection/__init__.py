"""The parts of the study of `keras_grl.select`."""
