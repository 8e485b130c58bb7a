"""TrainingCheckpoint."""

import json
import os
import random
import re
import time
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_grl import backend
from keras_grl.callbacks.backup_record import optimizer_class
from keras_grl.files import replaced
from keras_grl.types import JSON
from keras_grl.types import Array
from keras_grl.types import Data
from keras_grl.types import Logs
from keras_grl.types import PathLike
from keras_grl.validation import check_boolean
from keras_grl.validation import check_number
from keras_grl.validation import invalid

# Raised by reading a file that is damaged or not a checkpoint.
_DAMAGED = (
    OSError,
    ValueError,
    EOFError,
    KeyError,
    AttributeError,
    TypeError,
    zipfile.BadZipFile,
)


class TrainingCheckpoint(keras.callbacks.Callback):
    """Saves the complete state of training, and resumes from it exactly.

    A run that ends early, for any reason, and is started again ends with the
    same weights as an uninterrupted run, bit for bit on the same machine. The
    file holds every variable of the model and of the optimizer: weights,
    momentum, the adaptation factor's step, and the seed generators of dropout,
    which a weights file leaves out; the epoch; the random state that
    `keras.utils.set_random_seed` sets; and the logs of all epochs. It is
    written at the end of an epoch, completely or not at all.

    Put it last in the list of callbacks, and start the same program again.
    `DANNModel.fit` starts at the right epoch. In any other model, pass
    `initial_epoch=checkpoint.initial_epoch` to `fit`.

    The model, `epochs` and the data must be the same. For this, `pair` needs a
    `seed` (or `keras.utils.set_random_seed` before it), and arrays: the
    position and order of a dataset are not saved. In `fit` of any other model,
    shuffle with a seed that depends on the epoch, not with `shuffle=True`.
    Other callbacks, such as `EarlyStopping`, start again.

    Args:
        filepath: Path of the file.
        min_seconds: Float, at least 0. The minimum time between two
            checkpoints, if writing takes long compared to an epoch.
        delete_checkpoint: Boolean, whether to delete the file when training has
            ended as planned. Otherwise the next `fit` does not train.

    Attributes:
        logs: List of dicts, the logs of each epoch, including those before a
            resume.
        seconds: Float, the time that training took, including the time before
            a resume.
        seed: Integer, seed of the order of the paired data; None if unknown.
        resumed: Boolean, whether this `fit` resumes from the file.

    Raises:
        ValueError: If an argument is invalid; when training begins, if the
            checkpoint is damaged, or belongs to another run.

    Example:

    >>> import tempfile
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> x, y = np.ones((8, 2)), np.ones((8, 1))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     checkpoint = TrainingCheckpoint(
    ...         folder + "/run.checkpoint", delete_checkpoint=False)
    ...     _ = model.fit(
    ...         x, y, epochs=2, callbacks=[checkpoint], verbose=0)
    ...     checkpoint.initial_epoch, len(checkpoint.logs)
    (2, 2)
    """

    def __init__(
        self,
        filepath: PathLike,
        min_seconds: float = 0.0,
        delete_checkpoint: bool = True,
    ):
        super().__init__()
        if not isinstance(filepath, (str, os.PathLike)):
            raise ValueError(invalid("filepath", "a path", filepath))
        self._path = Path(filepath)
        self._min_seconds = check_number(
            "min_seconds", min_seconds, minimum=0.0
        )
        self._delete = check_boolean("delete_checkpoint", delete_checkpoint)
        self.seed: int | None = None
        self._begin([], 0.0)

    def _begin(self, logs: list[Logs], seconds: float) -> None:
        self.logs = logs
        self.resumed = False
        self._seconds_before = seconds
        self._began = self._written = time.monotonic()
        self._expected_epoch: int | None = None

    @property
    def seconds(self) -> float:
        return self._seconds_before + time.monotonic() - self._began

    @property
    def initial_epoch(self) -> int:
        """Integer: the epoch to begin with; 0 without a checkpoint."""
        if not self._path.exists():
            return 0
        return _facts(self._read())["epoch"]

    def set_dataset(self, dataset: Data) -> None:
        """Sets the training data, whose seed must be the same in a resume."""
        self.seed = getattr(dataset, "seed", None)

    # When training begins.

    def on_train_begin(self, logs: Logs | None = None) -> None:
        if not self.model.built:
            raise ValueError(
                "`TrainingCheckpoint` needs a built model. Received: "
                f"{self.model.name!r}, which is not built\nCall it on a batch "
                "before `fit`, or begin it with a `keras.Input`."
            )
        folder = self._path.parent
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise ValueError(
                invalid("filepath", "a path to write to", str(self._path))
            )
        self._begin([], 0.0)
        if self._path.exists():
            self._resume(self._read())

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        expected, self._expected_epoch = self._expected_epoch, None
        if expected and epoch != expected:
            raise ValueError(
                f"The checkpoint {str(self._path)!r} resumes with epoch "
                f"{expected}. Received: a run that begins with epoch {epoch}\n"
                "Pass `initial_epoch=checkpoint.initial_epoch` to `fit`."
            )

    def _resume(self, file: dict[str, Array]) -> None:
        facts = _facts(file)
        variables = self._variables()
        optimizer = optimizer_class(self.model.optimizer)
        for name, was, is_ in (
            ("variables", facts["variables"], _described(variables)),
            ("steps per epoch", facts["steps"], self.params.get("steps")),
            ("seed of the data", facts["seed"], self.seed),
            # Files of version 0.1.0 are without it.
            ("optimizer", facts.get("optimizer", optimizer), optimizer),
        ):
            if was != is_:
                raise ValueError(
                    f"The checkpoint {str(self._path)!r} belongs to another "
                    f"run. Expected {name}: {_difference(was, is_)[0]}. "
                    f"Received: {_difference(was, is_)[1]}\nStart the same "
                    "program, or delete that file to train from the beginning."
                )
        values = [file[f"variable_{i}"] for i in range(len(variables))]
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
        _set_random_state(facts["random"])
        backend.set_random_state(
            {n: file[f"random_{n}"] for n in facts["random_of_backend"]}
        )
        self._begin(facts["logs"], facts["seconds"])
        self.resumed = True
        self._expected_epoch = facts["epoch"]

    def _read(self) -> dict[str, Array]:
        """The arrays of the file; reading verifies their checksums."""
        try:
            with open(self._path, "rb") as raw, np.load(raw) as file:
                arrays = {name: file[name] for name in file.files}
            _facts(arrays)
        except _DAMAGED as error:
            raise ValueError(
                f"The checkpoint {str(self._path)!r} cannot be read: {error}\n"
                "Delete that file to train from the beginning."
            ) from error
        return arrays

    # At the end of each epoch.

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self.logs.append({k: float(v) for k, v in (logs or {}).items()})
        last = epoch + 1 == self.params.get("epochs")
        waited = time.monotonic() - self._written
        if last or waited >= self._min_seconds:
            self._write(epoch + 1)
            self._written = time.monotonic()

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self._delete:
            self._path.unlink(missing_ok=True)

    def _write(self, epoch: int) -> None:
        variables = self._variables()
        random_of_backend = backend.random_state()
        facts = {
            "epoch": epoch,
            "steps": self.params.get("steps"),
            "seed": self.seed,
            "optimizer": optimizer_class(self.model.optimizer),
            "variables": _described(variables),
            "random": _random_state(),
            "random_of_backend": sorted(random_of_backend),
            "logs": self.logs,
            "seconds": self.seconds,
        }
        arrays = {
            f"variable_{i}": _as_array(v) for i, v in enumerate(variables)
        }
        arrays |= {f"random_{n}": v for n, v in random_of_backend.items()}
        arrays["facts"] = np.frombuffer(json.dumps(facts).encode(), "uint8")
        with replaced(self._path) as temporary, open(temporary, "wb") as file:
            # mypy takes them for `allow_pickle`, too.
            np.savez(file, **arrays)  # type: ignore[arg-type]

    def _variables(self) -> list[keras.Variable]:
        optimizer = self.model.optimizer
        if not optimizer.built:
            optimizer.build(self.model.trainable_variables)
        return [*self.model.variables, *optimizer.variables]


def _facts(file: dict[str, Array]) -> JSON:
    return json.loads(file["facts"].tobytes())


def _described(variables: list[keras.Variable]) -> list[list[object]]:
    """Names and shapes, without the numbers that Keras adds to names."""
    return [[re.sub(r"_\d+", "", v.name), list(v.shape)] for v in variables]


def _difference(was: JSON, is_: JSON) -> tuple[object, object]:
    """The first difference of two lists of variables, or of two numbers."""
    if not isinstance(was, list):
        return was, is_
    if len(was) != len(is_):
        return f"{len(was)} of them", len(is_)
    return next((a, b) for a, b in zip(was, is_, strict=True) if a != b)


def _as_array(variable: keras.Variable) -> Array:
    value = ops.convert_to_numpy(variable)
    # NumPy cannot save bfloat16. As float32 it is exact.
    return value if value.dtype.kind in "biuf" else value.astype("float32")


def _random_state() -> JSON:
    """The random state of Python and NumPy, for JSON."""
    of_numpy: Any = np.random.get_state()
    name, keys, *rest = of_numpy
    return [random.getstate(), [name, keys.tolist(), *rest]]


def _set_random_state(state: JSON) -> None:
    (version, numbers, gauss), of_numpy = state
    random.setstate((version, tuple(numbers), gauss))
    np.random.set_state(tuple(of_numpy))
