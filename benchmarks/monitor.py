"""What `AdaptationMonitor` costs in a run in which it predicts.

    KERAS_BACKEND=jax python -m benchmarks.monitor
    KERAS_BACKEND=torch python -m benchmarks.monitor --network SVHN --epochs 30

`DANNModel.fit` on 64 source and 64 target images a step, in epochs of 50 steps,
the shortest after which the monitor predicts. The time of a processor within
the monitor, as a share of that of the whole `fit`: what it does in every step,
and what it does at the end of an epoch, mostly predictions. The first epoch,
in which they are compiled, is left out.
"""

import time
from collections.abc import Sequence

import keras_grl
from benchmarks import by_hand
from benchmarks import command
from benchmarks.contestants import dann
from benchmarks.contestants import images
from benchmarks.contestants import pairs

STEPS = 50  # of an epoch


class Timed(keras_grl.callbacks.AdaptationMonitor):
    """A monitor that measures itself, from the second epoch on."""

    def __init__(self) -> None:
        super().__init__()
        self.of_steps = self.of_epochs = self.of_all = 0.0
        self.predicted = 0
        self._began: float | None = None

    def on_train_batch_begin(self, batch, logs=None):  # type: ignore[no-untyped-def]
        # Of this thread: others compute the step meanwhile.
        began = time.thread_time()
        super().on_train_batch_begin(batch, logs)
        self.of_steps += time.thread_time() - began

    def on_train_batch_end(self, batch, logs=None):  # type: ignore[no-untyped-def]
        began = time.thread_time()
        super().on_train_batch_end(batch, logs)
        self.of_steps += time.thread_time() - began

    def on_epoch_end(self, epoch, logs=None):  # type: ignore[no-untyped-def]
        began = time.process_time()
        super().on_epoch_end(epoch, logs)
        now = time.process_time()
        self.of_epochs += now - began
        if self._began is None:
            self._began, self.of_steps, self.of_epochs = now, 0.0, 0.0
        self.of_all = now - self._began
        self.predicted = 0 if self._x is None else len(self._x)


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the table.

    Args:
        arguments: Of the command line.
    """
    parser = command.parser("monitor", __doc__)
    parser.add_argument(
        "--network", choices=[*by_hand.NETWORKS], default="LeNet"
    )
    parser.add_argument("--epochs", type=int, default=21, help="of 50 steps")
    options = parser.parse_args(arguments)
    size = by_hand.NETWORKS[options.network].size
    data = images(size)
    monitor = Timed()
    model = dann(options.network)
    model.fit(
        **pairs(data, STEPS),
        epochs=options.epochs,
        callbacks=[monitor],
        verbose=0,
    )
    print(f"{command.machine()}, {options.epochs - 1} epochs of {STEPS} steps")
    print(f"{options.network}: {monitor.predicted} target images an epoch")
    for name, seconds in (
        ("in every step", monitor.of_steps),
        ("at the end of an epoch", monitor.of_epochs),
    ):
        print(f"{name:24}{100 * seconds / monitor.of_all:6.2f} %")


if __name__ == "__main__":
    main()
