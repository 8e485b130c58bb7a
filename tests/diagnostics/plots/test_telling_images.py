import matplotlib
import numpy as np
import pytest
from matplotlib import pyplot as plt

from keras_grl.diagnostics import plots

matplotlib.use("agg")


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def plain(*values):
    return np.ones((1, 6, 6, 1), "uint8") * np.reshape(values, (-1, 1, 1, 1))


def shown(axes):
    """The gray level of each image of a sheet, row by row."""
    sheet = np.asarray(axes.images[0].get_array())
    return sheet[2::7, 2::7].tolist()


def test_the_images_beyond_the_other_domain():
    source, target = plain(40, 10, 30, 20), plain(60, 90, 80, 70, 50)
    panels = plots.telling_images(
        source, target, "brightness", rows=2, columns=2
    )
    assert shown(panels[0]) == [[10, 20], [30, 40]]
    assert shown(panels[1]) == [[90, 80], [70, 60]]
    assert panels[0].get_title() == "source: brightness, median 25"
    # The other way round where the source has more.
    panels = plots.telling_images(
        target, source, "brightness", rows=1, columns=3
    )
    assert shown(panels[0]) == [[90, 80, 70]]
    assert shown(panels[1]) == [[10, 20, 30]]


def test_white_lines_and_places_without_an_image():
    color = np.repeat(plain(10, 20, 30), 3, axis=-1)
    _, axes = plt.subplots(1, 2)
    panels = plots.telling_images(
        color, color, "contrast", rows=3, columns=2, axes=axes
    )
    assert list(panels) == list(axes)
    sheet = np.asarray(axes[0].images[0].get_array())
    assert sheet.shape == (14, 14, 3)
    assert (sheet[6] == 255).all() and (sheet[:, 13] == 255).all()
    assert (sheet[7:, 7:] == 255).all() and (sheet[:6, :6] == 10).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"statistic": "beauty"}, "`statistic`.*brightness"),
        ({"rows": 0}, "`rows`"),
        ({"columns": 0}, "`columns`"),
        ({"source": np.zeros((3, 3))}, "`source`"),
    ],
)
def test_bad_input_gets_one_clear_error(arguments, message):
    valid = {"source": plain(1), "target": plain(2), "statistic": "contrast"}
    with pytest.raises(ValueError, match=message):
        plots.telling_images(**{**valid, **arguments})
