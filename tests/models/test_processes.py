"""Two processes that share each batch train as one does."""

import os
import socket
import subprocess
import sys

import keras
import numpy as np
import pytest

import keras_grl
from keras_grl.callbacks import TargetScores
from keras_grl.losses import NuclearNorm
from tests.models import test_devices
from tests.testing import BACKEND
from tests.testing import ROOT
from tests.testing import small_data
from tests.testing import weights_of_parts

COUNT = 2


def in_processes(function, folder):
    """What a function of this file returns in each of two processes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # One device in each.
    flags = os.environ["XLA_FLAGS"].replace("device_count=2", "device_count=1")
    code = "from tests.models import test_processes as p; p.run({}, {}, {}, {})"
    processes = [
        subprocess.Popen(
            [
                sys.executable,
                "-c",
                code.format(rank, port, repr(function), repr(str(folder))),
            ],
            cwd=ROOT,
            env={**os.environ, "XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in range(COUNT)
    ]
    try:
        printed = [process.communicate(timeout=200)[0] for process in processes]
    finally:
        for process in processes:
            process.kill()
    for process, text in zip(processes, printed, strict=True):
        assert process.returncode == 0, text
    return [
        dict(np.load(folder / f"{function}-{rank}.npz"))
        for rank in range(COUNT)
    ]


def run(rank, port, function, folder):
    """In one of the processes."""
    before = keras_grl.pair(*data(), batch_size=8, seed=0)
    if BACKEND == "jax":
        import jax

        jax.config.update("jax_cpu_collectives_implementation", "gloo")
        # A port for the coordinator alone: the others connect to it.
        keras.distribution.initialize(f"127.0.0.1:{port}", COUNT, rank)
        set_distribution()
    else:
        from torch import distributed

        distributed.init_process_group(
            "gloo",
            init_method=f"tcp://127.0.0.1:{port}",
            rank=rank,
            world_size=COUNT,
        )
    found = globals()[function](before)
    np.savez(f"{folder}/{function}-{rank}.npz", **found)


def set_distribution(auto_shard_dataset=False):
    keras.distribution.set_distribution(
        keras.distribution.DataParallel(
            devices=keras.distribution.list_devices("cpu"),
            auto_shard_dataset=auto_shard_dataset,
        )
    )


def data():
    x, y, t = small_data(source=32, target=24)
    return (x, y), t


def refused(call):
    with pytest.raises(ValueError) as caught:
        call()
    return str(caught.value)


def fitted(before):
    """On JAX: each case of the devices' tests, and what is refused."""
    found = all_cases()
    model = test_devices.dann()
    model.compile("sgd", "sparse_categorical_crossentropy")
    found["made before"] = refused(lambda: model.fit(before, verbose=0))
    odd = keras_grl.pair(*data(), batch_size=(8, 3), seed=0, shard=(0, 1))
    found["own batches"] = model.fit(odd, verbose=0).history["loss"]
    set_distribution(auto_shard_dataset=True)
    after = keras_grl.pair(*data(), batch_size=8, seed=0)
    found["automatic"] = refused(lambda: model.evaluate(after, verbose=0))
    return found


def all_cases():
    """The logs and weights of all trainings, by case and name."""
    found = {f"scored: {name}": value for name, value in scored().items()}
    for case, (make, pairs, of_compile) in test_devices.CASES.items():
        keras.utils.set_random_seed(0)
        trained = test_devices.trained(make(), pairs, **of_compile)
        found |= {f"{case}: {name}": value for name, value in trained.items()}
    return found


def scored():
    """A loss that couples rows, batches of a dataset, scores, `evaluate`."""

    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return 6

        def __getitem__(self, index):
            return data()[1][4 * index : 4 * index + 4]

    pairs = keras_grl.pair(data()[0], Batches(), batch_size=4, seed=3)
    keras.utils.set_random_seed(0)
    model = test_devices.dann()
    model.compile(
        keras.optimizers.SGD(0.2),
        "sparse_categorical_crossentropy",
        target_loss=NuclearNorm(),
    )
    scores = TargetScores(data()[1], scores=("infomax",))
    logs = model.fit(pairs, epochs=2, verbose=0, callbacks=[scores]).history
    evaluated = model.evaluate(pairs, verbose=0, return_dict=True)
    return {**logs, **{f"evaluated {k}": v for k, v in evaluated.items()}}


@pytest.mark.slow
@pytest.mark.skipif(BACKEND != "jax", reason="Keras joins processes on JAX")
def test_fit(tmp_path):
    first, second = in_processes("fitted", tmp_path)
    assert first.keys() == second.keys()
    for name, value in all_cases().items():
        for found in (first, second):
            np.testing.assert_allclose(
                found[name], value, rtol=1e-5, atol=1e-6, err_msg=name
            )
    assert "before the distribution was set" in str(first["made before"])
    assert "auto_shard_dataset=False" in str(first["automatic"])
    assert np.isfinite(first["own batches"])


def looped(before):
    """On torch: a loop with `DistributedDataParallel`, and what is refused."""
    del before
    model, pairs, found = trained_in_a_loop()
    found["rows"] = len(pairs[0][0]["source"])
    found["fit"] = refused(lambda: model.fit(pairs, verbose=0))
    alone = keras_grl.pair(*data(), batch_size=8, seed=0, shard=(0, 1))
    found["alone"] = model.fit(alone, verbose=0).history["loss"]
    return found


def trained_in_a_loop():
    """A model, its data, and its weights and the losses of an epoch by name."""
    import torch
    from torch import distributed
    from torch.nn.parallel import DistributedDataParallel

    keras.utils.set_random_seed(0)
    model = test_devices.dann(total_steps=6)
    model.compile(keras.optimizers.SGD(0.2), "sparse_categorical_crossentropy")
    pairs = keras_grl.pair(*data(), batch_size=8, seed=3)
    call = model
    if distributed.is_initialized():
        call = DistributedDataParallel(model)
    losses = []
    pairs.on_epoch_begin()
    for index in range(len(pairs)):
        x, y = pairs[index]
        outputs = call(x, training=True)
        loss = model.compute_loss(x, y, outputs, training=True)
        model.zero_grad()
        loss.backward()
        weights = model.trainable_weights
        with torch.no_grad():
            model.optimizer.apply([w.value.grad for w in weights], weights)
        loss = loss.detach()
        if distributed.is_initialized():
            distributed.all_reduce(loss)
            loss /= distributed.get_world_size()
        losses.append(float(loss))
    found = {f"weight {i}": w for i, w in enumerate(weights_of_parts(model))}
    return model, pairs, {**found, "losses": losses}


@pytest.mark.slow
@pytest.mark.skipif(BACKEND != "torch", reason="torch.distributed")
def test_a_loop_of_torch(tmp_path):
    found = in_processes("looped", tmp_path)
    _, _, one = trained_in_a_loop()
    for each in found:
        for name, value in one.items():
            np.testing.assert_allclose(
                each[name], value, rtol=1e-5, atol=1e-6, err_msg=name
            )
        # Of a batch of 4 of each stream.
        assert each["rows"] == 2
        assert "shard=(0, 1)" in str(each["fit"])
        assert np.isfinite(each["alone"])


@pytest.mark.skipif(BACKEND != "tensorflow", reason="tf.distribute")
@pytest.mark.parametrize("machines", [1, 2])
def test_several_machines_on_tensorflow(machines, monkeypatch):
    import tensorflow as tf

    # A strategy of several machines must be made before all else in a process.
    resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
        tf.train.ClusterSpec({"worker": ["localhost:1"] * machines})
    )
    monkeypatch.setattr(
        type(tf.distribute.get_strategy()), "cluster_resolver", resolver
    )
    model = test_devices.dann()
    model.compile("sgd", "sparse_categorical_crossentropy")
    pairs = keras_grl.pair(*data(), batch_size=8)
    if machines == 1:
        model.fit(pairs, steps_per_epoch=1, verbose=0)
        return
    before = model.get_weights()
    with pytest.raises(ValueError, match="keras/issues/20585"):
        model.fit(pairs, verbose=0)
    for got, want in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(got, want)
