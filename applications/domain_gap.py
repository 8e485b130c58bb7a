"""What distinguishes the images of two domains, without labels.

    python -m applications.domain_gap --source syn_numbers \
        --target svhn_cropped

Prints `keras_grl.diagnostics.image_gap` of two sets, by their names in
docs/datasets.md, and draws the most telling images. Of a synthetic set the
first images are generated; others are prepared if they are not yet.
"""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from applications import start
from applications.files import whole
from applications.files import write_json
from applications.options import count
from applications.options import option
from applications.options import output
from applications.options import parse
from applications.options import path
from applications.options import seed
from applications.options import stop

if TYPE_CHECKING:
    from keras_grl.diagnostics import ImageGap

_LEAST = 8  # images that `image_gap` needs
_SEED = 0  # of the training images of a synthetic set


def _name(text: str) -> str:
    if not text:
        raise ValueError("the name of a set")
    return text


@dataclasses.dataclass(frozen=True)
class Options:
    """Which sets to compare, and where to write."""

    source: str = option("syn_numbers", "Name of the source.", _name)
    target: str = option("svhn_cropped", "Name of the target.", _name)
    images: int = option(3000, "The most images of each.", count)
    seed: int = option(0, "Seed that chooses them.", seed)
    shown: int = option(3, "How many statistics to draw images of.", count)
    data_dir: str | None = option(
        None, "Folder of prepared sets. By default that of TFDS.", path
    )
    manual_dir: str | None = option(
        None, "Folder of archives that were downloaded by hand.", path
    )
    output: str = option(
        "results/domain_gap", "Folder that holds the results.", output
    )


def main(arguments: list[str] | None = None) -> "ImageGap":
    """Prints the table, and writes it and the sheet."""
    options = parse(Options, __doc__ or "", arguments)
    if options.images < _LEAST:
        stop(f"--images: expected at least {_LEAST}, received {options.images}")
    start.load_keras()
    # Here and not above, for it imports Keras.
    from keras_grl import diagnostics

    names = (options.source, options.target)
    source, target = (
        _images(flag, name, options)
        for flag, name in zip(("--source", "--target"), names, strict=True)
    )
    gap = diagnostics.image_gap(
        source, target, samples=options.images, seed=options.seed
    )
    features = [
        np.stack([*diagnostics.image_statistics(x).values()], axis=1)
        for x in (source, target)
    ]
    together = diagnostics.domain_error(features[0], features[1], options.seed)
    print(gap)
    print(f"All together, by a linear classifier: domain error {together:.3f}.")
    title = "_to_".join(
        name.replace("/", "-").replace(":", "-") for name in names
    )
    folder = Path(options.output) / title
    write_json(
        folder / "gap.json",
        {
            "source": options.source,
            "target": options.target,
            "images": [len(source), len(target)],
            "seed": options.seed,
            "domain_error": together,
            "statistics": gap.to_dict(),
        },
    )
    _draw(source, target, gap, options.shown, folder / "images.png")
    print(f"Written: {folder}/")
    return gap


def _images(flag: str, name: str, options: Options) -> np.ndarray:
    from keras_grl import datasets

    base, _, version = name.partition(":")
    if base not in datasets.names():
        stop(
            f"{flag}: expected one of {', '.join(datasets.names())}, received "
            f"{name}"
        )
    dataset, _ = datasets.catalog.VARIANTS[base]
    if dataset.generator is not None:
        known = dataset.generator.versions
        version = version or dataset.version
        if version not in known:
            stop(
                f"{flag}: expected version {' or '.join(known)}, received "
                f"{name}"
            )
        images, _ = dataset.generator.draw(
            range(options.images), known[version], _SEED
        )
        return images
    images, _ = datasets.load(
        name, "train", options.data_dir, options.manual_dir
    )
    random = np.random.default_rng(options.seed)
    return images[np.sort(random.permutation(len(images))[: options.images])]


def _draw(
    source: np.ndarray,
    target: np.ndarray,
    gap: "ImageGap",
    shown: int,
    file: Path,
) -> None:
    # Here and not above: --help needs no Matplotlib.
    from applications.figures import plt
    from keras_grl.diagnostics import plots

    figure, axes = plt.subplots(
        min(shown, len(gap)),
        2,
        figsize=(9, 2.6 * min(shown, len(gap))),
        layout="constrained",
        squeeze=False,
    )
    for row, each in zip(axes, gap, strict=False):
        plots.telling_images(source, target, each.statistic, axes=row)
    with whole(file) as unfinished:
        figure.savefig(unfinished, dpi=80)
    plt.close(figure)


if __name__ == "__main__":
    start.program(main)
