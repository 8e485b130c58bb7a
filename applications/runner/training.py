"""Training that can be killed and goes on where it was."""

import json
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np

from applications.files import whole
from applications.files import write_json

# There, Keras's dropout draws from torch's own random numbers.
_TORCH = keras.backend.backend() == "torch"
if _TORCH:
    import torch


class Batches(keras.utils.PyDataset):
    """Batches of labelled samples, the same in a run that was resumed.

    Args:
        x: Images.
        y: Labels.
        batch_size: Integer.
        steps: Batches in an epoch, which may be several passes.
        seed: Of the order, another one in every epoch.
    """

    def __init__(self, x: Any, y: Any, batch_size: int, steps: int, seed: int):
        super().__init__()
        self._x, self._y = x, y
        self._batch_size = batch_size
        self._steps = steps
        self._seed = seed
        self._next_epoch = 0
        self._order = self._shuffled(0)

    def _shuffled(self, epoch: int) -> Any:
        random = np.random.default_rng((self._seed, epoch))
        passes = -(-self._steps * self._batch_size // len(self._x))
        return np.concatenate(
            [random.permutation(len(self._x)) for _ in range(passes)]
        )

    def set_epoch(self, epoch: int) -> None:
        """Tell the epoch that begins."""
        self._next_epoch = epoch

    def on_epoch_begin(self) -> None:
        self._order = self._shuffled(self._next_epoch)
        self._next_epoch += 1

    @property
    def num_batches(self) -> int:
        return self._steps

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        start = index * self._batch_size
        rows = self._order[start : start + self._batch_size]
        return self._x[rows], self._y[rows]


class TellEpoch(keras.callbacks.Callback):
    """Tells `Batches` the epoch."""

    def __init__(self, batches: Batches):
        super().__init__()
        self._batches = batches

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._batches.set_epoch(epoch)


class Checkpoint(keras.callbacks.Callback):
    """Writes down the state of training, and begins from the last one.

    The state is every variable of the model and of the optimizer: λ's step,
    and the random generators of dropout, which a file of weights leaves out.
    Beside it is the history. A checkpoint that is there is whole.

    Args:
        folder: Where to write.

    Attributes:
        epoch: Integer, the epoch to begin with.
        rows: List of dicts, the logs of every epoch so far.
        seconds: Float, the time that training took so far.
    """

    seconds_between = 20.0

    def __init__(self, folder: Path):
        super().__init__()
        self._folder = folder
        self._written = time.monotonic()
        self._began = time.monotonic()
        self.epoch = 0
        self.rows: list[dict[str, float]] = []
        self._before = 0.0
        files = sorted(folder.glob("epoch-*.json"))
        if files:
            state = json.loads(files[-1].read_text())
            self.rows = [
                {name: float(value) for name, value in row.items()}
                for row in state["rows"]
            ]
            self._before = state["seconds"]
            self.epoch = len(self.rows)

    @property
    def seconds(self) -> float:
        return self._before + time.monotonic() - self._began

    def _state(self, epoch: int) -> Path:
        return self._folder / f"epoch-{epoch:05}.npz"

    def _variables(self) -> list[Any]:
        optimizer = self.model.optimizer
        if not optimizer.built:
            optimizer.build(self.model.trainable_variables)
        return [*self.model.variables, *optimizer.variables]

    def on_train_begin(self, logs: Any = None) -> None:
        if not self.epoch:
            return
        with np.load(self._state(self.epoch)) as state:
            for number, variable in enumerate(self._variables()):
                variable.assign(state[str(number)])
            if _TORCH:
                torch.set_rng_state(torch.from_numpy(state["torch"]))
                # A run may go on where there is no GPU, or now is one.
                if torch.cuda.is_available() and "cuda" in state:
                    random = torch.from_numpy(state["cuda"])
                    torch.cuda.set_rng_state(random)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.rows.append({k: float(v) for k, v in (logs or {}).items()})
        if time.monotonic() - self._written >= self.seconds_between:
            self._write(epoch + 1)
            self._written = time.monotonic()

    def _write(self, epoch: int) -> None:
        values = {
            str(number): keras.ops.convert_to_numpy(variable)
            for number, variable in enumerate(self._variables())
        }
        if _TORCH:
            values["torch"] = torch.get_rng_state().numpy()
            if torch.cuda.is_available():
                values["cuda"] = torch.cuda.get_rng_state().numpy()
        with whole(self._state(epoch)) as unfinished:
            np.savez(unfinished, **values)
        # As text: JSON has no NaN, and the loss may have become one.
        rows = [
            {name: str(value) for name, value in row.items()}
            for row in self.rows
        ]
        state = {"rows": rows, "seconds": self.seconds}
        # Last: a checkpoint is one that has this file.
        write_json(self._folder / f"epoch-{epoch:05}.json", state)
        for old in sorted(self._folder.glob("epoch-*.json"))[:-1]:
            old.unlink()
            old.with_suffix(".npz").unlink(missing_ok=True)
