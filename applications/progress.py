"""The progress of training, on the terminal."""

import sys
import time
from typing import Any

import keras

_SHOWN = (
    ("loss", "loss"),
    ("accuracy", "accuracy"),
    ("domain loss", "domain_loss"),
    ("λ", "adaptation_factor"),
    ("target", "target_accuracy"),
)


class Progress(keras.callbacks.Callback):
    """One line per run, renewed at every epoch.

    Args:
        title: Of the run.
        epochs: Integer, of the run.
        every: Where lines cannot be renewed, print every so many epochs. With
            None, at most every 30 seconds.
    """

    def __init__(self, title: str, epochs: int, every: int | None = None):
        super().__init__()
        self.title = title
        self.epochs = epochs
        self.began = time.monotonic()
        self._every = every
        self._printed = self.began

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        logs = logs or {}
        text = f"{self.title:<30} epoch {epoch + 1:>3}/{self.epochs}"
        for title, name in _SHOWN:
            if name in logs:
                text += f"  {title} {logs[name]:.3f}"
        text += f"  {time.monotonic() - self.began:.0f} s"
        last = epoch + 1 == self.epochs
        if sys.stdout.isatty():
            print(f"\r{text}\033[K", end="\n" if last else "", flush=True)
        elif last or self._due(epoch):
            self._printed = time.monotonic()
            print(text, flush=True)

    def _due(self, epoch: int) -> bool:
        if self._every is not None:
            return (epoch + 1) % self._every == 0
        return time.monotonic() - self._printed > 30
