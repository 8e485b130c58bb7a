import numpy as np
import pytest

pytest.importorskip("matplotlib")

from keras_grl.datasets.generators import fonts
from keras_grl.datasets.generators import strokes


def likeness(a, b):
    a, b = a - a.mean(), b - b.mean()
    return (a * b).sum() / np.sqrt((a**2).sum() * (b**2).sum())


def test_digits_of_strokes_are_like_those_of_fonts():
    from PIL import Image

    def small(glyph):
        picture = Image.fromarray(glyph.mask).resize((12, 16))
        return np.asarray(picture, "float64")

    known = [
        (digit, small(fonts.glyph(path, digit)))
        for path in fonts.bundled()
        for digit in range(10)
    ]
    right = []
    for style in range(0, strokes.STYLES, 10):
        for digit in range(10):
            glyph = strokes.glyph(style, digit)
            assert abs(glyph.mask.shape[0] - fonts.HEIGHT) <= 2
            like = [likeness(small(glyph), other) for _, other in known]
            right.append(known[int(np.argmax(like))][0] == digit)
    assert np.mean(right) > 0.9
