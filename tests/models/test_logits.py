"""Domain classifiers that end in an activation, or in logits."""

import keras
import numpy as np
import pytest
from keras import layers
from keras import ops

import keras_grl
from keras_grl import DANNModel
from keras_grl.methods.logits import stay_in_unit_interval
from tests.testing import small_classifier
from tests.testing import small_data
from tests.testing import small_extractor
from tests.testing import to_numpy


@keras.saving.register_keras_serializable(package="tests")
class Hidden(layers.Layer):
    """A dense layer whose activation is not among its attributes."""

    def __init__(self, function="sigmoid", units=1, **kwargs):
        super().__init__()
        self.dense = layers.Dense(units, **kwargs)
        self.function = function

    def build(self, input_shape):
        self.dense.build(input_shape)

    def call(self, features):
        outputs = self.dense(features)
        return {
            "sigmoid": ops.sigmoid,
            "softmax": ops.softmax,
            "clip": lambda x: ops.clip(x, 0.0, 1.0),
            "linear": lambda x: x,
            "scaled": lambda x: 20 * ops.sigmoid(x) - 10,
            "absolute": ops.abs,
        }[self.function](outputs)

    def get_config(self):
        return {"function": self.function}


def then(*parts):
    return keras.Sequential(list(parts))


def outputs_are_bounded(layer, size=4):
    features = keras.KerasTensor((None, size))
    layer(features)
    before = [to_numpy(v) for v in layer.variables]
    bounded = stay_in_unit_interval(layer, features)
    for got, want in zip(layer.variables, before, strict=True):
        np.testing.assert_array_equal(to_numpy(got), want)
    return bounded


@pytest.mark.parametrize(
    "make",
    [
        Hidden,
        lambda: Hidden("softmax", 2),
        lambda: Hidden("clip"),
        lambda: Hidden(kernel_initializer="zeros"),
        lambda: then(layers.BatchNormalization(), Hidden()),
        lambda: then(layers.Dropout(0.5), Hidden(), layers.Flatten()),
    ],
)
def test_bounded_outputs(make):
    assert outputs_are_bounded(make())


@pytest.mark.parametrize(
    "make",
    [
        lambda: Hidden("linear"),
        lambda: Hidden("linear", 2),
        lambda: Hidden("scaled"),
        lambda: Hidden("absolute"),
        lambda: Hidden("linear", kernel_initializer="zeros"),
        # With its own weights, all outputs are about .5.
        lambda: Hidden(
            "linear",
            kernel_initializer=keras.initializers.Constant(1e-4),
            bias_initializer=keras.initializers.Constant(0.5),
        ),
        lambda: then(layers.Dense(8, "tanh"), Hidden("linear")),
        lambda: then(layers.Dense(1, "sigmoid"), Hidden("linear")),
        lambda: then(layers.LayerNormalization(), Hidden("linear")),
        lambda: then(layers.BatchNormalization(), Hidden("linear")),
        lambda: then(layers.UnitNormalization(), Hidden("linear")),
        lambda: then(layers.Dense(1), layers.BatchNormalization()),
        lambda: then(layers.Dense(2), layers.LayerNormalization()),
        lambda: then(layers.Dense(1), layers.LayerNormalization()),
        lambda: then(layers.Dense(2), layers.UnitNormalization()),
        lambda: Hidden("linear", kernel_initializer="zeros", trainable=False),
    ],
)
def test_logits(make):
    assert not outputs_are_bounded(make())


@pytest.mark.parametrize("activation", ["sigmoid", "tanh"])
def test_a_linear_output_of_a_bounded_layer_changes_its_sign(activation):
    """With 46 features, only the first weights give outputs in [0, 1]."""
    classifier = then(layers.Dense(1, activation), Hidden("linear"))
    assert not outputs_are_bounded(classifier, 46)


def test_unbuilt_layers_and_layers_with_other_inputs():
    class Two(layers.Layer):
        def call(self, features, more):
            return features

    layer = Two()
    assert not stay_in_unit_interval(Hidden(), keras.KerasTensor((None, 4)))
    layer.built = True
    assert not stay_in_unit_interval(layer, keras.KerasTensor((None, 4)))


# In a model.


def model_of(domain_classifier):
    model = DANNModel(small_extractor(), small_classifier(), domain_classifier)
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


def fit(model):
    x_source, y_source, x_target = small_data()
    data = keras_grl.pair((x_source, y_source), x_target, batch_size=8)
    return model.fit(data, verbose=0)


@pytest.mark.parametrize(
    "activation",
    [
        layers.ELU,
        layers.PReLU,
        layers.LeakyReLU,
        layers.ReLU,
        layers.Softmax,
        lambda: layers.Activation("gelu"),
        lambda: layers.Activation("silu"),
        lambda: then(layers.ELU(), layers.GaussianNoise(0.1)),
    ],
)
def test_activations_by_their_type(activation):
    with pytest.raises(ValueError, match=r"return logits.*ends in activation="):
        model_of(then(layers.Dense(1), activation()))


@pytest.mark.parametrize("function", [ops.elu, ops.selu, ops.leaky_relu])
def test_activations_of_a_functional_model(function):
    features = keras.Input((4,))
    classifier = keras.Model(features, function(layers.Dense(1)(features)))
    with pytest.raises(ValueError, match="return logits"):
        model_of(classifier)


def test_an_activation_found_only_by_values():
    model = model_of(Hidden())
    before = [to_numpy(v) for v in model.weights]
    for _ in range(2):
        with pytest.raises(ValueError, match=r"return logits.*between 0 and 1"):
            fit(model)
    for got, want in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(to_numpy(got), want)


def test_a_hidden_linear_output_trains():
    assert np.isfinite(fit(model_of(Hidden("linear"))).history["loss"]).all()


# Of torch, and shown here because `pytest.warns` sees every warning.
@pytest.mark.filterwarnings("ignore:__array__ impl:DeprecationWarning")
def test_a_model_that_is_loaded_warns(tmp_path):
    model = model_of(Hidden())
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    with pytest.warns(UserWarning, match="return logits"):
        fit(loaded)
    # Once.
    fit(loaded)


def test_an_older_model_with_elu_warns():
    config = model_of(then(layers.Dense(1))).get_config()
    config["domain_classifier"] = keras.saving.serialize_keras_object(
        then(layers.Dense(1), layers.ELU())
    )
    with pytest.warns(UserWarning, match="ends in activation='elu'"):
        DANNModel.from_config(config)
