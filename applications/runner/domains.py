"""The paper's pairs of domains, as arrays of one shape."""

import functools

import numpy as np

from applications.runner.settings import Options
from applications.runner.settings import Split


def split(options: Options, name: str, images: int = 0, **parts: str) -> Split:
    """The training and test images of one set.

    Args:
        options: They name the folders.
        name: Of the set.
        images: The most training images to take; all if 0.
        **parts: `train` and `test`, names of the splits if not these, or
            parts of them: "test[:1000]".
    """
    loaded = [
        _load(name, parts.get(part, part), options.data_dir, options.manual_dir)
        for part in ("train", "test")
    ]
    return Split(*loaded[0], *loaded[1]).first(images)


def generated(options: Options, name: str, images: int, version: str) -> Split:
    """A synthetic set; no more of it is generated and read than is needed.

    Args:
        options: They name the folders.
        name: Of the set, which has a smaller configuration: `name/small`.
        images: The most training images to take; all if 0.
        version: Of the set.
    """
    if 0 < images <= _size(f"{name}/small"):
        name = f"{name}/small"
    train = f"train[:{images}]" if 0 < images < _size(name) else "train"
    # A part is enough to know the source's accuracy.
    return split(options, f"{name}:{version}", train=train, test="test[:2000]")


def _size(name: str) -> int:
    from keras_grl import datasets

    return datasets.info(name).splits["train"]


# The seeds of an experiment share their images.
@functools.lru_cache(maxsize=8)
def _load(
    name: str, split: str, data_dir: str | None, manual_dir: str | None
) -> tuple[np.ndarray, np.ndarray]:
    # Here and not above, for it imports Keras.
    from keras_grl import datasets

    return datasets.load(name, split, data_dir, manual_dir)


def in_color(images: Split) -> Split:
    """Gray images in three equal channels."""
    return Split(
        np.repeat(images.x, 3, axis=-1),
        images.y,
        np.repeat(images.x_test, 3, axis=-1),
        images.y_test,
    )


def padded(images: Split, size: int) -> Split:
    """Images with a black margin, `size` x `size` pixels."""

    def pad(x: np.ndarray) -> np.ndarray:
        margin = (size - x.shape[1]) // 2
        return np.pad(x, ((0, 0), (margin, margin), (margin, margin), (0, 0)))

    return Split(pad(images.x), images.y, pad(images.x_test), images.y_test)


def resized(images: Split, size: int) -> Split:
    """Images of `size` x `size` pixels, by bilinear interpolation."""
    # Here and not above, for `--help` needs no Pillow.
    from PIL import Image

    def resize(x: np.ndarray) -> np.ndarray:
        # One channel after the other: Pillow knows no image of one channel.
        planes = [
            np.asarray(
                Image.fromarray(plane).resize(
                    (size, size), Image.Resampling.BILINEAR
                )
            )
            for image in x
            for plane in np.moveaxis(image, -1, 0)
        ]
        shape = (len(x), x.shape[-1], size, size)
        return np.moveaxis(np.array(planes, "uint8").reshape(shape), 1, -1)

    return Split(
        resize(images.x), images.y, resize(images.x_test), images.y_test
    )
