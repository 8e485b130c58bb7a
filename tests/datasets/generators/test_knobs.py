"""What varies in the synthetic sets: the knobs that they have in common."""

import dataclasses
import re

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from keras_grl.datasets.generators import house_number_config
from keras_grl.datasets.generators import house_numbers
from keras_grl.datasets.generators import traffic_sign_config
from keras_grl.datasets.generators import traffic_signs
from keras_grl.datasets.generators.knobs import Range

both = pytest.mark.parametrize(
    ("config", "limits", "draw"),
    [
        (
            house_number_config.Config,
            house_number_config.LIMITS,
            house_numbers.draw,
        ),
        (
            traffic_sign_config.Config,
            traffic_sign_config.LIMITS,
            traffic_signs.draw,
        ),
    ],
    ids=["house_numbers", "traffic_signs"],
)


def ranges(config):
    return [f for f in dataclasses.fields(config) if f.type is Range]


@both
def test_every_range_has_limits_and_says_them(config, limits, draw):
    assert {f.name for f in ranges(config)} == set(limits)
    names = "|".join(f.name for f in dataclasses.fields(config))
    words = " ".join(config.__doc__.split())
    for field in ranges(config):
        low, high = limits[field.name]
        assert low <= field.default[0] <= field.default[1] <= high
        said = words.partition(f" {field.name}: ")[2]
        said = re.split(f" (?:{names}|Raises): ", said)[0]
        assert f"{low:g} to {high:g}" in said, field.name


@both
def test_within_its_limits_every_knob_can_be_turned(config, limits, draw):
    """To both ends, one after the other: there are still images."""
    for field in ranges(config):
        for end in limits[field.name]:
            knobs = config(**{field.name: (end, end)})
            images, labels = draw(range(3), knobs)
            assert np.isfinite(images).all() and len(labels) == 3
        outside = (end, end + 1)
        with pytest.raises(
            ValueError, match=f"`{field.name}`.*two numbers from .* to {end:g}"
        ):
            config(**{field.name: outside})
