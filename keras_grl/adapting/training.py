"""One run: a candidate is trained, or loaded if it was trained before."""

import dataclasses
import json
import time
import warnings
from pathlib import Path

import keras
import numpy as np

from keras_grl.adapting import splitting
from keras_grl.adapting.candidates import LADDER
from keras_grl.adapting.candidates import REFERENCE
from keras_grl.adapting.candidates import compiled
from keras_grl.adapting.domains import Domains
from keras_grl.adapting.result import plain
from keras_grl.adapting.splitting import ModelLike
from keras_grl.adapting.splitting import Network
from keras_grl.callbacks import AdaptationMonitor
from keras_grl.callbacks import AdaptationWarning
from keras_grl.files import replaced
from keras_grl.models.optimizers import build_optimizer
from keras_grl.pairing import PairedDataset
from keras_grl.pairing import pair
from keras_grl.types import JSON
from keras_grl.types import Array
from keras_grl.types import Batch
from keras_grl.validation import invalid

_MOST_EPOCHS = 10
# Topics of the monitor that are of the data, not of a run.
_SCALES = ("different-scales", "images-scaled-twice")
# Seconds of steps, from which the time of one is known.
_MEASURED = 0.3


@dataclasses.dataclass(frozen=True, eq=False)
class Trained:
    """What a run leaves.

    Attributes:
        weights: Of the classifier.
        probabilities: For the target.
        figures: What `Adaptation.runs` holds.
    """

    weights: list[Array]
    probabilities: Array
    figures: dict[str, JSON]


@dataclasses.dataclass(frozen=True)
class Trainer:
    """Trains candidates.

    Attributes:
        model: As in `adapt`.
        untrained: The classifier that `model` gave first.
        domains: The samples.
        batch_size: Samples of each domain.
        learning_rate: Of Adam.
        folder: Where runs are saved, or None.
    """

    model: ModelLike
    untrained: keras.Model
    domains: Domains
    batch_size: int
    learning_rate: float
    folder: Path | None = None

    def network(self, seed: int) -> Network:
        """The untrained network of a seed."""
        keras.utils.set_random_seed(seed)
        network = splitting.build(self.model, self.domains.source[0])
        if network.classifier is self.untrained:
            raise ValueError(
                invalid(
                    "model",
                    "a function that returns a new model in each call",
                    f"one that returns the same {network.classifier.name}",
                    "A run would start where the last one ended. Build the "
                    "model within the function, or pass the model itself.",
                )
            )
        return network

    def trained_network(self, trained: Trained) -> Network:
        """The network of a run, with its weights."""
        network = self.network(trained.figures["seed"])
        network.classifier.set_weights(trained.weights)
        return network

    def run(self, name: str, seed: int, steps: int) -> Trained:
        """Trains a candidate, unless it was trained before.

        Args:
            name: Of the candidate.
            seed: Of initial weights and of the order of the samples.
            steps: Integer.
        """
        folder = self.folder and self.folder / f"{name}-{seed}"
        if folder is not None and (folder / "run.json").exists():
            return _loaded(folder)
        began = time.monotonic()
        network = self.network(seed)
        history, found = self.fit(name, network, seed, steps)
        probabilities = self.probabilities(network)
        figures = {
            "candidate": name,
            "seed": seed,
            "steps": steps,
            "seconds": time.monotonic() - began,
            "resumed": False,
            "history": {key: values[-1] for key, values in history.items()},
            "warnings": found,
        }
        trained = Trained(
            network.classifier.get_weights(), probabilities, plain(figures)
        )
        if folder is not None:
            _save(trained, folder)
        return trained

    def fit(
        self, name: str, network: Network, seed: int, steps: int
    ) -> tuple[dict[str, list[float]], list[str]]:
        """Trains a network. Returns the history, and the warnings."""
        epochs = _epochs(steps)
        pairs = pair(
            self.domains.source,
            self.domains.target,
            batch_size=(self.batch_size, self.batch_size),
            seed=seed,
        )
        if name == REFERENCE:
            # Not as a paired model: its batch normalization sees no target.
            network.classifier.compile(
                keras.optimizers.Adam(self.learning_rate),
                "sparse_categorical_crossentropy",
                weighted_metrics=[],
            )
            build_optimizer(network.classifier)
            batches = _SourceBatches(pairs.with_steps(steps))
            fitted = network.classifier.fit(batches, verbose=0)
            return fitted.history, []
        model = compiled(LADDER[name], network, steps, self.learning_rate)
        monitor = AdaptationMonitor()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", AdaptationWarning)
            fitted = model.fit(
                pairs.with_steps(steps // epochs),
                epochs=epochs,
                callbacks=[monitor],
                verbose=0,
            )
        return fitted.history, [
            text
            for topic, text in monitor.findings.items()
            if topic not in _SCALES  # Reported once, before training.
        ]

    def probabilities(self, network: Network) -> Array:
        """What a network predicts for the target."""
        predicted = network.classifier.predict(
            self.domains.target, batch_size=128, verbose=0
        )
        return np.asarray(predicted, "float32")

    def measured(self, names: tuple[str, ...]) -> tuple[float, float]:
        """Seconds of a step, and of a run beside its steps, of the slowest."""
        slowest = max(names, key=_cost)
        began = time.monotonic()
        network = self.network(0)
        self.fit(slowest, network, 0, 1)
        compiling = time.monotonic() - began
        self.probabilities(network)
        of_run = time.monotonic() - began
        # Compiled again: the difference of two lengths is that of the steps.
        steps, seconds = 10, 0.0
        while seconds < _MEASURED and steps < 1000:
            began = time.monotonic()
            self.fit(slowest, self.network(0), 0, steps)
            seconds = time.monotonic() - began - compiling
            steps *= 4
        return max(seconds, 1e-3) / (steps / 4), of_run


class _SourceBatches(keras.utils.PyDataset):
    """The source of paired batches, one epoch of them."""

    def __init__(self, pairs: PairedDataset):
        super().__init__()
        self._pairs = pairs

    def __len__(self) -> int:
        return len(self._pairs)

    def __getitem__(self, index: int) -> Batch:
        x, *labels = self._pairs[index]
        return x["source"], *labels


def _epochs(steps: int) -> int:
    """Epochs of equal length, for the monitor to compare."""
    divisors = range(_MOST_EPOCHS, 0, -1)
    return next(n for n in divisors if steps % n == 0)


def _cost(name: str) -> tuple[bool, ...]:
    candidate = LADDER[name]
    return (
        candidate.conditioning is not None,
        candidate.domain_loss_weight > 0,
        candidate.target_loss is not None,
    )


def _save(trained: Trained, folder: Path) -> None:
    """Saves a run as a whole or not at all; `run.json` is moved last."""
    weights = {f"weight_{n}": each for n, each in enumerate(trained.weights)}
    with replaced(folder) as temporary:
        temporary.mkdir()
        np.savez(
            temporary / "arrays.npz",
            probabilities=trained.probabilities,
            **weights,  # type: ignore[arg-type]
        )
        text = json.dumps(trained.figures, indent=2, allow_nan=False)
        (temporary / "run.json").write_text(text)


def _loaded(folder: Path) -> Trained:
    with np.load(folder / "arrays.npz", allow_pickle=False) as arrays:
        weights = [arrays[f"weight_{n}"] for n in range(len(arrays.files) - 1)]
        probabilities = arrays["probabilities"]
    figures = json.loads((folder / "run.json").read_text())
    return Trained(weights, probabilities, {**figures, "resumed": True})
