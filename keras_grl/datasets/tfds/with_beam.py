"""Synthetic images by Apache Beam, on many machines."""

import functools
from collections.abc import Callable

from keras_grl.datasets.facts import Examples
from keras_grl.datasets.generators.generation import ranges_of
from keras_grl.types import Array

# From indices to images and labels.
Draw = Callable[[range], tuple[Array, Array]]


def examples(draw: Draw, count: int) -> object:
    """The images as a `PTransform`, which Beam distributes.

    They are those of the builder's own processes: an image depends on its
    index alone.

    Args:
        draw: From a range of indices to images and labels. It can be pickled.
        count: Integer, how many.
    """
    import apache_beam as beam

    return beam.Create(ranges_of(count)) | beam.FlatMap(
        functools.partial(_of_range, draw)
    )


def _of_range(draw: Draw, indices: range) -> Examples:
    return examples_of(indices, *draw(indices))


def examples_of(indices: range, images: Array, labels: Array) -> Examples:
    """What TFDS writes of one range of indices."""
    for index, image, label in zip(indices, images, labels, strict=True):
        yield index, {"image": image, "label": label}
