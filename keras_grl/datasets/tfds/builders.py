"""What the builder of every set of ours does."""

import contextlib
import dataclasses
import shutil
import time
from pathlib import Path
from typing import Any
from typing import ClassVar

import filelock
import numpy as np
import tensorflow_datasets as tfds

from keras_grl.datasets.facts import Dataset
from keras_grl.datasets.tfds import formats
from keras_grl.types import Data
from keras_grl.validation import invalid

_BUSY = "preparing.lock"  # held while an unfinished folder is written
_ABANDONED = 24 * 60 * 60  # seconds without a change


# mypy does not know TFDS's classes.
class Builder(  # type: ignore[call-arg]
    tfds.core.GeneratorBasedBuilder, skip_registration=True
):
    """Base class of our builders: as TFDS's, with five differences.

    - What a set is comes from its facts, `DATASET`.
    - The name of a configuration cannot lead out of `data_dir`.
    - A set can be prepared in both of TFDS's file formats at once.
    - `shuffle_files=True` is accepted also for a set that keeps its order.
    - What a killed preparation left can be distinguished from what another
      process is writing.
    """

    DATASET: ClassVar[Dataset]

    def __init__(self, **kwargs: Any):
        _check_name(kwargs.get("config"))
        super().__init__(**kwargs)

    def _info(self) -> tfds.core.DatasetInfo:
        dataset = self.DATASET
        names = list(dataset.class_names) or None
        label = tfds.features.ClassLabel(
            names=names,
            num_classes=None if names else dataset.num_classes,
        )
        shape = dataset.image_shape or (None, None, 3)
        return tfds.core.DatasetInfo(
            builder=self,
            description=dataset.details,
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=shape),
                    "label": label,
                    **{
                        name: np.dtype(dtype).type
                        for name, dtype in dataset.features.items()
                    },
                }
            ),
            supervised_keys=("image", "label"),
            homepage=dataset.homepage,
            citation=dataset.citation or None,
            disable_shuffling=dataset.keeps_order,
        )

    def as_data_source(self, *args: Any, **kwargs: Any) -> Data:
        formats.find_array_record(self)
        return super().as_data_source(*args, **kwargs)

    def as_dataset(
        self,
        *args: Any,
        shuffle_files: bool = False,
        read_config: tfds.ReadConfig | None = None,
        **kwargs: Any,
    ) -> Data:
        if shuffle_files:
            # The user says that the order, which the guard is for, does not
            # matter.
            read_config = dataclasses.replace(
                read_config or tfds.ReadConfig(), enable_ordering_guard=False
            )
        return super().as_dataset(
            *args,
            shuffle_files=shuffle_files,
            read_config=read_config,
            **kwargs,
        )

    def _download_and_prepare(self, *args: Any, **kwargs: Any) -> None:
        # TFDS renames this folder when all is done. A process that is killed
        # no longer holds the lock.
        busy = Path(self.data_dir) / _BUSY
        with filelock.FileLock(busy):
            super()._download_and_prepare(*args, **kwargs)
        busy.unlink(missing_ok=True)


def _check_name(config: tfds.core.BuilderConfig | str | None) -> None:
    """Raises an error if a folder of that name would be out of `data_dir`."""
    # A string is the name of one of the builder's own, or an error of TFDS.
    if config is None or isinstance(config, str) or config.name is None:
        return
    name = config.name
    inside = isinstance(name, str)
    if inside:
        path = Path(name)
        inside = not (path.anchor or ".." in path.parts)
    if not inside:
        expected = 'the name of a folder in `data_dir`, such as "mine"'
        raise ValueError(invalid("name", expected, name))


def delete_abandoned(folder: Path) -> None:
    """Deletes what killed preparations left of a set.

    Not what another process is writing now: of our sets that is known by a
    lock; of TFDS's own, what was changed within a day may be that.

    Args:
        folder: Of the prepared set.
    """
    for left in folder.parent.glob(f"incomplete.*_{folder.name}"):
        with contextlib.suppress(FileNotFoundError):  # it has just finished
            if _is_abandoned(left):
                shutil.rmtree(left, ignore_errors=True)


def _is_abandoned(left: Path) -> bool:
    busy = left / _BUSY
    if busy.exists():
        try:
            with filelock.FileLock(busy, blocking=False):
                return True
        except filelock.Timeout:
            return False
    changed = max(path.stat().st_mtime for path in (left, *left.rglob("*")))
    return time.time() - changed > _ABANDONED
