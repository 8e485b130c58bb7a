"""What the drawn sets have in common: their knobs, and their builders' own."""

import dataclasses
import re

import numpy as np
import pytest

pytest.importorskip("tensorflow_datasets")

from keras_grl.datasets import syn_numbers
from keras_grl.datasets import syn_signs
from keras_grl.datasets.drawn import Range

both = pytest.mark.parametrize("module", [syn_numbers, syn_signs])


def ranges(module):
    return [f for f in dataclasses.fields(module.Config) if f.type is Range]


@both
def test_every_range_has_limits_and_says_them(module):
    assert {f.name for f in ranges(module)} == set(module._LIMITS)
    names = "|".join(f.name for f in dataclasses.fields(module.Config))
    words = " ".join(module.Config.__doc__.split())
    for field in ranges(module):
        low, high = module._LIMITS[field.name]
        assert low <= field.default[0] <= field.default[1] <= high
        said = words.partition(f" {field.name}: ")[2]
        said = re.split(f" (?:{names}|Raises): ", said)[0]
        assert f"{low:g} to {high:g}" in said, field.name


@both
def test_within_its_limits_every_knob_can_be_turned(module):
    """To both ends, one after the other: pictures still come out."""
    for field in ranges(module):
        for end in module._LIMITS[field.name]:
            config = module.Config(**{field.name: (end, end)})
            images, labels = module.draw(range(3), config)
            assert np.isfinite(images).all() and len(labels) == 3
        outside = (end, end + 1)
        with pytest.raises(
            ValueError, match=f"`{field.name}`.*two numbers from .* to {end:g}"
        ):
            module.Config(**{field.name: outside})


@both
@pytest.mark.parametrize(
    ("kwargs", "argument"),
    [
        ({"images": 0}, "images"),
        ({"seed": -1}, "seed"),
        ({"seed": 0.5}, "seed"),
        ({"processes": 0}, "processes"),
        ({"drawing": None}, "drawing"),
        ({"drawing": "thin"}, "drawing"),
    ],
)
def test_a_bad_set(module, kwargs, argument):
    names = {syn_numbers: "SynNumbersConfig", syn_signs: "SynSignsConfig"}
    with pytest.raises(ValueError, match=f"`{argument}`.*: {argument}="):
        getattr(module, names[module])(name="tiny", **kwargs)


def test_the_drawing_of_another_set():
    with pytest.raises(ValueError, match=r"`drawing`.*`syn_signs\.Config`"):
        syn_signs.SynSignsConfig(name="tiny", drawing=syn_numbers.Config())
