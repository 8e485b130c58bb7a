"""The photographs of the Berkeley Segmentation Data Set, BSDS500."""

import re
from pathlib import Path

import numpy as np

from keras_grl.datasets.tfds import archives
from keras_grl.types import Images
from keras_grl.types import PathLike

PARTS = ("train", "val")
LIMIT = 2**29  # bytes of all photographs, four times as much as they have
_NAME = re.compile(r"BSR/BSDS500/data/images/(\w+)/(\d+)\.jpg")


def photographs(path: PathLike, url: str) -> dict[str, list[Images]]:
    """Reads the photographs of `BSR_bsds500.tgz`.

    Args:
        path: Of the archive, in its official layout.
        url: Where it is published.

    Returns:
        `{"train": 200 photographs, "val": 100}`, uint8 arrays of shape
        `(321, 481, 3)` or `(481, 321, 3)`, sorted by name.

    Raises:
        FileNotFoundError: If there is no such file.
        ImportError: If Pillow is not installed.
        ValueError: If the archive is damaged or of another layout, or has far
            more photographs.
    """
    found: dict[str, dict[str, Images]] = {part: {} for part in PARTS}
    held = 0
    for name, content in archives.files(path, ".jpg"):
        match = _NAME.fullmatch(name)
        if match and match[1] in found:
            image = archives.photograph(path, name, content)
            found[match[1]][match[2]] = np.asarray(image)
            held += found[match[1]][match[2]].nbytes
            if held > LIMIT:
                expected = f"at most {LIMIT} B of photographs"
                raise ValueError(archives.damaged(path, name, expected, held))
    empty = [part for part in PARTS if not found[part]]
    if empty:
        raise ValueError(
            f"The archive {Path(path)} has another layout. Expected: "
            f"BSR/BSDS500/data/images/{empty[0]}/*.jpg. Received: none of "
            f"these\nDownload the official one: {url}"
        )
    return {
        part: [images[name] for name in sorted(images)]
        for part, images in found.items()
    }
