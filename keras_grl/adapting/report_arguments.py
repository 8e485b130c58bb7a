"""What a report shows of the target, checked."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from keras_grl.types import AnyArray
from keras_grl.types import Array
from keras_grl.validation import invalid

if TYPE_CHECKING:
    from keras_grl.adapting.result import Adaptation


class Shown:
    """An adaptation with the images and names to show.

    Args:
        adaptation: What `adapt` returned.
        images: As in `write_report`.
        class_names: As in `write_report`.
        files: As in `write_report`.

    Raises:
        ValueError: If an argument does not fit the predictions.
    """

    def __init__(
        self,
        adaptation: "Adaptation",
        images: AnyArray | None,
        class_names: Sequence[str] | None,
        files: Sequence[str] | None,
    ) -> None:
        self.adaptation = adaptation
        rows, classes = adaptation.predictions.shape
        self.images = None if images is None else _images(images, rows)
        self.class_names = _names(class_names, classes)
        if files is not None and len(files) != rows:
            raise ValueError(
                invalid("files", f"{rows} names, one a prediction", files)
            )
        self.files = files
        self.seed = int(adaptation.settings.get("seed") or 0)

    def caption(self, row: int, classes: int = 1) -> str:
        """The most probable classes of an image, and its file.

        Args:
            row: Of the predictions.
            classes: Integer, how many of them.
        """
        probabilities = self.adaptation.predictions[row]
        first = np.argsort(-probabilities, kind="stable")[:classes]
        said = ", ".join(
            f"{self.class_names[number]} {probabilities[number]:.2f}"
            for number in first
        )
        return said if self.files is None else f"{said} · {self.files[row]}"


def _images(images: AnyArray, rows: int) -> Array:
    array = np.asarray(images)
    if array.ndim != 4 or array.shape[-1] not in (1, 3) or len(array) != rows:
        raise ValueError(
            invalid(
                "images",
                f"an array of shape ({rows}, height, width, 1 or 3), an image "
                "for each prediction",
                f"shape {array.shape}",
            )
        )
    return array


def _names(names: Sequence[str] | None, classes: int) -> list[str]:
    if names is None:
        return [str(number) for number in range(classes)]
    if isinstance(names, str) or len(names) != classes:
        raise ValueError(
            invalid("class_names", f"names of {classes} classes", names)
        )
    return list(names)
