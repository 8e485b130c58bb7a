"""What makes a run under Keras's `BackupAndRestore` resume exactly."""

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import keras
from keras import ops

from keras_grl.files import replaced
from keras_grl.schedules.horizon import step_counter
from keras_grl.schedules.horizon import steps_taken

# The files of `BackupAndRestore` (Keras 3.15.1).
_WEIGHTS = "latest.weights.h5"
_METADATA = "training_metadata.json"
# Ours, in the same folder.
_EPOCHS = "epochs.json"
_EPOCH_END = "epoch_end.weights.h5"


class BackupGuard(keras.callbacks.Callback):
    """Sees to it that a `BackupAndRestore` resumes exactly, or not at all.

    Keras writes the weights and then, in another file, the epoch to resume
    from. A program that ends between the two, or in the middle of an epoch,
    leaves a pair that does not fit together, and Keras resumes from it all the
    same (Keras 3.15.1). But the weights hold the optimizer's step, and this
    callback notes with which step each epoch began. Where training begins, it
    looks for weights with which an epoch begins, and writes down that epoch
    for Keras to read.

    With an integer as `save_freq`, Keras saves in the middle of epochs, from
    where it cannot resume. The weights at the end of the last epoch are then
    kept too, and resumed from.

    Args:
        backup: The callback, which comes after this one.

    Attributes:
        resumes: Boolean, whether there is, or may be, something to resume
            from.
        resumed: Boolean, whether the weights are those of an interrupted run.
    """

    def __init__(self, backup: keras.callbacks.BackupAndRestore):
        super().__init__()
        self._folder = Path(backup.backup_dir)
        self._local = "://" not in str(backup.backup_dir)
        self._within_epochs = backup.save_freq != "epoch"
        self._begun = False
        self.resumes = True
        self.resumed = False

    # Where training begins.

    def on_train_begin(self, logs: Any = None) -> None:
        self._begun = False
        self.resumed = False
        if not self._local or not self.model.built:
            return
        candidates = [
            self._folder / name
            for name in (_WEIGHTS, f"{_WEIGHTS}.bkp", _EPOCH_END)
        ]
        candidates = [path for path in candidates if path.exists()]
        self.resumes = bool(candidates)
        if not candidates:
            (self._folder / _EPOCHS).unlink(missing_ok=True)
            return
        self._resume(candidates)

    def _resume(self, candidates: list[Path]) -> None:
        optimizer = self.model.optimizer
        if not optimizer.built:
            optimizer.build(self.model.trainable_variables)
        begins = _epoch_of_step(self._folder / _EPOCHS)
        if not begins and hasattr(optimizer, "inner_optimizer"):
            # Written by an older version, and float16 may have skipped steps.
            return
        begins = begins or self._expected(steps_taken(optimizer))
        variables = [*self.model.variables, *optimizer.variables]
        before = [ops.convert_to_numpy(variable) for variable in variables]
        problems = []
        for path in candidates:
            problem = self._load(path)
            step = steps_taken(optimizer)
            if problem is None and step in begins:
                self._write(path, begins[step])
                self.resumed = True
                return
            problem = problem or f"no epoch begins with optimizer step {step}"
            problems.append(f"{path.name}: {problem}")
        for variable, value in zip(variables, before, strict=True):
            variable.assign(value)
        raise ValueError(
            "Training cannot be resumed exactly from the checkpoint in "
            f"{str(self._folder)!r}. Expected: weights with which an epoch "
            f"begins. Received: {'; '.join(problems)}\n"
            "Delete that folder to train from the beginning. To continue from "
            "its weights all the same, load them with `model.load_weights` "
            "and pass `initial_epoch` to `fit`."
        )

    def _expected(self, first: int) -> dict[int, int]:
        """Without notes, of an older version: if no step was left out."""
        steps = self.params.get("steps")
        if not steps:
            return {}
        return {
            first + steps * epoch: epoch
            for epoch in range(self.params["epochs"] + 1)
        }

    def _load(self, path: Path) -> str | None:
        """Loads weights. What is wrong with them, if anything."""
        # Keras skips an optimizer's state that does not fit, with a warning.
        step_counter(self.model.optimizer).assign(-1)
        with tempfile.TemporaryDirectory() as folder:
            if not path.name.endswith(".weights.h5"):
                path = Path(shutil.copyfile(path, f"{folder}/{_WEIGHTS}"))
            try:
                self.model.load_weights(path)
            except Exception as error:  # of HDF5 or Keras, as the damage is
                return f"it cannot be loaded ({str(error).splitlines()[0]})"
        if steps_taken(self.model.optimizer) < 0:
            return "it is of another optimizer"
        return None

    def _write(self, path: Path, epoch: int) -> None:
        """What Keras is to resume from."""
        if path.name != _WEIGHTS:
            with replaced(self._folder / _WEIGHTS) as beside:
                shutil.copyfile(path, beside)
        _write_json(self._folder / _METADATA, {"epoch": epoch, "batch": 0})

    # While training lasts.

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if not self._begun:
            self._begun = True
            self._note(epoch)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self._note(epoch + 1)
        if self._local and self._within_epochs:
            self.model.save_weights(self._folder / _EPOCH_END)

    def _note(self, epoch: int) -> None:
        """Before the weights are written that it is about."""
        if not self._local:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / _EPOCHS
        epochs = {e: s for s, e in _epoch_of_step(path).items() if e < epoch}
        epochs[epoch] = steps_taken(self.model.optimizer)
        _write_json(path, {"step_of_epoch": epochs})


def _epoch_of_step(path: Path) -> dict[int, int]:
    """Step to the epoch that begins with it; empty if there are no notes."""
    try:
        noted = json.loads(path.read_text())["step_of_epoch"]
    except (OSError, ValueError):
        return {}
    return {step: int(epoch) for epoch, step in noted.items()}


def _write_json(path: Path, content: Any) -> None:
    with replaced(path) as beside:
        beside.write_text(json.dumps(content))
