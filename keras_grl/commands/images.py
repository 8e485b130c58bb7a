"""Images of files that are not trusted, read through Keras."""

import dataclasses
import hashlib
import io
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import keras
import numpy as np

from keras_grl.types import Images

if TYPE_CHECKING:
    from PIL import Image

# Without a list Pillow would try all formats that it knows, and run
# Ghostscript on a PostScript program.
_FORMATS = ("JPEG", "PNG", "BMP", "GIF", "WEBP")
_MOST_PIXELS = 2**26
_MOST_BYTES = 2**28
_REPORT_EVERY = 50  # images
# Of EXIF, which cameras write: how the pixels lie, and what turns them upright.
_ORIENTATION = 0x0112
_UPRIGHT: dict[int, Callable[[Images], Images]] = {
    2: np.fliplr,
    3: lambda image: np.rot90(image, 2),
    4: np.flipud,
    5: lambda image: image.swapaxes(0, 1),
    6: lambda image: np.rot90(image, 3),
    7: lambda image: np.rot90(image.swapaxes(0, 1), 2),
    8: np.rot90,
}
_SIDEWAYS = (5, 6, 7, 8)


@dataclasses.dataclass(frozen=True)
class Header:
    """What an image is, besides its values.

    Attributes:
        width: Integer, in pixels.
        height: Integer, in pixels.
        mode: "gray", "color" or "16-bit gray".
        transparent: Whether it may have transparent parts.
    """

    width: int
    height: int
    mode: str
    transparent: bool


@dataclasses.dataclass(frozen=True)
class Loaded:
    """The images that could be read.

    Attributes:
        images: uint8 of shape `(n, size, size, 3)`.
        kept: Index of the file of each image, among the files asked for.
        headers: Header of each image.
        digests: Hash of the bytes of each image's file.
        unreadable: File and reason, of those that could not be read.
    """

    images: Images
    kept: list[int]
    headers: list[Header]
    digests: list[bytes]
    unreadable: list[tuple[Path, str]]


def load(
    files: tuple[Path, ...],
    size: int,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Loaded:
    """Reads images as squares of one size.

    The sides are resized separately, as `image_dataset_from_directory` does. A
    gray image has three equal channels. Photos that a camera stores sideways
    are turned upright; of an animation the first image is taken.

    Args:
        files: Their paths.
        size: Integer, the side in pixels.
        on_progress: Called now and then with the number of files that are
            done, and of all.
    """
    images = np.empty((len(files), size, size, 3), "uint8")
    kept: list[int] = []
    headers, digests, unreadable = [], [], []
    for place, file in enumerate(files):
        if place % _REPORT_EVERY == 0:
            on_progress(place, len(files))
        try:
            header, images[len(kept)], digest = _read(file, size)
        except ValueError as error:
            unreadable.append((file, str(error)))
            continue
        kept.append(place)
        headers.append(header)
        digests.append(digest)
    on_progress(len(files), len(files))
    return Loaded(images[: len(kept)], kept, headers, digests, unreadable)


def progress(name: str) -> Callable[[int, int], None]:
    """Prints how many images are read, on one line of a terminal.

    Args:
        name: Of the folder.
    """

    def write(done: int, total: int) -> None:
        if sys.stderr.isatty():
            end = "\n" if done == total else ""
            line = f"\rReading {name}: {done:,} of {total:,} images"
            print(line, end=end, file=sys.stderr, flush=True)

    return write


def _read(file: Path, size: int) -> tuple[Header, Images, bytes]:
    """One image; ValueError with the reason if it cannot be read."""
    try:
        # A named pipe would wait for ever.
        if not file.is_file():
            raise ValueError("not a regular file, or a broken link")
        if file.stat().st_size > _MOST_BYTES:
            raise ValueError(f"more than {_MOST_BYTES // 2**20} MiB")
        content = file.read_bytes()
    except OSError as error:
        raise ValueError(error.strerror or str(error)) from None
    if not content:
        raise ValueError("the file is empty")
    width, height, deep, transparent, orientation = _header(content)
    try:
        with warnings.catch_warnings():
            # Of palettes and metadata, which do not matter here.
            warnings.simplefilter("ignore")
            image = keras.utils.load_img(
                io.BytesIO(content),
                color_mode="grayscale" if deep else "rgb",
                target_size=(size, size),
                interpolation="bilinear",
            )
            pixels = keras.utils.img_to_array(image, "channels_last")
    except Exception as error:  # decoders raise errors of many kinds
        raise ValueError(f"broken: {_line(error)}") from None
    if deep:
        # Pillow would clip all values above 255.
        pixels = np.repeat(pixels / 257.0, 3, axis=-1)
    array = np.clip(np.round(pixels), 0, 255).astype("uint8")
    # The sides are equal by now, so turning it is what turning it first is.
    array = _UPRIGHT.get(orientation, np.asarray)(array)
    if orientation in _SIDEWAYS:
        width, height = height, width
    # By the values: a palette may be of grays.
    gray = bool((array == array[..., :1]).all())
    mode = "16-bit gray" if deep else "gray" if gray else "color"
    header = Header(width, height, mode, transparent)
    return header, array, hashlib.sha256(content).digest()


def _header(content: bytes) -> tuple[int, int, bool, bool, int]:
    """Width, height, 16 bits or not, transparent or not, EXIF orientation.

    Raises:
        ValueError: If the image is refused.
    """
    from PIL import Image
    from PIL import UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(content), formats=_FORMATS)
    except UnidentifiedImageError:  # its message names a buffer
        raise ValueError("not a JPEG, PNG, BMP, GIF or WebP image") from None
    except Exception as error:  # decoders raise errors of many kinds
        raise ValueError(f"broken: {_line(error)}") from None
    with image:
        if image.width * image.height > _MOST_PIXELS:
            raise ValueError(
                f"{image.width} x {image.height} pixels, more than "
                f"{_MOST_PIXELS:,}"
            )
        transparent = "A" in image.getbands() or "transparency" in image.info
        deep = image.mode.startswith("I")
        return (
            image.width,
            image.height,
            deep,
            transparent,
            _orientation(image),
        )


def _orientation(image: "Image.Image") -> int:
    """How the pixels lie, of EXIF; 1 is upright."""
    # Without the check a PNG would be decoded, to look for EXIF at its end.
    if not image.info.get("exif"):
        return 1
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return image.getexif().get(_ORIENTATION, 1)
    except Exception:  # broken metadata: the image itself may be fine
        return 1


def _line(error: Exception) -> str:
    """The message of an error, in one line."""
    return " ".join(str(error).split()) or type(error).__name__
