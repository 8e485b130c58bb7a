"""Sheets of examples of every dataset that this machine has.

    python -m applications.gallery --data-dir ~/tensorflow_datasets

The embedded sets and the synthetic ones need nothing. The others are shown if
they are prepared in the data directory. For a set that cannot be shown, one
line says why. With `--tables docs` it writes the tables of the pages
datasets.md and gallery.md instead, from the facts of the sets.
"""

import dataclasses
import os
import textwrap
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from applications import markdown
from applications import start
from applications.files import whole
from applications.files import write_text
from applications.options import option
from applications.options import output
from applications.options import parse
from applications.options import path
from applications.options import stop
from applications.options import words

if TYPE_CHECKING:
    from keras_grl.datasets import Info

COLUMNS, ROWS = 12, 3
START, END = "<!-- facts -->\n", "<!-- end of facts -->\n"
ALL = ("all",)
DEFAULT_DATA = os.environ.get("TFDS_DATA_DIR", "~/tensorflow_datasets")


def _path_or_nothing(text: str) -> str:
    return text and path(text)


@dataclasses.dataclass(frozen=True)
class Config:
    data_dir: str = option(DEFAULT_DATA, "Folder of prepared sets.", path)
    output: str = option("results/gallery", "Folder of the sheets.", output)
    sets: tuple[str, ...] = option(
        "all", "Names of sets, separated by commas.", words
    )
    tables: str = option(
        "",
        "Folder of the pages whose tables are written, such as docs.",
        _path_or_nothing,
        shown="FOLDER",
    )

    def __post_init__(self) -> None:
        datasets = _datasets()
        unknown = set(self.sets) - set(datasets.names())
        if self.sets != ALL and unknown:
            stop(
                f"--sets: expected some of {', '.join(datasets.names())}, "
                f"received {', '.join(sorted(unknown))}"
            )


def _datasets() -> ModuleType:
    # Here and not above, for it imports Keras.
    start.load_keras()
    from keras_grl import datasets

    return datasets


def main(arguments: list[str] | None = None) -> dict[str, Path]:
    """Writes the sheets and returns their files."""
    config = parse(Config, __doc__ or "", arguments)
    if config.tables:
        write_tables(Path(config.tables))
        return {}
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


def examples(name: str, data_dir: str) -> tuple[np.ndarray, list[str]]:
    """Images of a set's training split, and what they show.

    Raises:
        LookupError: If it is not prepared.
    """
    count = COLUMNS * ROWS
    datasets = _datasets()
    dataset, _ = datasets.catalog.VARIANTS[name]
    if dataset.load is not None:
        images, labels = datasets.load(name)
    elif dataset.generator is not None:
        # The first of the set itself, which need not be prepared for that.
        images, labels = dataset.generator.draw(range(count))
    else:
        return prepared_examples(name, data_dir, count)
    return images[:count], [str(label) for label in labels[:count]]


def prepared_examples(
    name: str, data_dir: str, count: int
) -> tuple[np.ndarray, list[str]]:
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
    return f"{name}: {shape(info)}, {info.num_classes} classes"


def shape(info: "Info") -> str:
    if info.image_shape is None:
        return "many sizes"
    return " x ".join(map(str, info.image_shape))


def gallery_table() -> str:
    """All facts of every set, in Markdown."""
    rows = [["name", "image", "classes", "images", "source", "setup", "terms"]]
    datasets = _datasets()
    for dataset, variant in datasets.catalog.VARIANTS.values():
        splits = ", ".join(f"{k} {n:,}" for k, n in variant.splits.items())
        rows.append(
            [
                f"`{variant.name}`",
                shape(dataset),
                str(dataset.num_classes),
                splits,
                variant.source,
                variant.setup,
                dataset.terms,
            ]
        )
    return markdown.table(rows)


def datasets_table() -> str:
    """What every set is, in Markdown."""
    needs = {
        "nothing": "nothing",
        "download": "downloads",
        "manual": "your own download",
    }
    rows = [["name", "what", "images", "needs"]]
    datasets = _datasets()
    for name in datasets.names():
        info = datasets.info(name)
        rows.append(
            [f"`{name}`", info.description, shape(info), needs[info.needs]]
        )
    return markdown.table(rows)


def write_tables(folder: Path) -> None:
    """Replaces the table of each page by one of the facts of today.

    Args:
        folder: Of the pages. The table of a page is between two comments of
            HTML, "facts" and "end of facts".
    """
    for name, table in (
        ("datasets.md", datasets_table()),
        ("gallery.md", gallery_table()),
    ):
        page = folder / name
        if not page.is_file() or START not in page.read_text():
            stop(
                "--tables: expected a folder with generated pages, received "
                f"{str(folder)!r}, where {name} has no {START.strip()!r}"
            )
        before, start, rest = page.read_text().partition(START)
        _, end, after = rest.partition(END)
        write_text(page, f"{before}{start}{table}\n{end}{after}")
        print(page)


def draw_all_signs(file: Path) -> None:
    """The signs that syn_signs is made of, before they are photographed."""
    from keras_grl.datasets import signs

    images = [signs.sign(label) for label in range(len(signs.NAMES))]
    captions = [
        "\n".join([str(label), *textwrap.wrap(sign, 16)])
        for label, sign in enumerate(signs.NAMES)
    ]
    draw(images, captions, "The signs, by ClassId", file, columns=9)


def draw(
    images: np.ndarray | list[np.ndarray],
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
