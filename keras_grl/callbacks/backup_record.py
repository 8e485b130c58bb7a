"""The file in which a backup folder records what a run is."""

import json
from pathlib import Path

import keras

from keras_grl.files import write_json
from keras_grl.types import JSON


class BackupRecord:
    """The steps at which epochs began, and what must be the same in a resume.

    Args:
        path: Path of the file.

    Attributes:
        step_of_epoch: Dict, number of an epoch to the step at which it began;
            empty if nothing was recorded.
        run: Dict, name of a fact of the run to its value; empty in a file of
            an older version, which recorded none.

    Raises:
        ValueError: If the file is damaged.
    """

    def __init__(self, path: Path):
        self._path = path
        self.step_of_epoch: dict[int, int] = {}
        self.run: dict[str, JSON] = {}
        try:
            self._take(json.loads(path.read_text()))
        except FileNotFoundError:
            pass
        except (OSError, ValueError) as error:
            raise ValueError(
                f"Training cannot be resumed: {str(path)!r} cannot be read "
                f"({error}). Expected: the step of each epoch, as this package "
                "has written it\nDelete the folder "
                f"{str(path.parent)!r} to train from the beginning."
            ) from error

    def _take(self, content: JSON) -> None:
        facts = content if isinstance(content, dict) else {}
        steps, run = facts.get("step_of_epoch"), facts.get("run", {})
        if not (
            isinstance(steps, dict)
            and isinstance(run, dict)
            and all(epoch.isdecimal() for epoch in steps)
            and all(type(step) is int for step in steps.values())
        ):
            raise ValueError(f"it holds {str(content)[:60]}")
        self.step_of_epoch = {int(e): step for e, step in steps.items()}
        self.run = run

    def check(self, run: dict[str, JSON]) -> None:
        """Refuses another run than the recorded one."""
        for name, now in run.items():
            # None: it could not be known.
            if self.run.get(name) not in (None, now):
                raise ValueError(
                    f"The backup in {str(self._path.parent)!r} belongs to "
                    f"another run. Expected {name}: {self.run[name]}. "
                    f"Received: {now}\nStart the same program, or delete that "
                    "folder to train from the beginning."
                )

    def write(self, epoch: int, step: int, run: dict[str, JSON]) -> None:
        """Records the step of an epoch, and deletes those of later ones."""
        before = {e: s for e, s in self.step_of_epoch.items() if e < epoch}
        self.step_of_epoch = {**before, epoch: step}
        self.run = run
        write_json(
            self._path, {"step_of_epoch": self.step_of_epoch, "run": run}
        )


def optimizer_class(optimizer: keras.optimizers.Optimizer) -> str:
    """The class of an optimizer, by the name that it has on every backend.

    Args:
        optimizer: Keras optimizer.

    Returns:
        String, such as "AdamW"; with an inner optimizer that one's too.

    Example:

    >>> adam = keras.optimizers.Adam()
    >>> optimizer_class(keras.optimizers.LossScaleOptimizer(adam))
    'LossScaleOptimizer(Adam)'
    """
    name = type(optimizer).__name__
    inner = getattr(optimizer, "inner_optimizer", None)
    return name if inner is None else f"{name}({optimizer_class(inner)})"
