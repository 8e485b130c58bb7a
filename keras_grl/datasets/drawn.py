"""What the drawn sets share: their builder, and checks of what varies."""

import dataclasses
import json
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tensorflow_datasets as tfds

from keras_grl.datasets import builders
from keras_grl.datasets import generation
from keras_grl.validation import check_number
from keras_grl.validation import check_range
from keras_grl.validation import invalid

_DRAWING = "drawing.json"  # what the images of a folder were drawn by
TEST = 10_000  # images of the test split
Range = tuple[float, float]


def check_knobs(
    config: Any,
    positive: tuple[str, ...] = (),
    at_least_0: tuple[str, ...] = (),
    at_most_1: tuple[str, ...] = (),
) -> None:
    """Checks the fields of a configuration by their type.

    Args:
        config: A dataclass. Its fields of type `Range` are two ordered
            numbers; those of type `float` are probabilities; others are not
            looked at.
        positive: Names of ranges of numbers greater than 0.
        at_least_0: Names of ranges of numbers of at least 0.
        at_most_1: Names of ranges of numbers of at most 1.

    Raises:
        ValueError: If a range or a probability is not one, or outside of what
            is possible.
    """
    for field in dataclasses.fields(config):
        name, value = field.name, getattr(config, field.name)
        if field.type is float:
            if not 0 <= check_number(name, value, minimum=0.0) <= 1:
                raise ValueError(invalid(name, "a probability, 0 to 1", value))
        elif field.type is Range:
            check_range(name, value)
            low, high = value
            for wrong, expected in (
                (name in positive and low <= 0, "greater than 0"),
                (name in at_least_0 and low < 0, "at least 0"),
                (name in at_most_1 and high > 1, "at most 1"),
            ):
                if wrong:
                    expected = f"two numbers {expected}"
                    raise ValueError(invalid(name, expected, value))


def turned(
    random: Any,
    count: int,
    config: Any,
    chances: tuple[str, ...],
    apart: tuple[str, ...] = (),
) -> tuple[Iterator[float], Callable[[Range], float], Any, Any]:
    """The knobs of one image, as the random numbers turn them.

    All of the ranges' numbers are taken in one order, whether they are used
    or not: to change one range leaves what is drawn from the others as it is.

    Args:
        random: A NumPy generator.
        count: Integer, how many numbers one image takes at most.
        config: A dataclass of ranges and probabilities.
        chances: Names of the probabilities.
        apart: Names of other fields that are not drawn from here.

    Returns:
        The numbers that are left, 0 to 1; a function from a range to a number
        within, by the next of them; the value of each range by its name; and
        whether each chance came true.
    """
    uniform = iter(random.random(count).tolist())

    def between(limits: Range) -> float:
        low, high = limits
        return float(low + (high - low) * next(uniform))

    values = {
        field.name: between(getattr(config, field.name))
        for field in dataclasses.fields(config)
        if field.name not in (*chances, *apart)
    }
    came = {name: next(uniform) < getattr(config, name) for name in chances}
    return uniform, between, values, came


@dataclasses.dataclass
class DrawnConfig(tfds.core.BuilderConfig):
    """How many images, and what varies in them.

    Args:
        name: Of the configuration.
        images: Integer, of the training split. The test split has 10,000.
        drawing: The set's `Config`.
        seed: Integer.
        processes: Integer, how many draw; by default one for each processor.
            The images do not depend on it.
    """

    images: int = 100_000
    drawing: Any = None
    seed: int = 0
    processes: int | None = None


# mypy does not know TFDS's classes.
class Drawn(builders.Builder, skip_registration=True):  # type: ignore[call-arg]
    """A set that is drawn: it needs no files.

    A set has a `_draw` of its own: a function of a range of indices, `config`
    and `seed`, to images and labels.
    """

    _SIZE: int
    _CLASSES: int
    _DESCRIPTION: str
    _draw: Any

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        # Two configurations of one name share a folder.
        file = Path(self.data_dir) / _DRAWING
        drawing = self._drawing()
        if file.exists() and (before := file.read_text()) != drawing:
            raise ValueError(
                f"{self.data_dir} has images that were drawn otherwise. "
                f"Expected: {drawing}. Received: {before}\n"
                "Give the configuration another name, or delete that folder."
            )

    def _drawing(self) -> str:
        """What is drawn, as text."""
        config = self.builder_config
        return json.dumps(
            {
                "images": config.images,
                "seed": config.seed,
                **dataclasses.asdict(config.drawing),
            }
        )

    def _download_and_prepare(self, *args: Any, **kwargs: Any) -> None:
        super()._download_and_prepare(*args, **kwargs)
        # Still in the folder that is renamed when all is done.
        (Path(self.data_dir) / _DRAWING).write_text(self._drawing())

    def _info(self) -> Any:
        shape = (self._SIZE, self._SIZE, 3)
        return tfds.core.DatasetInfo(
            builder=self,
            description=self._DESCRIPTION,
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=shape),
                    "label": tfds.features.ClassLabel(
                        num_classes=self._CLASSES
                    ),
                }
            ),
            supervised_keys=("image", "label"),
            homepage="https://arxiv.org/abs/1409.7495",
            # They are drawn in random order already.
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager: Any) -> Any:
        config = self.builder_config
        # Two seeds, so that the splits share no image whatever their sizes.
        return {
            "train": self._generate_examples(config.images, 2 * config.seed),
            "test": self._generate_examples(TEST, 2 * config.seed + 1),
        }

    def _generate_examples(self, count: int, seed: int) -> Any:
        return generation.examples(self._draw, self.builder_config, count, seed)
