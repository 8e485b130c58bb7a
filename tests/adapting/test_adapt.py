"""`adapt`: its result, its reproducibility, and what it refuses."""

import dataclasses
import json

import keras
import numpy as np
import pytest

import keras_grl
from keras_grl.adapting import candidates
from keras_grl.adapting import training
from keras_grl.adapting.budget import planned
from tests.eagerly import eagerly_on_tensorflow

CLASSES = 3


def data():
    random = np.random.default_rng(0)
    y = random.integers(0, CLASSES, 120)
    x = np.eye(CLASSES)[y] + 0.2 * random.normal(size=(120, CLASSES))
    return (x.astype("float32"), y), (x + 0.3).astype("float32")


def classifier():
    return keras.Sequential(
        [
            keras.Input((CLASSES,)),
            keras.layers.Dense(8, activation="relu"),
            keras.layers.Dense(CLASSES, activation="softmax"),
        ]
    )


def adapt(model=classifier, source=None, target=None, **options):
    own_source, own_target = data()
    options = {
        "steps": 12,
        "methods": ["mcc", "dann"],
        "batch_size": 16,
        "learning_rate": 0.01,
        "verbose": 0,
        **options,
    }
    if "minutes" in options:
        del options["steps"]
    return keras_grl.adapt(
        model,
        own_source if source is None else source,
        own_target if target is None else target,
        **options,
    )


@pytest.fixture(scope="module")
def result():
    return adapt()


def assert_same(one, other):
    assert one.choice == other.choice
    np.testing.assert_array_equal(one.predictions, other.predictions)
    for a, b in zip(
        one.model.get_weights(), other.model.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(a, b)


def test_the_result_is_complete(result):
    assert set(result.selection.scores) == {"source_only", "mcc", "dann"}
    # So easy that some of the three may predict nearly the same.
    copies = result.selection.near_copies
    assert result.selection.rule == ("agreement" if copies else "consensus")
    assert [(r["candidate"], r["seed"]) for r in result.runs] == [
        (name, seed)
        for name in ("source_only", "mcc", "dann")
        for seed in (0, 1)
    ]
    predicted = result.model.predict(data()[1], verbose=0)
    np.testing.assert_allclose(predicted, result.predictions, atol=1e-6)
    assert type(result.model) is keras.Sequential
    np.testing.assert_allclose(
        result.reference_model.predict(data()[1], verbose=0),
        result.reference_predictions,
        atol=1e-6,
    )
    for name in ("before", "after"):
        found = result.embedding[name]
        assert found["source"].shape == found["target"].shape == (120, 8)
        assert (found["source_labels"] == data()[0][1]).all()
    assert -2 <= result.domains["low"] <= result.domains["distance"] <= 2
    assert "kept" in result.table and result.reason in str(result)
    assert result.settings["steps"] == 12
    text = json.dumps(result.to_dict(), allow_nan=False)
    assert json.loads(text)["choice"] == result.choice
    assert abs(sum(result.to_dict()["frequencies"]["chosen"]) - 1) < 1e-6


@pytest.mark.parametrize("choice", ["source_only", "mcc"])
def test_what_is_compared_with_source_only(choice, monkeypatch):
    """Its first run; if its other run is kept, that one, with itself."""

    def second_run(*args, **kwargs):
        found = keras_grl.select(*args, **kwargs)
        return dataclasses.replace(found, choice=choice, run=1)

    monkeypatch.setattr(training.Trainer, "fit", lambda *args: ({}, []))
    monkeypatch.setitem(keras_grl.adapt.__globals__, "select", second_run)
    found = adapt(methods=["mcc"])
    same = choice == "source_only"
    for one, other in (
        (found.predictions, found.reference_predictions),
        (
            found.embedding["after"]["target"],
            found.embedding["before"]["target"],
        ),
        (found.model.get_weights()[0], found.reference_model.get_weights()[0]),
    ):
        assert np.array_equal(one, other) == same
    if not same:
        predicted = found.reference_model.predict(data()[1], verbose=0)
        np.testing.assert_allclose(
            predicted, found.reference_predictions, atol=1e-6
        )


class KilledError(Exception):
    pass


def test_killed_and_resumed_is_as_if_not(result, tmp_path):
    built = []

    def dies_within():
        built.append(1)
        if len(built) == 4:
            raise KilledError
        return classifier()

    def dies_after(progress):
        if progress["run"] == 4:
            raise KilledError

    with pytest.raises(KilledError):
        adapt(dies_within, directory=tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "mcc-0",
        "settings.json",
        "source_only-0",
    ]
    with pytest.raises(KilledError):
        adapt(directory=tmp_path, resume=True, on_progress=dies_after)
    found = adapt(directory=tmp_path, resume=True)
    assert [run["resumed"] for run in found.runs].count(True) == 4
    assert_same(found, result)
    with pytest.raises(ValueError, match="steps=12 then, 13 now"):
        adapt(directory=tmp_path, resume=True, steps=13)
    x, y = data()[0]
    with pytest.raises(ValueError, match="Changed: data="):
        adapt(directory=tmp_path, resume=True, source=(x + 1, y))
    with pytest.raises(ValueError, match="resume=True"):
        adapt(directory=tmp_path)


def test_a_run_of_nan_is_vetoed(monkeypatch):
    def broken_loss(probabilities):
        return keras.ops.mean(probabilities) * float("nan")

    broken = dataclasses.replace(
        candidates.LADDER["mcc"], target_loss=lambda: broken_loss
    )
    monkeypatch.setitem(candidates.LADDER, "mcc", broken)
    found = adapt(methods=["mcc"], steps=20)
    assert found.choice == "source_only"
    assert "vetoed: predicts NaN" in found.table
    assert any("mcc, seed 0: " in text for text in found.warnings)
    assert len(found.runs) == 2
    json.dumps(found.to_dict(), allow_nan=False)


def test_a_model_stays_as_it_is_and_repeats(monkeypatch):
    """Also: one-hot labels and datasets are the same data."""
    eagerly_on_tensorflow(monkeypatch)
    keras.utils.set_random_seed(3)
    model = classifier()
    before = model.get_weights()
    (x, y), target = data()
    kept = x.copy(), y.copy(), target.copy()
    one = adapt(model, methods=["mcc"], steps=6)
    batches = [(x[:60], np.eye(3)[y[:60]]), (x[60:], np.eye(3)[y[60:]])]

    class Dataset(keras.utils.PyDataset):
        def __len__(self):
            return 2

        def __getitem__(self, index):
            return batches[index]

    other = adapt(model, source=Dataset(), methods=["mcc"], steps=6)
    assert_same(one, other)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(kept, (x, y, target), strict=True):
        np.testing.assert_array_equal(a, b)


def test_minutes_fix_the_steps(monkeypatch, tmp_path):
    """The clock decides once: a resumed run has the same plan."""
    monkeypatch.setattr(
        "keras_grl.adapting.training.Trainer.measured",
        lambda self, names: (1.0, 5.0),
    )
    found = adapt(minutes=1, directory=tmp_path, methods=["mcc"])
    # 0.9 * 60 s for two runs, of which each takes 5 s beside its steps.
    assert found.settings["steps"] in (20, 21, 22)
    assert found.settings["runs_each"] == 1
    monkeypatch.undo()
    again = adapt(minutes=1, directory=tmp_path, methods=["mcc"], resume=True)
    assert_same(found, again)


def test_time_is_measured():
    found = adapt(minutes=0.02, methods=["mcc"])
    assert found.settings["steps"] >= 1


def test_plans_fit():
    for seconds in (30, 100, 1000):
        plan = planned(7, seconds, 0.02, 2.0)
        assert plan.runs * (2.0 + 0.02 * plan.steps) <= seconds
    assert planned(7, 1e6, 0.02, 2.0).steps == 10_000


def test_a_builder_must_build():
    """Else each run would start where the last one has ended."""
    model = classifier()
    before = model.get_weights()
    with pytest.raises(ValueError, match="a new model in each call"):
        adapt(lambda: model)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_model_is_where_every_run_starts(monkeypatch):
    """At a learning rate of nearly 0 all runs end at its predictions."""
    eagerly_on_tensorflow(monkeypatch)
    model = classifier()
    found = adapt(model, methods=["mcc"], steps=2, learning_rate=1e-9)
    for predicted in (found.predictions, found.reference_predictions):
        np.testing.assert_allclose(
            predicted, model.predict(data()[1], verbose=0), atol=1e-5
        )


def test_a_collapsed_source_only_is_reported(monkeypatch):
    """The vetoes compare with it."""
    eagerly_on_tensorflow(monkeypatch)

    def collapsed():
        model = classifier()
        bias = np.array([4, 0, 0], "float32")
        model.layers[-1].bias.assign(bias)
        return model

    found = adapt(collapsed, steps=6, methods=["mcc"])
    assert "source_only: predicts 1.0 classes effectively" in found.warnings[0]
    assert "the source has 3.0" in found.warnings[0]


def _model(*layers):
    return lambda: keras.Sequential([keras.Input((CLASSES,)), *layers])


DENSE = keras.layers.Dense
(X, Y), TARGET = data()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 0}, "`steps`"),
        ({"minutes": -1}, "`minutes`"),
        ({"minutes": float("nan")}, "`minutes`"),
        ({"methods": ["adda"]}, "`methods`"),
        ({"methods": "mcc"}, "`methods`"),
        ({"methods": []}, "`methods`"),
        ({"max_candidates": 1}, "`max_candidates`"),
        ({"batch_size": 121}, "at least 121 samples"),
        ({"resume": True}, "`directory`"),
        ({"target": (TARGET, Y)}, "without labels"),
        ({"target": TARGET[:, :2]}, "same shape"),
        ({"target": np.full_like(TARGET, np.nan)}, "finite inputs"),
        ({"target": iter([TARGET])}, "endless"),
        ({"source": X}, "`source`"),
        ({"source": (X, Y + 1)}, "labels 0 to 2"),
        ({"source": (X, 0 * Y)}, "at least two classes"),
        ({"source": (X, Y.astype(str))}, "strings"),
        ({"source": [(X, Y)] * 2}, "Join several sources"),
        ({"source": (X[:, :2], Y), "target": TARGET[:, :2]}, "samples like"),
        ({"model": "LeNet"}, "a Keras classifier"),
        ({"model": _model(DENSE(8), DENSE(3))}, "logits"),
        ({"model": _model(DENSE(8), DENSE(1, "sigmoid"))}, "at least two"),
        ({"model": _model(DENSE(3, "softmax"))}, "before the last `Dense`"),
        (
            {"model": _model(DENSE(3), keras.layers.BatchNormalization())},
            "is a `Dense`",
        ),
    ],
)
def test_refuses_before_training(options, message, monkeypatch):
    def trains(*args, **kwargs):
        raise AssertionError("training began")

    monkeypatch.setattr("keras_grl.adapting.training.Trainer.run", trains)
    monkeypatch.setattr("keras_grl.adapting.training.Trainer.fit", trains)
    with pytest.raises(ValueError, match=message):
        adapt(**options)
