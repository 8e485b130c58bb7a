"""What a set is prepared from: archives, folders and other sets."""

import warnings
from collections.abc import Callable
from collections.abc import Mapping
from pathlib import Path

import tensorflow_datasets as tfds

from keras_grl.datasets.facts import Archive
from keras_grl.datasets.facts import Examples
from keras_grl.datasets.tfds import builders
from keras_grl.datasets.tfds import prepared
from keras_grl.datasets.tfds import reading
from keras_grl.types import Array


class DownloadedSources:
    """`Sources`, by TFDS's manager of downloads.

    Args:
        manager: A `tfds.download.DownloadManager`.
        builder: The builder that is being prepared.
    """

    def __init__(
        self,
        manager: tfds.download.DownloadManager,
        builder: tfds.core.DatasetBuilder,
    ) -> None:
        self._manager = manager
        self._builder = builder

    def archive(self, archive: Archive) -> Path:
        """A file of the folder for manual downloads, else downloaded.

        A download must be the official archive. A file that was put there by
        hand may be another, such as a part of it.

        Raises:
            OSError: If it cannot be downloaded.
            ValueError: If something else was downloaded.
        """
        by_hand = self._by_hand(archive.name)
        if by_hand is None:
            return self._downloaded(archive)
        if wrong := archive.mismatch(by_hand):
            warnings.warn(
                f"{wrong}\nIt is used anyway, since it was put there by hand. "
                "If it should be the official one, delete it and download it "
                f"again: {archive.url}",
                stacklevel=2,
            )
        return by_hand

    def folder(self, what: str) -> Path:
        try:
            return Path(self._manager.manual_dir)
        except (AssertionError, NotADirectoryError) as error:
            # There is no such folder, or nothing in it. Only TFDS knows which
            # one it is; its message continues with the instructions.
            looked = str(error).partition(" Create it")[0]
            raise FileNotFoundError(
                f"{what} are missing. {looked}\n"
                f"{self._builder.MANUAL_DOWNLOAD_INSTRUCTIONS}"
            ) from error

    def dataset(self, name: str) -> Callable[[str], dict[str, Array]]:
        root = prepared.root_of(self._builder)
        other = prepared.ready(name, data_dir=root)
        return lambda split: reading.read(other, split)

    def _by_hand(self, name: str) -> Path | None:
        try:
            path = Path(self._manager.manual_dir) / name
        except AssertionError:  # there is no such folder, or nothing in it
            return None
        return path if path.is_file() else None

    def _downloaded(self, archive: Archive) -> Path:
        try:
            path = Path(self._manager.download(archive.url))
        except Exception as error:
            raise OSError(
                f"{archive.name} cannot be downloaded from {archive.url}: "
                f"{error}\nDownload it by hand, put it into a folder and pass "
                "that folder: `keras_grl.datasets.load(..., "
                "manual_dir='path/to/folder')`."
            ) from error
        if wrong := archive.mismatch(path):
            # With the file beside it, by which TFDS knows what is downloaded.
            for each in path.parent.glob(f"{path.name}*"):
                each.unlink()
            raise ValueError(
                f"{wrong}\nIt came from {archive.url} and has been deleted. "
                "Try again; or download it by hand, put it into a folder and "
                "pass that folder: `keras_grl.datasets.load(..., "
                "manual_dir='path/to/folder')`."
            )
        return path


# mypy does not know TFDS's classes.
class FromSources(  # type: ignore[call-arg]
    builders.Builder, skip_registration=True
):
    """A set that its facts' `prepare` makes from files."""

    def _split_generators(
        self, dl_manager: tfds.download.DownloadManager
    ) -> Mapping[str, Examples]:
        config = self.builder_config
        configuration = config.name if config else ""
        sources = DownloadedSources(dl_manager, self)
        assert self.DATASET.prepare is not None
        return self.DATASET.prepare(sources, configuration)

    def _generate_examples(self, examples: Examples) -> Examples:
        """TFDS wants one; `_split_generators` gives the examples already."""
        return examples
