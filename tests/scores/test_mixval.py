"""mixval, with a model in NumPy whose classes are known."""

import keras
import numpy as np
import pytest

import keras_grl
from keras_grl import scores
from tests.testing import small_data

backend_free = pytest.mark.backend_free


class Threshold:
    """Class 1 where the mean of the inputs is above a threshold."""

    def __init__(self, threshold, classes=2):
        self.threshold = threshold
        self.classes = classes
        self.seen = []

    def predict(self, x, verbose):
        assert verbose == 0
        self.seen.append(x)
        mean = np.asarray(x, "float64").reshape(len(x), -1).mean(axis=1)
        return np.eye(self.classes)[(mean > self.threshold).astype(int)]


# Two samples of class 0 and two of class 1, at 0 and 1.
X = np.array([[0.0], [0.0], [1.0], [1.0]])


@backend_free
@pytest.mark.parametrize(
    "threshold, mix, expected",
    [
        (0.5, 0.55, 1.0),  # 0.45 and 0.55 stay on their sides
        (0.5, 0.9, 1.0),
        (0.4, 0.55, 0.5),  # 0.45 is above
        (0.6, 0.55, 0.5),  # 0.55 is below
        (0.4, 0.7, 1.0),  # 0.3 and 0.7
        (2.0, 0.55, 0.0),  # only class 0: no pairs
        (-1.0, 0.55, 0.0),  # only class 1
    ],
)
def test_values_by_hand(threshold, mix, expected):
    for seed in range(5):
        score = scores.mixval(Threshold(threshold), X, mix, seed)
        # In some orders all pairs are of equal classes.
        assert score in {0.0, expected} and type(score) is float
    found = {scores.mixval(Threshold(threshold), X, mix, s) for s in range(9)}
    assert max(found) == expected


@backend_free
def test_pairs_are_random_in_both_orders_and_of_different_classes():
    model = Threshold(0.5)
    x = np.arange(100.0)[:, None] / 99
    scores.mixval(model, x, mix=0.75, seed=3)
    given, mixed = model.seen
    assert np.array_equal(given, x)
    # i from the mixtures of i with j and of j with i: their sum is i + j,
    # their difference (i − j) / 2.
    found = mixed[:, 0]
    assert 20 < len(found) < 80 and len(found) % 2 == 0
    # From 0.75 i + 0.25 j with another `mix` of the same pairs, i and j.
    again = Threshold(0.5)
    scores.mixval(again, x, mix=0.8, seed=3)
    i_minus_j = (again.seen[1][:, 0] - found) / 0.05
    j = found - 0.75 * i_minus_j
    pairs = np.round(99 * np.stack([j + i_minus_j, j], axis=1)).astype(int)
    assert ((pairs[:, 0] > 49) != (pairs[:, 1] > 49)).all()
    both_orders = {tuple(pair) for pair in pairs}
    assert both_orders == {tuple(pair[::-1]) for pair in pairs}
    # Each sample is in one pair.
    assert len(set(pairs[:, 0])) == len(pairs)
    other = Threshold(0.5)
    scores.mixval(other, x, mix=0.75, seed=4)
    assert set(np.round(other.seen[1][:, 0], 6)) != set(np.round(found, 6))


@backend_free
def test_intra_mixes_samples_of_one_class():
    """Class 1 in the middle: mixtures of class 0 from both sides fall in."""

    class Middle:
        def predict(self, x, verbose):
            return np.eye(2)[(np.abs(x[:, 0]) < 0.5).astype(int)]

    x = np.array([[-1.0], [1.0], [0.1], [-0.1]])
    assert scores.mixval(Middle(), x, 0.6, intra=True) == 0.5
    # 0.9 · 1 − 0.1 · 1 = 0.8 stays outside.
    assert scores.mixval(Middle(), x, 0.9, intra=True) == 1.0
    # Of one class alone there are pairs, except of a sample with itself.
    assert scores.mixval(Middle(), x[:2], 0.6, intra=True) == 0.0
    assert scores.mixval(Middle(), x[:2], 0.9, intra=True) == 1.0
    assert scores.mixval(Middle(), x[:1], 0.9, intra=True) == 0.0
    model = Threshold(0.5)
    scores.mixval(model, np.array([[0.0]] * 3 + [[1.0]] * 3), intra=True)
    assert len(model.seen[1]) == 4


@backend_free
def test_no_pairs_predict_no_mixtures():
    model = Threshold(9.0)
    assert scores.mixval(model, X) == 0.0
    assert len(model.seen) == 1


@backend_free
@pytest.mark.parametrize("dtype", ["uint8", "float16", "float32", "float64"])
def test_mixtures_are_not_in_uint8_or_float16(dtype):
    # 0.55 · 250 + 0.45 · 200 wraps around in uint8.
    x = np.array([[250.0], [200.0]]).astype(dtype)
    model = Threshold(220)
    scores.mixval(model, x)
    mixed = np.sort(model.seen[1][:, 0])
    assert mixed.dtype in ("float32", "float64")
    np.testing.assert_allclose(mixed, [222.5, 227.5], rtol=1e-6)
    assert x.dtype == dtype


@backend_free
def test_collapsed_models_score_high():
    """Its failure mode: two of ten classes, cut at random, are enough."""
    x = np.random.default_rng(0).normal(size=(200, 1))
    assert scores.mixval(Threshold(0.0, classes=10), x, 0.9) > 0.9


@backend_free
def test_large_inputs_are_mixed_in_pieces(monkeypatch):
    monkeypatch.setattr("keras_grl.scores.mixing._PIECE_BYTES", 4 * 3 * 10)
    x = np.random.default_rng(0).random((60, 3)).astype("float32")
    model = Threshold(0.5)
    in_pieces = scores.mixval(model, x)
    assert len(model.seen) > 3
    assert all(len(each) <= 10 for each in model.seen[1:])
    monkeypatch.undo()
    assert scores.mixval(Threshold(0.5), x) == in_pieces


@backend_free
def test_several_inputs_by_name():
    class OfTwo:
        def predict(self, x, verbose):
            return np.eye(2)[(x["a"][:, 0] + x["b"][:, 0] > 1).astype(int)]

    x = {"a": np.array([[0.0], [1.0]]), "b": np.array([[0], [255]], "uint8")}
    assert scores.mixval(OfTwo(), x) == 0.5


@backend_free
@pytest.mark.parametrize(
    "predictions, expected",
    [
        (np.array([[0.2], [0.8]]), 1.0),
        (np.array([[0.2], [0.8]], "float16"), 1.0),
        (np.array([[-5.0, 5.0], [9.0, 5.0]]), 1.0),
    ],
)
def test_what_a_model_may_predict(predictions, expected):
    class Table:
        def predict(self, x, verbose):
            return predictions[(x[:, 0] > 0.5).astype(int)]

    assert scores.mixval(Table(), np.array([[0.0], [1.0]])) == expected


@backend_free
@pytest.mark.parametrize(
    "predictions, message",
    [
        (np.array([[-2.0], [0.8]]), "end the network with a sigmoid"),
        (np.array([[np.nan, 1.0], [0.5, 0.5]]), "finite predictions"),
        (np.array([0.2, 0.8]), r"\(2,\)"),
        (np.array([0, 1]), r"int64 \(2,\)"),
        (np.zeros((2, 3, 3)), r"\(2, 3, 3\)"),
        ({"a": np.eye(2)}, "predicts a dict"),
    ],
)
def test_what_a_model_may_not_predict(predictions, message):
    class Fixed:
        def predict(self, x, verbose):
            return predictions

    with pytest.raises(ValueError, match=message) as raised:
        scores.mixval(Fixed(), np.array([[0.0], [1.0]]))
    assert "`model`" in str(raised.value)


@backend_free
@pytest.mark.parametrize(
    "change, message",
    [
        ({"mix": 0.5}, r"`mix`.*greater than 0\.5"),
        ({"mix": 1.0}, r"`mix`.*less than 1"),
        ({"mix": float("nan")}, "`mix`"),
        ({"seed": -1}, "`seed`"),
        ({"intra": 1}, "`intra`"),
        ({"model": np.eye(2)}, r"`model`.*`predict\(x, verbose=0\)`"),
        ({"model": keras.Sequential}, "`model`"),
        ({"x_target": np.zeros((0, 2))}, r"not empty.*\(0, 2\)"),
        ({"x_target": np.zeros((4, 0))}, "not empty"),
        ({"x_target": 3.0}, "not empty|inputs"),
        ({"x_target": np.zeros((4, 7), "int32")}, "token ids"),
        ({"x_target": np.zeros((4, 7), "uint16")}, "token ids"),
        ({"x_target": np.zeros((4, 7), bool)}, 'astype."float32"'),
        ({"x_target": np.array(["text"] * 4)}, "TextVectorization"),
        ({"x_target": [[0.0], [np.nan]]}, "`x_target`"),
        ({"x_target": np.array([[0.0], [np.nan]])}, "infinity in sample 1"),
        ({"x_target": np.array([[0.0], [-np.inf]])}, "infinity in sample 1"),
        ({"x_target": {}}, "`x_target`. Expected an array"),
        ({"x_target": None}, "`x_target`"),
        ({"x_target": {"a": X, "b": X[1:]}}, "4 rows.* 3 rows"),
    ],
)
def test_wrong_arguments(change, message):
    with pytest.raises(ValueError, match=message):
        scores.mixval(**{"model": Threshold(0.5), "x_target": X, **change})


def test_token_ids_in_floats_are_refused():
    texts = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Embedding(9, 3),
            keras.layers.Flatten(),
            keras.layers.Dense(2, activation="softmax"),
        ],
        name="texts",
    )
    adapted = keras_grl.DANNModel(texts, keras.layers.Dense(2))
    for model in (texts, adapted):
        with pytest.raises(ValueError, match="Embedding layer 'embedding"):
            scores.mixval(model, np.ones((4, 4), "float32"))


def dropout_model(**kwargs):
    return keras_grl.DANNModel(
        keras.Sequential(
            [
                keras.Input((3,)),
                keras.layers.Dense(8, activation="relu"),
                keras.layers.Dropout(0.5),
            ]
        ),
        keras.layers.Dense(3, activation="softmax"),
        **kwargs,
    )


def test_a_model_of_keras():
    x = small_data(target=50)[2]
    model = dropout_model()
    score = scores.mixval(model, x)
    classes = model.predict(x, verbose=0).argmax(axis=1)
    order = np.random.default_rng(0).permutation(50)
    partner = np.empty(50, int)
    partner[order] = order[::-1]
    kept = classes != classes[partner]
    mixed = 0.55 * x[kept] + 0.45 * x[partner[kept]]
    again = model.predict(mixed, verbose=0).argmax(axis=1)
    assert kept.any()
    assert score == np.mean(again == classes[kept])


class AlwaysDrops(keras.layers.Layer):
    """Monte Carlo dropout: its seed generator moves in `predict` too."""

    def __init__(self):
        super().__init__()
        self.seeds = keras.random.SeedGenerator(0)

    def call(self, x):
        return keras.random.dropout(x, 0.5, seed=self.seeds)


def test_random_numbers_continue_as_if_it_had_not_been():
    x_source, y_source, x_target = small_data()
    weights = []
    for scored in (False, True):
        keras.utils.set_random_seed(1)
        model = keras.Sequential(
            [
                keras.Input((3,)),
                AlwaysDrops(),
                keras.layers.Dropout(0.5),
                keras.layers.Dense(3, activation="softmax"),
            ]
        )
        model.compile("sgd", "sparse_categorical_crossentropy")
        for _ in range(2):
            model.fit(x_source, y_source, verbose=0)
            if scored:
                scores.mixval(model, x_target)
        random = np.random.rand()
        weights.append([*model.get_weights(), random])
    for a, b in zip(*weights, strict=True):
        np.testing.assert_array_equal(a, b)
