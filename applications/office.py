"""OFFICE: three shifts between photographs of the same things (table 2).

    python -m applications.office --weights squeezenet_v1.0_imagenet.npz

Labeled are 20 photographs of each class of the source (8 if it is DSLR or
Webcam), another choice for each seed; the whole target is unlabeled, and is
the test set. With `--network paper` the whole of AlexNet is trained, with a
bottleneck of 256 units. The others have SqueezeNet in its place: with `deep`
its last fire module is trained too, with `small` only the bottleneck. The
layers before them keep their published weights; their outputs are computed
once.
"""

import dataclasses
import functools
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

import numpy as np

from applications import start
from applications.options import option
from applications.options import path
from applications.options import stop
from applications.options import words
from applications.runner import program
from applications.runner.job import Job
from applications.runner.settings import Domains
from applications.runner.settings import Experiment
from applications.runner.settings import Options
from applications.runner.settings import Settings
from applications.runner.settings import Split

if TYPE_CHECKING:
    import keras_grl

WORDS = ("random", "imagenet")  # in place of a file of weights
PAIRS = ("amazon_webcam", "dslr_webcam", "webcam_dslr")


@dataclasses.dataclass(frozen=True)
class OfficeOptions(Options):
    """The options of all experiments, and those of OFFICE."""

    weights: str | None = option(
        None,
        "File of the network's published weights, trained on ImageNet. Or "
        "imagenet, to download AlexNet's; or random, for a trial.",
        path,
    )
    pairs: tuple[str, ...] = option(PAIRS, "Some of the shifts.", words)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.weights is None:
            stop(
                "--weights: expected the file of the network's published "
                "weights, or random; received nothing"
            )
        weights = self.weights or ""
        if weights not in WORDS and not Path(weights).is_file():
            stop(
                f"--weights: expected a file or {' or '.join(WORDS)}, found no "
                f"file {weights!r}"
            )
        if not set(self.pairs) <= set(PAIRS):
            stop(
                f"--pairs: expected some of {', '.join(PAIRS)}, received "
                f"{', '.join(self.pairs)}"
            )


def load(
    pair: str, options: OfficeOptions, settings: Settings, seed: int
) -> Domains:
    # Here and not above, for it imports Keras.
    from keras_grl.datasets import office31

    source, target = pair.split("_")
    inputs = functools.partial(
        _inputs,
        settings.network,
        weights(options),
        options.data_dir,
        options.manual_dir,
    )
    (x, y), (x_target, y_target) = inputs(source), inputs(target)
    # There may be ten of the 31 classes.
    classes = np.unique(y)
    if not np.array_equal(classes, np.unique(y_target)):
        raise ValueError(
            f"{source} and {target} must have the same classes. Received: "
            f"{classes.tolist()} and {np.unique(y_target).tolist()}"
        )
    y, y_target = (np.searchsorted(classes, each) for each in (y, y_target))
    chosen = np.zeros(len(x), bool)
    chosen[office31.sample(y, office31.LABELED[source], seed)] = True
    return Domains(
        Split(x[chosen], y[chosen], x[~chosen], y[~chosen]),
        # All of the target is trained on, without labels, and tested on.
        Split(x_target, y_target, x_target, y_target),
    )


@functools.lru_cache(maxsize=4)
def _inputs(
    network: str,
    weights: str | None,
    data_dir: str | None,
    manual_dir: str | None,
    domain: str,
) -> tuple[np.ndarray, np.ndarray]:
    """The inputs of the trained layers for all photographs, and labels."""
    from applications.runner import pretrained
    from keras_grl import architectures
    from keras_grl import datasets

    x, y = datasets.load(
        f"office31/{domain}", data_dir=data_dir, manual_dir=manual_dir
    )
    if network != "paper":
        squeezenet = architectures.SqueezeNet(weights=weights)
        frozen = pretrained.frozen(squeezenet, network)
        x = frozen.predict(x, batch_size=32, verbose=0)
    if network == "small":
        # All features at once: they keep their relative sizes.
        x = (x - x.mean()) / x.std()
    return x, y


def weights(options: OfficeOptions) -> str | None:
    """The file of pre-trained weights; None for random ones."""
    return None if options.weights == "random" else options.weights


def network(
    options: OfficeOptions, settings: Settings, domains: Domains, **kwargs: Any
) -> "keras_grl.DANNModel":
    """The network that `--network` chooses, untrained."""
    from applications.runner import pretrained

    return pretrained.network(weights(options), settings, domains, **kwargs)


_TUNED = Settings(
    epochs=30,
    batch_size=32,
    network="small",
    optimizer="adam",
    learning_rate=0.001,
    domain_loss_weight=0.1,
    # Of 0.25, 0.05, 0.01 and 0.002 the one with the highest sum of accuracy on
    # the source and domain error, for Amazon → Webcam. At its authors' 0.25 the
    # distance of features of this size outweighs the labels.
    ddc_weight=0.01,
)
# Settings that OFFICE has no use for.
_UNUSED = ("images", "features", "augmentation", "normalization")
PRESETS = {
    # The pre-trained layers learn at a tenth of the rate.
    "paper": Settings(epochs=300, domain_loss_weight=0.1),
    "tuned": _TUNED,
    "quick": dataclasses.replace(_TUNED, epochs=15),
}
NETWORKS = {
    "paper": "the paper's AlexNet with a bottleneck",
    "small": "a bottleneck on the features of SqueezeNet",
    "deep": "SqueezeNet's last fire module and a bottleneck",
}
METHODS = (
    "source_only",
    "gfk",
    "subspace_alignment",
    "ddc",
    "mmd",
    "coral",
    "dann",
)
# Of 31 classes, by AlexNet; "source only" is DeCAF6's, and the subspaces of
# the geodesic flow kernel are "PLS, PCA".
_PUBLISHED = {
    "amazon_webcam": {
        "source_only": 0.522,
        "gfk": 0.464,
        "subspace_alignment": 0.450,
        "ddc": 0.594,
        "mmd": 0.536,
        "dann": 0.673,
    },
    "dslr_webcam": {
        "source_only": 0.915,
        "gfk": 0.613,
        "subspace_alignment": 0.648,
        "ddc": 0.925,
        "mmd": 0.712,
        "dann": 0.940,
    },
    "webcam_dslr": {
        "gfk": 0.663,
        "subspace_alignment": 0.699,
        "ddc": 0.917,
        "mmd": 0.835,
        "dann": 0.937,
    },
}
# With all labeled source images, not 20 or 8 of each class: JMLR 2016, table 3.
_JOURNAL = {
    "amazon_webcam": {"source_only": 0.642, "dann": 0.730},
    "dslr_webcam": {"source_only": 0.961, "dann": 0.964},
    "webcam_dslr": {"source_only": 0.978, "dann": 0.992},
}


def experiment(pair: str, options: OfficeOptions | None) -> Experiment:
    """One of the three shifts."""
    source, target = pair.split("_")
    return Experiment(
        name=f"office_{pair}",
        title=f"OFFICE: {source.title()} → {target.title()}",
        description=__doc__ or "",
        load=functools.partial(load, pair),
        architecture="AlexNetBottleneck",
        # Without options it is only listed, never run.
        build=functools.partial(network, options),  # type: ignore[arg-type]
        networks=NETWORKS,
        presets=PRESETS,
        methods=METHODS,
        published=_PUBLISHED[pair],
        journal=_JOURNAL[pair],
        program="office",
        table="table_2",
        files={"weights": Path(options.weights or "").name} if options else {},
        flags={"pairs": pair},
    )


EXPERIMENTS = tuple(experiment(pair, None) for pair in PAIRS)


def main(arguments: list[str] | None = None) -> dict[str, list[dict[str, Any]]]:
    options, settings = program.parse(
        OfficeOptions, PRESETS, __doc__ or "", METHODS, arguments
    )
    settings.expect_defaults(_UNUSED, "OFFICE, which has no other")
    return {
        pair: program.run(Job(experiment(pair, options), options, settings))
        for pair in options.pairs
    }


if __name__ == "__main__":
    start.program(main)
