import dataclasses
import json
import sys
import types

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from applications import generator_search
from applications.generator_search import moved
from keras_grl import datasets
from keras_grl.datasets import syn_numbers
from keras_grl.datasets import syn_signs
from keras_grl.diagnostics import image_gap


@dataclasses.dataclass(frozen=True)
class Config:
    shares: tuple[float, float, float] = (0.2, 0.3, 0.5)
    blur: tuple[float, float] = (1.0, 3.0)
    edges: float = 0.6
    other: float = 0.1


LIMITS = {"blur": (0.5, 10.0)}


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        # No change.
        ([0.5] * 6, ((0.2, 0.3, 0.5), (1.0, 3.0), 0.6)),
        # 0.2 · 2 and 0.3, 0.5 as they are: of 1.2 in all.
        (
            [1.0, 0.5, 0.5, 0.5, 0.5, 0.0],
            ((0.333, 0.25, 0.417), (1.0, 3.0), 0.0),
        ),
        # By a quarter of the width inside, at both ends; twice the chance is
        # more than 1.
        (
            [0.5, 0.5, 0.5, 1.0, 0.0, 1.0],
            ((0.2, 0.3, 0.5), (1.5, 2.5), 1.0),
        ),
        # By half of the width outside, but to the limit.
        (
            [0.5, 0.5, 0.5, 0.0, 1.0, 0.25],
            ((0.2, 0.3, 0.5), (0.5, 4.0), 0.3),
        ),
    ],
)
def test_a_configuration_near_another(place, expected):
    found = moved(
        Config(), ["shares", "blur", "edges"], np.array(place), LIMITS
    )
    assert found == Config(*expected, other=0.1)
    assert sum(found.shares) == pytest.approx(1)


def test_every_knob_can_be_moved_anywhere():
    random = np.random.default_rng(0)
    for name, module in (
        ("syn_numbers", syn_numbers),
        ("syn_signs", syn_signs),
    ):
        begin = dataclasses.replace(
            module.VERSIONS["1.0.0"], **generator_search.BEGIN[name]
        )
        knobs = generator_search.KNOBS[name]
        count = sum(
            generator_search.parameters(getattr(begin, knob)) for knob in knobs
        )
        limits = module.DATASET.generator.limits
        # The configurations check themselves.
        for place in (np.zeros(count), np.ones(count), random.random(count)):
            config = moved(begin, knobs, place, limits)
            changed = {
                field.name
                for field in dataclasses.fields(config)
                if getattr(config, field.name) != getattr(begin, field.name)
            }
            assert changed <= set(knobs)
        assert len(changed) > 0.8 * len(knobs)


def test_the_loss_by_hand():
    images = np.arange(100, 180, 10, dtype="uint8").reshape(8, 1, 1, 1)
    source = np.ones((1, 8, 8, 1), "uint8") * images
    # Of 15 statistics the brightness has 36 of 64, the others a half.
    gap = image_gap(source, source + np.uint8(5))
    distance = 36 / 64 - 0.5
    assert generator_search.loss(gap) == pytest.approx(distance / 15**0.25)


class Search:
    """Stands in for `cmaes.CMA`: the middle first, then elsewhere."""

    def __init__(self, mean, sigma, bounds, seed):
        assert bounds.shape == (len(mean), 2) and (mean == 0.5).all()
        self.random = np.random.default_rng(seed)
        self.dimensions, self.population_size = len(mean), 2
        self.told = []

    def ask(self):
        # The first is near the middle, those after it are at the limits.
        spread = 0.1 if not self.told else 1.0
        return 0.5 + spread * (
            self.random.integers(2, size=self.dimensions) - 0.5
        )

    def tell(self, solutions):
        self.told += [loss for _, loss in solutions]
        type(self).last = self


def test_the_best_configuration_is_written(tmp_path, monkeypatch, capsys):
    package = types.ModuleType("cmaes")
    package.CMA = Search
    monkeypatch.setitem(sys.modules, "cmaes", package)
    photographs, _ = syn_numbers.draw(
        range(20), syn_numbers.VERSIONS["2.0.0"], seed=5
    )
    monkeypatch.setattr(
        datasets, "load", lambda name, *rest: (photographs, None)
    )
    found = generator_search.main(
        [
            "--set=syn_numbers",
            "--target=svhn_cropped",
            "--images=20",
            "--trials=5",
            f"--output={tmp_path}",
        ]
    )
    assert found["trials"] == len(Search.last.told) == 6
    before, best = found["loss"]
    # It is not the last one by chance.
    assert best < Search.last.told[-1]
    assert best == min(before, *Search.last.told)
    file = tmp_path / "syn_numbers-0.json"
    written = json.loads(file.read_text())["config"]
    config = syn_numbers.Config(
        **{
            name: tuple(value) if isinstance(value, list) else value
            for name, value in written.items()
        }
    )
    again = image_gap(syn_numbers.draw(range(20), config)[0], photographs)
    assert generator_search.loss(again) == pytest.approx(best)
    assert f"6 trials: {best:.4f}" in capsys.readouterr().out


def test_what_is_missing_or_wrong(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "cmaes", None)
    arguments = [f"--output={tmp_path}"]
    with pytest.raises(SystemExit, match="pip install cmaes"):
        generator_search.main(arguments)
    monkeypatch.setitem(sys.modules, "cmaes", types.ModuleType("cmaes"))
    with pytest.raises(SystemExit, match="--target: expected one of digits"):
        generator_search.main([*arguments, "--target=minst"])
