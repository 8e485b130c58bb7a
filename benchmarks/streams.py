"""How fast `pair` reads: `fit` of a model whose steps do nothing.

    KERAS_BACKEND=jax python -m benchmarks.streams
    KERAS_BACKEND=torch python -m benchmarks.streams --chunks 9

64 source and 64 target images a step, of 28 × 28 × 3, from each kind of data
that `pair` takes. The steps read one value of each array, so that all are
copied to the device. `keras.Model.fit` on 128 images of arrays, with the same
model, is Keras's own way to read arrays.

The kinds take turns, a chunk of steps each. A ratio is the median over these
rounds, of the wall clock and of processor time: the images in a second, with
those of Keras's float32 arrays at 1. On a machine that does other work too, the
second is the better one.
"""

import tempfile
from collections.abc import Callable
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import keras
import numpy as np
from keras import ops
from keras import tree

import keras_grl
from benchmarks import command
from benchmarks.contestants import HALF
from benchmarks.contestants import Data
from benchmarks.contestants import Fit
from benchmarks.contestants import images
from benchmarks.load import quiet
from benchmarks.load import ratio
from benchmarks.load import undisturbed

KERAS = "Keras, float32"


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the table.

    Args:
        arguments: Of the command line.
    """
    parser = command.parser("streams", __doc__)
    parser.add_argument("--chunks", type=int, default=7, help="of each")
    parser.add_argument("--steps", type=int, default=200, help="in a chunk")
    options = parser.parse_args(arguments)
    print(
        f"{command.machine()}, {options.chunks} chunks of "
        f"{options.steps} steps of {HALF} + {HALF} images"
    )
    with tempfile.TemporaryDirectory() as folder:
        compare(kinds(Path(folder)), options.steps, options.chunks)


def compare(
    made: dict[str, Callable[[], dict[str, Any]] | str], steps: int, chunks: int
) -> None:
    """Prints a line for each kind of data.

    Args:
        made: What makes the arguments of `fit`, or why there are none.
        steps: Of a chunk.
        chunks: Of each kind.
    """
    fits = {
        label: Fit(Nothing, epochs(make(), steps))
        for label, make in made.items()
        if not isinstance(make, str)
    }
    for each in fits.values():
        each.start()
        each.chunk(steps)
    rounds = [
        {label: each.chunk(steps) for label, each in fits.items()}
        for _ in range(chunks)
    ]
    kept = undisturbed(rounds)
    print(f"{len(quiet(rounds))} of {chunks} rounds undisturbed")
    print(f"{'':26}{'images/s':>10}{'ratio':>8}{'CPU':>8}")
    for label, make in made.items():
        if isinstance(make, str):
            print(f"{label:26}{make}")
            continue
        rate = median(2 * HALF * steps / r[label].wall for r in kept)
        print(
            f"{label:26}{rate:10,.0f}"
            f"{ratio(kept, label, KERAS, 'wall'):8.2f}"
            f"{ratio(kept, label, KERAS, 'processor'):8.2f}"
        )


def kinds(folder: Path) -> dict[str, Callable[[], dict[str, Any]] | str]:
    """What makes the arguments of `fit`, by the kind of data.

    Args:
        folder: For the files that are memory-mapped.
    """
    data = images(28)
    floats = data[0].astype("float32"), data[1], data[2].astype("float32")
    made: dict[str, Callable[[], dict[str, Any]] | str] = {
        KERAS: lambda: of_keras(floats),
        "pair, float32": lambda: of_pair(floats),
        "Keras, uint8": lambda: of_keras(data),
        "pair, uint8": lambda: of_pair(data),
        "pair, memory-mapped uint8": lambda: of_pair(mapped(data, folder)),
        "pair, uint8, on device": lambda: of_pair(data, on_device=True),
        "pair, PyDataset": lambda: of_datasets(data, Batches),
        "pair, tf.data": lambda: of_datasets(data, tf_data),
        "pair, DataLoader": lambda: of_datasets(data, loader),
    }
    if keras.backend.backend() == "tensorflow":
        made["pair, uint8, on device"] = "not on TensorFlow"
    return made


def of_keras(data: Data) -> dict[str, Any]:
    """As many images, in the arrays that Keras reads itself."""
    source, labels, target = data
    return {
        "x": np.concatenate([source, target]),
        "y": np.concatenate([labels, labels]),
        "batch_size": 2 * HALF,
    }


def of_pair(data: Data, on_device: bool = False) -> dict[str, Any]:
    source, labels, target = data
    return {
        "x": keras_grl.pair(
            (source, labels), target, batch_size=2 * HALF, on_device=on_device
        )
    }


def mapped(data: Data, folder: Path) -> Data:
    """The same arrays, memory-mapped from files."""
    paths = [folder / f"{number}.npy" for number in range(len(data))]
    for path, array in zip(paths, data, strict=True):
        np.save(path, array)
    source, labels, target = (np.load(path, mmap_mode="r") for path in paths)
    return source, labels, target


def of_datasets(data: Data, make: Callable[..., object]) -> dict[str, Any]:
    """A dataset of each domain, made from its arrays."""
    source, labels, target = data
    return {"x": keras_grl.pair(make(source, labels), make(target))}


class Batches(keras.utils.PyDataset):
    """Shuffled batches of arrays, as a user would write them."""

    def __init__(self, *arrays: np.ndarray):
        super().__init__()
        self.arrays = arrays
        self.rng = np.random.default_rng(0)
        self.on_epoch_end()

    def __len__(self) -> int:
        return len(self.arrays[0]) // HALF

    def __getitem__(self, index: int) -> np.ndarray | tuple[np.ndarray, ...]:
        rows = self.order[HALF * index : HALF * (index + 1)]
        batch = tuple(array[rows] for array in self.arrays)
        return batch if len(batch) > 1 else batch[0]

    def on_epoch_end(self) -> None:
        self.order = self.rng.permutation(len(self.arrays[0]))


def tf_data(*arrays: np.ndarray) -> object:
    import tensorflow as tf

    data = arrays if len(arrays) > 1 else arrays[0]
    dataset = tf.data.Dataset.from_tensor_slices(data)
    return dataset.shuffle(len(arrays[0])).batch(HALF, drop_remainder=True)


def loader(*arrays: np.ndarray) -> object:
    import torch

    dataset = torch.utils.data.TensorDataset(*map(torch.from_numpy, arrays))
    return torch.utils.data.DataLoader(
        dataset, HALF, shuffle=True, drop_last=True
    )


class Nothing(keras.Model):
    """Its training step reads one value of each array of a batch."""

    def __init__(self) -> None:
        super().__init__()
        self.built = True
        self.compile()

    def train_step(self, *inputs: Any) -> object:
        *state, data = inputs
        first = [ops.ravel(each)[0] for each in tree.flatten(data)]
        logs = {"first": sum(ops.cast(each, "float32") for each in first)}
        # On JAX a step takes the values of variables, and returns them.
        return (logs, state[0]) if state else logs


def epochs(data: dict[str, Any], steps: int) -> dict[str, Any]:
    """The arguments of `fit` for so many steps.

    Args:
        data: Those of the data.
        steps: Whole epochs, or a part of one.
    """
    batches = len(data["x"])
    if "batch_size" in data:
        batches //= data["batch_size"]
    if steps < batches:  # A test.
        return {**data, "steps_per_epoch": steps}
    return {**data, "epochs": round(steps / batches)}


if __name__ == "__main__":
    main()
