"""Models in which one layer is part of several networks."""

import json

import keras
import numpy as np
import pytest
from keras import layers

import keras_grl
from keras_grl import DANNModel
from tests.testing import EAGERLY_ON_TENSORFLOW
from tests.testing import small_data
from tests.testing import to_numpy


def sequential(*parts):
    return keras.Sequential(list(parts))


def functional(inputs, *parts):
    outputs = inputs = keras.Input((inputs,))
    for part in parts:
        outputs = part(outputs)
    return keras.Model(inputs, outputs)


def networks(label=(), domain=(), wrap=sequential, extractor=(), **kwargs):
    return {
        "feature_extractor": sequential(
            keras.Input((3,)), layers.Dense(4, "tanh"), *extractor
        ),
        "label_predictor": wrap(*label, layers.Dense(3, "softmax")),
        "domain_classifier": wrap(*domain, layers.Dense(1)),
        **kwargs,
    }


def label_and_domain():
    shared = layers.Dense(4, "relu")
    return networks([shared], [shared])


def extractor_and_label():
    shared = layers.Dense(4, "relu")
    return networks([shared], extractor=[shared])


def a_network():
    shared = functional(4, layers.Dense(4, "relu"), layers.Dense(4))
    return networks([shared], [shared])


def extractor_and_domain():
    shared = layers.Dense(4, "relu")
    return networks(domain=[shared], extractor=[shared])


def with_random_numbers_and_statistics():
    shared = [layers.BatchNormalization(), layers.Dropout(0.5)]
    return networks(shared, shared)


def next_to_a_layer_of_the_same_name():
    """Equal in all that a file says of them."""
    shared = layers.Dense(4, "relu", name="hidden")
    other = layers.Dense(4, "relu", name="hidden")
    return networks([shared], [shared], extractor=[other])


def within_wrappers():
    shared = layers.Dense(4, "relu")
    rows = layers.Reshape((1, 4))
    return networks(
        [rows, layers.TimeDistributed(shared), layers.Flatten()],
        [
            layers.Reshape((1, 4)),
            layers.TimeDistributed(shared),
            layers.Flatten(),
        ],
    )


def preprocessing():
    """The same layer for both domains, which is allowed."""
    shared = layers.Normalization()
    shared.adapt(small_data()[0])
    both = {"source": shared, "target": shared}
    return networks(preprocessing=both)


def trainable_preprocessing():
    shared = sequential(layers.Dense(3))
    both = {"source": shared, "target": shared}
    return networks(preprocessing=both)


SHARED = [
    label_and_domain,
    extractor_and_label,
    a_network,
    extractor_and_domain,
    with_random_numbers_and_statistics,
    next_to_a_layer_of_the_same_name,
    within_wrappers,
    preprocessing,
    trainable_preprocessing,
]


def fit(model, epochs, initial_epoch=0):
    x, y, x_target = small_data()
    # One step an epoch.
    data = keras_grl.pair((x, y), x_target, batch_size=(12, 8), seed=0)
    model.fit(data, epochs=epochs, initial_epoch=initial_epoch, verbose=0)


def trained(parts, **kwargs):
    model = DANNModel(**parts)
    model.compile(
        keras.optimizers.SGD(0.1, momentum=0.9),
        "sparse_categorical_crossentropy",
        **kwargs,
    )
    fit(model, 1)
    return model


@pytest.mark.parametrize("parts", SHARED, ids=lambda f: f.__name__)
def test_loads_and_trains_on(tmp_path, parts):
    # One of them in compiled steps.
    how = {} if parts is label_and_domain else EAGERLY_ON_TENSORFLOW
    model = trained(parts(), **how)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    x = small_data()[0]
    np.testing.assert_allclose(
        to_numpy(loaded(x)), to_numpy(model(x)), rtol=1e-6
    )
    assert len(loaded.trainable_variables) == len(model.trainable_variables)
    if parts is with_random_numbers_and_statistics:
        return  # torch's dropout takes numbers that no file holds
    fit(model, 2, 1)
    fit(loaded, 2, 1)
    for a, b in zip(loaded.variables, model.variables, strict=True):
        np.testing.assert_allclose(to_numpy(a), to_numpy(b), rtol=1e-6)


def in_functional_models():
    shared = layers.Dense(4, "relu")
    return networks([4, shared], [4, shared], wrap=functional)


def test_unloadable_models_warn_before_training(tmp_path):
    model = DANNModel(**in_functional_models())
    with pytest.warns(UserWarning, match="part of several networks") as warned:
        model.compile("sgd", "sparse_categorical_crossentropy")
    assert len(warned) == 1
    model.save_weights(tmp_path / "model.weights.h5")
    model.load_weights(tmp_path / "model.weights.h5")


def test_files_without_shared_layers_are_unchanged():
    model = trained(networks(), **EAGERLY_ON_TENSORFLOW)
    assert "shared_object_id" not in json.dumps(model.get_config())
    inputs = keras.Input((4,))
    label = keras.Model(inputs, layers.Dense(3, "softmax")(inputs))
    domain = keras.Model(inputs, layers.Dense(1)(inputs))
    parts = networks() | {"label_predictor": label, "domain_classifier": domain}
    model = trained(parts, **EAGERLY_ON_TENSORFLOW)
    assert "shared_object_id" not in json.dumps(model.get_config())
