"""Several sources: values by hand, states, files, errors."""

import keras
import numpy as np
import pytest

import keras_grl
from keras_grl import DANNModel
from keras_grl.baselines import DiscrepancyModel
from keras_grl.baselines.last_hidden import last_hidden_features
from keras_grl.callbacks import TrainingCheckpoint
from keras_grl.methods import DANN
from keras_grl.methods import FeatureDiscrepancy
from keras_grl.models.running_statistics import running_statistics
from tests.models.reference import softmax
from tests.testing import ANOTHER_BACKEND
from tests.testing import EAGERLY_ON_TENSORFLOW
from tests.testing import fresh
from tests.testing import not_on_torch
from tests.testing import run_python
from tests.testing import small_classifier
from tests.testing import small_data
from tests.testing import small_extractor
from tests.testing import to_numpy

NAMES = ["source_0", "source_1", "target"]
RATE = 0.2


def samples(*sizes):
    """Inputs of a source for each size but the last, and of the target."""
    rng = np.random.default_rng(1)
    names = [*(f"source_{i}" for i in range(len(sizes) - 1)), "target"]
    return {
        name: rng.normal(number, 1.0, (size, 3)).astype("float32")
        for number, (name, size) in enumerate(zip(names, sizes, strict=True))
    }


def labels(x):
    rng = np.random.default_rng(2)
    return {n: rng.integers(0, 3, len(x[n])) for n in x if n != "target"}


def domain_classifier(units=3):
    return keras.Sequential(
        [keras.layers.Dense(5, "relu"), keras.layers.Dense(units)],
        name="domain_classifier",
    )


def dann(units=3, domain_loss_weight=1.0, how=None, **kwargs):
    model = DANNModel(
        small_extractor(),
        small_classifier(),
        domain_classifier(units),
        **kwargs,
    )
    model.compile(
        keras.optimizers.SGD(RATE),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        domain_loss_weight=domain_loss_weight,
        **(how or {}),
    )
    return model


def of_parts(model):
    """Weights of G_f, G_y and G_d in float64."""
    parts = (
        model.feature_extractor,
        model.label_predictor,
        model.domain_classifier,
    )
    return [
        to_numpy(weight).astype("float64")
        for part in parts
        for weight in part.weights
    ]


def by_hand(weights, x, y, factor, smoothing=0.0, domain_loss_weight=1.0):
    """One SGD step for M domains in float64: weights after it, and the logs.

    G_f: tanh(x wf + bf). G_y: softmax(f wy + by). G_d: relu(f wh + bh) wd + bd,
    M logits.
    """
    wf, bf, wy, by, wh, bh, wd, bd = weights
    sizes = [len(part) for part in x.values()]
    rows = np.concatenate(list(x.values())).astype("float64")
    classes = np.concatenate(list(y.values()))
    n, total, count = len(classes), len(rows), len(sizes)
    domain = np.repeat(np.arange(count), sizes)

    f = np.tanh(rows @ wf + bf)
    prediction = softmax(f[:n] @ wy + by)
    one_hot = np.eye(3)[classes]
    hidden = np.maximum(f @ wh + bh, 0)
    logits = hidden @ wd + bd
    smooth = np.eye(count)[domain] * (1 - smoothing) + smoothing / count
    logs = {
        "label_loss": -np.mean(np.log(prediction[range(n), classes])),
        "domain_loss": -np.mean((smooth * np.log(softmax(logits))).sum(axis=1)),
        "domain_accuracy": np.mean(logits.argmax(axis=1) == domain),
        "accuracy": np.mean(prediction.argmax(axis=1) == classes),
    }
    w = domain_loss_weight
    logs["loss"] = logs["label_loss"] + w * logs["domain_loss"]

    dz = (prediction - one_hot) / n
    df = np.zeros_like(f)
    df[:n] = dz @ wy.T
    dlogits = w * (softmax(logits) - smooth) / total
    dhidden = (dlogits @ wd.T) * (hidden > 0)
    df -= factor * (dhidden @ wh.T)
    da = df * (1 - f**2)
    gradients = [
        rows.T @ da,
        da.sum(axis=0),
        f[:n].T @ dz,
        dz.sum(axis=0),
        f.T @ dhidden,
        dhidden.sum(axis=0),
        hidden.T @ dlogits,
        dlogits.sum(axis=0),
    ]
    after = [
        weight - RATE * gradient
        for weight, gradient in zip(weights, gradients, strict=True)
    ]
    return after, logs


def assert_close(got, wanted, atol=2e-6):
    for a, b in zip(got, wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=atol)


@pytest.mark.parametrize(
    ("sizes", "factor", "smoothing", "weight"),
    [((5, 3, 4), 0.7, 0.0, 1.0), ((4, 4, 3, 6), 2.0, 0.2, 0.3)],
)
def test_a_step_by_hand(sizes, factor, smoothing, weight):
    x = samples(*sizes)
    y = labels(x)
    model = dann(
        len(sizes),
        adaptation_factor=factor,
        domain_label_smoothing=smoothing,
        domain_loss_weight=weight,
        how=EAGERLY_ON_TENSORFLOW,
    )
    wanted, logs = by_hand(of_parts(model), x, y, factor, smoothing, weight)
    got = model.train_on_batch(x, y, return_dict=True)
    assert_close(of_parts(model), wanted)
    assert got == pytest.approx(logs, rel=1e-5)


@pytest.mark.parametrize(
    "how",
    [
        {},
        pytest.param(
            {"steps_per_execution": 3, "jit_compile": True}, marks=not_on_torch
        ),
    ],
    ids=["as usual", "three steps at once"],
)
def test_training_with_a_ramp_by_hand(how):
    """λ of every step is exact: weights of all backends, to rounding."""
    x = samples(15, 10, 10)
    y = labels(x)
    dataset = keras_grl.pair(
        [(x["source_0"], y["source_0"]), (x["source_1"], y["source_1"])],
        x["target"],
        batch_size=13,
        seed=0,
    )
    batches = [dataset[index] for index in range(len(dataset))]
    ramp = keras_grl.schedules.SigmoidRamp()
    model = dann(adaptation_factor=ramp, how=how)
    wanted = of_parts(model)
    assert len(batches) == 3
    for step, (inputs, classes) in enumerate(batches):
        factor = float(to_numpy(ramp(np.float32(step / 3))))
        wanted, _ = by_hand(wanted, inputs, classes, factor)
    model.fit(dataset, verbose=0)
    assert_close(of_parts(model), wanted)


def test_half_precision():
    keras.config.set_dtype_policy("mixed_float16")
    x = samples(5, 3, 4)
    y = labels(x)
    model = dann(adaptation_factor=0.7)
    _, logs = by_hand(of_parts(model), x, y, 0.7)
    got = model.test_on_batch(x, y, return_dict=True)
    assert got["domain_loss"] == pytest.approx(logs["domain_loss"], rel=5e-3)


def test_one_source_twice_is_one_source_with_a_prior():
    """Domains that are equal: log(e^a + e^a) = a + ln 2, in loss and gradient.

    So a classifier of two logits whose source logit is larger by ln 2 does the
    same to the extractor; the loss is larger by ln 2 for each source sample.
    """
    x = samples(4, 4, 4)
    half = x["source_0"]
    y = labels(x)["source_0"]
    several = dann(3, adaptation_factor=0.7, how=EAGERLY_ON_TENSORFLOW)
    single = dann(2, adaptation_factor=0.7, how=EAGERLY_ON_TENSORFLOW)
    weights = of_parts(single)
    kernel, bias = weights[-2:]
    several.feature_extractor.set_weights(weights[:2])
    several.label_predictor.set_weights(weights[2:4])
    several.domain_classifier.set_weights(
        [*weights[4:6], kernel[:, [0, 0, 1]], bias[[0, 0, 1]]]
    )
    prior = bias + np.array([np.log(2), 0])
    single.domain_classifier.set_weights([*weights[4:6], kernel, prior])
    got = several.train_on_batch(
        {"source_0": half, "source_1": half, "target": x["target"]},
        {"source_0": y, "source_1": y},
        return_dict=True,
    )
    twice = np.concatenate([half, half])
    want = single.train_on_batch(
        {"source": twice, "target": x["target"]},
        np.concatenate([y, y]),
        return_dict=True,
    )
    assert got["label_loss"] == pytest.approx(want["label_loss"])
    share = 8 / 12
    assert got["domain_loss"] == pytest.approx(
        want["domain_loss"] + share * np.log(2), rel=1e-5
    )
    assert_close(of_parts(several)[:6], of_parts(single)[:6])


def test_a_distance_joins_the_sources():
    """The same training as with one source of all their samples."""
    x = samples(5, 3, 4)
    y = labels(x)
    models = []
    for count in (2, 1):
        keras.utils.set_random_seed(0)
        models.append(
            DiscrepancyModel(
                small_extractor(),
                small_classifier(),
                "coral",
                num_sources=count,
            )
        )
        models[-1].compile(
            keras.optimizers.SGD(RATE),
            "sparse_categorical_crossentropy",
            metrics=["accuracy"],
        )
    several, one = models
    joined = {
        "source": np.concatenate([x["source_0"], x["source_1"]]),
        "target": x["target"],
    }
    for _ in range(3):
        got = several.train_on_batch(x, y, return_dict=True)
        want = one.train_on_batch(
            joined, np.concatenate(list(y.values())), return_dict=True
        )
        assert got == pytest.approx(want, rel=1e-6)
    assert_close(several.get_weights(), one.get_weights(), atol=1e-7)


@pytest.mark.parametrize(("units", "smoothing"), [(2, 0.3), (3, 0.0), (5, 0.3)])
def test_chance_loss_costs_ln_of_the_domains(units, smoothing):
    """And the classifier is right about one domain in M."""
    x = samples(*[4] * units)
    if units == 2:
        x = {"source": x["source_0"], "target": x["target"]}
    y = labels(x)
    model = dann(units, domain_label_smoothing=smoothing, total_steps=9)
    model.domain_classifier.layers[-1].kernel.assign(np.zeros((5, units)))
    logs = model.test_on_batch(
        x, y["source"] if units == 2 else y, return_dict=True
    )
    assert logs["domain_loss"] == pytest.approx(np.log(units), rel=1e-5)
    assert logs["domain_accuracy"] == pytest.approx(1 / units)


def test_labeled_target_samples_are_of_the_last_domain():
    x = samples(3, 2, 4)
    y = labels(x)
    x["labeled_target"], y["labeled_target"] = x["target"][:1], np.array([1])
    x["target"] = x["target"][1:]
    model = dann(adaptation_factor=0.7)
    order = ["source_0", "source_1", "labeled_target", "target"]
    ordered = {name: x[name] for name in order}
    weights = of_parts(model)
    # By hand with four samples of the target, the first of which is labeled.
    joined = {name: x[name] for name in NAMES}
    joined["target"] = np.concatenate([x["labeled_target"], x["target"]])
    wanted, logs = by_hand(weights, joined, y, 0.7)
    sources = {name: y[name] for name in NAMES[:2]}
    _, of_sources = by_hand(weights, joined, sources, 0.7)
    got = model.train_on_batch(ordered, y, return_dict=True)
    # The user's metrics are those of all sources, and of no target sample.
    logs["accuracy"] = of_sources["accuracy"]
    assert got == pytest.approx(logs, rel=1e-5)
    assert_close(of_parts(model), wanted)


# Statistics and preprocessing of each domain.


def normalizing(how=None, **kwargs):
    """A model whose predictions are the features."""
    extractor = keras.Sequential(
        [
            keras.Input((1,)),
            keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-3),
        ]
    )
    model = DANNModel(
        extractor,
        keras.layers.Identity(),
        keras.layers.Dense(3),
        adaptation_factor=0.5,
        **{"batch_normalization": "domain_specific", **kwargs},
    )
    model.compile(keras.optimizers.SGD(0.0), "mse", **(how or {}))
    return model


def numbers():
    return {name: part[:, :1] for name, part in samples(6, 5, 4).items()}


def normalized(x, of, mean=0.0):
    """Inference by the statistics after one training step on `of`."""
    variance = 0.9 + 0.1 * (of - mean).var()
    return (x - mean - 0.1 * (of - mean).mean()) / np.sqrt(variance + 1e-3)


CODE = """
import keras, keras_grl, numpy as np
model = keras.models.load_model({file!r})
data = np.load({data!r})
for name in ("source_0", "source_1", "target"):
    got = model.predict({{name: data["x"]}}, verbose=0)
    np.testing.assert_allclose(got, data[name], rtol=1e-4, atol=1e-5)
"""


@pytest.mark.parametrize("preprocessed", [False, True])
def test_each_source_has_its_own_statistics(preprocessed, tmp_path):
    """After `fit`, and in a file that another backend loads."""
    x = numbers()
    means = dict.fromkeys(NAMES, 0.0)
    if preprocessed:
        means = {name: float(x[name].mean()) for name in NAMES}
    layers = {
        name: keras_grl.layers.MeanSubtraction(mean)
        for name, mean in means.items()
    }
    # One of them in compiled steps.
    model = normalizing(
        EAGERLY_ON_TENSORFLOW if preprocessed else None,
        preprocessing=layers if preprocessed else None,
    )
    pairs = keras_grl.pair(
        [(x["source_0"], x["source_0"]), (x["source_1"], x["source_1"])],
        x["target"],
        batch_size=(6, 5, 4),
    )
    model.fit(pairs, verbose=0)
    assert model.num_sources == 2
    wanted = {}
    for name in NAMES:
        wanted[name] = normalized(x["target"], x[name], means[name])
        got = model.predict({name: x["target"]}, verbose=0)
        np.testing.assert_allclose(got, wanted[name], rtol=1e-4, atol=1e-5)
        hidden = to_numpy(model.extract_features({name: x["target"]}))
        np.testing.assert_allclose(hidden, wanted[name], rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(
        model.predict(x["target"], verbose=0),
        model.predict({"target": x["target"]}, verbose=0),
    )
    by_name = model.evaluate(
        {"source_1": x["target"]}, x["target"], return_dict=True, verbose=0
    )
    error = np.mean((wanted["source_1"] - x["target"]) ** 2)
    assert by_name["loss"] == pytest.approx(error, rel=1e-4)
    file, data = tmp_path / "model.keras", tmp_path / "wanted.npz"
    model.save(file)
    np.savez(data, x=x["target"], **wanted)
    code = CODE.format(file=str(file), data=str(data))
    done = run_python(code, ANOTHER_BACKEND)
    assert done.returncode == 0, done.stderr
    again = keras.models.load_model(file)
    assert again.num_sources == 2
    assert list(again.preprocessing_layers()) == NAMES
    for a, b in zip(again.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_separate_passes_average_over_all_domains():
    x = numbers()
    model = normalizing(batch_normalization="separate")
    model(x, training=True)
    mean, variance = 0.0, 1.0
    for part in x.values():
        mean = 0.9 * mean + 0.1 * part.mean()
        variance = 0.9 * variance + 0.1 * part.var()
    got = [
        to_numpy(v).item() for v in running_statistics(model.feature_extractor)
    ]
    assert got == pytest.approx([mean, variance], rel=1e-5)


# Some versions of Dense pass no mask on purpose; the predictions show it.
@pytest.mark.filterwarnings("ignore:Layer .* was passed an input with a mask")
@pytest.mark.parametrize("mode", ["joint", "domain_specific"])
def test_a_paired_batch_is_masked_as_a_plain_one(mode):
    """Two domains have padding, the third has none."""

    def head(units):
        return keras.Sequential(
            [
                keras.layers.GlobalAveragePooling1D(),
                keras.layers.Dense(units),
            ]
        )

    model = DANNModel(
        keras.Sequential([keras.layers.Dense(4)]),
        head(3),
        head(3),
        preprocessing={
            name: keras.layers.Embedding(9, 4, mask_zero=name != "source_1")
            for name in NAMES
        },
        batch_normalization=mode,
    )
    model.build((None, 4))
    x = {
        "source_0": np.array([[1, 2, 0, 0], [3, 0, 0, 0]], "int32"),
        "source_1": np.array([[4, 5, 0, 0]], "int32"),
        "target": np.array([[6, 0, 0, 0], [7, 8, 0, 0]], "int32"),
    }
    paired = to_numpy(model(x, training=False)["label"])
    plain = [
        to_numpy(model({name: x[name]}, training=False)) for name in NAMES[:2]
    ]
    np.testing.assert_allclose(paired, np.concatenate(plain), atol=1e-6)


def test_statistics_are_copied_for_each_source():
    model = normalizing()
    own = running_statistics(model.feature_extractor)
    assert len(model._source_statistics.weights) == 2 * len(own)
    assert [
        weight.shape for weight in model._source_statistics.of("source_1")
    ] == [weight.shape for weight in own]


def test_penultimate_features_of_a_source():
    x = numbers()
    model = normalizing()
    model.train_on_batch(x, {name: x[name] for name in NAMES[:2]})
    got = last_hidden_features(model, x["target"], domain="source_1")
    want = normalized(x["target"], x["source_1"])
    np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-5)
    with pytest.raises(ValueError, match=r'`domain`.*"source_1", "target"'):
        last_hidden_features(model, x["target"], domain="source_2")


# Arguments.


def test_the_default_classifier_has_a_logit_for_each_domain():
    model = DANNModel(small_extractor(), small_classifier(), num_sources=3)
    assert model.num_sources == 3
    assert model.domain_classifier.layers[-1].units == 4
    again = DANNModel.from_config(model.get_config())
    assert again.get_config() == model.get_config()
    assert again.num_sources == 3
    assert model.network.output["domain"].shape == (None, 4)


@pytest.mark.parametrize("units", [1, 2])
def test_one_or_two_logits_are_for_one_source(units):
    model = dann(units)
    assert model.num_sources == 1
    assert sorted(model.preprocessing_layers()) == ["source", "target"]


def test_the_preprocessing_tells_the_number_of_sources():
    layers = {name: keras.layers.Rescaling(2.0) for name in NAMES}
    extractor = small_extractor()
    model = DANNModel(extractor, small_classifier(), preprocessing=layers)
    model.build((None, 3))
    assert (model.num_sources, model.domain_classifier.layers[-1].units) == (
        2,
        3,
    )
    moved = DiscrepancyModel.from_model(model, "mean")
    assert moved.num_sources == 2
    assert moved.preprocessing_layers() == layers


def test_a_builder_for_two_sources():
    model = keras_grl.architectures.LeNet(
        num_classes=3,
        input_shape=(16, 16, 1),
        mean="per_domain",
        num_sources=2,
    )
    assert model.domain_classifier.output_shape == (None, 3)
    assert list(model.preprocessing_layers()) == NAMES


# Training.


def pairs(count=2, **kwargs):
    x, y, t = small_data(source=36, target=16)
    parts = [(x[i::count], y[i::count]) for i in range(count)]
    return keras_grl.pair(parts, t, **{"batch_size": 12, "seed": 3, **kwargs})


def with_state(dropout=0.0):
    """With statistics of each source, momentum and a ramp."""
    model = DANNModel(
        keras.Sequential(
            [
                keras.Input((3,)),
                keras.layers.Dense(4),
                keras.layers.BatchNormalization(),
                keras.layers.Dropout(dropout),
            ]
        ),
        small_classifier(),
        domain_classifier(),
        batch_normalization="domain_specific",
    )
    model.compile(
        keras.optimizers.SGD(
            keras_grl.schedules.InverseDecay(0.1), momentum=0.9
        ),
        "sparse_categorical_crossentropy",
    )
    return model


class KilledError(Exception):
    pass


class Kill(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 1:
            raise KilledError


@pytest.mark.parametrize("kind", ["checkpoint", "backup"])
def test_resumes_exactly(kind, tmp_path):
    """A `TrainingCheckpoint` the random numbers too, which Keras does not."""
    dropout = 0.3 if kind == "checkpoint" else 0.0

    def callback():
        if kind == "checkpoint":
            return TrainingCheckpoint(tmp_path / "run.checkpoint")
        return keras.callbacks.BackupAndRestore(tmp_path / "backup")

    def trained(*callbacks):
        keras.utils.set_random_seed(0)
        model = fresh(with_state, dropout)
        model.fit(pairs(), epochs=2, verbose=0, callbacks=list(callbacks))
        values = [*model.variables, *model.optimizer.variables]
        return [to_numpy(value) for value in values]

    whole = trained()
    with pytest.raises(KilledError):
        trained(callback(), Kill())
    resumed = trained(callback())
    for a, b in zip(whole, resumed, strict=True):
        np.testing.assert_array_equal(a, b)


def test_class_weights_are_those_of_all_sources():
    x = samples(5, 3, 4)
    y = labels(x)
    weights = {0: 3.0, 1: 0.5}
    table = np.array([3.0, 0.5, 1.0], "float32")

    def data(*others):
        return keras_grl.pair(
            [(x[n], y[n], *(w[n] for w in others)) for n in NAMES[:2]],
            x["target"],
            batch_size=(5, 3, 4),
            shuffle=False,
        )

    losses = []
    for dataset, class_weight in (
        (data(), weights),
        (data({name: table[y[name]] for name in y}), None),
    ):
        keras.utils.set_random_seed(0)
        history = dann(adaptation_factor=1.0, how=EAGERLY_ON_TENSORFLOW).fit(
            dataset, verbose=0, class_weight=class_weight
        )
        losses.append(history.history["label_loss"])
    assert losses[0] == losses[1]
    with pytest.raises(ValueError, match=r"`class_weight`.*both"):
        dann().fit(
            data({name: table[y[name]] for name in y}),
            verbose=0,
            class_weight=weights,
        )


def test_validation_on_pairs_and_on_a_source():
    model = dann(adaptation_factor=1.0)
    x = samples(6, 6, 6)
    y = labels(x)
    named = {"source_1": x["target"]}, y["source_1"]
    for data in (pairs(shuffle=False), (x, y), named):
        logs = model.fit(pairs(), validation_data=data, verbose=0).history
        assert ("val_domain_loss" in logs) == (data is not named)
        assert np.isfinite(logs["val_accuracy"]).all()


def test_other_validation_pairs_are_refused_before_training():
    """Also by a model that is built, and knows its sources, only then."""
    for make in (dann, unbuilt):
        model = make()
        with pytest.raises(ValueError, match=r"3 sources.*Expected: 2"):
            model.fit(pairs(), validation_data=pairs(3), verbose=0)
        assert int(to_numpy(model.optimizer.iterations.value)) == 0


class Yields(keras.utils.PyDataset):
    """A dataset of paired batches that `pair` has not made."""

    num_batches = 1

    def __init__(self, *batch):
        super().__init__()
        self.batch = batch

    def __getitem__(self, index):
        return self.batch


def x_and_y(*sizes):
    x = samples(*sizes)
    return x, labels(x)


def unbuilt():
    model = DANNModel(
        keras.Sequential([keras.layers.Dense(4)]),
        small_classifier(),
        domain_classifier(),
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


@pytest.mark.parametrize(
    ("make", "messages"),
    [
        (
            lambda: dann(1).fit(pairs(), verbose=0),
            ["have 2 sources", "Expected: 1", "`num_sources=2`", "3 logits"],
        ),
        (
            lambda: dann().fit(pairs(3), verbose=0),
            ["have 3 sources", "Expected: 2", "4 logits"],
        ),
        (
            lambda: dann().fit(pairs(1), verbose=0),
            ["have 1 source.", "Expected: 2", "'source', 'target'"],
        ),
        (
            lambda: dann(64).fit(pairs(1), verbose=0),
            ["have 1 source.", "Expected: 63", '"source_0", …, "source_62"'],
        ),
        (
            lambda: unbuilt().fit(pairs(1), verbose=0),
            ["have 1 source.", "Expected: 2"],
        ),
        (
            lambda: dann().fit(pairs(), validation_data=pairs(1), verbose=0),
            ["have 1 source.", "Expected: 2"],
        ),
        (
            lambda: dann().fit(
                pairs(), validation_data=x_and_y(4, 4, 4, 4), verbose=0
            ),
            ["have 3 sources", "Expected: 2"],
        ),
        (
            lambda: dann().fit(Yields(*x_and_y(4, 4, 4, 4)), verbose=0),
            ["have 3 sources", "Expected: 2"],
        ),
        (
            lambda: dann().evaluate(pairs(3), verbose=0),
            ["have 3 sources", "Expected: 2"],
        ),
        (
            lambda: dann().train_on_batch(*x_and_y(4, 4, 4, 4)),
            ["have 3 sources", "Expected: 2"],
        ),
        (
            lambda: dann().predict({"source_2": np.zeros((2, 3))}, verbose=0),
            ['"source_0", "source_1", "target"', "'source_2'"],
        ),
        (
            lambda: dann().predict(
                {name: np.zeros((2, 3)) for name in NAMES[:2]}, verbose=0
            ),
            ["one of", "'source_0', 'source_1'"],
        ),
        (
            lambda: dann().fit(
                keras_grl.pair(
                    [
                        small_data(9, classes=3)[:2],
                        small_data(9, classes=9)[:2],
                    ],
                    samples(4)["target"],
                    batch_size=6,
                ),
                verbose=0,
            ),
            ["source_1 stream", "integers from 0 to 2"],
        ),
        (
            lambda: dann().predict({"source": np.zeros((2, 3))}, verbose=0),
            ['"source_0", "source_1", "target"', "'source'"],
        ),
        (
            lambda: dann(1).predict({"source_1": np.zeros((2, 3))}, verbose=0),
            ['"source", "target"', "'source_1'"],
        ),
        (
            lambda: dann().evaluate(
                {"source_2": np.zeros((2, 3))}, np.zeros(2), verbose=0
            ),
            ["'source_2'"],
        ),
        (
            lambda: dann().train_on_batch(
                samples(4, 4, 4), np.zeros(8, "int32")
            ),
            ["y must be", '"source_0": …, "source_1": …', "shape (8,)"],
        ),
        (
            lambda: dann(adaptation_factor=1.0).train_on_batch(
                *x_and_y(4, 4, 4), sample_weight=np.ones(8, "float32")
            ),
            ["sample_weight must be", '"source_0": …, "source_1": …'],
        ),
        (
            lambda: dann().train_on_batch(
                {
                    ("source_2" if n == "source_1" else n): part
                    for n, part in samples(4, 4, 4).items()
                },
                {},
            ),
            ["A paired batch has the streams", "'source_2'"],
        ),
        (
            lambda: dann(2, num_sources=2),
            ["(batch, 3)", "2 sources", "Dense(3)"],
        ),
        (
            lambda: DANNModel(
                small_extractor(), small_classifier(), num_sources=0
            ),
            ["`num_sources`", "at least 1"],
        ),
        (
            lambda: keras_grl.AdaptationModel(
                small_extractor(), small_classifier(), DANN(), num_sources=2
            ),
            ["`num_sources`", "Expected 1", "DANN(num_sources=2)", "3 logits"],
        ),
        (
            lambda: keras_grl.AdaptationModel(
                small_extractor(),
                small_classifier(),
                FeatureDiscrepancy(),
                preprocessing=dict.fromkeys(NAMES, keras.layers.Identity()),
                num_sources=3,
            ),
            ["`preprocessing`", '"source_2"', "num_sources=3"],
        ),
        (
            lambda: DANNModel(
                small_extractor(),
                small_classifier(),
                preprocessing={"source_0": None, "target": None},
            ),
            ["`preprocessing`", '"source_0", "source_1"'],
        ),
        (
            lambda: keras_grl.architectures.LeNet(
                mean={"source": 0, "target": 0}, num_sources=2
            ),
            ["`mean`", '"source_0" and "source_1" and "target"'],
        ),
    ],
)
def test_errors(make, messages):
    with pytest.raises(ValueError) as error:
        make()
    for message in messages:
        assert message in str(error.value)
