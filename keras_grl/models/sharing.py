"""Errors of batches that several devices or processes share."""

import keras

from keras_grl.backend import num_devices
from keras_grl.backend import process
from keras_grl.backend import trains_on_several_machines
from keras_grl.pairing import PairedDataset
from keras_grl.streams.device_stream import check_one_device
from keras_grl.types import Data

_SCALING = "See docs/scaling.md."


def check_shares(model: keras.Model, data: Data, training: bool) -> None:
    """Refuses data that the devices and processes cannot share.

    Args:
        model: An `AdaptationModel`.
        data: Of `fit` or `evaluate`; what is not paired is left to Keras.
        training: Whether the model is trained on it.

    Raises:
        ValueError: If Keras cannot train with these processes, if each of them
            would read whole batches, or if a batch has no equal parts.
    """
    if training:
        _check_engine(model, data)
    if not isinstance(data, PairedDataset):
        return
    if data.on_device:
        check_one_device()
    devices = num_devices(model)
    _, count = process()
    if count > 1 and keras.distribution.distribution() is not None:
        _check_shard(data, count)
        if data.shard == (0, 1):
            # Each process has its own batches, for its own devices.
            devices //= count
    data.check_divisible(devices)


def _check_engine(model: keras.Model, data: Data) -> None:
    if trains_on_several_machines(model):
        raise ValueError(
            "On TensorFlow `fit` of Keras (3.15.1) fails on several machines, "
            "for any model (https://github.com/keras-team/keras/issues/20585). "
            f"Received: {type(model.distribute_strategy).__name__} with more "
            "than one task\n"
            "On several machines use JAX with `keras.distribution."
            "DataParallel`, or torch with `DistributedDataParallel`; on one "
            f"machine `tf.distribute.MirroredStrategy`. {_SCALING}"
        )
    _, count = process()
    alone = isinstance(data, PairedDataset) and data.shard == (0, 1)
    if (
        keras.backend.backend() == "torch"
        and count > 1
        and keras.distribution.distribution() is None
        and not alone
    ):
        raise ValueError(
            "`fit` of Keras on torch (3.15.1) does not average the gradients "
            "of the processes of `torch.distributed`: their weights would "
            f"drift apart. Received: a group of {count} processes\n"
            "Train in a custom loop with `torch.nn.parallel."
            "DistributedDataParallel`, or use JAX. To train a separate model "
            f"in each process: `pair(…, shard=(0, 1))`. {_SCALING}"
        )


def _check_shard(data: PairedDataset, count: int) -> None:
    if keras.distribution.distribution().auto_shard_dataset:
        raise ValueError(
            "Keras cannot distribute a paired dataset over processes, `pair` "
            "does. Received: a distribution with auto_shard_dataset=True\n"
            "Pass `keras.distribution.DataParallel(…, "
            "auto_shard_dataset=False)`."
        )
    if data.shard is None:
        raise ValueError(
            f"Each of the {count} processes would read the same whole batches. "
            "Received: a paired dataset that was made before the distribution "
            "was set\n"
            "Call `keras.distribution.set_distribution(…)` first and `pair(…)` "
            "after it, or pass `shard=(index, count)`; `shard=(0, 1)` if each "
            "process has its own data."
        )
