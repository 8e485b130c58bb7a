"""Searches the knobs of a generator until its images look like photographs.

    python -m applications.generator_search --set syn_numbers \
        --target svhn_cropped

No label is used: what is minimized is how well the statistics of
`keras_grl.diagnostics.image_gap` distinguish generated images from
photographs. The search is CMA-ES (Hansen & Ostermeier, 2001) of the package
`cmaes`. It begins near the set's first version, and every range keeps at least
half of its width. What the statistics do not see, such as the shapes of digits,
stays as it is.
"""

import dataclasses
import math
from collections.abc import Callable
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any
from typing import TypeAlias

import numpy as np

from applications import start
from applications.files import write_json
from applications.options import count
from applications.options import one_of
from applications.options import option
from applications.options import output
from applications.options import parse
from applications.options import path
from applications.options import seed
from applications.options import stop

if TYPE_CHECKING:
    from keras_grl.diagnostics import ImageGap

Config: TypeAlias = Any  # of a synthetic set, a dataclass

# What a statistic can see: light, colors, surroundings and camera.
KNOBS = {
    "syn_numbers": (
        "digits height stretch spacing cell brightness contrast saturation "
        "daylight cast gradient texture outlined edges shadowed motion blur "
        "resolution sharpening fringe noise edge_brightness compressed quality "
        "clutter clutter_contrast"
    ).split(),
    "syn_signs": (
        "scale clutter saturation halves pole light backlight haze shadowed "
        "cast fading dirt motion blur resolution sharpening fringe noise "
        "compressed quality"
    ).split(),
}
# What version 1.0.0 does not have, where the search begins: nothing is near a
# knob that is off.
BEGIN: dict[str, dict[str, Any]] = {
    "syn_numbers": {
        "compressed": 0.6,
        "quality": (70.0, 95.0),
        "clutter": (0.0, 4.0),
        "clutter_contrast": (5.0, 60.0),
    },
    "syn_signs": {"compressed": 0.6, "quality": (70.0, 95.0)},
}
_STEP = 0.15  # of the search at its beginning; a knob is within 0 and 1


@dataclasses.dataclass(frozen=True)
class Options:
    """What to search, for how long, and where to write."""

    set: str = option("syn_numbers", "Synthetic set.", one_of(*KNOBS))
    target: str = option("svhn_cropped", "Name of the photographs.", path)
    images: int = option(1000, "Images generated for each trial.", count)
    photographs: int = option(
        3000, "The most photographs to compare them with.", count
    )
    trials: int = option(400, "How many configurations to try.", count)
    seed: int = option(0, "Seed of the search.", seed)
    data_dir: str | None = option(
        None, "Folder of prepared sets. By default that of TFDS.", path
    )
    manual_dir: str | None = option(
        None, "Folder of archives that were downloaded by hand.", path
    )
    output: str = option(
        "results/generator_search", "Folder that holds the results.", output
    )


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Searches, and writes the best configuration."""
    options = parse(Options, __doc__ or "", arguments)
    try:
        import cmaes
    except ImportError:
        stop("The search needs the package cmaes: `pip install cmaes`")
    start.load_keras()
    # Here and not above, for it imports Keras.
    from keras_grl import datasets
    from keras_grl import diagnostics

    if options.target not in datasets.names():
        stop(
            f"--target: expected one of {', '.join(datasets.names())}, "
            f"received {options.target}"
        )
    photographs, _ = datasets.load(
        options.target, "train", options.data_dir, options.manual_dir
    )
    generator: Any = datasets.catalog.VARIANTS[options.set][0].generator
    begin = dataclasses.replace(
        generator.versions["1.0.0"], **BEGIN[options.set]
    )
    knobs, limits = KNOBS[options.set], generator.limits

    def gap(config: Config) -> "ImageGap":
        images, _ = generator.draw(range(options.images), config)
        return diagnostics.image_gap(
            images,
            photographs,
            samples=options.photographs,
            seed=options.seed,
        )

    def config_at(place: np.ndarray) -> Config:
        return moved(begin, knobs, place, limits)

    dimensions = sum(parameters(getattr(begin, name)) for name in knobs)
    search = cmaes.CMA(
        np.full(dimensions, 0.5),
        _STEP,
        np.tile([0.0, 1.0], (dimensions, 1)),
        seed=options.seed,
    )
    before = gap(begin)
    print(f"At the beginning:\n{before}", flush=True)
    best = (loss(before), begin, before)
    tried = 0
    while tried < options.trials:
        told = []
        for _ in range(search.population_size):
            place = search.ask()
            config = config_at(place)
            found = gap(config)
            told.append((place, loss(found)))
            if told[-1][1] < best[0]:
                best = (told[-1][1], config, found)
        search.tell(told)
        tried += len(told)
        print(f"{tried} trials: {best[0]:.4f}", flush=True)
    print(f"The best:\n{best[2]}")
    written = {
        "set": options.set,
        "target": options.target,
        "images": options.images,
        "trials": tried,
        "seed": options.seed,
        "loss": [loss(before), best[0]],
        "config": dataclasses.asdict(best[1]),
    }
    file = Path(options.output) / f"{options.set}-{options.seed}.json"
    write_json(file, written)
    print(f"Written: {file}")
    return written


def loss(gap: "ImageGap") -> float:
    """What is minimized: the mean distance of the AUCs from 0.5, of power 4.

    The largest distances count most, but not they alone.
    """
    distances = np.array([each.auc - 0.5 for each in gap])
    return float(np.mean(distances**4) ** 0.25)


def parameters(value: float | tuple[float, ...]) -> int:
    """How many numbers a knob has: a probability one, a range two."""
    return len(value) if isinstance(value, tuple) else 1


def moved(
    config: Config,
    knobs: list[str],
    place: np.ndarray,
    limits: Mapping[str, tuple[float, float]],
) -> Config:
    """A configuration near another one.

    Args:
        config: The one to begin with, a dataclass.
        knobs: Names of its fields that change.
        place: For each number of each knob 0 to 1; 0.5 is no change.
        limits: What each range may be within.
    """
    numbers = iter(place.tolist())
    changes = {}
    for name in knobs:
        value = getattr(config, name)
        taken = [next(numbers) for _ in range(parameters(value))]
        changes[name] = _mover(value)(value, taken, limits.get(name))
    return dataclasses.replace(config, **changes)


def _mover(value: float | tuple[float, ...]) -> Callable[..., Any]:
    if not isinstance(value, tuple):
        return _chance
    return _range if len(value) == 2 else _shares


def _chance(value: float, place: list[float], _: object) -> float:
    """Between 0 and twice the probability."""
    return round(min(2 * value * place[0], 1.0), 3)


def _range(
    value: tuple[float, float],
    place: list[float],
    limits: tuple[float, float],
) -> tuple[float, float]:
    """Each end moves by a quarter of the width inside, or half outside."""
    low, high = value
    width = high - low
    # From 1 inside to -1 outside.
    low_in, high_in = 2 * place[0] - 1, 1 - 2 * place[1]
    low += width * low_in * (0.25 if low_in > 0 else 0.5)
    high -= width * high_in * (0.25 if high_in > 0 else 0.5)
    least, most = limits
    digits = 3 - max(math.ceil(math.log10(max(width, 1e-3))), 0)
    low, high = np.clip((low, high), least, most).round(digits).tolist()
    return low, high


def _shares(
    value: tuple[float, ...], place: list[float], _: object
) -> tuple[float, ...]:
    """Each share by a factor from 1/2 to 2, then in all 1."""
    scaled = np.array(value) * 4.0 ** (np.array(place) - 0.5)
    shares = (scaled / scaled.sum()).round(3)
    return (*shares[:-1].tolist(), round(float(1 - shares[:-1].sum()), 3))


if __name__ == "__main__":
    start.program(main)
