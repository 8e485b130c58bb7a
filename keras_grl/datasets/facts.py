"""What the file of a dataset says about it.

Each set has one file with a `DATASET`, and that has all facts of it: `load`,
`info`, the builders of TensorFlow Datasets, the checksums of downloads and the
tables of the documentation read them there.
"""

import dataclasses
import hashlib
import warnings
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from typing import NamedTuple
from typing import Protocol

from keras_grl.types import Array
from keras_grl.types import Images

Arrays = tuple[Images, Array]  # images and labels
Examples = Iterable[tuple[Any, dict[str, Any]]]  # keys and features


class Info(NamedTuple):
    """What a set is.

    Args:
        description: One sentence.
        num_classes: Number of classes.
        image_shape: Of an image; None where images have many sizes.
        splits: Number of images of each split, in the official set.
        needs: What is required: "nothing", "download" (by itself, or put
            into `manual_dir`), or "manual" (into `manual_dir`).
    """

    description: str
    num_classes: int
    image_shape: tuple[int, int, int] | None
    splits: dict[str, int]
    needs: str

    @property
    def classes(self) -> int:
        """Deprecated name of `num_classes`."""
        warnings.warn(
            "`classes` is deprecated: use `num_classes`.",
            DeprecationWarning,
            stacklevel=2,
        )
        return self.num_classes


class Archive(NamedTuple):
    """A file that is downloaded, or that users put into `manual_dir`.

    Args:
        name: Of the file.
        url: Where it is published.
        algorithm: Of the checksum, as `hashlib` names it.
        checksum: Of the official file, in hexadecimal.
    """

    name: str
    url: str
    algorithm: str
    checksum: str

    def mismatch(self, path: Path) -> str:
        """How a file differs from the official one, for a message.

        Args:
            path: Of the file.

        Returns:
            An empty string if it is the official one.
        """
        with open(path, "rb") as file:
            received = hashlib.file_digest(file, self.algorithm).hexdigest()
        if received == self.checksum:
            return ""
        return (
            f"{path} is not the official {self.name}. Expected: "
            f"{self.algorithm} {self.checksum}. Received: {self.algorithm} "
            f"{received}"
        )


class Sources(Protocol):
    """The sources from which a dataset is prepared."""

    def archive(self, archive: Archive) -> Path:
        """The path of an archive, which is downloaded if need be."""

    def folder(self, what: str) -> Path:
        """`manual_dir`; `what` is missing if there is no such folder."""

    def dataset(self, name: str) -> Callable[[str], dict[str, Array]]:
        """Prepares another set; a function from its splits to arrays."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Generator:
    """What generates a synthetic set.

    Args:
        draw: A function of indices, a configuration and a seed, to images and
            labels.
        versions: Version of the set to its configuration, a dataclass. An
            image of a version never changes: a better configuration is a new
            version.
        limits: Name of each range to what it may be within.
    """

    draw: Callable[..., Arrays]
    versions: Mapping[str, Any]
    limits: Mapping[str, tuple[float, float]]

    @property
    def config(self) -> Any:  # noqa: ANN401 (a dataclass)
        """Of the first version, which is what `draw` does by default."""
        return next(iter(self.versions.values()))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Variant:
    """One name that `load` knows.

    Args:
        name: As `load` and TFDS take it: "gtsrb/training".
        description: One sentence.
        splits: Number of images of each split, in the official set.
        source: What it is made from, or where it is published. In Markdown,
            as `setup` is, for the tables of the documentation.
        setup: How to get it.
        configuration: Of the TFDS builder, if it has any.
        summary: Of the configuration.
    """

    name: str
    description: str
    splits: dict[str, int]
    source: str
    setup: str
    configuration: str = ""
    summary: str = ""


@dataclasses.dataclass(frozen=True, eq=False, kw_only=True)
class Dataset:
    """All facts of one set.

    One of `load`, `generator` and `prepare` defines where its images come from;
    a dataset of TFDS has none of them.

    Args:
        name: As TFDS knows it.
        variants: The names that `load` knows.
        num_classes: Number of classes.
        image_shape: Of an image; None where images have many sizes.
        needs: As `Info` has it.
        terms: Of use, in Markdown.
        load: A function of the name and a split, to images and labels: of a
            set that needs no preparation.
        generator: Of a synthetic set.
        prepare: A function of `Sources` and the configuration's name, to the
            examples of each split.
        archives: What `prepare` reads.
        details: A description for the prepared files. Like all texts in these
            files, it belongs to the version and does not change.
        homepage: Of the set.
        citation: Of its paper, in BibTeX.
        instructions: How to download by hand what is needed.
        class_names: Of the prepared set, if its classes have names.
        features: Further features of an example, and their types.
        keeps_order: Whether examples stay in the order that `prepare` gives,
            not a random one.
        version: Of the prepared set; of a synthetic one the default.
        releases: Version to what is new in it.
    """

    name: str
    variants: tuple[Variant, ...]
    num_classes: int
    image_shape: tuple[int, int, int] | None
    needs: str
    terms: str
    load: Callable[[str, str], Arrays] | None = None
    generator: Generator | None = None
    prepare: Callable[[Sources, str], Mapping[str, Examples]] | None = None
    archives: tuple[Archive, ...] = ()
    details: str = ""
    homepage: str = ""
    citation: str = ""
    instructions: str | None = None
    class_names: tuple[str, ...] = ()
    features: Mapping[str, str] = dataclasses.field(default_factory=dict)
    keeps_order: bool = False
    version: str = "1.0.0"
    releases: Mapping[str, str] = dataclasses.field(
        default_factory=lambda: {"1.0.0": "First."}
    )

    @property
    def builder_name(self) -> str:
        """Of the class that TFDS has for it: "SynSigns" of "syn_signs"."""
        return "".join(part.title() for part in self.name.split("_"))

    def info(self, variant: Variant) -> Info:
        """What `keras_grl.datasets.info` returns for a variant."""
        return Info(
            variant.description,
            self.num_classes,
            self.image_shape,
            variant.splits,
            self.needs,
        )
