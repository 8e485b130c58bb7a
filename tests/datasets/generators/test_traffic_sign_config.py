import pytest

from keras_grl.datasets.generators.traffic_sign_config import Config


@pytest.mark.parametrize(
    ("kwargs", "argument"),
    [
        ({"scale": (1.0, 0.5)}, "scale"),
        ({"scale": (0.0, 0.5)}, "scale"),
        ({"light": (0.0, 1.0)}, "light"),
        ({"resolution": (-1.0, 40.0)}, "resolution"),
        ({"blur": 1.0}, "blur"),
        ({"noise": (0.0, float("nan"))}, "noise"),
        ({"motion": (-1.0, 1.0)}, "motion"),
        ({"haze": (0.0, 1.5)}, "haze"),
        ({"rotation": (0.0, "left")}, "rotation"),
        ({"pole": 1.5}, "pole"),
        ({"halves": -0.1}, "halves"),
        ({"shadowed": (0.0, 1.0)}, "shadowed"),
    ],
)
def test_bad_configurations(kwargs, argument):
    with pytest.raises(ValueError, match=f"`{argument}`.*Received"):
        Config(**kwargs)
