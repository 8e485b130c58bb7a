import numpy as np

from keras_grl.datasets.generators import digit_images


def test_strokes_only_add_light():
    rng = np.random.default_rng(0)
    strokes = digit_images.strokes(8, rng)
    assert strokes.shape == (8, 28, 28)
    assert 0 <= strokes.min() and strokes.max() <= 1
    assert (strokes.max(axis=(1, 2)) > 0.4).all()
