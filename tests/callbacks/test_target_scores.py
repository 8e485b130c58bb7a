"""TargetScores, and that it changes nothing in training."""

import sys

import keras
import numpy as np
import pytest

import keras_grl
from keras_grl import backend
from keras_grl import scores
from keras_grl.callbacks import TargetScores
from tests.models.test_devices import two_devices
from tests.streams.test_columns import Frame
from tests.testing import BACKEND
from tests.testing import fresh
from tests.testing import small_data

X_SOURCE, Y_SOURCE, X_TARGET = small_data(source=64, target=40)


def extractor(*layers):
    return keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(8, activation="relu"),
            *layers,
            keras.layers.Dropout(0.5),
        ]
    )


def dann(activation="softmax", layers=()):
    keras.utils.set_random_seed(1)
    model = keras_grl.DANNModel(
        extractor(*layers),
        keras.layers.Dense(3, activation=activation),
        keras.layers.Dense(1),
    )
    model.compile(
        keras.optimizers.SGD(0.05, momentum=0.9),
        "sparse_categorical_crossentropy",
    )
    return model


def normalized():
    return dann(layers=[keras.layers.BatchNormalization()])


def of_keras():
    """With Dropout, and shuffled by Keras, whose order comes from NumPy."""
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [extractor(), keras.layers.Dense(3, activation="softmax")]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def pairs(target=X_TARGET, **kwargs):
    data = (X_SOURCE, Y_SOURCE)
    return keras_grl.pair(data, target, seed=2, **kwargs)


def fitted(callbacks, epochs=3, data=None, model=None, y=None):
    model = model or fresh(dann)
    data = pairs(batch_size=16) if data is None else data
    history = model.fit(data, y, epochs=epochs, callbacks=callbacks, verbose=0)
    return model, history.history


def assert_equal_weights(a, b):
    for x, y in zip(a, b, strict=True):
        np.testing.assert_array_equal(x, y)


def test_trains_the_same_weights_to_the_bit():
    callback = TargetScores(X_TARGET, ("infomax", "mixval", "bnm"))
    weights, steps, logs = [], [], []
    for callbacks in ([], [callback]):
        model, history = fitted(callbacks, model=fresh(normalized))
        weights.append(model.get_weights())
        steps.append(int(model.optimizer.iterations))
        logs.append(history)
    assert_equal_weights(*weights)
    for name, values in logs[0].items():
        assert logs[1][name] == values
    assert steps[0] == steps[1]


def test_next_random_numbers_are_the_same():
    found = []
    for callbacks in ([], [TargetScores(X_TARGET)]):
        fitted(callbacks, epochs=1)
        found.append({"numpy": np.random.rand(), **backend.random_state()})
    for name, value in found[0].items():
        np.testing.assert_array_equal(value, found[1][name])


def test_a_model_of_keras():
    weights = []
    for callbacks in ([], [TargetScores(X_TARGET, every=2)]):
        model = of_keras()
        history = model.fit(
            X_SOURCE, Y_SOURCE, epochs=4, callbacks=callbacks, verbose=0
        )
        weights.append(model.get_weights())
    assert_equal_weights(*weights)
    # Of the second and the fourth epoch.
    assert len(history.history["target_infomax"]) == 2
    assert len(history.history["loss"]) == 4


def test_values_are_those_of_the_functions():
    model, history = fitted(
        [
            TargetScores(
                X_TARGET, ("infomax", "negative_entropy", "bnm", "mixval")
            )
        ],
        epochs=1,
    )
    p = model.predict(X_TARGET, verbose=0)
    for name in ("infomax", "negative_entropy", "bnm"):
        expected = getattr(scores, name)(p)
        assert history[f"target_{name}"] == [pytest.approx(expected, abs=1e-5)]
    assert history["target_mixval"] == [scores.mixval(model, X_TARGET)]
    assert all(type(v) is float for v in history["target_mixval"])


@pytest.mark.filterwarnings("ignore:Training stopped after")
@pytest.mark.parametrize("first", [True, False])
def test_others_monitor_it_wherever_it_stands(tmp_path, first):
    path = str(tmp_path / "best.weights.h5")
    stopping = keras.callbacks.EarlyStopping(
        monitor="target_infomax", mode="max", patience=0
    )
    checkpoint = keras.callbacks.ModelCheckpoint(
        path,
        monitor="target_infomax",
        mode="max",
        save_best_only=True,
        save_weights_only=True,
    )
    seen = []
    others = [
        stopping,
        checkpoint,
        keras.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, logs: seen.append(dict(logs))
        ),
    ]
    scored = [TargetScores(X_TARGET, "infomax")]
    model, history = fitted(
        [*scored, *others] if first else [*others, *scored], epochs=30
    )
    values = history["target_infomax"]
    assert [each["target_infomax"] for each in seen] == values
    # It stopped after the first value that was not the best.
    assert len(values) < 30 and values[-1] <= max(values[:-1])
    assert np.all(np.diff(values[:-1]) > 0)
    model.load_weights(path)
    p = model.predict(X_TARGET, verbose=0)
    assert scores.infomax(p) == pytest.approx(max(values), abs=1e-5)


def test_the_same_samples_every_epoch_at_most_as_many_as_asked():
    callback = TargetScores(X_TARGET, "infomax", samples=16)
    seen = []

    class Seen(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append(callback._x)

    fitted([callback, Seen()], epochs=2)
    assert len(seen[0]) == 16
    assert np.array_equal(seen[0], seen[1])
    rows = [np.flatnonzero((X_TARGET == x).all(axis=1))[0] for x in seen[0]]
    # Random ones: data sets are often sorted by class.
    assert len(set(rows)) == 16 and rows != list(range(16))


@pytest.mark.parametrize(
    "names, steps, batch, expected",
    [
        # 5 % of an epoch of steps · batch samples, three passes each.
        (("infomax",), 100, 64, 960),
        (("infomax", "mixval"), 100, 64, 480),
        (("mixval",), 10, 16, 256),
        (("mixval",), 10_000, 64, 2048),
        (("bnm",), None, 64, 256),
    ],
)
def test_the_default_number_depends_on_the_epoch(names, steps, batch, expected):
    callback = TargetScores(np.zeros((9, 2)), names)
    callback.set_params({"epochs": 3, "steps": steps})
    x = np.zeros((1000, 2))
    callback.set_dataset(
        keras_grl.pair((x, np.zeros(1000)), x, batch_size=batch)
    )
    assert callback._count() == expected
    callback.samples = 7
    assert callback._count() == 7


@pytest.mark.skipif(
    BACKEND == "torch", reason="Keras's fit has one device on torch"
)
def test_two_devices_predict_each_sample_once():
    with two_devices():
        # An odd number, that they cannot share.
        model, history = fitted(
            [TargetScores(X_TARGET[:39])], epochs=1, model=dann()
        )
        p = model.predict(X_TARGET, verbose=0)[:39]
    expected = pytest.approx(scores.infomax(p), abs=1e-5)
    assert history["target_infomax"] == [expected]


def test_samples_of_a_batch():
    x = np.zeros((100, 2))
    data = (x, np.zeros(100))
    assert keras_grl.pair(data, x).samples_per_batch == 128
    three = keras_grl.pair(data, x, data, batch_size=(5, 6, 7))
    assert three.samples_per_batch == 18
    assert keras_grl.pair(data, Batches(x)).samples_per_batch is None


class Batches(keras.utils.PyDataset):
    """Shuffles itself at the end of an epoch."""

    def __init__(self, x, size=8):
        super().__init__()
        self.x, self.size = x, size
        self.random = np.random.default_rng(0)
        self.order = np.arange(len(x))

    @property
    def num_batches(self):
        return len(self.x) // self.size

    def __getitem__(self, index):
        rows = self.order[index * self.size : (index + 1) * self.size]
        # As augmentation does.
        return self.x[rows] + 0.01 * np.random.rand(len(rows), 1)

    def on_epoch_end(self):
        self.order = self.random.permutation(len(self.x))


def torch_loader(x, **kwargs):
    torch = pytest.importorskip("torch")
    return torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(torch.from_numpy(x)),
        batch_size=8,
        shuffle=True,
        **kwargs,
    )


def torch_loader_with_generator(x):
    torch = pytest.importorskip("torch")
    return torch_loader(x, generator=torch.Generator().manual_seed(3))


def tf_dataset(x):
    tf = pytest.importorskip("tensorflow")
    return tf.data.Dataset.from_tensor_slices(x).batch(8)


# The backend that imports them makes no difference, but the time does.
DATASETS = {
    "tensorflow": [tf_dataset, Batches],
    "jax": [torch_loader, Batches],
    "torch": [torch_loader, torch_loader_with_generator, Batches],
}[BACKEND]


@pytest.mark.parametrize("make", DATASETS)
def test_a_dataset_is_read_once_and_training_reads_the_same(make):
    """The same object that is passed to `pair`."""
    weights = []
    for scored in (False, True):
        # A model that is not built reads a batch more.
        model = dann()
        data = make(X_TARGET)
        if "torch" in sys.modules:
            # Keras seeds it only as its backend.
            sys.modules["torch"].manual_seed(0)
        callbacks = [TargetScores(data, "infomax", samples=20)] * scored
        x = keras_grl.pair((X_SOURCE, Y_SOURCE), data, batch_size={"source": 8})
        model.fit(x, epochs=2, callbacks=callbacks, verbose=0)
        weights.append(model.get_weights())
    assert_equal_weights(*weights)
    samples = callbacks[0]._target.read(20, keras_grl.streams.Columns())
    assert samples.shape == (20, 3)
    # They are target samples, though a `PyDataset` adds noise.
    distance = np.abs(samples[:, None] - X_TARGET[None]).max(axis=2).min(axis=1)
    assert distance.max() <= 0.01


def test_columns_of_data_frames_are_matched_by_name():
    frame = Frame(X_TARGET, "a", "b", "c")
    swapped = Frame(X_TARGET[:, [2, 0, 1]], "c", "a", "b")
    histories = []
    for x in (X_TARGET, swapped):
        data = keras_grl.pair(
            (Frame(X_SOURCE, "a", "b", "c"), Y_SOURCE),
            frame,
            batch_size=16,
            seed=2,
        )
        histories.append(fitted([TargetScores(x)], epochs=1, data=data)[1])
    assert histories[0] == histories[1]


def test_several_inputs_by_name():
    a, b = keras.Input((2,), name="a"), keras.Input((1,), name="b")
    features = keras.layers.Concatenate()([a, b])
    model = keras_grl.DANNModel(
        keras.Model({"a": a, "b": b}, features),
        keras.layers.Dense(3, activation="softmax"),
        keras.layers.Dense(1),
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    source, target = (
        {"a": x[:, :2], "b": x[:, 2:]} for x in (X_SOURCE, X_TARGET)
    )
    data = keras_grl.pair((source, Y_SOURCE), target, batch_size=16)
    _, history = fitted(
        [TargetScores(target)], epochs=1, data=data, model=model
    )
    expected = scores.infomax(model.predict(target, verbose=0))
    assert history["target_infomax"] == [pytest.approx(expected, abs=1e-5)]
    assert history["target_mixval"] == [scores.mixval(model, target)]


@pytest.mark.parametrize("units", [1, 3])
def test_the_loss_says_whether_outputs_are_logits(units):
    kind = keras.losses.BinaryCrossentropy
    if units > 1:
        kind = keras.losses.SparseCategoricalCrossentropy
    found = []
    for from_logits in (False, True):
        activation = "sigmoid" if units == 1 else "softmax"
        keras.utils.set_random_seed(1)
        model = keras.Sequential(
            [
                keras.Input((3,)),
                keras.layers.Dense(
                    units, activation=None if from_logits else activation
                ),
            ]
        )
        model.compile(keras.optimizers.SGD(0.0), kind(from_logits=from_logits))
        callback = TargetScores(X_TARGET, ("infomax", "mixval"))
        y = Y_SOURCE % 2
        found.append(fitted([callback], 1, X_SOURCE, model, y=y)[1])
    p = keras.activations.sigmoid(model.predict(X_TARGET, verbose=0))
    if units > 1:
        p = keras.activations.softmax(model.predict(X_TARGET, verbose=0))
    p = keras.ops.convert_to_numpy(p)
    p = np.concatenate([1 - p, p], axis=1) if units == 1 else p
    for history in found:
        expected = pytest.approx(scores.infomax(p), abs=1e-5)
        assert history["target_infomax"] == [expected]
    assert found[0]["target_mixval"] == found[1]["target_mixval"]


@pytest.mark.filterwarnings("ignore:The loss has been NaN or infinite since")
def test_nan_predictions_have_the_score_nan():
    """The run goes on: other callbacks stop it."""

    class Destroy(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            weight = self.model.label_predictor.kernel
            weight.assign(np.full(weight.shape, np.nan, "float32"))

    # Without DANN's own checks of the inputs.
    _, history = fitted([TargetScores(X_TARGET), Destroy()], epochs=1)
    assert np.isnan(history["target_infomax"]).all()
    assert np.isnan(history["target_mixval"]).all()


def fails_before_training(callback, message, model=None):
    model = model or fresh(dann)
    model(X_TARGET)
    before = model.get_weights()
    with pytest.raises(ValueError, match=message):
        fitted([callback], model=model)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_what_the_model_cannot_predict():
    fails_before_training(
        TargetScores(np.zeros((9, 5))), r"`x_target`.*\(9, 5\)"
    )
    fails_before_training(TargetScores(Y_SOURCE), "`x_target`")
    fails_before_training(
        TargetScores(X_TARGET), "logits", dann(activation=None)
    )
    fails_before_training(TargetScores(X_TARGET.astype("int32")), "token ids")
    labeled = LabeledBatches(X_TARGET)
    fails_before_training(TargetScores(labeled), "labels are never used")


class LabeledBatches(Batches):
    def __getitem__(self, index):
        x = super().__getitem__(index)
        return x, np.zeros(len(x))


def numbers():
    while True:
        yield X_TARGET


@pytest.mark.backend_free
@pytest.mark.parametrize(
    "change, message",
    [
        ({"x_target": (X_TARGET, np.zeros(40))}, "labels are never used"),
        ({"x_target": [X_TARGET, np.zeros(40)]}, "labels are never used"),
        ({"x_target": {"image": X_TARGET, "label": 1}}, "labels are never"),
        ({"x_target": (X_TARGET, None, np.zeros(40))}, "labels are never"),
        ({"x_target": pairs()}, "a paired dataset"),
        ({"x_target": None}, "`x_target`"),
        ({"x_target": "folder"}, "`x_target`"),
        ({"x_target": numbers()}, r"gives its samples once"),
        ({"x_target": X_TARGET[:0]}, "at least one sample"),
        ({"x_target": [0.5, 0.2]}, "`x_target`"),
        ({"x_target": {}}, "`x_target`"),
        ({"x_target": {"a": X_TARGET, "b": X_TARGET[1:]}}, "as many in all"),
        ({"x_target": np.array(["a", "b"])}, "TextVectorization"),
        ({"scores": ()}, '`scores`. Expected names of "infomax"'),
        ({"scores": ("accuracy",)}, "`scores`"),
        ({"scores": None}, "`scores`"),
        ({"scores": (scores.infomax,)}, "`scores`"),
        ({"every": 0}, "`every`"),
        ({"samples": 0}, "`samples`"),
        ({"samples": 2.5}, "`samples`"),
    ],
)
def test_wrong_arguments(change, message):
    with pytest.raises(ValueError, match=message):
        TargetScores(**{"x_target": X_TARGET, **change})


@pytest.mark.backend_free
def test_a_tuple_or_list_of_one():
    assert TargetScores((X_TARGET,)).scores == ("infomax", "mixval")
    assert TargetScores([X_TARGET], ["bnm"]).scores == ("bnm",)
