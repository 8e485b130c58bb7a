"""Sheets of examples of every dataset that can be had on this machine.

    python -m applications.gallery --data-dir ~/tensorflow_datasets

The embedded sets and those that are drawn need nothing. The others are shown
if they are prepared in the data directory. For a set that cannot be shown, one
line says why.
"""

import dataclasses
import os
import textwrap
from pathlib import Path
from typing import Any

import numpy as np

from applications import start
from applications.files import whole
from applications.options import option
from applications.options import output
from applications.options import parse
from applications.options import path
from applications.options import stop
from applications.options import words

COLUMNS, ROWS = 12, 3
ALL = ("all",)
DEFAULT_DATA = os.environ.get("TFDS_DATA_DIR", "~/tensorflow_datasets")


@dataclasses.dataclass(frozen=True)
class Config:
    data_dir: str = option(DEFAULT_DATA, "Folder of prepared sets.", path)
    output: str = option("results/gallery", "Folder of the sheets.", output)
    sets: tuple[str, ...] = option(
        "all", "Names of sets, separated by commas.", words
    )

    def __post_init__(self) -> None:
        datasets = _datasets()
        unknown = set(self.sets) - set(datasets.names())
        if self.sets != ALL and unknown:
            stop(
                f"--sets: expected some of {', '.join(datasets.names())}, "
                f"received {', '.join(sorted(unknown))}"
            )


def _datasets() -> Any:
    # Here and not above, for it imports Keras.
    start.load_keras()
    from keras_grl import datasets

    return datasets


def main(arguments: Any = None) -> dict[str, Path]:
    """Draws the sheets and returns their files."""
    config = parse(Config, __doc__ or "", arguments)
    datasets = _datasets()
    output = Path(config.output)
    sheets = {}
    for name in datasets.names() if config.sets == ALL else config.sets:
        try:
            images, captions = examples(name, config.data_dir)
        except (ImportError, LookupError) as error:
            print(f"{name}: no sheet. {error}")
            continue
        sheets[name] = output / f"{name.replace('/', '_')}.png"
        draw(images, captions, title(name), sheets[name])
        if name == "syn_signs":
            sheets["signs"] = output / "signs.png"
            draw_all_signs(sheets["signs"])
    for name, file in sheets.items():
        print(f"{name}: {file}")
    return sheets


def examples(name: str, data_dir: str) -> tuple[Any, list[str]]:
    """Images of a set's training split, and what they show.

    Raises:
        LookupError: If it is not prepared.
    """
    count = COLUMNS * ROWS
    datasets = _datasets()
    what = name.partition("/")[0]
    if what in ("digits", "digits_cluttered"):
        images, labels = datasets.load(name)
    elif what in ("syn_numbers", "syn_signs"):
        # The first of the set itself, which need not be prepared for that.
        datasets.register()
        images, labels = getattr(datasets, what).draw(range(count))
    else:
        return prepared_examples(name, data_dir, count)
    return images[:count], [str(label) for label in labels[:count]]


def prepared_examples(
    name: str, data_dir: str, count: int
) -> tuple[Any, list[str]]:
    datasets = _datasets()
    datasets.register()
    import tensorflow_datasets as tfds

    folder = os.path.expanduser(data_dir)
    builder = tfds.builder(name, data_dir=folder)
    if not builder.is_prepared():
        source = {
            "download": "downloads what is not in manual_dir",
            "manual": "needs its files in manual_dir",
        }[datasets.info(name).needs]
        raise LookupError(
            f"It is not prepared in {folder}: "
            f"`keras_grl.datasets.load({name!r}, data_dir={data_dir!r})` does "
            f"that, and {source}."
        )
    total = builder.info.splits["train"].num_examples
    # From all over the set: some are in the order of their classes.
    wanted = np.linspace(0, total - 1, count).astype(int)
    split = "+".join(f"train[{index}:{index + 1}]" for index in wanted)
    images, labels = datasets.load(name, split, folder, image_size=64)
    named = builder.info.features["label"].int2str
    return images, [
        textwrap.fill(named(label).replace("_", " "), 12) for label in labels
    ]


def title(name: str) -> str:
    info = _datasets().info(name)
    shape = "many sizes"
    if info.image_shape:
        shape = " x ".join(map(str, info.image_shape))
    return f"{name}: {shape}, {info.classes} classes"


def draw_all_signs(file: Path) -> None:
    """The drawings that syn_signs is made of, before they are photographed."""
    from keras_grl.datasets import signs

    images = [signs.sign(label) for label in range(len(signs.NAMES))]
    captions = [
        "\n".join([str(label), *textwrap.wrap(sign, 16)])
        for label, sign in enumerate(signs.NAMES)
    ]
    draw(images, captions, "The signs, by ClassId", file, columns=9)


def draw(
    images: Any,
    captions: list[str],
    title: str,
    file: Path,
    columns: int = COLUMNS,
) -> None:
    """Writes one sheet: images in rows, with a caption under each."""
    # Here and not above: --help needs no Matplotlib.
    from applications.figures import plt

    rows = -(-len(images) // columns)
    lines = 1 + max(caption.count("\n") for caption in captions)
    width = 9 / columns
    figure, axes = plt.subplots(
        rows,
        columns,
        figsize=(9, rows * (width + 0.13 * lines) + 0.35),
        layout="constrained",
        squeeze=False,
    )
    figure.suptitle(title, x=0.01, ha="left", fontsize=10)
    for axis in axes.flat:
        axis.axis("off")
    for axis, image, caption in zip(axes.flat, images, captions, strict=False):
        axis.imshow(image.squeeze(), cmap="gray", vmin=0, vmax=255)
        axis.set_title(caption, y=0, pad=-3, va="top", fontsize=7)
    with whole(file) as unfinished:
        figure.savefig(unfinished, dpi=72)
    plt.close(figure)


if __name__ == "__main__":
    start.program(main)
