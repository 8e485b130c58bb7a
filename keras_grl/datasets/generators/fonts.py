"""Digits of TrueType fonts, as masks."""

import functools
from pathlib import Path
from typing import Any
from typing import NamedTuple

import numpy as np

from keras_grl.types import Array
from keras_grl.validation import check_choice

HEIGHT = 40  # of a digit, in pixels


class Glyph(NamedTuple):
    """A digit as a mask.

    Args:
        mask: uint8 of shape `(height, width)`: 255 within the strokes. Cut to
            the digit.
        top: Pixels from the line's top to the digit's.
    """

    mask: Any
    top: int


def bundled() -> list[str]:
    """The text fonts that matplotlib brings, sorted by name.

    Mathematical symbols and fonts without digits are left out, and so are
    slanted ones: digits are slanted later.

    Returns:
        List of paths.

    Raises:
        ImportError: If matplotlib is not installed.
    """
    import matplotlib

    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    chosen = []
    for path in sorted(folder.glob("*.ttf")):
        text = path.stem.startswith(("DejaVu", "STIXGeneral")) or path.stem in (
            "cmb10",
            "cmr10",
            "cmss10",
            "cmtt10",
        )
        slanted = any(word in path.stem for word in ("Ita", "Oblique"))
        if text and not slanted and "Display" not in path.stem:
            chosen.append(str(path))
    return chosen


def system() -> list[str]:
    """The fonts of this computer that have digits, sorted by path.

    Images that use them differ from computer to computer.
    """
    from matplotlib import font_manager

    paths = sorted(font_manager.findSystemFonts(fontext="ttf"))
    return [path for path in paths if _has_digits(path)]


def named(fonts: str) -> list[str]:
    """The fonts of a configuration.

    Args:
        fonts: "bundled" or "system", which adds this computer's.
    """
    check_choice("fonts", fonts, ("bundled", "system"))
    paths = bundled()
    if fonts == "system":
        paths += [path for path in system() if path not in paths]
    return paths


@functools.lru_cache(maxsize=4096)
def glyph(path: str, digit: int) -> Glyph:
    """A digit of a font, at a height of 40 pixels.

    Args:
        path: Of the font.
        digit: 0 to 9.
    """
    from PIL import Image
    from PIL import ImageDraw

    font, top = _sized(path)
    left, upper, right, lower = font.getbbox(str(digit))
    image = Image.new("L", (int(right - left) + 2, int(lower - upper) + 2))
    draw = ImageDraw.Draw(image)
    draw.text((1 - left, 1 - upper), str(digit), fill=255, font=font)
    box = image.getbbox()
    mask = np.asarray(image.crop(box)).copy()
    mask.setflags(write=False)
    return Glyph(mask, int(upper) - 1 + box[1] - top)


@functools.lru_cache(maxsize=512)
def _sized(path: str) -> tuple[Any, int]:
    """The font at the size at which its 0 is as high as asked, and its top."""
    from PIL import ImageFont

    probe = ImageFont.truetype(path, 100)
    _, upper, _, lower = probe.getbbox("0")
    font = ImageFont.truetype(
        path, max(1, round(100 * HEIGHT / (lower - upper)))
    )
    return font, int(font.getbbox("0")[1])


@functools.cache
def _has_digits(path: str) -> bool:
    """Whether the font can be opened and its ten digits look like digits.

    Fonts of symbols have other images in their place, or one for all.
    """
    try:
        seen = [_small(path, digit) for digit in range(10)]
    # A font that cannot be opened, or has nothing to draw.
    except (OSError, TypeError, ValueError, ZeroDivisionError):
        return False
    like = np.array(seen) @ _references().T
    # Not all ten: some 1 is like a 7.
    return int((like.argmax(axis=1) % 10 == np.arange(10)).sum()) >= 8


def _small(path: str, digit: int) -> Array:
    """A digit as a vector of mean 0 and length 1."""
    from PIL import Image

    image = Image.fromarray(glyph(path, digit).mask)
    small = np.asarray(image.resize((12, 16)), "float32").ravel()
    small = small - small.mean()
    return small / max(float(np.linalg.norm(small)), 1e-6)


@functools.cache
def _references() -> Array:
    """The digits of the bundled fonts, 0 to 9 of each."""
    return np.array(
        [_small(path, digit) for path in bundled() for digit in range(10)]
    )
