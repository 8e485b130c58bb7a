"""The domain classifier of section 3.3 in models and files; its errors."""

import json

import keras
import numpy as np
import pytest
from keras import layers

import keras_grl
from keras_grl import DANNModel
from keras_grl.models import symmetric_difference_classifier
from keras_grl.models.symmetric_difference import TwoReplicas
from tests.models.label_predictors import PREDICTORS
from tests.testing import ANOTHER_BACKEND
from tests.testing import EAGERLY_ON_TENSORFLOW
from tests.testing import run_python
from tests.testing import small_data
from tests.testing import small_extractor
from tests.testing import to_numpy

FEATURES = np.random.default_rng(0).normal(size=(64, 4)).astype("float32")


def adapted(predictor, **kwargs):
    model = DANNModel(
        small_extractor(),
        predictor,
        symmetric_difference_classifier(predictor, units=6),
        adaptation_factor=0.5,
    )
    model.compile("sgd", "sparse_categorical_crossentropy", **kwargs)
    x, y, x_target = small_data()
    data = keras_grl.pair((x, y), x_target, batch_size=(12, 8), seed=0)
    logs = model.fit(data, epochs=2, verbose=0).history
    assert np.isfinite(logs["domain_loss"]).all()
    return model, data


@pytest.mark.parametrize("name", ["batch_normalization", "custom"])
def test_as_domain_classifier_saved_and_loaded(name, tmp_path):
    # One of them in compiled steps.
    how = EAGERLY_ON_TENSORFLOW if name == "custom" else {}
    model, data = adapted(PREDICTORS[name](), **how)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert json.dumps(loaded.get_config()) == json.dumps(model.get_config())
    for got, want in zip(loaded.weights, model.weights, strict=True):
        np.testing.assert_array_equal(to_numpy(got), to_numpy(want))
    features = FEATURES[:, :4]
    np.testing.assert_allclose(
        to_numpy(loaded.domain_classifier(features)),
        to_numpy(model.domain_classifier(features)),
        rtol=1e-5,
    )
    before = [to_numpy(w).copy() for w in loaded.trainable_weights]
    loaded.fit(data, verbose=0)
    for got, want in zip(loaded.trainable_weights, before, strict=True):
        assert not np.array_equal(to_numpy(got), want), got.path


@pytest.mark.slow
def test_loads_on_another_backend(tmp_path):
    model = symmetric_difference_classifier(PREDICTORS["sequential"](), 6)
    want = to_numpy(model(FEATURES[:4]))
    model.save(tmp_path / "model.keras")
    done = run_python(
        "import keras, keras_grl, numpy as np\n"
        "rng = np.random.default_rng(0)\n"
        "x = rng.normal(size=(64, 4)).astype('float32')[:4]\n"
        f"model = keras.models.load_model({str(tmp_path / 'model.keras')!r})\n"
        "print(model.predict(x, verbose=0)[:, 0].tolist())\n",
        ANOTHER_BACKEND,
    )
    assert done.returncode == 0, done.stderr
    got = json.loads(done.stdout.strip().splitlines()[-1])
    np.testing.assert_allclose(got, want[:, 0], atol=1e-5)


def test_the_predictor_of_a_classifier_that_is_cut():
    classifier = keras.Sequential(
        [
            keras.Input((3,)),
            layers.Dense(4, "relu", name="features"),
            layers.Dense(3, "softmax"),
        ]
    )
    predictor = keras.Model(
        classifier.layers[0].output, classifier.layers[1].output
    )
    model = DANNModel.from_classifier(
        classifier,
        at="features",
        domain_classifier=symmetric_difference_classifier(predictor, 6),
    )
    assert model.predict(small_data()[0], verbose=0).shape == (12, 3)


@pytest.mark.parametrize("bad", [None, "dense", layers.Dense, lambda x: x])
def test_no_layer(bad):
    with pytest.raises(ValueError, match=r"`label_predictor`.*Received"):
        symmetric_difference_classifier(bad)


@pytest.mark.parametrize("bad", [0, -1, 1.5, "8", True, None])
def test_bad_units(bad):
    with pytest.raises(ValueError, match=r"`units`.*at least 1.*Received"):
        symmetric_difference_classifier(layers.Dense(3), units=bad)


@pytest.mark.parametrize("bad", [0, "yes", None])
def test_bad_from_logits(bad):
    with pytest.raises(ValueError, match=r"`from_logits`.*True or False"):
        symmetric_difference_classifier(layers.Dense(3), from_logits=bad)


def test_predictors_without_a_configuration():
    class Unknown(keras.layers.Layer):
        def __init__(self, function):
            super().__init__()
            self.function = function

    class Local(keras.layers.Layer):
        pass

    message = r"(?s)`label_predictor`.*made again.*from_config.*get_config"
    for bad in (
        Unknown(lambda x: x),
        layers.Dense(3, activation=lambda x: x),
        layers.Lambda(lambda x: x),
        keras.Sequential([Local()]),
    ):
        with pytest.raises(ValueError, match=message):
            symmetric_difference_classifier(bad)


def test_a_configuration_that_holds_the_layers_themselves():
    class Shares(keras.Model):
        def __init__(self, dense, **kwargs):
            super().__init__(**kwargs)
            self.dense = dense

        def get_config(self):
            return {"name": self.name, "dense": self.dense}

        @classmethod
        def from_config(cls, config):
            return cls(**config)

    with pytest.raises(ValueError, match="would share"):
        symmetric_difference_classifier(Shares(layers.Dense(3)))


def test_predictions_of_no_fixed_size():
    model = symmetric_difference_classifier(layers.Dense(3, "softmax"))
    with pytest.raises(ValueError, match="fixed size"):
        model(keras.Input((None, 4)))


def test_round_trip():
    layer = TwoReplicas(layers.Dense(3), layers.Dense(2), from_logits=True)
    again = TwoReplicas.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    assert (again.first.units, again.second.units) == (3, 2)
    assert again.from_logits
