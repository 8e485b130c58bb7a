"""Candidates of any kind as runs: what each of them predicts."""

import dataclasses
import os
from collections.abc import Callable
from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np

from keras_grl import scores
from keras_grl.backend import kept_state
from keras_grl.backend import kept_variables
from keras_grl.callbacks.target_samples import TargetSamples
from keras_grl.scores.arrays import as_probabilities
from keras_grl.scores.arrays import check_classes
from keras_grl.scores.arrays import check_rows
from keras_grl.scores.mixing import as_numbers
from keras_grl.scores.mixing import refuse_embedding
from keras_grl.scores.models import Predicts
from keras_grl.scores.models import probabilities_of
from keras_grl.scores.models import two_columns
from keras_grl.streams import Columns
from keras_grl.streams.arrays import as_array
from keras_grl.streams.names import wrong
from keras_grl.streams.unpacking import describe
from keras_grl.types import AnyArray
from keras_grl.types import Array
from keras_grl.types import Data
from keras_grl.types import Inputs
from keras_grl.types import Predictions

# MixVal predicts twice as many mixtures: of no more samples than these.
_MIXED = 2000
_ALL = 2**62


@dataclasses.dataclass(frozen=True)
class Run:
    """What one trained model predicts.

    Attributes:
        probabilities: Array `(n, classes)`; None if they are not finite.
        mixval: The score; None if there is no model, or its inputs cannot be
            mixed.
    """

    probabilities: Array | None
    mixval: float | None = None

    @property
    def known(self) -> Array:
        """The probabilities of a run that is not vetoed: they are finite."""
        assert self.probabilities is not None
        return self.probabilities


class Target:
    """The target samples that all models predict.

    Args:
        x_target: What `select` takes, or None.
        batch_size: Samples that are predicted at once.
    """

    def __init__(self, x_target: Data, batch_size: int):
        self._batch_size = batch_size
        self._x: Inputs | None = None
        if x_target is not None:
            self._x = TargetSamples(x_target).read(_ALL, Columns())
        self._mixed = _numbers(self._x)

    @property
    def rows(self) -> int | None:
        """The number of samples, if it is known."""
        if self._x is None:
            return None
        return len(keras.tree.flatten(self._x)[0])

    def run(self, name: str, model: Predicts) -> Run:
        """What a model predicts; its state does not change.

        Args:
            name: The candidate, for errors.
            model: The model.
        """
        if self._x is None:
            raise ValueError(
                wrong(
                    "x_target",
                    f"the target samples, for the model {name} to predict",
                    "None",
                    "Only arrays of probabilities need no samples.",
                )
            )
        predicts = _Predictor(name, model, self._batch_size)
        with kept_state(model):
            found = predicts.predict(self._x)
            if not np.isfinite(found).all():
                return Run(None)
            p = as_probabilities(name, found, rows=self.rows)
            return Run(p, self._mixval(predicts, model))

    def _mixval(self, predicts: Predicts, model: Predicts) -> float | None:
        if self._mixed is None:
            return None
        try:
            refuse_embedding(model)
        except ValueError:
            return None
        return scores.mixval(predicts, self._mixed)


def _numbers(x: Inputs | None) -> Inputs | None:
    """A part of the inputs, if they can be mixed."""
    try:
        numbers = as_numbers(x)
    except ValueError:
        return None
    return keras.tree.map_structure(lambda array: array[:_MIXED], numbers)


class _Predictor:
    """Probabilities of a model, of at least two classes."""

    def __init__(self, name: str, model: Predicts, batch_size: int):
        self._name, self._model = name, model
        self._batch_size = batch_size

    def predict(self, x: Inputs, verbose: int = 0) -> Array:
        found = self._predictions(x, verbose)
        try:
            return two_columns(probabilities_of(self._model, found))
        except ValueError as error:
            raise ValueError(f"{self._name}: {error}") from error

    def _predictions(self, x: Inputs, verbose: int) -> Predictions:
        model, options = self._model, {"verbose": verbose}
        give_back: Callable[[], None] | None = None
        if isinstance(model, keras.Model):
            options["batch_size"] = self._batch_size
            if model.built:
                # One that fails on JAX loses its variables.
                give_back = kept_variables(model)
        try:
            return model.predict(x, **options)
        except Exception as error:
            if give_back is not None:
                give_back()
            raise ValueError(
                wrong(
                    "x_target",
                    f"samples that the model {self._name} can predict",
                    f"samples for which it raised: {error}",
                )
            ) from error


def check_candidates(candidates: object) -> None:
    """Refuses what is not a dict of names to candidates."""
    if not isinstance(candidates, Mapping) or not candidates:
        raise ValueError(
            wrong(
                "candidates",
                "a dict of names to models, `.keras` files, arrays of "
                "probabilities, or lists of these, not empty",
                describe(candidates),
                'Pass `{"source_only": source_model, "dann": dann_model}`.',
            )
        )
    for name in candidates:
        if not isinstance(name, str):
            raise ValueError(
                wrong("candidates", "names that are strings", repr(name))
            )


def runs_of(
    candidates: Mapping[str, object], x_target: Data, batch_size: int
) -> dict[str, list[Run]]:
    """The runs of each candidate.

    Args:
        candidates: Name to what `select` takes for one.
        x_target: What `select` takes.
        batch_size: Samples that are predicted at once.
    """
    target = Target(x_target, batch_size)
    found: dict[str, list[Run]] = {}
    shape = target.rows, None
    for name, value in candidates.items():
        found[name] = []
        for argument, one in _each(f"candidates[{name!r}]", value):
            run = _run(argument, one, target, shape[0])
            if run.probabilities is not None:
                if shape[1] is not None:
                    check_classes(argument, run.probabilities, shape[1])
                shape = run.probabilities.shape
            found[name].append(run)
    return found


def _each(name: str, value: object) -> list[tuple[str, object]]:
    """The runs of one candidate, with the names that errors use."""
    if not isinstance(value, (list, tuple)):
        return [(name, value)]
    if not value:
        raise ValueError(
            wrong(name, "at least one run", f"an empty {type(value).__name__}")
        )
    return [(f"{name}[{n}]", one) for n, one in enumerate(value)]


def _run(name: str, value: object, target: Target, rows: int | None) -> Run:
    if isinstance(value, (str, os.PathLike)):
        return target.run(name, _loaded(name, value))
    if isinstance(value, type) or not callable(getattr(value, "predict", None)):
        return Run(_probabilities(name, value, rows))
    return target.run(name, value)  # type: ignore[arg-type]


def _probabilities(
    name: str, value: AnyArray, rows: int | None
) -> Array | None:
    expected = (
        "a model, the path of a `.keras` file, or an array of probabilities"
    )
    if not hasattr(value, "shape"):
        raise ValueError(wrong(name, expected, describe(value)))
    array = as_array(name, "probabilities", value)
    if array.dtype.kind == "f" and array.ndim == 2 and len(array):
        check_rows(name, array, rows)
        if not np.isfinite(array).all():
            return None
    return as_probabilities(name, array, rows)


def _loaded(name: str, path: str | os.PathLike[str]) -> keras.Model:
    try:
        return keras.saving.load_model(Path(path))
    except Exception as error:
        raise ValueError(
            wrong(
                name,
                "the path of a `.keras` file that can be read",
                f"{os.fspath(path)!r}, for which Keras raised: {error}",
                "If the model has custom layers, import or register their "
                "classes first, or pass the model itself.",
            )
        ) from error
