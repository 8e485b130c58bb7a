"""Several steps in one execution: `steps_per_execution` of `compile`.

Keras (3.15.1) ends an epoch early only where the data end: of 5 steps, 3 an
execution, it runs 6.
"""

import keras
from keras import tree

from keras_grl.pairing import PairedDataset
from keras_grl.streams import is_dataset
from keras_grl.streams.dataset_stream import num_batches
from keras_grl.types import Data
from keras_grl.validation import check_integer
from keras_grl.validation import invalid


def check_executions(
    model: keras.Model,
    data: Data,
    batch_size: int | None,
    steps_per_epoch: int | None,
) -> None:
    """Refuses epochs in which Keras would train for more steps.

    Args:
        model: A compiled model.
        data: The argument `x` of `fit`. Paired datasets have their own length.
        batch_size: The argument of `fit`, as the following one.
        steps_per_epoch: Integer or None.
    """
    at_once = model.steps_per_execution
    if (
        at_once == 1
        or steps_per_epoch is None
        or steps_per_epoch % at_once == 0
        or steps_per_epoch == _num_batches(data, batch_size)
    ):
        return
    whole = -(-steps_per_epoch // at_once) * at_once
    raise ValueError(
        invalid(
            "steps_per_epoch",
            f"a multiple of steps_per_execution={at_once}, or the number of "
            f"batches of the data: Keras (3.15.1) would train for {whole} "
            "steps",
            steps_per_epoch,
            f"Pass `steps_per_epoch={whole}`, or pair the data with "
            "`keras_grl.pair`, whose epochs may have any length.",
        )
    )


def for_evaluation(
    model: keras.Model, pairs: PairedDataset, steps: int | None
) -> tuple[PairedDataset, int | None]:
    """Pairs that are evaluated for exactly these steps.

    Args:
        model: A Keras model.
        pairs: The data.
        steps: The number of batches; None for all.

    Returns:
        The data, and the steps that Keras has to count.
    """
    pairs = pairs.for_evaluation()
    if steps is None or model.steps_per_execution == 1:
        return pairs, steps
    steps = check_integer("steps", steps)
    if pairs.num_batches is not None and pairs.num_batches <= steps:
        return pairs, steps
    return pairs.with_steps(steps), None


def _num_batches(data: Data, batch_size: int | None) -> int | None:
    if is_dataset(data):
        return num_batches(data)
    # Keras's default.
    return -(-len(tree.flatten(data)[0]) // (batch_size or 32))
