"""Trains candidates, and keeps what their scores need."""

import functools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from typing import TypeAlias

import keras
import numpy as np

import keras_grl
from applications.files import whole
from applications.files import write_json
from applications.selection import candidates
from applications.selection.candidates import BATCH_SIZE
from applications.selection.candidates import CANDIDATES
from applications.selection.candidates import Candidate
from applications.selection.domains import Shift

Figures: TypeAlias = dict[str, Any]
Arrays: TypeAlias = dict[str, np.ndarray]

FEATURES = 1000  # images of each kind whose features are kept; MixVal's too
_BATCH = 500  # images that are predicted at once


class Trainer:
    """Trains candidates, each in one model that is compiled once.

    Compiling takes as long as training so small a network. For another seed or
    shift a model gets new initial weights and a new optimizer state.
    """

    def __init__(self) -> None:
        self._train = functools.cache(_compiled)
        network = candidates.classifier()
        # It gets the weights of the classifier that is scored.
        self._scored = keras.Model(
            network.inputs,
            [network.outputs[0], network.get_layer("features").output],
        )

    def run(
        self,
        name: str,
        shift: Shift,
        seed: int,
        steps: int,
        order: int | None = None,
    ) -> tuple[Figures, Arrays]:
        """Trains one candidate.

        Args:
            name: Of the candidate.
            shift: The images.
            seed: Of the initial weights and of the order of the images.
            steps: How many, of those of length 1.
            order: Seed of the order of the images; None if `seed` is.

        Returns:
            Two dicts: figures, and arrays.
        """
        began = time.process_time()
        order = seed if order is None else order
        self._scored.set_weights(self._train(name)(shift, seed, steps, order))
        seconds = time.process_time() - began
        target, features = self._predict(shift.x_test)
        held_out, held_out_features = self._predict(shift.x_held_out)
        _, source_features = self._predict(shift.x_source[:FEATURES])
        figures: Figures = {
            "accuracy": _accuracy(target, shift.y_test),
            "source_accuracy": _accuracy(held_out, shift.y_held_out),
            "mixval": keras_grl.scores.mixval(self, shift.x_test[:FEATURES]),
            "seconds": seconds,
        }
        arrays = {
            "probabilities": target.astype("float32"),
            "features": features[:FEATURES].astype("float32"),
            "held_out_probabilities": held_out.astype("float32"),
            "held_out_features": held_out_features.astype("float32"),
            "held_out_labels": shift.y_held_out,
            "source_features": source_features.astype("float32"),
        }
        return figures, arrays

    def predict(self, x: object, *, verbose: int = 0) -> np.ndarray:
        """Probabilities, for scores that take a model."""
        return self._predict(np.asarray(x))[0]

    def _predict(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        # Batches of one size, for which the model is compiled once.
        missing = -len(x) % _BATCH
        x = np.concatenate([x, np.zeros((missing, *x.shape[1:]), x.dtype)])
        x = x.astype("float32")
        found = self._scored.predict(x, batch_size=_BATCH, verbose=0)
        return tuple(part[: len(x) - missing] for part in found)


def _accuracy(probabilities: np.ndarray, labels: np.ndarray) -> float:
    return float(np.mean(probabilities.argmax(axis=1) == labels))


def _compiled(name: str) -> Callable[[Shift, int, int, int], list[np.ndarray]]:
    """A function that trains a candidate and returns its weights."""
    candidate = CANDIDATES[name]
    model, network = candidates.build(candidate)
    candidates.compile_model(model, candidate)
    model.optimizer.build(model.trainable_variables)
    state = [
        # On torch it would be a view of what is trained.
        (variable, keras.ops.convert_to_numpy(variable).copy())
        for variable in model.optimizer.variables
    ]

    def train(
        shift: Shift, seed: int, steps: int, order: int
    ) -> list[np.ndarray]:
        keras.utils.set_random_seed(seed)
        initial, _ = candidates.build(candidate)
        model.set_weights(initial.get_weights())
        for variable, value in state:
            variable.assign(value)
        pairs = _pairs(candidate, shift, order)
        epochs = max(1, round(steps * candidate.length / len(pairs)))
        model.fit(pairs, epochs=epochs, verbose=0)
        return network.get_weights()

    return train


def _pairs(
    candidate: Candidate, shift: Shift, order: int
) -> keras_grl.PairedDataset:
    """The batches; all candidates see the source in the same order."""
    half = BATCH_SIZE // 2
    return keras_grl.pair(
        (shift.x_source, shift.y_source),
        shift.x_target,
        # One image that is not learned from: a step costs half.
        batch_size=(half, half if candidate.adapts else 1),
        length="source",
        seed=order,
    )


def write(folder: Path, figures: Figures, arrays: Arrays) -> None:
    """Writes one run; it is done when `run.json` is there."""
    with whole(folder / "arrays.npz") as path:
        np.savez_compressed(path, **arrays)  # type: ignore[arg-type]
    write_json(folder / "run.json", figures)
