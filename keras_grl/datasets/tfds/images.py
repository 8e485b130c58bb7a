"""Images of files that are not trusted."""

import contextlib
import io
import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING
from typing import BinaryIO

from keras_grl.types import PathLike

if TYPE_CHECKING:
    import PIL.Image

PIXELS = 2**24  # of the official photographs, the largest has less than 2**21
_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8"


@contextlib.contextmanager
def opened(
    file: PathLike | BinaryIO, *formats: str
) -> Iterator["PIL.Image.Image"]:
    """Opens an image of a known format, unless it is far too large.

    Without a format Pillow would try all that it knows, and run Ghostscript on
    a PostScript program.

    Args:
        file: Its path, or a binary file.
        formats: As Pillow names them: "JPEG".

    Yields:
        A Pillow image.

    Raises:
        ImportError: If Pillow is not installed.
        ValueError: If it is of another format, or has too many pixels.
    """
    from PIL import Image
    from PIL import UnidentifiedImageError

    try:
        image = Image.open(file, formats=formats)
    except UnidentifiedImageError:  # its message may name a buffer
        raise ValueError(f"no {' or '.join(formats)} image") from None
    with image:
        # Only the header has been read.
        _check_pixels(image.width, image.height)
        yield image


def check(content: bytes) -> None:
    """Checks the header of an image as TFDS stores them, in a microsecond.

    Args:
        content: Of the image's file.

    Raises:
        ValueError: If it is neither PNG nor JPEG, or has too many pixels.
    """
    if content.startswith(_PNG) and len(content) >= 24:
        _check_pixels(*struct.unpack(">II", content[16:24]))
    elif content.startswith(_JPEG):
        with opened(io.BytesIO(content), "JPEG"):
            pass
    else:
        raise ValueError("no PNG or JPEG image")


def _check_pixels(width: int, height: int) -> None:
    if width * height > PIXELS:
        raise ValueError(f"{width} x {height} pixels, more than {PIXELS}")
