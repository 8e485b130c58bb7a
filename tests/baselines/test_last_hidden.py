import keras
import numpy as np
import pytest

import keras_grl
from keras_grl import DANNModel
from keras_grl.baselines import LastHidden
from keras_grl.baselines import last_hidden_features
from tests.testing import small_classifier
from tests.testing import small_data
from tests.testing import small_extractor
from tests.testing import to_numpy

X = small_data()[0]


def test_features_of_a_builders_model():
    model = keras_grl.architectures.LeNet(input_shape=(16, 16, 1))
    images = np.random.default_rng(0).integers(0, 255, (5, 16, 16, 1), "uint8")
    got = last_hidden_features(model, images, batch_size=2)
    assert (got.shape, got.dtype) == ((5, 100), "float32")
    # The last layer makes the predictions of them.
    kernel, bias = (
        to_numpy(w) for w in model.label_predictor.layers[-1].weights
    )
    logits = got @ kernel + bias
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(
        model.predict(images, verbose=0), expected, atol=1e-5
    )


@pytest.mark.parametrize(
    "head", [small_classifier, lambda: keras.layers.Dense(3)]
)
def test_single_dense_head_gives_the_extractors_features(head):
    extractor = small_extractor()
    model = DANNModel(extractor, head())
    np.testing.assert_allclose(
        last_hidden_features(model, X), to_numpy(extractor(X)), atol=1e-6
    )


def test_domains_have_their_own_preprocessing():
    extractor = small_extractor()
    model = DANNModel(
        extractor,
        small_classifier(),
        preprocessing={
            "source": keras.layers.Rescaling(2.0),
            "target": keras.layers.Rescaling(3.0),
        },
    )
    model.build((None, 3))
    for domain, factor in (("source", 2), ("target", 3)):
        np.testing.assert_allclose(
            last_hidden_features(model, X, domain=domain),
            to_numpy(extractor(factor * X)),
            atol=1e-6,
        )


def test_domains_have_their_own_statistics():
    extractor = keras.Sequential(
        [keras.Input((3,)), keras.layers.BatchNormalization()]
    )
    model = DANNModel(
        extractor, small_classifier(), batch_normalization="domain_specific"
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    x_source, y_source, x_target = small_data()
    data = keras_grl.pair((x_source + 9, y_source), x_target, batch_size=16)
    model.fit(data, verbose=0)
    before = [to_numpy(w) for w in model.weights]
    source = last_hidden_features(model, X, domain="source")
    target = last_hidden_features(model, X)
    assert np.abs(source - target).max() > 0.05
    np.testing.assert_allclose(target, to_numpy(extractor(X)), atol=1e-6)
    for now, then in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(to_numpy(now), then)


def functional():
    inputs = keras.Input((3,))
    first = keras.layers.Dense(4, activation="tanh", name="first")(inputs)
    both = keras.layers.Concatenate(name="both")([first, inputs])
    outputs = keras.layers.Dense(3)(keras.layers.Dropout(0.5)(both))
    return keras.Model(inputs, keras.layers.Softmax()(outputs))


def test_functional_classifier_with_branches():
    classifier = functional()
    first = to_numpy(classifier.get_layer("first")(X))
    np.testing.assert_allclose(
        last_hidden_features(classifier, X),
        np.concatenate([first, X], axis=1),
        atol=1e-6,
    )


def test_nested_models():
    """The last layer of the last model, and maps flattened."""
    inner = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Reshape((3, 1)),
            keras.layers.Dense(2, name="hidden"),
            keras.layers.Dense(1),
        ]
    )
    classifier = keras.Sequential(
        [keras.Input((3,)), keras.layers.Rescaling(2.0), inner]
    )
    kernel, bias = (to_numpy(w) for w in inner.get_layer("hidden").weights)
    expected = (2 * X[..., None] @ kernel + bias).reshape(12, 6)
    np.testing.assert_allclose(
        last_hidden_features(classifier, X), expected, atol=1e-6
    )


def test_one_layer_gives_the_inputs():
    classifier = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    np.testing.assert_allclose(last_hidden_features(classifier, X), X)


def test_as_a_model_it_follows_the_weights():
    model = DANNModel(small_extractor(), small_classifier())
    hidden = LastHidden(model)
    before = hidden.predict(X, verbose=0)
    kernel, bias = model.feature_extractor.weights
    kernel.assign(2 * kernel)
    bias.assign(bias + 1)
    after = hidden.predict(X, verbose=0)
    np.testing.assert_allclose(
        after, np.tanh(2 * np.arctanh(before) + 1), atol=1e-5
    )


def test_in_mixed_precision():
    keras.config.set_dtype_policy("mixed_bfloat16")
    model = DANNModel(small_extractor(), small_classifier())
    got = last_hidden_features(model, X)
    assert (got.shape, got.dtype) == ((12, 4), "float32")


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(2)

    def call(self, inputs):
        return self.dense(inputs)


def test_models_without_a_graph_are_refused():
    model = Subclassed()
    model(X)
    with pytest.raises(
        ValueError, match=r"Functional and Sequential.*Subclass"
    ):
        last_hidden_features(model, X)
    weightless = DANNModel(
        small_extractor(), keras.Sequential([keras.layers.Softmax()])
    )
    with pytest.raises(ValueError, match="no layer has any"):
        last_hidden_features(weightless, X)


@pytest.mark.parametrize("model", ["resnet", keras.Sequential()])
def test_model_without_weights(model):
    with pytest.raises(ValueError, match=r"(?s)`model`.*weights.*build"):
        last_hidden_features(model, X)


def test_bad_domain():
    model = DANNModel(small_extractor(), small_classifier())
    with pytest.raises(ValueError, match=r'`domain`.*"source", "target"'):
        last_hidden_features(model, X, domain="labeled_target")
