"""`pair(on_device=True)`: the batches of the host, without copying them."""

import keras
import numpy as np
import pytest
from keras import ops
from keras import tree

from keras_grl import DANNModel
from keras_grl import pair
from keras_grl.models.class_weights import with_class_weights
from keras_grl.streams import device_stream
from keras_grl.streams import values
from tests.paired_data import Batches
from tests.testing import BACKEND
from tests.testing import fresh
from tests.testing import small_classifier
from tests.testing import small_data
from tests.testing import small_domain_classifier
from tests.testing import small_extractor
from tests.testing import to_numpy

on_jax_and_torch = pytest.mark.skipif(
    BACKEND == "tensorflow", reason="refused on TensorFlow"
)


def images(start, count):
    pixels = np.arange(start, start + count, dtype="uint8")
    return np.broadcast_to(pixels[:, None, None], (count, 2, 3))


def three_streams(**kwargs):
    """Weights, which the labeled target has none of."""
    x = images(0, 30)
    weights = np.linspace(0, 1, 30, dtype="float32")
    return pair(
        (x, np.arange(30), weights),
        images(100, 21),
        (images(200, 7), np.arange(7)),
        batch_size=(6, 4, 2),
        **kwargs,
    )


def several_inputs(**kwargs):
    """A target that is smaller than a batch; float64 and int64."""

    def inputs(count):
        return {"a": images(0, count), "b": np.arange(count) / 3}

    y = {"class": np.arange(13) % 3, "size": np.arange(13.0)}
    return pair((inputs(13), y), inputs(3), batch_size=(5, 7), **kwargs)


def several_sources(**kwargs):
    x, y = images(0, 30), np.arange(30, dtype="int32")
    return pair(
        [(x[:12], y[:12]), (x[12:], y[12:])],
        images(100, 20),
        batch_size=(3, 6, 9),
        length="source_1",
        **kwargs,
    )


def data_frames(**kwargs):
    pandas = pytest.importorskip("pandas")
    x = np.arange(24.0).reshape(12, 2)
    source = pandas.DataFrame(x, columns=["a", "b"])
    target = pandas.DataFrame(-x, columns=["b", "a"])
    return pair((source, source["a"] % 3), target, batch_size=8, **kwargs)


def of_the_other_byte_order(**kwargs):
    x = np.arange(24.0).reshape(12, 2).astype(">f4")
    y = np.arange(12).astype(">i8")
    return pair((x, y), -x, batch_size=8, **kwargs)


def with_steps(**kwargs):
    return three_streams(**kwargs).with_steps(7)


def for_evaluation(**kwargs):
    return three_streams(**kwargs).for_evaluation()


def from_epoch_five(**kwargs):
    dataset = three_streams(**kwargs)
    dataset.set_epoch(5)
    return dataset


def assert_equal_batches(host, device):
    for want, got in zip(tree.flatten(host), tree.flatten(device), strict=True):
        assert not isinstance(got, np.ndarray)
        # As Keras hands it to a step.
        want = ops.convert_to_tensor(want)
        assert got.dtype == want.dtype
        np.testing.assert_array_equal(to_numpy(got), to_numpy(want))


@on_jax_and_torch
@pytest.mark.parametrize(
    ("make", "options"),
    [
        (three_streams, {}),
        (three_streams, {"shuffle": False}),
        (three_streams, {"length": "target", "drop_remainder": False}),
        (three_streams, {"shard": (1, 2)}),
        (several_inputs, {}),
        (several_inputs, {"drop_remainder": False}),
        (several_sources, {}),
        (data_frames, {}),
        (of_the_other_byte_order, {}),
        (with_steps, {}),
        (for_evaluation, {}),
        (from_epoch_five, {}),
    ],
)
def test_batches_are_those_of_the_host(make, options):
    host = make(seed=3, **options)
    device = make(seed=3, on_device=True, **options)
    assert device.on_device and not host.on_device
    assert len(host) == len(device) > 1
    for _ in range(3):
        host.on_epoch_begin()
        device.on_epoch_begin()
        for index in range(len(host)):
            tree.assert_same_structure(host[index], device[index])
            assert_equal_batches(host[index], device[index])


@on_jax_and_torch
def test_batches_are_read_in_any_order():
    host, device = three_streams(seed=3), three_streams(seed=3, on_device=True)
    for index in (4, 0, 1, 3, 2, 2):
        assert_equal_batches(host[index], device[index])


@on_jax_and_torch
def test_only_the_order_of_a_pass_is_copied_to_the_device(monkeypatch):
    copied = []
    gather_by = device_stream.gather_by

    def counted(rows, data):
        copied.append(len(rows))
        return gather_by(rows, data)

    monkeypatch.setattr(device_stream, "gather_by", counted)
    dataset = pair(
        (images(0, 24), np.arange(24)),
        images(0, 14),
        batch_size=(4, 4),
        seed=0,
        on_device=True,
    )
    for _ in range(2):
        dataset.on_epoch_begin()
        list(dataset)
    # 6 batches an epoch. The rows of the fourth and the eleventh of the target
    # are of two passes each.
    assert sorted(copied) == [4, 4, 14, 14, 14, 14, 24, 24]


@on_jax_and_torch
def test_no_batch_is_copied_to_the_device_or_from_it():
    x, y, t = small_data(source=64, target=64)
    if BACKEND == "torch":
        # What is on this device cannot be copied from it, or to the host.
        with keras.device("meta"):
            dataset = pair((x, y), t, batch_size=16, on_device=True)
        dataset.on_epoch_begin()
        for batch in dataset:
            assert all(array.is_meta for array in tree.flatten(batch))
        return
    import jax

    dataset = pair((x, y, np.ones(64)), t, batch_size=16, on_device=True)
    dataset.on_epoch_begin()
    dataset[0]
    with jax.transfer_guard("disallow_explicit"):
        for index in range(1, 8):
            dataset[index]


@on_jax_and_torch
@pytest.mark.parametrize("kind", ["in memory", "mapped"])
def test_the_device_has_copies(kind, tmp_path):
    x = np.zeros((4096, 16), "float32")
    if kind == "mapped":
        x = np.memmap(tmp_path / "x", "float32", "w+", shape=x.shape)
    dataset = pair((x, np.zeros(4096)), x, batch_size=8, on_device=True)
    x[:] = 1
    (inputs, _) = dataset[0]
    assert to_numpy(inputs["target"]).sum() == 0


@on_jax_and_torch
def test_large_mapped_arrays_are_read_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(values, "_READ_AT_ONCE_BYTES", 10)
    x = np.memmap(tmp_path / "x", "float32", "w+", shape=(8, 2))
    y = np.memmap(tmp_path / "y", "float32", "w+", shape=(8,))
    x[:], y[:] = 1, 7
    x[5] = np.nan
    with pytest.warns(UserWarning, match=r"target.*not all finite.*is 5\."):
        dataset = pair((np.ones((8, 2)), y), x, batch_size=8, on_device=True)
    checked = []
    dataset.check_labels(lambda name, labels: checked.append(labels))
    np.testing.assert_array_equal(checked, [y])


# In `fit`.


def compiled_model(**kwargs):
    layers = {
        domain: keras.layers.Rescaling(scale)
        for domain, scale in {"source": 0.5, "target": 2.0}.items()
    }
    model = DANNModel(
        small_extractor(),
        small_classifier(),
        small_domain_classifier(),
        preprocessing=layers,
    )
    model.build((None, 3))
    model.compile(
        keras.optimizers.SGD(0.1),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        **kwargs,
    )
    return model


def pairs(source=24, **kwargs):
    x, y, t = small_data(source=source, target=20)
    return pair((x, y), t, (x[:9], y[:9]), batch_size=(8, 4, 4), **kwargs)


def weights(model):
    return [to_numpy(each) for each in model.weights]


@on_jax_and_torch
def test_fit_and_evaluate_are_those_of_the_host():
    results = []
    for on_device in (False, True):
        keras.utils.set_random_seed(0)
        model = fresh(compiled_model)
        training = pairs(seed=1, on_device=on_device)
        validation = pairs(shuffle=False, on_device=on_device)
        options = {
            "validation_data": validation,
            "class_weight": {0: 2.0, 1: 0.0},
            "verbose": 0,
        }
        model.fit(training, epochs=2, **options)
        resumed = model.fit(training, epochs=3, initial_epoch=2, **options)
        evaluated = model.evaluate(validation, verbose=0)
        logs = {**resumed.history, "evaluated": evaluated}
        results.append((logs, weights(model)))
    (host, host_weights), (device, device_weights) = results
    assert "val_domain_loss" in host and host.keys() == device.keys()
    for name, want in host.items():
        np.testing.assert_array_equal(device[name], want, err_msg=name)
    for got, want in zip(device_weights, host_weights, strict=True):
        np.testing.assert_array_equal(got, want)


@on_jax_and_torch
@pytest.mark.parametrize(
    "labels",
    [
        np.array([[2], [0], [-1], [5], [1]]),
        np.array([1.6, 0.0, 1.0, 0.4, 1.0], "float32"),
        np.eye(3, dtype="float32")[[2, 0, 1, 0, 1]],
        np.array([1, 0, 2, 0, 1], "uint8"),
    ],
)
def test_class_weights_are_those_of_the_host(labels):
    x = np.zeros((5, 2), "float32")
    batches = []
    for on_device in (False, True):
        dataset = pair(
            (x, labels), x, batch_size=10, seed=0, on_device=on_device
        )
        options = {"class_weight": {0: 2.0, 2: 0.5}}
        dataset, _ = with_class_weights(dataset, options)
        batches.append(dataset[0])
    assert_equal_batches(*batches)


@pytest.mark.skipif(BACKEND != "torch", reason="in a compiled step on JAX")
def test_a_step_on_torch_takes_the_tensors_that_were_gathered():
    read, taken = [], []

    class Recorded(DANNModel):
        def train_step(self, data):
            taken.append(data)
            return super().train_step(data)

    class Read(keras.utils.PyDataset):
        num_batches = 6

        def __getitem__(self, index):
            read.append(dataset[index])
            return read[-1]

    dataset = pairs(on_device=True)
    model = Recorded(
        small_extractor(), small_classifier(), small_domain_classifier()
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(Read(), epochs=1, verbose=0)
    read = {id(tensor) for tensor in tree.flatten(read)}
    assert len(tree.flatten(taken)) > 6
    assert all(id(tensor) in read for tensor in tree.flatten(taken))


# Errors.


def test_tensorflow_reads_on_the_host():
    if BACKEND != "tensorflow":
        assert pairs(on_device=True).on_device
        return
    with pytest.raises(ValueError, match=r"on_device.*TensorFlow(?s:.*)Leave"):
        pairs(on_device=True)
    assert not pairs(on_device=False).on_device


@on_jax_and_torch
def test_the_streams_must_be_arrays():
    x, y, t = small_data(target=12)
    with pytest.raises(
        ValueError, match=r"on_device.*the target stream is a d"
    ):
        pair((x, y), Batches(t), batch_size=(4, 4), on_device=True)
    with pytest.raises(ValueError, match="the source stream is a dataset"):
        pair(Batches(x, y), Batches(t), on_device=True)


@on_jax_and_torch
def test_the_streams_must_fit_into_the_memory_of_the_device():
    x, y, _ = small_data()
    too_large = np.broadcast_to(np.uint8(0), (8, 2**45))
    with pytest.raises(
        ValueError, match=r"the target stream has 262,144\.0 GiB"
    ):
        pair((x, y), too_large, on_device=True)


@on_jax_and_torch
def test_domains_that_differ_are_refused():
    x, y, t = small_data()
    dataset = pair((x, y), t[:, :2], batch_size=8, on_device=True)
    with pytest.raises(ValueError, match="same shape"):
        dataset[0]
    dataset.check_inputs(lambda inputs: None)
    assert dataset[0][0]["target"].shape == (4, 2)
    with pytest.raises(ValueError, match="Expected inputs of shape"):
        fresh(compiled_model).fit(dataset, verbose=0)
    y = np.where(y == 1, 7, y)
    dataset = pair((x, y), t, batch_size=8, on_device=True)
    with pytest.raises(ValueError, match=r"labels.*7"):
        fresh(compiled_model).fit(dataset, verbose=0)


@pytest.mark.skipif(BACKEND != "jax", reason="keras.distribution")
def test_a_distribution_takes_batches_of_the_host():
    before = pairs(on_device=True)
    keras.distribution.set_distribution(
        keras.distribution.DataParallel(devices=["cpu:0", "cpu:1"])
    )
    try:
        with pytest.raises(ValueError, match=r"on_device.*keras\.distribution"):
            pairs(on_device=True)
        model = compiled_model()
        for method in (model.fit, model.evaluate):
            with pytest.raises(ValueError, match=r"on_device.*distribution"):
                method(before, verbose=0)
    finally:
        keras.distribution.set_distribution(None)


def test_it_is_true_or_false():
    with pytest.raises(ValueError, match=r"on_device.*True or False"):
        pairs(on_device="gpu")
