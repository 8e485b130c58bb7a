import pytest

from keras_grl.datasets.generators.house_number_config import Config


@pytest.mark.parametrize(
    ("kwargs", "argument"),
    [
        ({"height": (1.0, 0.5)}, "height"),
        ({"blur": 1.0}, "blur"),
        ({"noise": (0.0, float("nan"))}, "noise"),
        ({"digits": (0.5, 0.5)}, "digits"),
        ({"digits": (0.5, 0.5, 0.5)}, "digits"),
        ({"digits": (-1.0, 1.0, 1.0)}, "digits"),
        ({"digits": None}, "digits"),
        ({"digits": "abc"}, "digits"),
        ({"weight": (-5.0, -5.0)}, "weight"),
        ({"brightness": (0.0, 256.0)}, "brightness"),
        ({"slant": (90.0, 90.0)}, "slant"),
        ({"edges": 1.5}, "edges"),
        ({"stroked": -0.5}, "stroked"),
        ({"height": (0.0, 1.0)}, "height"),
        ({"texture": (-1.0, 1.0)}, "texture"),
        ({"fringe": (0.0, 1.5)}, "fringe"),
        ({"fonts": "comic"}, "fonts"),
    ],
)
def test_bad_configurations(kwargs, argument):
    with pytest.raises(ValueError, match=f"`{argument}`.*Received"):
        Config(**kwargs)
