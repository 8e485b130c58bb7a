"""Builder and configuration of the synthetic sets."""

import contextlib
import dataclasses
import functools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from typing import ClassVar

import tensorflow_datasets as tfds
from tensorflow_datasets.core import shuffle

from keras_grl.datasets.facts import Examples
from keras_grl.datasets.generators.generation import generate
from keras_grl.datasets.generators.generation import ranges_of
from keras_grl.datasets.tfds import builders
from keras_grl.datasets.tfds import with_beam
from keras_grl.validation import check_integer
from keras_grl.validation import invalid

_DRAWING = "drawing.json"  # the configuration that generated the images
_MEMORY = 64 * 2**20  # bytes
TEST = 10_000  # images of the test split


@contextlib.contextmanager
def _sorted_on_disk() -> Iterator[None]:
    """Shuffles with 64 MB of images in memory, where TFDS takes 1 GB.

    The rest goes to files: enough of them that each is small, and no more than
    a process may open.
    """
    before = shuffle.MAX_MEM_BUFFER_SIZE, shuffle.BUCKETS_NUMBER
    shuffle.MAX_MEM_BUFFER_SIZE, shuffle.BUCKETS_NUMBER = _MEMORY, 64
    try:
        yield
    finally:
        shuffle.MAX_MEM_BUFFER_SIZE, shuffle.BUCKETS_NUMBER = before


@dataclasses.dataclass
class GeneratedConfig(tfds.core.BuilderConfig):
    """How many images, and what varies in them.

    Args:
        name: Of the configuration.
        images: Integer, of the training split. The test split has 10,000.
        drawing: The set's `Config`.
        seed: Integer.
        processes: Integer, how many generate images; by default one for each
            processor. The images do not depend on it.

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
            module = type(self).__module__.rpartition(".")[2]
            raise ValueError(
                invalid("drawing", f"a `{module}.Config`", self.drawing)
            )


# mypy does not know TFDS's classes.
class Generated(builders.Builder, skip_registration=True):  # type: ignore[call-arg]
    """A synthetic set: it needs no files.

    A set has its own function `_draw`: from a range of indices, `config`
    and `seed` to images and labels.
    """

    _draw: ClassVar[Any]
    _by_beam = False

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        # Two configurations of one name share a folder.
        file = Path(self.data_dir) / _DRAWING
        drawing = self._drawing()
        if file.exists() and not _same(
            before := file.read_text(), drawing, self._config
        ):
            raise ValueError(
                f"{self.data_dir} has images of another configuration. "
                f"Expected: {drawing}. Received: {before}\n"
                "Give the configuration another name, or delete that folder."
            )

    @property
    def _config(self) -> Any:  # noqa: ANN401 (the set's own dataclass)
        """What varies: as asked for, or as in this version of the set."""
        generator = self.DATASET.generator
        assert generator is not None
        given = self.builder_config.drawing
        if given == generator.config:
            return generator.versions[str(self.version)]
        return given

    def _drawing(self) -> str:
        """The configuration as text."""
        config = self.builder_config
        return json.dumps(
            {
                "images": config.images,
                "seed": config.seed,
                **dataclasses.asdict(self._config),
            }
        )

    def _download_and_prepare(
        self,
        dl_manager: tfds.download.DownloadManager,
        download_config: tfds.download.DownloadConfig | None = None,
    ) -> None:
        config = download_config or tfds.download.DownloadConfig()
        self._by_beam = bool(config.beam_runner or config.beam_options)
        with _sorted_on_disk():
            super()._download_and_prepare(dl_manager, download_config)
        # Still in the folder that is renamed when all is done.
        (Path(self.data_dir) / _DRAWING).write_text(self._drawing())

    def _split_generators(
        self, dl_manager: tfds.download.DownloadManager
    ) -> dict[str, object]:
        config = self.builder_config
        # Two seeds, so that the splits share no image whatever their sizes.
        return {
            "train": self._generate_examples(config.images, 2 * config.seed),
            "test": self._generate_examples(TEST, 2 * config.seed + 1),
        }

    def _generate_examples(self, count: int, seed: int) -> object:
        """For Apache Beam what it distributes, otherwise the examples."""
        draw = functools.partial(self._draw, config=self._config, seed=seed)
        if self._by_beam:
            return with_beam.examples(draw, count)
        return self._examples(draw, count)

    def _examples(self, draw: with_beam.Draw, count: int) -> Examples:
        processes = self.builder_config.processes
        for indices, (images, labels) in zip(
            ranges_of(count), generate(draw, count, processes), strict=True
        ):
            yield from with_beam.examples_of(indices, images, labels)


def _same(before: str, drawing: str, config: Any) -> bool:  # noqa: ANN401
    """Whether two texts are of one configuration.

    What a configuration did not have yet was off, as it is by default.
    """
    off = json.loads(json.dumps(dataclasses.asdict(type(config)())))
    return {**off, **json.loads(before)} == json.loads(drawing)
