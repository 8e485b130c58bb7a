"""On JAX's CPU, steps are compiled with options, where Keras has none."""

import os

import keras
import numpy as np
import pytest

import keras_grl
from keras_grl import DANNModel
from tests.testing import BACKEND
from tests.testing import to_numpy

if BACKEND != "jax":
    pytest.skip("compiled by Keras on the others", allow_module_level=True)

import jax

from keras_grl.backend import jax as backend


def data(batch_size=4):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 8, 6, 6, 2)).astype("float32")
    labels = np.arange(8) % 3
    return keras_grl.pair(
        (x[0], labels), x[1], batch_size=batch_size, seed=0
    ), (x[1], labels)


def make(model=DANNModel, **kwargs):
    keras.utils.set_random_seed(0)
    extractor = keras.Sequential(
        [
            keras.Input((6, 6, 2)),
            keras.layers.Conv2D(3, 3),
            keras_grl.layers.MaxPooling2D(2),
            keras.layers.Flatten(),
        ]
    )
    model = model(
        extractor, keras.layers.Dense(3, "softmax"), keras.layers.Dense(1)
    )
    model.compile(
        keras.optimizers.SGD(0.1, momentum=0.9),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        **kwargs,
    )
    return model


def used(model):
    """Weights, logs, figures and predictions of a model that is trained."""
    pairs, test = data()
    history = model.fit(pairs, epochs=2, validation_data=test, verbose=0)
    return [
        *map(to_numpy, model.weights),
        *(np.array(values) for values in history.history.values()),
        np.array(model.evaluate(*test, verbose=0)),
        np.array(model.test_on_batch(*test)),
        model.predict(test[0], verbose=0),
        model.predict_on_batch(test[0]),
    ]


def make_functions(model):
    """What `fit`, `evaluate` and `predict` begin with."""
    model.make_train_function()
    model.make_test_function()
    model.make_predict_function()


@pytest.fixture(autouse=True)
def no_flags(monkeypatch):
    """The option is not set, as when a user starts Python."""
    flags = os.environ["XLA_FLAGS"].split()
    others = [flag for flag in flags if backend._OPTION not in flag]
    monkeypatch.setenv("XLA_FLAGS", " ".join(others))


@pytest.fixture
def options(monkeypatch):
    """The options of what was compiled, one for each step."""
    backend._has_options()  # whose own compilation does not count
    found = []
    jit = jax.jit

    def noted(fun, **kwargs):
        if "compiler_options" in kwargs:
            found.append(kwargs["compiler_options"])
        return jit(fun, **kwargs)

    monkeypatch.setattr(jax, "jit", noted)
    return found


@pytest.fixture
def unknown(monkeypatch):
    """A jaxlib that does not know the option."""
    monkeypatch.setattr(backend, "_OPTIONS", {"xla_no_such_option": ""})
    backend._has_options.cache_clear()
    yield
    backend._has_options.cache_clear()


@pytest.mark.parametrize("jit_compile", ["auto", True])
def test_every_step_has_them_once(options, jit_compile):
    model = make(jit_compile=jit_compile)
    used(model)
    used(model)
    assert len(options) == 3
    assert all("CONVOLUTION" not in str(o) and o for o in options)
    # No user and no file sees that Keras did not compile.
    assert model.jit_compile is True
    assert model.get_compile_config()["jit_compile"] == jit_compile


def test_a_step_is_traced_once_in_two_fits():
    traced = []

    class Model(DANNModel):
        def train_step(self, *args):
            traced.append(1)
            return super().train_step(*args)

    model = make(Model)
    used(model)
    used(model)
    assert len(traced) == 1
    model.make_train_function(force=True)
    used(model)
    assert len(traced) == 2


def test_nothing_but_the_time_differs(options, monkeypatch):
    by_us = used(make())
    assert len(options) == 3
    monkeypatch.setattr(backend, "_has_options", lambda: False)
    by_keras = used(make())
    assert len(options) == 3
    for got, want in zip(by_us, by_keras, strict=True):
        np.testing.assert_allclose(got, want, atol=1e-6)


def test_without_the_option_keras_compiles(options, unknown):
    used(make())
    # The one compilation that found out.
    assert options == [{"xla_no_such_option": ""}]


@pytest.mark.parametrize(
    "kwargs",
    [
        {"jit_compile": False},
        {"run_eagerly": True},
        {"steps_per_execution": 2},
    ],
    ids=str,
)
def test_what_else_was_asked_for_is_kept(options, kwargs):
    model = make(**kwargs)
    want = model.jit_compile
    make_functions(model)
    assert not options
    assert model.jit_compile == want


def test_flags_of_the_user_are_kept(options, monkeypatch):
    monkeypatch.setenv(
        "XLA_FLAGS", f"--{backend._OPTION}=LIBRARY_FUSION_TYPE_DOT"
    )
    make_functions(make())
    assert not options


def test_distributions_are_left_to_keras(options):
    keras.distribution.set_distribution(
        keras.distribution.DataParallel(devices=["cpu:0", "cpu:1"])
    )
    try:
        make_functions(make())
    finally:
        keras.distribution.set_distribution(None)
    assert not options


def test_old_weights_make_room_for_new_ones(options):
    """The state is donated, as Keras does it."""
    model = make()
    pairs, _ = data()
    model.fit(pairs, verbose=0)
    old = [v.value for v in model.trainable_variables]
    model.fit(pairs, verbose=0)
    assert options
    assert all(array.is_deleted() for array in old)


def test_a_step_that_cannot_be_made_leaves_the_model_as_it_was():
    model = make()

    def fails(force):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        backend.make_function(model, "train_function", fails, False)
    assert model.jit_compile is True
    assert model.train_function is None
