"""`adapt`: what would fail late, in other words, or not at all."""

import keras
import numpy as np
import pytest

import keras_grl
from keras_grl.locking import locked

CLASSES = 3
RANDOM = np.random.default_rng(0)
Y = RANDOM.integers(0, CLASSES, 40)
X = (np.eye(CLASSES)[Y] + 0.1 * RANDOM.normal(size=(40, 3))).astype("float32")
layers = keras.layers


def classifier():
    return keras.Sequential(
        [
            keras.Input((CLASSES,)),
            layers.Dense(4, activation="relu"),
            layers.Dense(CLASSES, activation="softmax"),
        ]
    )


def adapt(model=classifier, source=(X, Y), target=X, **options):
    options = {
        "steps": 2,
        "methods": ["mcc"],
        "batch_size": 8,
        "learning_rate": 0.01,
        "verbose": 0,
        **options,
    }
    return keras_grl.adapt(model, source, target, **options)


@pytest.fixture
def untrained(monkeypatch):
    """Runs end at once, for tests of what is before and after them."""
    monkeypatch.setattr(
        "keras_grl.adapting.training.Trainer.fit", lambda *args: ({}, [])
    )


class Subclass(keras.Model):
    def __init__(self):
        super().__init__()
        self.hidden = layers.Dense(4)
        self.probabilities = layers.Dense(CLASSES, activation="softmax")

    def call(self, x):
        return self.probabilities(self.hidden(x))


class Uncopied(layers.Layer):
    """It cannot be made from its configuration."""

    def __init__(self, function, **options):
        super().__init__(**options)
        self.function = function

    def call(self, x):
        return self.function(x)


def called(model):
    model(X[:1])
    return model


def with_layer(*within):
    return keras.Sequential(
        [
            keras.Input((CLASSES,)),
            *within,
            layers.Dense(4),
            layers.Dense(CLASSES, activation="softmax"),
        ]
    )


class Singles:
    """A dataset that was not batched."""

    def __iter__(self):
        return zip(X, Y, strict=True)

    def __len__(self):
        return len(X)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"methods": 5}, "a list of names among"),
        ({"methods": [["mcc"]]}, "a list of names among"),
        ({"methods": [None]}, "a list of names among"),
        ({"methods": {"mcc", "dann"}}, "a list of names among"),
        ({"methods": ["source_only"]}, "at least"),
        ({"seed": 2**32 - 1}, "at most 4294967294"),
        ({"seed": 2**40}, "at most 4294967294"),
        ({"seed": None}, "`seed`"),
        ({"on_progress": "print"}, "`on_progress`. Expected a function"),
        ({"directory": 5}, "`directory`. Expected a folder that can be"),
        ({"directory": ""}, "`directory`. Expected a folder that can be"),
        ({"directory": "a\0b"}, "`directory`. Expected a folder that can be"),
        ({"directory": "/proc/runs"}, "`directory`. Expected a folder that"),
        ({"directory": __file__}, "`directory`. Expected a folder that can"),
        ({"source": (X, Y, -np.ones(40))}, "-1.0 in the sample weights of sam"),
        ({"source": (X, Y, np.zeros(40))}, "0 for all samples"),
        ({"source": (X, Y, np.arange(40) - 1)}, "sample weights of sample 0"),
        ({"source": Singles()}, r"Batch it: `dataset.batch\(64\)`"),
        ({"model": Subclass}, "a function of no arguments"),
        ({"model": lambda: Subclass()}, "Functional or Sequential"),
        ({"model": lambda: called(Subclass())}, "Functional or Sequential"),
        ({"model": called(Subclass())}, "Functional or Sequential"),
        ({"model": with_layer(Uncopied(abs))}, "layers can be copied.*\n"),
        (
            {"model": with_layer(layers.Lambda(lambda x: x / 2))},
            "layers can be copied.*\n.*\n?.*Pass a function that builds",
        ),
    ],
)
def test_refuses_before_training(options, message, monkeypatch, tmp_path):
    def trains(*args, **kwargs):
        raise AssertionError("training began")

    monkeypatch.setattr("keras_grl.adapting.training.Trainer.run", trains)
    with pytest.raises(ValueError, match=message):
        adapt(**options)


def test_methods_of_a_generator_are_those_of_a_list(untrained):
    found = adapt(methods=(name for name in ["bnm", "mcc"]))
    assert list(found.first_selection.scores) == ["source_only", "bnm", "mcc"]


def test_what_a_layer_raises_is_one_plain_line():
    def model():
        return keras.Sequential(
            [
                keras.Input((CLASSES,)),
                Raises(),
                layers.Dense(4),
                layers.Dense(CLASSES, activation="softmax"),
            ]
        )

    with pytest.raises(ValueError, match="takes samples like") as caught:
        adapt(model)
    assert "no such sample" in str(caught.value)
    assert "\x1b" not in str(caught.value) and "\\n" not in str(caught.value)


class Raises(layers.Layer):
    def compute_output_shape(self, shape):
        return shape

    def call(self, x):
        raise ValueError("no such sample")


def test_two_calls_in_one_folder(tmp_path, untrained):
    with locked(tmp_path):
        for resume in (False, True):
            with pytest.raises(ValueError, match="no other process uses"):
                adapt(directory=tmp_path, resume=resume)
    assert not list(tmp_path.iterdir())

    def again(progress):
        with pytest.raises(ValueError, match="no other process uses"):
            adapt(directory=tmp_path, resume=True)

    adapt(directory=tmp_path, on_progress=again)


def images(largest, size=4):
    x = RANDOM.random((40, size, size, 3)).astype("float32") * largest
    x[np.arange(40), Y % size] *= 0.2
    return x


@pytest.fixture
def sure(monkeypatch):
    """Predictions that are not vetoed, whatever a network has learned."""
    monkeypatch.setattr(
        "keras_grl.adapting.training.Trainer.probabilities",
        lambda *args: RANDOM.dirichlet(np.ones(CLASSES), 40).astype("float32"),
    )


def of_images(*first):
    def build():
        return keras.Sequential(
            [
                keras.Input((4, 4, 3)),
                *(type(each).from_config(each.get_config()) for each in first),
                layers.Flatten(),
                layers.Dense(8),
                layers.Dense(CLASSES, activation="softmax"),
            ]
        )

    return build


@pytest.mark.parametrize(
    ("model", "scales", "message"),
    [
        (of_images(), (1.0, 255.0), "The domains have different scales"),
        (of_images(), (255.0, 1.0), "The domains have different scales"),
        (of_images(layers.Rescaling(1 / 255)), (1.0, 1.0), "look black to it"),
        (of_images(layers.Rescaling(1 / 255)), (255.0, 255.0), None),
        (of_images(), (1.0, 1.0), None),
    ],
)
def test_wrong_scales_are_reported_once_and_first(
    model, scales, message, capsys, untrained, sure
):
    source, target = (images(scale) for scale in scales)
    warnings = adapt(model, (source, Y), target, verbose=1, steps=4).warnings
    printed = capsys.readouterr().out.splitlines()
    if message is None:
        assert not any("Warning" in line for line in printed)
        return
    assert sum(message in text for text in warnings) == 1
    assert printed[0].startswith("Training 2 candidates, 4 steps each")
    assert printed[1].startswith("Warning: ") and message in printed[1]


def test_no_model_says_that_the_scales_are_wrong(monkeypatch, untrained):
    def collapsed(trainer, network):
        return np.full((40, CLASSES), 1 / 3, "float32")

    monkeypatch.setattr(
        "keras_grl.adapting.training.Trainer.probabilities", collapsed
    )
    with pytest.raises(keras_grl.adapting.NoModelError) as caught:
        adapt(of_images(), (images(255.0), Y), images(1.0))
    assert "different scales" in str(caught.value)
    assert "learning_rate" not in str(caught.value)
    with pytest.raises(keras_grl.adapting.NoModelError, match="Train longer"):
        adapt(of_images(), (images(1.0), Y), images(1.0))


def test_too_little_time_is_reported(monkeypatch, capsys, untrained):
    monkeypatch.setattr(
        "keras_grl.adapting.training.Trainer.measured",
        lambda self, names: (5.0, 1.0),
    )
    found = adapt(minutes=0.5, steps=None, verbose=1)
    steps = found.settings["steps"]
    assert steps < 5 and f"Only {steps} step" in found.warnings[0]
    assert "Warning: Only" in capsys.readouterr().out
    assert not any("Only" in text for text in adapt().warnings)


def test_a_tuple_of_the_target_alone_is_the_target(untrained):
    """As data loaders give it."""
    np.testing.assert_array_equal(
        adapt(target=(X,)).predictions, adapt(target=X).predictions
    )


def test_a_run_does_not_repeat_what_was_reported_before(sure):
    found = adapt(of_images(), (images(1.0), Y), images(255.0))
    assert sum("different scales" in text for text in found.warnings) == 1
    assert not any("scales" in str(run["warnings"]) for run in found.runs)
