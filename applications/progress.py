"""The progress of training, on the terminal."""

import sys
import time

import keras

SECONDS = 30  # between two lines, at least
_SHOWN = (
    ("loss", "loss"),
    ("accuracy", "accuracy"),
    ("domain loss", "domain_loss"),
    ("λ", "adaptation_factor"),
    ("target", "target_accuracy"),
)


class Progress(keras.callbacks.Callback):
    """One line per run, updated at every epoch.

    Within a long epoch, the step is shown every 30 seconds.

    Args:
        title: Of the run.
        epochs: Integer, of the run.
        every: Print a line every `every` epochs where it cannot be updated in
            place. With None, at most every 30 seconds.
    """

    def __init__(self, title: str, epochs: int, every: int | None = None):
        super().__init__()
        self.title = title
        self.epochs = epochs
        self.began = time.monotonic()
        self._every = every
        self._printed = self._shown = self.began
        self._epoch = 0

    def on_epoch_begin(
        self, epoch: int, logs: dict[str, float] | None = None
    ) -> None:
        self._epoch = epoch
        self._shown = time.monotonic()

    def on_train_batch_end(
        self, batch: int, logs: dict[str, float] | None = None
    ) -> None:
        # Reading the logs would wait for the device.
        now = time.monotonic()
        if now - self._shown <= SECONDS:
            return
        self._shown = now
        steps = (self.params or {}).get("steps")
        step = f"step {batch + 1}{f'/{steps}' if steps else ''}"
        self._show(self._epoch, f"  {step}")

    def on_epoch_end(
        self, epoch: int, logs: dict[str, float] | None = None
    ) -> None:
        logs = logs or {}
        last = epoch + 1 == self.epochs
        if not (sys.stdout.isatty() or last or self._due(epoch)):
            return
        self._printed = time.monotonic()
        values = [
            f"  {title} {logs[name]:.3f}"
            for title, name in _SHOWN
            if name in logs
        ]
        self._show(epoch, "".join(values), last)

    def _show(self, epoch: int, text: str, last: bool = False) -> None:
        """Prints a new line, or updates the old one on a terminal."""
        text = (
            f"{self.title:<30} epoch {epoch + 1:>3}/{self.epochs}{text}"
            f"  {time.monotonic() - self.began:.0f} s"
        )
        if sys.stdout.isatty():
            print(f"\r{text}\033[K", end="\n" if last else "", flush=True)
        else:
            print(text, flush=True)

    def _due(self, epoch: int) -> bool:
        if self._every is not None:
            return (epoch + 1) % self._every == 0
        return time.monotonic() - self._printed > SECONDS
