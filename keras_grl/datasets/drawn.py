"""What the drawn sets share: their builder, and checks of what varies."""

import contextlib
import dataclasses
import json
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tensorflow_datasets as tfds
from tensorflow_datasets.core import shuffle

from keras_grl.datasets import builders
from keras_grl.datasets import generation
from keras_grl.validation import check_integer
from keras_grl.validation import check_number
from keras_grl.validation import check_range
from keras_grl.validation import invalid

_DRAWING = "drawing.json"  # what the images of a folder were drawn by
_MEMORY = 64 * 2**20  # bytes
TEST = 10_000  # images of the test split
Range = tuple[float, float]


def check_knobs(config: Any, limits: dict[str, Range]) -> None:
    """Checks the fields of a configuration by their type.

    Args:
        config: A dataclass. Its fields of type `Range` are two ordered
            numbers; those of type `float` are probabilities; others are not
            looked at.
        limits: Name of each range to what it may be within.

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
            low, high = check_range(name, value)
            least, most = limits[name]
            if low < least or high > most:
                expected = f"two numbers from {least:g} to {most:g}"
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


@contextlib.contextmanager
def _sorted_on_disk() -> Iterator[None]:
    """TFDS keeps up to 1 GB of images in memory to shuffle them. Here 64 MB.

    What is more goes to files, among which they are dealt out; so many that
    each is small, and not more than a process may open.
    """
    before = shuffle.MAX_MEM_BUFFER_SIZE, shuffle.BUCKETS_NUMBER
    shuffle.MAX_MEM_BUFFER_SIZE, shuffle.BUCKETS_NUMBER = _MEMORY, 64
    try:
        yield
    finally:
        shuffle.MAX_MEM_BUFFER_SIZE, shuffle.BUCKETS_NUMBER = before


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

    Raises:
        ValueError: If an argument is invalid.
    """

    images: int = 100_000
    drawing: Any = None
    seed: int = 0
    processes: int | None = None

    def __post_init__(self) -> None:
        check_integer("images", self.images)
        check_integer("seed", self.seed, minimum=0)
        if self.processes is not None:
            check_integer("processes", self.processes)
        wanted = type(type(self).drawing)
        if not isinstance(self.drawing, wanted):
            module = wanted.__module__.rpartition(".")[2]
            raise ValueError(
                invalid("drawing", f"a `{module}.Config`", self.drawing)
            )


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
        with _sorted_on_disk():
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
