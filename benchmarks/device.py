"""Right values and speed on a GPU, in at most eight minutes.

    KERAS_BACKEND=jax python -m benchmarks.device --out device-jax.json
    KERAS_BACKEND=torch python -m benchmarks.device --out device-torch.json
    KERAS_BACKEND=torch python -m benchmarks.device --quick

It needs JAX or torch, and Keras. It runs on the default device of the backend,
also on a CPU, and writes one JSON file:

* `checks`: the largest difference of schedules, weights, mixed precision,
  compiled steps and saved files from what NumPy computes
  (`benchmarks/device_checks.py`), and whether it is within the limit.
* `steps_per_second`: LeNet and SVHN, 64 + 64 images a step: `fit` with
  `steps_per_execution` of 1, 16 and 64 where Keras takes it, and the loop by
  hand (`benchmarks/by_hand.py`), both with images on host and device; on JAX
  that loop as a `lax.scan`. Medians over chunks, with the first one left out.
* `adapt`: seconds from digits to digits over colored backgrounds, both made
  here, in the paper's setting: LeNet, SGD with momentum .9, batches of 128,
  30 epochs of 60,000 images of each domain. The first step, which compiles, is
  counted separately.
* `left_out`: what there was no time for, or what the backend does not take.
"""

import datetime
import functools
import json
import os
import statistics
import time
from collections.abc import Callable
from collections.abc import Sequence
from typing import Any
from typing import TypeAlias

import keras
import numpy as np
from keras import ops

import keras_grl
from benchmarks import by_hand
from benchmarks import command
from benchmarks import contestants
from benchmarks import digits
from benchmarks.device_checks import CHECKS
from keras_grl.backend import takes_several_steps_per_execution
from keras_grl.files import write_json

HALF = contestants.HALF
LEARNING_RATE = contestants.LEARNING_RATE
EXECUTIONS = (1, 16, 64)

# Trains a number of steps, and waits until they are done.
Loop: TypeAlias = Callable[[int], object]


def main(arguments: Sequence[str] | None = None) -> None:
    """Writes the file, and prints it.

    Args:
        arguments: Of the command line.
    """
    parser = command.parser("device", __doc__)
    parser.add_argument("--out", default="device.json", help="the file")
    parser.add_argument(
        "--seconds", type=float, default=480, help="begin nothing after these"
    )
    parser.add_argument(
        "--quick", action="store_true", help="a size for CPUs: no results"
    )
    options = parser.parse_args(arguments)
    run = Run(options.out, options.seconds, options.quick)
    run.check()
    # What matters most comes before what there may be no time for.
    run.measure("LeNet")
    run.adapt()
    if not options.quick:
        run.measure("SVHN")
    print(json.dumps(run.results, indent=1))


class Run:
    """What is checked and measured, written after each part.

    Args:
        out: Path of the file.
        seconds: Nothing begins after so many.
        quick: Whether the sizes are those of a test.
    """

    def __init__(self, out: str, seconds: float, quick: bool):
        self.out = out
        self.quick = quick
        self.end = time.perf_counter() + seconds
        self.results: dict[str, Any] = {
            "backend": keras.backend.backend(),
            "keras": keras.__version__,
            "keras_grl": keras_grl.__version__,
            "device": device_name(),
            "processors": os.cpu_count(),
            "date": datetime.date.today().isoformat(),
            "quick": quick,
            "checks": {},
            "steps_per_second": [],
            "adapt": {},
            "left_out": {},
        }

    def check(self) -> None:
        """Compares values with NumPy's."""
        for name in CHECKS:
            if self.quick and name == "jit_compile":
                self._leave_out(name, "takes too long for --quick")
                continue
            self._part(name, functools.partial(self._check, name))

    def _check(self, name: str) -> None:
        check = CHECKS[name]
        difference = check.difference()
        self.results["checks"][name] = {
            "difference": difference,
            "limit": check.limit,
            "right": difference <= check.limit,
        }

    def measure(self, network: str) -> None:
        """Measures how many steps of a network a second has."""
        executions = EXECUTIONS[:1] if self.quick else EXECUTIONS
        for label, loop in loops(network, executions).items():
            name = f"{network}, {label}"
            if isinstance(loop, str):
                self._leave_out(name, loop)
            else:
                self._part(
                    name, functools.partial(self._measure, network, label, loop)
                )

    def _measure(
        self, network: str, label: str, make: Callable[[], Loop]
    ) -> None:
        self.results["steps_per_second"].append(
            {
                "network": network,
                "loop": label,
                **steps_per_second(make(), self.quick),
            }
        )

    def adapt(self) -> None:
        """Adapts from digits to digits over colored backgrounds."""
        self._part(
            "adapt", lambda: self.results.update(adapt=adapt(self.quick))
        )

    def _part(self, name: str, work: Callable[[], None]) -> None:
        """Does a part, if there is time, and writes what is known so far."""
        if time.perf_counter() > self.end:
            self._leave_out(name, "no time was left")
            return
        try:
            work()
        except Exception as error:  # The other parts are worth their time.
            self._leave_out(name, f"{type(error).__name__}: {error}")
        write_json(self.out, self.results)

    def _leave_out(self, name: str, reason: str) -> None:
        self.results["left_out"][name] = reason
        write_json(self.out, self.results)


def steps_per_second(loop: Loop, quick: bool) -> dict[str, float]:
    """How fast a loop is.

    Args:
        loop: Trains a number of steps, and waits until they are done.
        quick: Whether to measure two chunks only.
    """
    began = time.perf_counter()
    loop(1 if quick else EXECUTIONS[-1])
    first = time.perf_counter() - began
    chunks, length = (1, 1) if quick else (5, 4 * EXECUTIONS[-1])
    rates = []
    for _ in range(chunks):
        began = time.perf_counter()
        loop(length)
        rates.append(length / (time.perf_counter() - began))
    return {
        "steps_per_second": statistics.median(rates),
        "slowest": min(rates),
        "fastest": max(rates),
        "first_seconds": first,
    }


def loops(
    network: str, executions: Sequence[int] = EXECUTIONS
) -> dict[str, Callable[[], Loop] | str]:
    """What makes each loop, by name, or why there is none.

    Args:
        network: Name of the network.
        executions: Steps per execution of `fit`.
    """
    made: dict[str, Callable[[], Loop] | str] = {}
    for steps in executions:
        for place in ("host", "device"):
            name = f"fit, steps_per_execution={steps}, {place}"
            if steps > 1 and not takes_several_steps_per_execution():
                made[name] = "Keras takes one step at a time on this backend"
            else:
                made[name] = functools.partial(
                    fit_loop, network, steps, place == "device"
                )
    for place in ("host", "device"):
        made[f"by hand, {place}"] = functools.partial(
            hand_loop, network, place == "device"
        )
    if keras.backend.backend() == "jax":
        made["by hand, lax.scan, device"] = functools.partial(
            scan_loop, network
        )
    return made


def fit_loop(network: str, steps_per_execution: int, on_device: bool) -> Loop:
    """`fit` of a `DANNModel`."""
    model = contestants.dann(network)
    model.compile(
        model.optimizer, model.loss, steps_per_execution=steps_per_execution
    )
    source, labels, target = contestants.images(by_hand.NETWORKS[network].size)
    pairs = keras_grl.pair(
        (source, labels), target, batch_size=2 * HALF, on_device=on_device
    )
    return lambda count: model.fit(
        pairs, steps_per_epoch=count, verbose=0, monitor=False
    )


def hand_loop(network: str, on_device: bool) -> Loop:
    """The loop by hand, one step in a call."""
    step = by_hand.loop(network, contestants.dann(network), LEARNING_RATE)
    data = contestants.images(by_hand.NETWORKS[network].size)
    if on_device:
        data = tuple(map(ops.convert_to_tensor, data))
    rng = np.random.default_rng(0)

    def loop(count: int) -> None:
        source, labels, target = data
        for number in range(count):
            ours, theirs = rows(rng, 1)
            if on_device:
                ours, theirs = map(ops.convert_to_tensor, (ours, theirs))
            ours, theirs = ours[0], theirs[0]
            batch = source[ours], labels[ours], target[theirs]
            loss = step(*batch, contestants.factor(number))
        float(loss)  # waits until it is computed

    return loop


def scan_loop(network: str) -> Loop:
    """The loop by hand on JAX, all steps in a call."""
    from benchmarks import by_hand_jax

    of = by_hand.NETWORKS[network]
    hand = by_hand_jax.Loop(of, contestants.dann(network), LEARNING_RATE)
    data = contestants.images(of.size)
    data = tuple(map(ops.convert_to_tensor, data))
    rng = np.random.default_rng(0)

    def loop(count: int) -> None:
        # One length, so that it is compiled once.
        length = min(count, EXECUTIONS[-1])
        factors = np.array([contestants.factor(step) for step in range(length)])
        for _ in range(count // length):
            losses = hand.steps(data, rows(rng, length), factors)
        float(losses[-1])

    return loop


def rows(rng: np.random.Generator, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Those of source and target in each of several batches."""
    ours, theirs = rng.integers(0, contestants.IMAGES, (2, steps, HALF))
    return ours, theirs


def adapt(quick: bool) -> dict[str, float]:
    """Seconds to adapt, and the accuracy on target images.

    Args:
        quick: Whether to take two steps.
    """
    count, epochs = (2 * HALF, 1) if quick else (60_000, 30)
    pairs = keras_grl.pair(
        digits.source(count, seed=0),
        digits.target(count, seed=1)[0],
        batch_size=2 * HALF,
    )
    keras.utils.set_random_seed(0)
    model = keras_grl.architectures.LeNet(
        num_classes=10, total_steps=epochs * len(pairs)
    )
    model.compile(
        keras.optimizers.SGD(
            keras_grl.schedules.InverseDecay(LEARNING_RATE), momentum=0.9
        ),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=(
            EXECUTIONS[-1] if takes_several_steps_per_execution() else 1
        ),
    )
    began = time.perf_counter()
    model.fit(pairs, steps_per_epoch=1, verbose=0, monitor=False)
    first = time.perf_counter() - began
    began = time.perf_counter()
    model.fit(pairs, epochs=epochs, verbose=0, monitor=False)
    seconds = time.perf_counter() - began
    x, y = digits.target(count // 6, seed=2)
    _, accuracy = model.evaluate(x, y, verbose=0)
    return {
        "steps": epochs * len(pairs),
        "first_step_seconds": first,
        "seconds": seconds,
        "target_accuracy": float(accuracy),
    }


def device_name() -> str:
    """The device of the backend's arrays."""
    array = ops.convert_to_tensor(np.zeros(1, "float32"))
    if keras.backend.backend() == "torch":
        import torch

        on_gpu = array.device.type == "cuda"
        return torch.cuda.get_device_name() if on_gpu else str(array.device)
    if keras.backend.backend() == "jax":
        import jax

        return jax.devices()[0].device_kind
    return str(array.device)


if __name__ == "__main__":
    main()
