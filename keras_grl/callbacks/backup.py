"""Makes a run with Keras's `BackupAndRestore` resume exactly."""

import shutil
import tempfile
from pathlib import Path

import keras
from keras import ops

from keras_grl.callbacks.backup_record import BackupRecord
from keras_grl.callbacks.backup_record import optimizer_class
from keras_grl.files import replaced
from keras_grl.files import write_json
from keras_grl.schedules.horizon import step_counter
from keras_grl.schedules.horizon import steps_taken
from keras_grl.types import JSON
from keras_grl.types import Logs

# The files of `BackupAndRestore` (Keras 3.15.1).
_WEIGHTS = "latest.weights.h5"
_METADATA = "training_metadata.json"
# Ours, in the same folder.
_EPOCHS = "epochs.json"
_EPOCH_END = "epoch_end.weights.h5"


class BackupGuard(keras.callbacks.Callback):
    """Makes sure that a `BackupAndRestore` resumes exactly, or not at all.

    Keras writes the weights and then, in another file, the epoch to resume
    from. If a program ends between the two, or in the middle of an epoch, the
    two files do not match, and Keras resumes from them anyway (Keras 3.15.1).
    But the weights hold the optimizer's step, and this callback records the
    step at which each epoch began. When training begins, it looks for weights
    from the beginning of an epoch, and writes that epoch for Keras to read.

    With an integer as `save_freq`, Keras saves in the middle of epochs, where
    it cannot resume. Then the weights at the end of the last epoch are saved
    too, and training resumes from them.

    The steps per epoch, the seed of the data and the class of the optimizer
    are recorded too: with others, a resume is refused.

    Args:
        backup: The callback, which comes after this one.
        seed: Integer, the seed that was passed to `pair`; None if unknown.

    Attributes:
        resumes: Boolean, whether there is, or may be, a checkpoint.
        resumed: Boolean, whether the weights are those of an interrupted run.
    """

    def __init__(
        self,
        backup: keras.callbacks.BackupAndRestore,
        seed: int | None = None,
    ):
        super().__init__()
        self._seed = seed
        self._folder = Path(backup.backup_dir)
        self._local = "://" not in str(backup.backup_dir)
        self._within_epochs = backup.save_freq != "epoch"
        self._begun = False
        self._record: BackupRecord | None = None
        self.resumes = True
        self.resumed = False

    # When training begins.

    def on_train_begin(self, logs: Logs | None = None) -> None:
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
            self._check_no_epoch()
            (self._folder / _EPOCHS).unlink(missing_ok=True)
            self._record = BackupRecord(self._folder / _EPOCHS)
            return
        self._record = BackupRecord(self._folder / _EPOCHS)
        self._record.check(self._run())
        self._resume(candidates, self._record)

    def _check_no_epoch(self) -> None:
        """Refuses an epoch without weights, which Keras would begin with."""
        if (self._folder / _METADATA).exists():
            raise ValueError(
                f"The backup in {str(self._folder)!r} cannot be resumed. "
                f"Expected: {_WEIGHTS}, the weights of the epoch that "
                f"{_METADATA} names. Received: no such file\n"
                "Delete that folder to train from the beginning."
            )

    def _run(self) -> dict[str, JSON]:
        """What must be the same in a resume."""
        return {
            "steps per epoch": self.params.get("steps"),
            "seed of the data": self._seed,
            "optimizer": optimizer_class(self.model.optimizer),
        }

    def _resume(self, candidates: list[Path], record: BackupRecord) -> None:
        optimizer = self.model.optimizer
        if not optimizer.built:
            optimizer.build(self.model.trainable_variables)
        begins = {s: e for e, s in record.step_of_epoch.items()}
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
            problem = problem or f"no epoch begins at optimizer step {step}"
            problems.append(f"{path.name}: {problem}")
        for variable, value in zip(variables, before, strict=True):
            variable.assign(value)
        raise ValueError(
            "Training cannot be resumed exactly from the checkpoint in "
            f"{str(self._folder)!r}. Expected: weights from the beginning of "
            f"an epoch. Received: {'; '.join(problems)}\n"
            "Delete that folder to train from the beginning. To continue from "
            "its weights anyway, load them with `model.load_weights` and pass "
            "`initial_epoch` to `fit`."
        )

    def _expected(self, first: int) -> dict[int, int]:
        """The steps of the epochs if an older version has not recorded them.

        It assumes that no step was skipped.
        """
        steps = self.params.get("steps")
        if not steps:
            return {}
        return {
            first + steps * epoch: epoch
            for epoch in range(self.params["epochs"] + 1)
        }

    def _load(self, path: Path) -> str | None:
        """Loads weights, and returns the problem if that fails."""
        # Keras skips an optimizer's state that does not fit, with a warning.
        step_counter(self.model.optimizer).assign(-1)
        with tempfile.TemporaryDirectory() as folder:
            if not path.name.endswith(".weights.h5"):
                path = Path(shutil.copyfile(path, f"{folder}/{_WEIGHTS}"))
            try:
                self.model.load_weights(path)
            except Exception as error:  # of HDF5 or of Keras
                return f"it cannot be loaded ({str(error).splitlines()[0]})"
        if steps_taken(self.model.optimizer) < 0:
            return "it belongs to another optimizer"
        return None

    def _write(self, path: Path, epoch: int) -> None:
        """Writes the files that Keras resumes from."""
        if path.name != _WEIGHTS:
            with replaced(self._folder / _WEIGHTS) as temporary:
                shutil.copyfile(path, temporary)
        write_json(self._folder / _METADATA, {"epoch": epoch, "batch": 0})

    # During training.

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        if not self._begun:
            self._begun = True
            self._write_record(epoch)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._write_record(epoch + 1)
        if self._local and self._within_epochs:
            self.model.save_weights(self._folder / _EPOCH_END)

    def _write_record(self, epoch: int) -> None:
        """Records the step of an epoch, before its weights are written."""
        # Without a record, Keras refuses to begin, or the folder is remote.
        if self._record is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
            step = steps_taken(self.model.optimizer)
            self._record.write(epoch, step, self._run())
