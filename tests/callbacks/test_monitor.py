"""AdaptationMonitor: each fault of a run is reported, in a run that has it."""

import functools
import itertools
import re
import warnings

import keras
import numpy as np
import pytest

import keras_grl
from keras_grl import backend
from keras_grl import schedules
from keras_grl.callbacks import AdaptationMonitor
from keras_grl.callbacks import AdaptationWarning
from keras_grl.monitor.findings import PAGE
from keras_grl.monitor.seen import Seen
from tests.testing import ROOT
from tests.testing import fresh

# Of Keras; `pytest.warns` gives it out again.
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation:DeprecationWarning"
)

CLASSES, FEATURES = 4, 16


def blobs(count=128, shift=0.5, classes=CLASSES, occurring=None, seed=0):
    """Samples around the center of their class, and the classes."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, occurring or classes, count)
    centers = 2 * np.random.default_rng(9).normal(size=(classes, FEATURES))
    x = centers[y] + rng.normal(scale=0.5, size=(count, FEATURES)) + shift
    return x.astype("float32"), y


SOURCE = blobs(shift=0.0)
X_TARGET = blobs(seed=1)[0]


def dann(classes=CLASSES, domain_classifier=None, layers=(), **kwargs):
    keras.utils.set_random_seed(1)
    if domain_classifier is None:
        domain_classifier = [keras.layers.Dense(16, activation="relu")]
    model = keras_grl.DANNModel(
        keras.Sequential(
            [
                keras.Input((FEATURES,)),
                keras.layers.Dense(16, activation="relu"),
                *layers,
            ]
        ),
        keras.layers.Dense(classes, activation="softmax"),
        keras.Sequential([*domain_classifier, keras.layers.Dense(1)]),
        **kwargs,
    )
    # The same on all backends, so that the runs are alike.
    random = np.random.default_rng(3)
    for kernel in model.trainable_weights:
        if len(kernel.shape) == 2:
            limit = np.sqrt(6 / sum(kernel.shape))
            kernel.assign(random.uniform(-limit, limit, kernel.shape))
    return model


def compiled(model, optimizer=None, **kwargs):
    optimizer = optimizer or keras.optimizers.Adam(0.01)
    model.compile(optimizer, "sparse_categorical_crossentropy", **kwargs)
    return model


def compiled_dann(*args, **kwargs):
    return compiled(dann(*args, **kwargs))


def trained_by_sgd(learning_rate=0.05, **kwargs):
    """Its steps are traced in half of the time of Adam's."""
    return compiled(dann(**kwargs), keras.optimizers.SGD(learning_rate))


def pairs(source=SOURCE, target=X_TARGET, batch_size=64):
    return keras_grl.pair(source, target, batch_size=batch_size, seed=0)


def findings(model, data=None, epochs=6, monitor=None, callbacks=()):
    """The topics of the warnings of a `fit`."""
    monitor = monitor or AdaptationMonitor()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", AdaptationWarning)
        model.fit(
            pairs() if data is None else data,
            epochs=epochs,
            verbose=0,
            callbacks=[monitor, *callbacks],
        )
    messages = []
    for each in caught:
        if each.category is AdaptationWarning:
            messages.append(str(each.message))
        else:
            warnings.warn_explicit(
                each.message, each.category, each.filename, each.lineno
            )
    expected = [
        f"{message} See {PAGE}#{topic}"
        for topic, message in monitor.findings.items()
    ]
    assert messages == expected
    return list(monitor.findings)


def message(model, topic, *args, **kwargs):
    monitor = AdaptationMonitor()
    assert findings(model, *args, monitor=monitor, **kwargs) == [topic]
    return monitor.findings[topic]


def anchors():
    page = (ROOT / PAGE).read_text().splitlines()
    return [
        line.lstrip("# ").lower().replace(" ", "-")
        for line in page
        if line.startswith("## ")
    ]


# Runs without a fault.


def test_a_healthy_run_has_no_finding():
    assert findings(fresh(compiled_dann)) == []


def test_fit_adds_it_and_can_leave_it_out():
    model = fresh(compiled_dann, adaptation_factor=0.0)
    with pytest.warns(AdaptationWarning, match="#zero-adaptation-factor$"):
        model.fit(pairs(), epochs=6, verbose=0)
    # Warnings are errors here.
    model.fit(pairs(), epochs=6, verbose=0, monitor=False)
    with pytest.raises(ValueError, match="`monitor`"):
        model.fit(pairs(), monitor="yes")


def test_a_run_of_a_few_steps_tells_nothing():
    """19 steps, with a fault that 20 steps would tell."""
    model = fresh(compiled_dann, adaptation_factor=0.0)
    data = pairs().with_steps(19)
    assert findings(model, data, epochs=1) == []
    data = pairs().with_steps(20)
    assert findings(model, data, epochs=1) == ["zero-adaptation-factor"]


def test_source_only_is_not_warned_of():
    """With a weight of 0 the domain loss is only logged."""
    model = compiled(dann(adaptation_factor=0.0), domain_loss_weight=0.0)
    assert findings(model) == []
    model = keras_grl.AdaptationModel(
        dann().feature_extractor, keras.layers.Dense(CLASSES, "softmax")
    )
    assert findings(compiled(model)) == []


def test_a_regression_has_no_classes():
    parts = dann()
    model = keras_grl.DANNModel(
        parts.feature_extractor,
        keras.layers.Dense(1),
        parts.domain_classifier,
    )
    model.compile(keras.optimizers.Adam(0.01), "mse")
    monitor = AdaptationMonitor(samples=64)
    data = pairs((SOURCE[0], SOURCE[0][:, 0]))
    assert findings(model, data, monitor=monitor) == []


def test_outputs_that_are_no_probabilities_end_no_run():
    parts = dann()
    model = keras_grl.DANNModel(
        parts.feature_extractor,
        keras.layers.Dense(1, bias_initializer=keras.initializers.Constant(5)),
        parts.domain_classifier,
    )
    model.compile(keras.optimizers.SGD(1e-6), "binary_crossentropy")
    monitor = AdaptationMonitor(samples=64)
    data = pairs((SOURCE[0], SOURCE[1] % 2))
    history = model.fit(data, verbose=0, callbacks=[monitor]).history
    assert np.isnan(history["target_class_entropy"]).all()


# Each fault.


@pytest.mark.parametrize(
    ("factor", "fix"),
    [(0.0, "AdaptationModel"), (schedules.LinearRamp(warmup=0.99), "schedule")],
)
def test_zero_factor(factor, fix):
    model = fresh(compiled_dann, adaptation_factor=factor)
    assert fix in message(model, "zero-adaptation-factor")


def test_horizon():
    found = message(trained_by_sgd(total_steps=1000), "horizon-and-run-differ")
    assert "step 24 of `total_steps=1000`" in found
    found = message(trained_by_sgd(total_steps=5), "horizon-and-run-differ")
    assert "24 steps, and `total_steps=5`" in found


def test_a_run_that_continues_has_a_part_of_the_horizon():
    model = trained_by_sgd(total_steps=50)
    assert findings(model) == ["horizon-and-run-differ"]
    assert findings(model) == []


class StopAfter(keras.callbacks.Callback):
    """Like `EarlyStopping`, with the epoch known beforehand."""

    def __init__(self, epochs):
        super().__init__()
        self.epochs = epochs

    def on_epoch_end(self, epoch, logs=None):
        self.model.stop_training = epoch + 1 == self.epochs


@pytest.mark.parametrize("total_steps", [None, 400])
def test_an_early_end_is_reported_once(total_steps):
    """By the schedule, which knows how far λ got."""
    options = {} if total_steps is None else {"total_steps": total_steps}
    model = fresh(compiled_dann, **options)
    with pytest.warns(UserWarning, match="Training stopped after"):
        found = findings(model, epochs=100, callbacks=[StopAfter(6)])
    assert found == []


def test_frozen_domain_classifier():
    frozen = keras.layers.Dense(16, activation="relu")
    model = dann(domain_classifier=[frozen])
    model.domain_classifier.trainable = False
    found = message(compiled(model), "domain-classifier-does-not-learn")
    assert "no trainable weights" in found


def test_dead_domain_classifier():
    dead = keras.layers.Dense(
        16,
        activation="relu",
        bias_initializer=keras.initializers.Constant(-1000.0),
    )
    model = compiled(dann(domain_classifier=[dead]))
    found = message(model, "domain-classifier-does-not-learn")
    assert "the same for all samples" in found


def test_separate_domains():
    model = compiled(dann(adaptation_factor=0.01))
    data = pairs(target=X_TARGET + 5)
    found = message(model, "domains-stay-separate", data, epochs=13)
    assert "at=…" in found


@pytest.mark.parametrize(
    ("factor", "weight_decay"),
    [
        # λ rises until nothing is left of what was learned.
        (schedules.LinearRamp(end=1e4, warmup=0.3), None),
        # The features are 0 before anything is learned.
        (1.0, 8.0),
    ],
    ids=["by λ", "from the beginning"],
)
def test_collapsed_features(factor, weight_decay):
    optimizer = keras.optimizers.SGD(
        0.05 if weight_decay else 0.1, weight_decay=weight_decay
    )
    model = compiled(dann(adaptation_factor=factor), optimizer)
    message(model, "collapsed-features", epochs=9)


def test_domain_loss_too_high():
    model = fresh(trained_by_sgd, 0.01, adaptation_factor=5.0)
    found = message(model, "domain-loss-too-high")
    assert "has 0.693" in found


def test_it_is_reported_before_the_end():
    seen = []
    monitor = AdaptationMonitor()
    model = fresh(trained_by_sgd, 0.01, adaptation_factor=5.0)
    look = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append(bool(monitor.findings))
    )
    findings(model, epochs=12, monitor=monitor, callbacks=[look])
    # 20 steps are five epochs, half of the run is six.
    assert seen == [False] * 5 + [True] * 7


def test_one_predicted_class():
    """The target is so far off that every sample looks alike."""
    model = compiled(dann(adaptation_factor=0.5))
    data = pairs(target=X_TARGET - 20 * np.sign(SOURCE[0][0]))
    found = findings(model, data)
    assert "one-predicted-class" in found


def shifted(occurring=4):
    """Four of ten classes in the target."""
    return pairs(
        blobs(320, 0.0, classes=10),
        blobs(128, 0.0, classes=10, occurring=occurring, seed=1)[0],
    )


def test_far_less_entropy_than_the_source():
    """No class takes most: two of ten take half each."""
    model = fresh(compiled_dann, 10)
    found = message(model, "one-predicted-class", shifted(2))
    assert re.search("predicts class [01] for 5. % of", found)


@pytest.mark.parametrize("samples", [None, 128])
def test_label_shift(samples):
    monitor = AdaptationMonitor(samples=samples)
    model = fresh(compiled_dann, 10)
    assert findings(model, shifted(), monitor=monitor) == ["label-shift"]


def images(high, count=64, seed=0):
    """Of values from 0 to `high`, in each image."""
    x = high * np.random.default_rng(seed).random((count, 4, 4, 1))
    x[:, 0, :2, 0] = 0, high
    return x.astype("float32")


def of_images(*layers):
    keras.utils.set_random_seed(1)
    model = keras_grl.DANNModel(
        keras.Sequential(
            [
                keras.Input((4, 4, 1)),
                *layers,
                keras.layers.Flatten(),
                keras.layers.Dense(4),
            ]
        ),
        keras.layers.Dense(2, activation="softmax"),
        keras.layers.Dense(1),
    )
    return compiled(model)


def test_different_scales():
    y = np.arange(64) % 2
    data = pairs((images(1.0), y), images(255.0, seed=1))
    found = message(of_images(), "different-scales", data, epochs=1)
    assert "from 0 to 1 in the source stream" in found
    assert "from 0 to 255 in the target stream" in found


def test_images_scaled_twice():
    y = np.arange(64) % 2
    data = pairs((images(1.0), y), images(1.0, seed=1))
    rescaling = keras.layers.Rescaling(1 / 255)
    message(of_images(rescaling), "images-scaled-twice", data, epochs=1)
    # A model that takes them.
    assert findings(of_images(), data, epochs=1) == []


def test_nan_loss_tells_the_step():
    """The learning rate destroys the weights in the first step."""
    model = compiled(dann(), keras.optimizers.SGD(1e38))
    found = message(model, "nan-or-infinite-loss")
    assert "since step 2 of epoch 1" in found
    assert "weights of the model are lost" in found


def test_nan_input_of_a_dataset_that_is_not_of_pair():
    """Its batches are not checked. On TensorFlow, ReLU hides NaN."""
    (x, y), target = SOURCE, X_TARGET.copy()
    target[40, 3] = np.nan

    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return 4

        def __getitem__(self, index):
            rows = slice(32 * index, 32 * index + 32)
            return {"source": x[rows], "target": target[rows]}, y[rows]

    found = message(
        fresh(compiled_dann), "nan-or-infinite-loss", Batches(), epochs=1
    )
    assert "of epoch 1" in found


# It changes nothing.


def endless():
    return itertools.cycle(np.split(X_TARGET, 8))


def with_dropout():
    # For the seed of dropout.
    keras.utils.set_random_seed(1)
    return compiled_dann(
        layers=[keras.layers.BatchNormalization(), keras.layers.Dropout(0.5)]
    )


def trained(monitor, target):
    """The weights, the logs and the state of random numbers after it."""
    model = fresh(with_dropout)
    data = pairs()
    if target is not None:
        data = pairs(target=target(), batch_size={"source": 16})
    history = model.fit(
        data.with_steps(8),
        epochs=6,
        verbose=0,
        callbacks=monitor,
        monitor=False,
    ).history
    random = {"numpy": np.random.rand(), **backend.random_state()}
    return model.get_weights(), history, random


@functools.cache
def trained_without_monitor(target):
    return trained([], target)


@pytest.mark.parametrize(
    ("samples", "target"), [(None, None), (64, None), (64, endless)]
)
def test_trains_the_same_weights_to_the_bit(samples, target):
    """With dropout, and a generator whose every sample counts."""
    weights, plain, random = trained_without_monitor(target)
    others, monitored, other_random = trained(
        [AdaptationMonitor(samples)], target
    )
    for a, b in zip(weights, others, strict=True):
        np.testing.assert_array_equal(a, b)
    for name, value in random.items():
        np.testing.assert_array_equal(value, other_random[name])
    assert {name: monitored[name] for name in plain} == plain
    assert (len(monitored) > len(plain)) == (samples is not None)


# The logged figures.


def test_figures_are_logged_from_the_first_epoch_on(tmp_path):
    path = tmp_path / "log.csv"
    model = fresh(compiled_dann)
    history = model.fit(
        pairs(),
        epochs=3,
        verbose=0,
        callbacks=[keras.callbacks.CSVLogger(path), AdaptationMonitor(100)],
    ).history
    p = model.predict(X_TARGET, verbose=0)
    for name in (
        "target_class_entropy",
        "target_largest_class",
        "target_label_shift",
    ):
        assert len(history[name]) == 3
        assert name in path.read_text()
    # Of 100 samples, against all 128.
    shares = np.bincount(p.argmax(axis=1), minlength=CLASSES) / len(p)
    largest = history["target_largest_class"][-1]
    assert largest == pytest.approx(shares.max(), abs=0.05)


@pytest.mark.parametrize(
    ("steps", "epochs", "batch", "expected"),
    [
        # .024 of an epoch of steps · 2 · batch samples.
        (50, 20, 64, 153),
        (100, 10, 64, 307),
        (200, 5, 64, 512),
        # Fewer than 1,000 steps, 50 steps an epoch or 128 samples.
        (50, 19, 64, 0),
        (49, 100, 64, 0),
        (50, 20, 53, 0),
        (50, 20, 54, 129),
        (None, 20, 64, 0),
    ],
)
def test_how_many_samples_are_predicted(steps, epochs, batch, expected):
    monitor = AdaptationMonitor()
    seen = Seen()
    x = np.zeros((batch, 2))
    seen.record(0, {"source": x, "target": x}, np.zeros(batch))
    monitor.set_seen(seen)
    monitor.set_params({"steps": steps, "epochs": epochs})
    assert monitor._samples_per_epoch() == expected
    given = AdaptationMonitor(samples=1000)
    assert given._samples_per_epoch() == 512


# Arguments and texts.


def test_wrong_arguments():
    with pytest.raises(ValueError, match="`samples`"):
        AdaptationMonitor(samples=-1)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="needs an `AdaptationModel`"):
        model.fit(
            np.ones((2, 2)),
            np.ones((2, 1)),
            verbose=0,
            callbacks=[AdaptationMonitor()],
        )


@pytest.mark.backend_free
def test_every_topic_is_a_section_of_the_page():
    sources = (ROOT / "keras_grl" / "monitor").glob("*.py")
    text = "".join(path.read_text() for path in sources)
    topics = set(re.findall(r'Finding\(\s*"([^"]+)"', text))
    assert topics == set(anchors())
    assert len(topics) == 11
