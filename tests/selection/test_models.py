"""select, of models and of their files, on the backend of the tests."""

import keras
import numpy as np
import pytest

import keras_grl
from keras_grl import select
from keras_grl.backend import random_state
from tests.testing import small_classifier
from tests.testing import small_data
from tests.testing import small_domain_classifier
from tests.testing import small_extractor
from tests.testing import to_numpy

X_TARGET = np.random.default_rng(0).normal(size=(50, 4)).astype("float32")


def linear(seed, activation="softmax"):
    """A classifier of random weights, and its probabilities in NumPy."""
    random = np.random.default_rng(seed)
    kernel = random.normal(size=(4, 3)).astype("float32")
    bias = random.normal(size=3).astype("float32") / 4
    model = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(3, activation)]
    )
    model.set_weights([kernel, bias])
    z = X_TARGET.astype("float64") @ kernel + bias
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    return model, powers / powers.sum(axis=1, keepdims=True)


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    """Models, their files and their probabilities."""
    folder = tmp_path_factory.mktemp("models")
    models, files, arrays = {}, {}, {}
    for number, name in enumerate(("source_only", "a", "b")):
        pairs = [linear(10 * number + seed) for seed in (0, 1)]
        models[name] = [model for model, _ in pairs]
        arrays[name] = [p for _, p in pairs]
        files[name] = [folder / f"{name}-{seed}.keras" for seed in (0, 1)]
        for model, path in zip(models[name], files[name], strict=True):
            model.save(path)
    return models, files, arrays


@pytest.fixture(scope="module")
def of_models(pool):
    return select(pool[0], X_TARGET)


def scores_without(selection, name):
    return {
        candidate: {k: v for k, v in values.items() if k != name}
        for candidate, values in selection.scores.items()
    }


def test_models_and_arrays_are_chosen_alike(pool, of_models):
    """The arrays come from NumPy, and are the same on every backend."""
    models, _, arrays = pool
    of_arrays = select(arrays, None)
    expected = scores_without(of_arrays, "mixval")
    found = scores_without(of_models, "mixval")
    for name, values in found.items():
        assert values == pytest.approx(expected[name], abs=1e-6)
    for name in ("choice", "run", "rule", "reason", "vetoed"):
        assert getattr(of_models, name) == getattr(of_arrays, name)
    for name, (first, second) in models.items():
        expected_mixval = np.mean(
            [keras_grl.scores.mixval(m, X_TARGET) for m in (first, second)]
        )
        found_mixval = of_models.scores[name]["mixval"]
        assert found_mixval == pytest.approx(expected_mixval, abs=1e-12)


def test_files_are_chosen_like_their_models(pool, of_models):
    models, files, _ = pool
    some = {**models, "a": files["a"], "b": [str(p) for p in files["b"]]}
    assert select(some, X_TARGET).to_dict() == of_models.to_dict()


def test_a_score_that_not_all_have_does_not_decide(pool):
    models, files, arrays = pool
    mixed = {
        "source_only": [models["source_only"][0], arrays["source_only"][1]],
        "a": [str(files["a"][0]), models["a"][1]],
        "b": arrays["b"],
    }
    selection = select(mixed, X_TARGET)
    assert selection.scores["a"]["mixval"] is not None
    assert selection.scores["b"]["mixval"] is None
    assert selection.scores["source_only"]["mixval"] is None
    assert selection.choice == select(arrays, None).choice
    with pytest.raises(ValueError, match='"source_only", "b"'):
        select(mixed, X_TARGET, rule="mixval")


def test_models_can_be_chosen_by_mixval(pool, of_models):
    models = {name: runs[0] for name, runs in pool[0].items()}
    selection = select(models, X_TARGET, rule="mixval")
    found = {name: each["mixval"] for name, each in selection.scores.items()}
    assert selection.choice == max(found, key=found.get)
    assert "second seed" in selection.reason
    assert of_models.rule == "consensus"


def adapted():
    model = keras_grl.DANNModel(
        keras.Sequential(
            [
                *small_extractor(8, 4).layers,
                keras.layers.Dropout(0.5, seed=1),
            ]
        ),
        small_classifier(),
        small_domain_classifier(),
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    x, y, x_target = small_data(features=4)
    data = keras_grl.pair((x, y), x_target, batch_size=8, seed=0)
    model.fit(data, epochs=1, verbose=0)
    return model, data


def test_candidates_are_not_changed():
    """Neither weights nor the state of training: it continues as before."""
    model, data = adapted()

    def state():
        return [
            to_numpy(v) for v in (*model.variables, *model.optimizer.variables)
        ]

    before, stream = state(), random_state()
    numpy_before = np.random.get_state()[1].copy()
    selection = select({"source_only": linear(0)[0], "dann": model}, X_TARGET)
    assert selection.scores["dann"]["mixval"] is not None
    for old, new in zip(before, state(), strict=True):
        assert np.array_equal(old, new)
    for name, value in random_state().items():
        assert np.array_equal(value, stream[name])
    assert np.array_equal(np.random.get_state()[1], numpy_before)
    model.fit(data, epochs=1, verbose=0)
    assert any(
        not np.array_equal(old, new)
        for old, new in zip(before, state(), strict=True)
    )


class Recorder(keras.Model):
    """Keeps the size of the batches that it is called with."""

    def __init__(self):
        super().__init__()
        self.sizes = set()

    def call(self, x):
        self.sizes.add(x.shape[0])
        return keras.ops.softmax(x[:, :3])


def test_batches():
    model = Recorder()
    model.compile(run_eagerly=True)
    select({"source_only": model}, X_TARGET, batch_size=16)
    assert model.sizes <= {1, 2, *range(1, 17)} and 16 in model.sizes


def test_logits_of_a_model_that_says_so():
    model, p = linear(0, activation=None)
    model.compile(
        "sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    found = select({"source_only": model}, X_TARGET).scores["source_only"]
    expected = keras_grl.scores.infomax(p)
    assert found["infomax"] == pytest.approx(expected, abs=1e-6)


def test_logits_of_a_model_that_does_not():
    model, _ = linear(0, activation=None)
    with pytest.raises(ValueError, match=r"(?s)'source_only'.*softmax"):
        select({"source_only": model}, X_TARGET)


def test_one_sigmoid_unit():
    model = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(1, "sigmoid")]
    )
    p = model.predict(X_TARGET, verbose=0)
    found = select({"source_only": model}, X_TARGET).scores["source_only"]
    expected = keras_grl.scores.bnm(np.concatenate([1 - p, p], axis=1))
    assert found["bnm"] == pytest.approx(expected, abs=1e-6)


def test_inputs_that_cannot_be_mixed():
    model = keras.Sequential(
        [
            keras.Input((4,), dtype="int32"),
            keras.layers.Embedding(5, 2),
            keras.layers.GlobalAveragePooling1D(),
            keras.layers.Dense(3, "softmax"),
        ]
    )
    ids = np.random.default_rng(0).integers(0, 5, (20, 4))
    found = select({"source_only": model}, ids).scores["source_only"]
    assert found["mixval"] is None and found["infomax"] is not None


def test_a_model_that_predicts_nan():
    model, _ = linear(0)
    model.set_weights([np.full((4, 3), np.nan), np.zeros(3)])
    selection = select({"source_only": linear(1)[0], "a": model}, X_TARGET)
    assert selection.choice == "source_only"
    assert selection.vetoed == {"a": "predicts NaN or infinity"}


def test_a_dataset_of_the_target(pool):
    class Batches(keras.utils.PyDataset):
        num_batches = 2

        def __getitem__(self, index):
            return X_TARGET[25 * index : 25 * (index + 1)]

    model = pool[0]["a"][0]
    found, expected = (
        select({"source_only": model}, x) for x in (Batches(), X_TARGET)
    )
    assert found.to_dict() == expected.to_dict()


def test_files_that_cannot_be_read(tmp_path):
    model, _ = linear(0)
    missing = tmp_path / "missing.keras"
    broken = tmp_path / "broken.keras"
    broken.write_bytes(b"not a model")
    for path in (missing, broken, str(broken)):
        with pytest.raises(ValueError, match=r"'a'.*that can be read") as error:
            select({"source_only": model, "a": path}, X_TARGET)
        assert str(path) in str(error.value)


def test_errors_of_the_samples():
    model, _ = linear(0)
    weights = model.get_weights()
    with pytest.raises(ValueError, match=r"x_target.*'source_only'.*predict"):
        select({"source_only": model}, X_TARGET[:, :3])
    # It still has its weights.
    for old, new in zip(weights, model.get_weights(), strict=True):
        assert np.array_equal(old, new)
    with pytest.raises(ValueError, match=r"x_target.*None"):
        select({"source_only": model}, None)
    with pytest.raises(ValueError, match="x_target"):
        select({"source_only": model}, (X_TARGET, np.zeros(50)))


class OfAnotherLibrary:
    """Predicts as scikit-learn's classifiers do."""

    def predict(self, x):
        return np.zeros(len(x))


class Regressor:
    def predict(self, x, verbose):
        return np.zeros((len(x), 2, 2))


@pytest.mark.backend_free
@pytest.mark.parametrize(
    "model, match",
    [
        (OfAnotherLibrary(), r"'a'\].*can predict.*verbose"),
        (Regressor(), r"'a'\].*a classifier"),
        (Regressor, r"'a'\].*a model, the path"),
    ],
)
def test_what_is_not_a_classifier_of_keras(model, match):
    with pytest.raises(ValueError, match=match):
        select({"source_only": linear(0)[0], "a": model}, X_TARGET)


def test_a_model_that_failed_can_be_used_again():
    model, p = linear(0)
    select({"source_only": model}, X_TARGET)
    with pytest.raises(ValueError, match="can predict"):
        select({"source_only": model}, X_TARGET[:, :3])
    found = select({"source_only": model}, X_TARGET).scores["source_only"]
    expected = keras_grl.scores.infomax(p)
    assert found["infomax"] == pytest.approx(expected, abs=1e-6)
