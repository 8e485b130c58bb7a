"""What an epoch of several streams is."""

from keras_grl.streams.names import domains_in
from keras_grl.streams.stream import Stream


class Trained:
    """How many training epochs began, over all datasets of the same streams.

    Every `fit` may call `with_steps`: the datasets it returns continue one
    another. Not the epoch of the batches, which every reader of the dataset
    advances: reading batches must not change the next `fit`.
    """

    epochs = 0


def reference(streams: dict[str, Stream], length: str) -> str:
    """The name of the stream that defines an epoch."""
    if length in streams:
        return length
    lengths = {
        name: float("inf") if number is None else number
        for name in domains_in(streams)
        for number in [streams[name].num_batches]
    }
    choose = max if length == "longest" else min
    return choose(lengths, key=lambda name: lengths[name])
