"""Are SqueezeNet's features right? Real weights on the photographs of OFFICE.

    python -m applications.squeezenet_features \\
        --weights squeezenet_v1.0_imagenet.npz --photographs office31

Two answers: which of ImageNet's classes the network predicts for photographs
of things that are among them; and how accurate a linear classifier of its 512
features is, trained on one domain and tested on the other photographs of that
domain and on the other domains. The latter is what domain adaptation starts
from ("source only").
"""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

import numpy as np

from applications import markdown
from applications import start
from applications.options import option
from applications.options import parse
from applications.options import path
from applications.options import seed
from applications.options import stop
from applications.runner import comparison

if TYPE_CHECKING:
    import keras

# Labeled photographs of each class, as in the paper's protocol.
LABELED = {"amazon": 20, "dslr": 8, "webcam": 8}
# The numbers of ImageNet's classes that show the same thing.
NAMES = {
    "back_pack": (414,),
    "bike": (444, 671),
    "keyboard": (508, 810),
    "laptop_computer": (620, 681),
    "monitor": (527, 664, 782, 851),
    "mouse": (673,),
    "mug": (504, 968),
    "projector": (745,),
}


@dataclasses.dataclass(frozen=True)
class Config:
    weights: str = option("", "The published weights, an .npz file.", path)
    photographs: str = option(
        "", "Folder of OFFICE-31: amazon/images/<class>/*.jpg, ….", path
    )
    seed: int = option(0, "Of the choice of labeled photographs.", seed)

    def __post_init__(self) -> None:
        if not Path(self.weights).is_file():
            stop(
                "--weights: expected the path of an .npz file, received "
                f"{self.weights!r}"
            )
        for domain in LABELED:
            if not (Path(self.photographs) / domain / "images").is_dir():
                stop(
                    f"--photographs: expected a folder with {domain}/images, "
                    f"received {self.photographs!r}"
                )


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    config = parse(Config, __doc__ or "", arguments)
    start.load_keras()
    model = both_outputs(config.weights)
    found = {}
    for domain in LABELED:
        x, labels = load(Path(config.photographs) / domain / "images")
        found[domain] = (*model.predict(x, batch_size=32, verbose=0), labels)
        print(f"{domain}: {len(x)} photographs, {len(set(labels))} classes")
    names = {domain: named(found[domain][1:]) for domain in LABELED}
    accuracy = {
        source: {
            target: probed(found, source, target, config.seed)
            for target in LABELED
        }
        for source in LABELED
    }
    print("\nCorrect first prediction among ImageNet's 1000 classes\n")
    print(table("class", names))
    print(
        "\nAccuracy of a linear classifier of the features: trained on the "
        "domain of the row, tested on that of the column\n"
    )
    print(table("trained on", accuracy))
    return {"named": names, "accuracy": accuracy}


def both_outputs(weights: str) -> "keras.Model":
    """SqueezeNet, with its features and its predictions as outputs."""
    # Here and not above, for it imports a backend.
    import keras

    import keras_grl

    network = keras_grl.architectures.SqueezeNet(weights=weights)
    # The paper's feature: the average of fire9 over all positions.
    features = keras.layers.GlobalAveragePooling2D()(
        network.get_layer("drop9").output
    )
    return keras.Model(network.input, [features, network.output])


def load(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """All photographs, at the network's size, and the names of classes."""
    import keras

    files = sorted(folder.glob("*/*.jpg"))
    if not files:
        stop(f"--photographs: expected <class>/*.jpg in {folder}, found none")
    images = [
        np.asarray(
            keras.utils.load_img(
                file, target_size=(227, 227), interpolation="bilinear"
            )
        )
        for file in files
    ]
    return np.stack(images), np.array([file.parent.name for file in files])


def named(domain: tuple[np.ndarray, np.ndarray]) -> dict[str, float]:
    """For each class, the share of photographs that are predicted right."""
    probabilities, labels = domain
    first = probabilities.argmax(axis=1)
    return {
        name: float(np.isin(first[labels == name], numbers).mean())
        for name, numbers in NAMES.items()
        if np.any(labels == name)
    }


def probed(found: dict[str, Any], source: str, target: str, seed: int) -> float:
    """Accuracy on the target of a linear classifier of the source."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    features, _, labels = found[source]
    generator = np.random.default_rng(seed)
    chosen = np.concatenate(
        [
            generator.permutation(np.flatnonzero(labels == name))[
                : LABELED[source]
            ]
            for name in np.unique(labels)
        ]
    )
    classifier = make_pipeline(
        StandardScaler(), LogisticRegression(max_iter=1000)
    )
    classifier.fit(features[chosen], labels[chosen])
    features, _, labels = found[target]
    rest = np.ones(len(labels), bool)
    if target == source:
        rest[chosen] = False
    if not rest.any():
        return float("nan")
    return float(classifier.score(features[rest], labels[rest]))


def table(corner: str, rows: dict[str, dict[str, float]]) -> str:
    columns = list(dict.fromkeys(c for row in rows.values() for c in row))
    cells = [
        [name, *(_cell(row.get(column, np.nan)) for column in columns)]
        for name, row in rows.items()
    ]
    return markdown.table([[corner, *columns], *cells])


def _cell(value: float) -> str:
    return comparison.cell([] if np.isnan(value) else [value], digits=3)


if __name__ == "__main__":
    start.program(main)
