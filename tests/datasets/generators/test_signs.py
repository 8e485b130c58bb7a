import numpy as np
import pytest

pytest.importorskip("matplotlib")

from keras_grl.datasets.generators import signs

WARNINGS = (11, *range(18, 32))
LIMITS = (0, 1, 2, 3, 4, 5, 7, 8)
MANDATORY = tuple(range(33, 41))
ENDS = (6, 32, 41, 42)


def at(label, x, y):
    """A sign's color at a place, in coordinates of -1 to 1."""
    rendered = signs.sign(label)
    color = rendered[round((y + 1) * 63.5), round((x + 1) * 63.5)]
    assert color[3] == 255
    return color[:3].astype(int)


def is_red(color):
    return color[0] > 150 and max(color[1:]) < 80


def is_white(color):
    return min(color) > 220


def is_blue(color):
    return color[2] > 150 and max(color[:2]) < 100


def test_there_are_43_signs_which_differ():
    assert len(signs.NAMES) == len(set(signs.NAMES)) == 43
    gray = np.full(3, 128.0)
    seen = []
    for label in range(43):
        rendered = signs.sign(label, 40).astype("float64")
        alpha = rendered[..., 3:] / 255
        image = (gray + alpha * (rendered[..., :3] - gray)).ravel()
        image -= image.mean()
        seen.append(image / np.linalg.norm(image))
    far = np.linalg.norm(
        np.array(seen)[:, np.newaxis] - np.array(seen), axis=-1
    )
    # The nearest are the limits of 60 and 80, at 0.27; it is 1.4 between
    # images without likeness.
    assert far[~np.eye(43, dtype="bool")].min() > 0.2


def test_a_drawing_is_kept_and_comes_out_the_same():
    first = signs.sign(25)
    assert first is signs.sign(25)
    with pytest.raises(ValueError, match="read-only"):
        first[0, 0] = 0
    signs.sign.cache_clear()
    np.testing.assert_array_equal(first, signs.sign(25))
    assert first.shape == (128, 128, 4) and signs.sign(3, 40).shape[0] == 40


def test_signs_touch_the_borders_of_their_image():
    for label in range(43):
        rows, columns = np.nonzero(signs.sign(label)[..., 3] > 128)
        for places in (rows, columns):
            # Triangles are a little lower than they are wide.
            assert places.min() <= 7 and places.max() >= 117, label


def test_shapes_and_colors_of_the_families():
    for label in LIMITS:
        for x, y in ((0, -0.84), (0, 0.84), (-0.84, 0), (0.84, 0)):
            assert is_red(at(label, x, y))
        assert is_white(at(label, 0, -0.62))
    for label in (9, 10, 15, 16):
        assert is_red(at(label, 0, 0.84)) and is_white(at(label, 0, -0.62))
    assert is_white(at(15, 0, 0))
    for label in WARNINGS:
        assert is_red(at(label, 0, 0.78)) and is_red(at(label, -0.4, 0))
        assert is_red(at(label, 0.4, 0)) and is_white(at(label, -0.62, 0.58))
        assert signs.sign(label)[4, 4, 3] == 0  # the point is up
    for label in MANDATORY:
        rendered = signs.sign(label)
        inside = rendered[rendered[..., 3] == 255][:, :3].astype(int)
        blue = (inside[:, 2] > 150) & (inside[:, 0] < 100)
        white = inside.min(axis=1) > 220
        assert blue.mean() > 0.55 and white.mean() > 0.1
        assert is_blue(at(label, 0.62, -0.62)) or label == 39
    for label in ENDS:
        assert max(at(label, 0.0, 0.0)) < 60  # a stripe
        assert is_white(at(label, -0.6, -0.6))
        rendered = signs.sign(label)[..., :3].astype(int)
        assert np.ptp(rendered, axis=-1).max() < 20  # no color
    assert is_red(at(13, 0, -0.75)) and is_white(at(13, 0, -0.3))
    assert signs.sign(13)[124, 4, 3] == 0  # the point is down
    assert is_red(at(14, 0, -0.7)) and is_red(at(14, 0.6, 0.6))
    assert is_red(at(17, 0, 0.5)) and is_white(at(17, 0, 0))
    red, green, blue = at(12, 0, 0)
    assert red > 200 > green > 150 and blue < 50
    assert is_white(at(12, 0, 0.8)) and signs.sign(12)[20, 20, 3] == 0
    # The three lights.
    assert at(26, 0, -0.05)[0] > 150 and at(26, 0, 0.47)[1] > 100


def test_left_signs_mirror_right_ones():
    for left, right in ((19, 20), (34, 33), (37, 36), (39, 38)):
        mirrored = signs.sign(left)[:, ::-1].astype(int)
        # Polygons' edges are rounded to pixels, not quite the same ones.
        assert np.abs(mirrored - signs.sign(right)).mean() < 2


@pytest.mark.parametrize(
    ("label", "size", "argument"),
    [(43, 40, "label"), (-1, 40, "label"), (0.5, 40, "label"), (1, 0, "size")],
)
def test_signs_that_are_not(label, size, argument):
    with pytest.raises(ValueError, match=f"`{argument}`.*Received"):
        signs.sign(label, size)
