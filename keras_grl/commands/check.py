"""What is wrong with the images of two folders, and what is worth knowing."""

import collections
import dataclasses
from collections.abc import Iterator

import numpy as np

from keras_grl.commands import folders
from keras_grl.commands import images
from keras_grl.commands.arguments import BATCH_SIZE
from keras_grl.commands.errors import counted
from keras_grl.commands.errors import shown
from keras_grl.commands.folders import Folder
from keras_grl.commands.images import Loaded

_FEW = 10  # images of a class
_IMBALANCE = 5.0
_LONG = 2.0  # the longer side by the shorter one
_EXAMPLES = 3
_MOST_CLASSES = 60


@dataclasses.dataclass(frozen=True)
class Data:
    """A folder and its images."""

    folder: Folder
    loaded: Loaded

    def name(self, row: int) -> str:
        """The file of a row of the images, within the folder."""
        file = self.folder.files[self.loaded.kept[row]]
        return shown(self.folder.relative(file))

    def label(self, row: int) -> int:
        """The class number of a row of the images."""
        return int(self.folder.labels[self.loaded.kept[row]])


def read(folder: Folder, size: int) -> Data:
    """Reads all images of a folder.

    Args:
        folder: Of images.
        size: Integer, the side to resize to, in pixels.
    """
    loaded = images.load(folder.files, size, images.progress(folder.name))
    return Data(folder, loaded)


def run(source: Folder, target: Folder, size: int) -> int:
    """`keras-grl check`: prints what it finds.

    Args:
        source: With class folders.
        target: Of unlabeled images.
        size: Integer, the side that images are resized to, in pixels.

    Returns:
        The exit status: 0 if nothing is wrong, else 1.
    """
    faults = folders.faults(source, target)
    pair = read(source, size), read(target, size)
    print(describe(pair[0]), describe(pair[1]), sep="\n\n", end="\n\n")
    wrong = [*faults, *wrong_images(*pair)]
    for text in wrong:
        print(f"Wrong: {text}")
    for text in notes(*pair, size):
        print(f"Note: {text}")
    for text in needed(source, target):
        print(f"Needed: {text}")
    for text in fine(*pair):
        print(f"Fine: {text}")
    print(
        f"\n{counted(len(wrong), 'problem')}: `keras-grl adapt` needs them "
        "fixed, or its result means little."
        if wrong
        else "\nNo problems: `keras-grl adapt` can use these folders."
    )
    return 1 if wrong else 0


def needed(source: Folder, target: Folder) -> Iterator[str]:
    """What `keras-grl adapt` needs for these folders, a line each."""
    small = min(source, target, key=lambda folder: len(folder.files))
    images = len(small.files)
    if 1 < images < BATCH_SIZE:
        yield (
            f"--batch-size {images}, or a smaller one: {small.name} has "
            f"{images} images, and a batch takes {BATCH_SIZE}"
        )


def describe(data: Data) -> str:
    """What a folder holds, in a few lines."""
    folder, loaded = data.folder, data.loaded
    lines = [
        f"{folder.name}: {shown(folder.path)}",
        f"  {folders.summary(folder)}",
    ]
    if loaded.kept:
        sides = np.array([[each.width, each.height] for each in loaded.headers])
        low, high = sides[sides.prod(1).argmin()], sides[sides.prod(1).argmax()]
        middle = np.median(sides, axis=0).astype(int)
        modes = _modes(data)
        every = loaded.images
        lines += [
            f"  sizes: {_size(low)} to {_size(high)}, median {_size(middle)}",
            "  modes: " + ", ".join(f"{n:,} {m}" for m, n in modes.items()),
            f"  values: {every.min()} to {every.max()}, mean "
            f"{every.mean():.0f}",
        ]
    if folder.classes:
        named = [
            f"{shown(name)} {count:,}"
            for name, count in zip(folder.classes, folder.counts, strict=True)
        ]
        rest = len(named) - _MOST_CLASSES
        more = f", and {rest} more" if rest > 0 else ""
        lines.append("  classes: " + ", ".join(named[:_MOST_CLASSES]) + more)
    return "\n".join(lines)


def wrong_images(source: Data, target: Data) -> list[str]:
    """What is wrong with the images, a line each."""
    wrong = []
    for data in (source, target):
        wrong += [
            f"{data.folder.name}: cannot read {shown(file)} ({reason})"
            for file, reason in data.loaded.unreadable
        ]
    return wrong + duplicates(source, target)


def duplicates(source: Data, target: Data) -> list[str]:
    """Images that are in both domains, or in two classes, a line each."""
    wrong = []
    rows = _rows(source)
    both = [
        (rows[digest][0], row)
        for row, digest in enumerate(target.loaded.digests)
        if digest in rows
    ]
    if both:
        one, other = both[0]
        wrong.append(
            f"images of TARGET that are in SOURCE too (the same bytes): "
            f"{len(both):,}, such as {target.name(other)} and "
            f"{source.name(one)}"
        )
    crossing = [
        same
        for same in rows.values()
        if len({source.label(row) for row in same}) > 1
    ]
    if crossing:
        names = " and ".join(source.name(row) for row in crossing[0][:2])
        wrong.append(
            f"images of SOURCE that are in several classes (the same bytes): "
            f"{len(crossing):,}, such as {names}"
        )
    return wrong


def notes(source: Data, target: Data, size: int) -> list[str]:
    """What is not wrong but worth knowing, a line each.

    Args:
        source: Labeled images.
        target: Unlabeled images.
        size: Integer, the side that images are resized to, in pixels.
    """
    found = list(_class_notes(source.folder))
    inner = folders.nested(source.folder)
    found += [inner] if inner else []
    for data in (source, target):
        found += _image_notes(data, size)
    modes = [_modes(data) for data in (source, target)]
    if all(modes):
        one, other = (each.most_common(1)[0][0] for each in modes)
        if one != other:
            found.append(
                f"SOURCE is mostly {one}, TARGET mostly {other}. Gray images "
                "get three equal channels"
            )
    return found


def fine(source: Data, target: Data) -> Iterator[str]:
    """What is as it should be, a line each."""
    loaded = source.loaded, target.loaded
    if all(each.kept and not each.unreadable for each in loaded):
        yield "all images can be read"
    if all(each.kept for each in loaded) and not duplicates(source, target):
        yield "no image is in both folders or in two classes"
    counts = source.folder.counts
    if len(counts) > 1 and min(counts) >= _FEW and not _imbalanced(counts):
        yield "every class has enough images, and none has far more than others"


def _class_notes(folder: Folder) -> Iterator[str]:
    counts = folder.counts
    if len(counts) < 2 or not min(counts):
        return
    small, large = int(np.argmin(counts)), int(np.argmax(counts))
    if _imbalanced(counts):
        yield (
            f"{folder.name}: classes are imbalanced: "
            f"{shown(folder.classes[large])!r} has {counts[large]:,} images, "
            f"{shown(folder.classes[small])!r} {counts[small]:,}. If TARGET "
            "has other shares, aligning the domains can hurt"
        )
    few = sum(count < _FEW for count in counts)
    if few:
        yield (
            f"{folder.name}: {counted(few, 'class', 'classes')} with less than "
            f"{_FEW} images, such as {shown(folder.classes[small])!r} with "
            f"{counts[small]}"
        )


def _image_notes(data: Data, size: int) -> Iterator[str]:
    headers = data.loaded.headers
    sides = np.array([[h.width, h.height] for h in headers]).reshape(-1, 2)
    shorter, longer = sides.min(axis=1), sides.max(axis=1)
    pixels = data.loaded.images.reshape(len(headers), size * size, 3)
    kinds = {
        f"images much smaller than the {size} pixels of --image-size": (
            shorter < size / 2
        ),
        f"images more than {_LONG:g} times as long as wide, squeezed to a "
        "square": longer > _LONG * shorter,
        "images with transparent parts, which show the color stored there": [
            each.transparent for each in headers
        ],
        "images of one color only": (pixels == pixels[:, :1]).all((1, 2)),
        "copies of images of the same folder (the same bytes)": _copies(data),
    }
    for text, which in kinds.items():
        found = np.flatnonzero(which)
        if len(found):
            names = ", ".join(data.name(row) for row in found[:_EXAMPLES])
            yield (
                f"{data.folder.name}: {text}: {len(found):,}, such as {names}"
            )


def _copies(data: Data) -> list[bool]:
    """Whether the same bytes were seen before, in the same class."""
    seen: set[tuple[int, bytes]] = set()
    found = []
    for row, digest in enumerate(data.loaded.digests):
        key = data.label(row), digest
        found.append(key in seen)
        seen.add(key)
    return found


def _modes(data: Data) -> collections.Counter[str]:
    return collections.Counter(each.mode for each in data.loaded.headers)


def _rows(data: Data) -> dict[bytes, list[int]]:
    """Hash to the rows of the images with these bytes."""
    rows: dict[bytes, list[int]] = {}
    for row, digest in enumerate(data.loaded.digests):
        rows.setdefault(digest, []).append(row)
    return rows


def _imbalanced(counts: list[int]) -> bool:
    return max(counts) >= _IMBALANCE * max(min(counts), 1)


def _size(sides: np.ndarray) -> str:
    return f"{sides[0]}x{sides[1]}"
