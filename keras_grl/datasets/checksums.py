"""Checksums of the official archives."""

from pathlib import Path

from keras_grl.datasets.catalog import DATASETS

_ARCHIVES = {
    archive.name: archive
    for dataset in DATASETS
    for archive in dataset.archives
}
OFFICIAL = {
    name: (archive.algorithm, archive.checksum)
    for name, archive in _ARCHIVES.items()
}


def mismatch(path: Path, name: str) -> str:
    """How a file differs from the official archive, for a message.

    Args:
        path: Of the file.
        name: Of the archive.

    Returns:
        An empty string if it is that archive, or the archive's checksum is
        not known.
    """
    return _ARCHIVES[name].mismatch(path) if name in _ARCHIVES else ""
