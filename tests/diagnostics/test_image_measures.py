import numpy as np
import pytest

from keras_grl.diagnostics import IMAGE_STATISTICS
from keras_grl.diagnostics import image_statistics

BOARD = np.indices((8, 8)).sum(axis=0) % 2  # a chessboard of 0 and 1
RIGHT = np.zeros((8, 8), int)
RIGHT[:, 4:] = 1  # an upright edge in the middle
LEFT = np.zeros((8, 8), int)
LEFT[:, 0] = 1
INSIDE = np.zeros((8, 8), int)
INSIDE[1:-1, 1:-1] = 1  # but for the border


def image(red, green=None, blue=None):
    """One image of 8 x 8 pixels, gray if there is one channel."""
    channels = [red] if green is None else [red, green, blue]
    planes = [np.broadcast_to(each, (8, 8)) for each in channels]
    return np.stack(planes, axis=-1).astype("uint8")[None]


@pytest.mark.parametrize(
    ("statistic", "x", "expected"),
    [
        # 0.299 · 100 + 0.587 · 50 + 0.114 · 200
        ("brightness", image(100, 50, 200), 82.05),
        ("brightness", image(70), 70),
        ("contrast", image(100 * RIGHT), 50),
        ("extremes", image(252 + BOARD), 0.5),
        ("extremes", image(2 + BOARD), 0.5),
        # r = 50 and y = 75 everywhere: 0.3 · hypot(50, 75)
        ("colorfulness", image(100, 50, 0), 27.0416),
        # r = 0 and 100, y = 0 and 50: hypot(50, 25) + 0.3 · hypot(50, 25)
        ("colorfulness", image(100 * RIGHT, 0 * RIGHT, 0), 1.3 * 55.9017),
        ("colorfulness", image(33), 0),
        ("red minus blue", image(10, 70, 30), -20),
        ("green", image(10, 70, 30), 50),
        # Four neighbors that differ by 60: 240 and -240.
        ("sharpness", image(60 * BOARD), 240),
        # Of 9 pixels 5 are as the middle one: 90 - 50 and 0 - 40.
        ("chroma detail", image(90 * BOARD, 0, 0), 40),
        ("chroma detail", image(0, 90 * BOARD, 0), 0),
        ("green detail", image(0, 90 * BOARD, 0), 40),
        # 4 · 90 + 4 · 90 on the bright pixels, 8 · -90 on the others.
        ("noise", image(90 * BOARD), np.sqrt(np.pi / 2) / 6 * 720),
        # A slope has no second difference.
        ("noise", image(20 * np.arange(8)), 0),
        ("edge share", image(90 * BOARD), 1),
        # One of 7 columns has a difference of 100; 0.1 is for even images.
        ("edge share", image(100 * RIGHT), (1e4 / 49 + 0.1) / (1e4 / 7 + 0.1)),
        ("edge share", image(7), 1),
        ("upright edges", image(100 * RIGHT), (1e4 / 7 + 0.1) / 0.1),
        ("upright edges", image(100 * RIGHT.T), 0.1 / (1e4 / 7 + 0.1)),
        # 5 of 25 pixels inside, 2 of 24 outside.
        ("edges at the center", image(100 * RIGHT), 20.1 / (200 / 24 + 0.1)),
        # 7 of 35 in the middle columns, none beside them.
        ("edges in the middle", image(100 * RIGHT), 20.1 / 0.1),
        # 1 of 5 in every column: lying, it is in the middle as elsewhere.
        ("edges in the middle", image(100 * RIGHT.T), 1),
        ("border contrast", image(100 * INSIDE), 0),
        # The left column is 8 of the border's 28 pixels.
        ("border contrast", image(100 * LEFT), 100 * np.sqrt(10 / 49)),
    ],
)
def test_by_hand(statistic, x, expected):
    found = image_statistics(x)[statistic]
    assert found.shape == (1,) and found.dtype == "float64"
    assert found[0] == pytest.approx(expected, rel=1e-4, abs=1e-4)


def test_each_image_by_itself(monkeypatch):
    x = np.random.default_rng(0).integers(0, 256, (5, 8, 10, 3), "uint8")
    together = image_statistics(x)
    assert list(together) == list(IMAGE_STATISTICS)
    for number in range(5):
        for name, values in image_statistics(x[number : number + 1]).items():
            assert values[0] == pytest.approx(together[name][number])
    monkeypatch.setattr("keras_grl.diagnostics.image_measures._TOGETHER", 2)
    for found in (image_statistics(x), image_statistics(x.astype("float64"))):
        for name, values in found.items():
            np.testing.assert_allclose(values, together[name], rtol=1e-5)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros((8, 8, 3)), r"at least 1 images.*Received.*\(8, 8, 3\)"),
        (np.zeros((4, 8, 8)), r"of shape \(4, 8, 8\).*x\[..., None\]"),
        (np.zeros((4, 8, 8, 2)), "1 or 3"),
        (np.zeros((4, 5, 8, 3)), "6 x 6 pixels"),
        (np.zeros((0, 8, 8, 3)), "at least 1 images"),
        (np.full((4, 8, 8, 3), np.nan), "NaN"),
        (np.full((4, 8, 8, 3), -1), "values from 0 to 255.*from -1 to -1"),
        (np.full((4, 8, 8, 3), 256), "values from 0 to 255"),
        (np.full((4, 8, 8, 3), 0.5), r"from 0.5 to 0.5.*`255 \* x`"),
    ],
)
def test_bad_input_gets_one_clear_error(x, message):
    with pytest.raises(ValueError, match=f"(?s)`x`.*{message}"):
        image_statistics(x)
