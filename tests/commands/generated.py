"""Folders of small images, written in a moment."""

from pathlib import Path

import numpy as np
from PIL import Image


def write_image(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(pixels, "uint8")).save(path)


def stripes(number, random, size=16):
    """Class 0 has vertical stripes, class 1 horizontal ones; with noise."""
    x = np.arange(size) // 4 % 2 * 160
    image = np.tile(x, (size, 1)) + random.integers(0, 60, (size, size))
    return image if number == 0 else image.T


def write_source(folder, images=12, seed=0, names=("across", "down")):
    random = np.random.default_rng(seed)
    for number, name in enumerate(names):
        for index in range(images):
            path = Path(folder, name, f"{index:03d}.png")
            write_image(path, stripes(number, random))
    return Path(folder)


def write_target(folder, images=24, seed=1):
    """The same, inverted, without class folders."""
    random = np.random.default_rng(seed)
    for index in range(images):
        path = Path(folder, f"part_{index % 2}", f"{index:03d}.png")
        write_image(path, 255 - stripes(index // 2 % 2, random))
    return Path(folder)
