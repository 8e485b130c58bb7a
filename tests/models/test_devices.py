"""A step on two devices is the step of one with the same batch."""

import contextlib
import functools

import keras
import numpy as np
import pytest

import keras_grl
from keras_grl import losses
from keras_grl import schedules
from tests.losses import by_hand
from tests.testing import BACKEND
from tests.testing import EAGERLY_ON_TENSORFLOW
from tests.testing import small_data

pytestmark = pytest.mark.skipif(
    BACKEND == "torch", reason="Keras's fit has one device on torch"
)


@functools.cache
def mirrored_strategy():
    """One for all tests.

    Two of them number their collective operations alike, which fails for models
    of different sizes in one process (TensorFlow 2.21).
    """
    import tensorflow as tf

    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])


@contextlib.contextmanager
def two_devices():
    """What Keras shares a batch over; tests/conftest.py makes the devices."""
    if BACKEND == "tensorflow":
        with mirrored_strategy().scope():
            yield
        return
    keras.distribution.set_distribution(
        keras.distribution.DataParallel(devices=["cpu:0", "cpu:1"])
    )
    try:
        yield
    finally:
        keras.distribution.set_distribution(None)


def extractor(features):
    return keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(features, "tanh", kernel_regularizer="l2"),
        ]
    )


def dann(units=1, features=4, **kwargs):
    return keras_grl.DANNModel(
        extractor(features),
        keras.layers.Dense(3, "softmax"),
        keras.layers.Dense(units),
        **kwargs,
    )


def trained(model, pairs, **kwargs):
    """The logs of two epochs, and the weights after them.

    Validated after the second.
    """
    model.compile(
        keras.optimizers.SGD(schedules.InverseDecay(0.2), momentum=0.9),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        **kwargs,
    )
    logs = model.fit(
        pairs(seed=0),
        epochs=2,
        verbose=0,
        validation_data=pairs(shuffle=False),
        validation_freq=2,
    ).history
    assert "adaptation_factor" in logs
    weights = [np.array(w) for w in model.get_weights()]
    return {**logs, **{f"weight {i}": w for i, w in enumerate(weights)}}


def two_streams(**kwargs):
    x, y, t = small_data(source=32, target=16)
    return keras_grl.pair((x, y), t, batch_size=(8, 4), **kwargs)


def three_streams_with_weights(**kwargs):
    x, y, t = small_data(source=32, target=24)
    weight = np.linspace(0, 2, 32).astype("float32")
    return keras_grl.pair(
        (x, y, weight),
        t[8:],
        (t[:8], np.arange(8) % 3),
        batch_size=(8, 4, 2),
        **kwargs,
    )


def two_sources(**kwargs):
    x, y, t = small_data(source=32, target=16)
    return keras_grl.pair(
        [(x[:16], y[:16]), (x[16:], y[16:])],
        t,
        batch_size=(4, 8, 4),
        **kwargs,
    )


def with_everything_per_domain():
    layers = {
        domain: keras_grl.layers.MeanSubtraction()
        for domain in ("source", "target")
    }
    return dann(preprocessing=layers, batch_normalization="separate")


def conditional():
    # On TensorFlow the entropy weights are those of a replica.
    return dann(
        conditioning="randomized",
        entropy_conditioning=BACKEND == "jax",
        adversarial_loss="swapped",
    )


CASES = {
    "conditional": (conditional, two_streams, {}),
    "everything": (
        with_everything_per_domain,
        three_streams_with_weights,
        {
            "domain_loss_weight": 0.3,
            # A mean over rows, unlike the losses that couple them.
            "target_loss": losses.PredictionEntropy(),
            "target_loss_weight": schedules.LinearRamp(0.0, 2.0),
        },
    ),
    "two sources": (
        # 36 weights, as the other models: in one process TensorFlow 2.21 sums
        # only gradients of one size over devices, with each strategy
        # (https://github.com/tensorflow/tensorflow/issues/62790).
        functools.partial(dann, units=3, features=3),
        two_sources,
        {},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_weights_and_logs_are_those_of_one_device(case):
    make, pairs, of_compile = CASES[case]
    keras.utils.set_random_seed(0)
    # One of them in compiled steps on one device too.
    how = {} if case == "everything" else EAGERLY_ON_TENSORFLOW
    one = trained(make(), pairs, **of_compile, **how)
    keras.utils.set_random_seed(0)
    with two_devices():
        two = trained(make(), pairs, **of_compile)
    assert one.keys() == two.keys()
    for name, value in one.items():
        np.testing.assert_allclose(
            two[name], value, rtol=1e-6, atol=1e-6, err_msg=name
        )


@pytest.mark.skipif(BACKEND != "jax", reason="Keras has it on JAX")
def test_a_model_may_be_split_over_devices():
    """`ModelParallel`: each device has half of the extractor's weights."""
    keras.utils.set_random_seed(0)
    one = trained(conditional(), two_streams)
    layouts = keras.distribution.LayoutMap(
        keras.distribution.DeviceMesh(
            (1, 2), ["batch", "model"], ["cpu:0", "cpu:1"]
        )
    )
    layouts["sequential.*/kernel"] = (None, "model")
    keras.utils.set_random_seed(0)
    keras.distribution.set_distribution(
        keras.distribution.ModelParallel(
            layout_map=layouts, batch_dim_name="batch"
        )
    )
    try:
        model = conditional()
        two = trained(model, two_streams)
        split = [not w.value.is_fully_replicated for w in model.weights]
    finally:
        keras.distribution.set_distribution(None)
    # Of all weights, the kernel of the extractor.
    assert sum(split) == 1
    assert one.keys() == two.keys()
    for name, value in one.items():
        np.testing.assert_allclose(
            two[name], value, rtol=1e-5, atol=1e-5, err_msg=name
        )


def test_a_loss_that_couples_rows_is_the_mean_over_the_devices():
    """On TensorFlow; JAX computes it over the whole batch."""
    x, y, t = small_data(source=4, target=8)
    batch = {"source": x, "target": t}, y
    keras.utils.set_random_seed(0)
    with two_devices():
        model = dann()
        model.compile(
            keras.optimizers.SGD(0.0),
            "sparse_categorical_crossentropy",
            target_loss=losses.NuclearNorm(),
        )
        logs = model.test_on_batch(*batch, return_dict=True)
        predictions = model.predict_on_batch(t)
    parts = 2 if BACKEND == "tensorflow" else 1
    expected = np.mean(
        [
            by_hand.nuclear_norm(part.astype("float64"))
            for part in np.split(np.asarray(predictions), parts)
        ]
    )
    np.testing.assert_allclose(logs["target_loss"], expected, rtol=1e-5)


@pytest.mark.parametrize("sizes", [{"batch_size": 18}, {"batch_size": (8, 7)}])
def test_a_batch_that_the_devices_do_not_divide_is_refused(sizes):
    x, y, t = small_data(source=32, target=40)
    pairs = keras_grl.pair((x, y), t, **sizes)
    with two_devices():
        model = dann()
        model.compile("sgd", "sparse_categorical_crossentropy")
        before = [np.array(w) for w in model.get_weights()]
        with pytest.raises(ValueError, match=r"batch_size.*2 devices"):
            model.fit(pairs, verbose=0)
        even = keras_grl.pair((x, y), t, batch_size=16)
        with pytest.raises(ValueError, match=r"batch_size.*2 devices"):
            model.fit(even, validation_data=pairs, verbose=0)
        for got, want in zip(model.get_weights(), before, strict=True):
            np.testing.assert_array_equal(got, want)


def test_a_last_batch_that_the_devices_do_not_divide_is_refused():
    x, y, t = small_data(source=31, target=31)
    pairs = keras_grl.pair((x, y), t, batch_size=16, drop_remainder=False)
    with two_devices():
        model = dann()
        model.compile("sgd", "sparse_categorical_crossentropy")
        with pytest.raises(ValueError, match=r"batch.*2 devices"):
            model.fit(pairs, verbose=0)


@pytest.mark.skipif(BACKEND != "tensorflow", reason="tf.distribute")
def test_a_model_keeps_the_strategy_of_its_scope():
    x, y, t = small_data(source=9, target=9)
    with two_devices():
        model = dann()
        model.compile("sgd", "sparse_categorical_crossentropy")
    for data in (18, {"source": 8, "target": 3}):
        pairs = keras_grl.pair((x, y), t, batch_size=data)
        with pytest.raises(ValueError, match=r"batch_size.*2 devices"):
            model.fit(pairs, verbose=0)
        with pytest.raises(ValueError, match=r"batch_size.*2 devices"):
            model.evaluate(pairs, verbose=0)
    model.fit(keras_grl.pair((x, y), t, batch_size=8), verbose=0)
