"""Files that version 0.1.0 wrote load, and train on as they did there.

`tests/data/written_by_0_1_0` was written by `write`, run with that version:
for each backend four models after three of their six steps, a run that was
stopped after three steps, and where each of them ended in that version.
"""

import json
import shutil
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest

import keras_grl
from keras_grl import callbacks
from keras_grl import layers
from keras_grl import schedules
from tests.testing import BACKEND
from tests.versions import at_least

# Keras does not read what a newer Keras wrote.
pytestmark = pytest.mark.skipif(
    not at_least("keras", 3, 15), reason="the files are of Keras 3.15"
)
FOLDER = Path(__file__).parent.parent / "data" / "written_by_0_1_0"
POLICIES = {"float16": "mixed_float16"}
OURS = ("fit", "total_steps", "float16")
RNG = np.random.default_rng(7)
X_SOURCE = RNG.normal(size=(12, 2)).astype("float32")
Y_SOURCE = np.arange(12) % 2
X_TARGET = RNG.normal(loc=0.5, size=(12, 2)).astype("float32")


def dataset():
    return keras_grl.pair(
        (X_SOURCE, Y_SOURCE), X_TARGET, batch_size=8, shuffle=False
    )


def our_model(kind):
    model = keras_grl.DANNModel(
        keras.Sequential(
            [keras.Input((2,)), keras.layers.Dense(2, "tanh")], name="features"
        ),
        keras.layers.Dense(2, "softmax", name="labels"),
        keras.layers.Dense(1, name="domains"),
        total_steps=6 if kind == "total_steps" else None,
        name="dann",
    )
    model.compile(
        keras.optimizers.SGD(schedules.InverseDecay(0.1), momentum=0.9),
        "sparse_categorical_crossentropy",
    )
    return model


def plain_model():
    inputs = keras.Input((2,))
    features = keras.layers.Dense(2, "tanh", name="features")(inputs)
    reversed_ = layers.GradientReversal(
        schedules.SigmoidRamp(), name="reversal"
    )(features)
    outputs = keras.layers.Dense(1, name="domains")(reversed_)
    model = keras.Model(inputs, outputs, name="plain")
    model.compile(
        keras.optimizers.SGD(schedules.InverseDecay(0.1), momentum=0.9), "mse"
    )
    return model


def fit(kind, model, first, *further):
    """The three steps of the first of two epochs, or of the second."""
    stop = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: setattr(model, "stop_training", True)
    )
    if kind == "plain":
        return model.fit(
            X_SOURCE,
            np.ones((12, 1), "float32"),
            batch_size=4,
            shuffle=False,
            epochs=2,
            initial_epoch=0 if first else 1,
            verbose=0,
            callbacks=[
                callbacks.AdaptationFactorScheduler(),
                callbacks.LearningRateAnnealing(),
                stop,
            ],
        ).history
    return model.fit(
        dataset(),
        epochs=2,
        initial_epoch=0 if first or further else 1,
        verbose=0,
        callbacks=[stop, *further],
    ).history


def rows(array):
    return np.asarray(array, "float64").tolist()


def state(kind, model, logs):
    """The weights, momenta and all else that training on depends on."""
    optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    (layer,) = [
        each
        for each in layers.gradient_reversal.gradient_reversal_layers(model)
    ]
    return {
        "weights": [rows(each) for each in model.get_weights()],
        "momenta": [
            rows(variable)
            for variable in optimizer.variables
            if "momentum" in variable.name
        ],
        "iterations": int(optimizer.iterations),
        "learning_rate": float(optimizer.learning_rate),
        "adaptation_factor": layer.adaptation_factor,
        "step": int(layer.step.value),
        "logs": logs,
    }


def backup(folder):
    return keras.callbacks.BackupAndRestore(folder, delete_checkpoint=False)


def write(folder=FOLDER):
    """What stands in `tests/data`. Of use with version 0.1.0 alone."""
    ends = {}
    for kind in (*OURS, "plain"):
        keras.config.set_dtype_policy(POLICIES.get(kind, "float32"))
        keras.utils.set_random_seed(3)
        model = plain_model() if kind == "plain" else our_model(kind)
        fit(kind, model, True)
        path = folder / f"{kind}_{BACKEND}.keras"
        model.save(path)
        loaded = keras.models.load_model(path)
        before = state(kind, loaded, {})
        ends[kind] = [before, state(kind, loaded, fit(kind, loaded, False))]
    keras.config.set_dtype_policy("float32")
    keras.utils.set_random_seed(3)
    model = our_model("backup")
    fit("backup", model, True, backup(folder / f"backup_{BACKEND}"))
    shutil.copytree(folder / f"backup_{BACKEND}", folder / "copy")
    keras.utils.set_random_seed(4)
    model = our_model("backup")
    logs = fit("backup", model, True, backup(folder / "copy"))
    shutil.rmtree(folder / "copy")
    ends["backup"] = state("backup", model, logs)
    (folder / f"ends_{BACKEND}.json").write_text(json.dumps(ends))


def ends(kind):
    return json.loads((FOLDER / f"ends_{BACKEND}.json").read_text())[kind]


def assert_same_state(kind, model, logs, want):
    tolerance = 2e-3 if kind == "float16" else 2e-6
    got = state(kind, model, logs)
    assert got.keys() == want.keys()
    for name in ("iterations", "step"):
        assert got[name] == want[name]
    for name in ("learning_rate", "adaptation_factor"):
        assert got[name] == pytest.approx(want[name], rel=1e-6)
    for name in ("weights", "momenta"):
        for mine, theirs in zip(got[name], want[name], strict=True):
            np.testing.assert_allclose(mine, theirs, atol=tolerance)
    assert got["logs"].keys() == want["logs"].keys()
    for name, values in want["logs"].items():
        assert got["logs"][name] == pytest.approx(values, abs=tolerance)


@pytest.mark.parametrize("kind", [*OURS, "plain"])
def test_a_model_loads_in_full_and_trains_on(kind):
    model = keras.models.load_model(FOLDER / f"{kind}_{BACKEND}.keras")
    loaded, trained_on = ends(kind)
    assert_same_state(kind, model, {}, loaded)
    logs = fit(kind, model, False)
    assert_same_state(kind, model, logs, trained_on)


@pytest.mark.parametrize("kind", ["fit", "float16", "plain"])
def test_a_model_saved_again_loads_in_full(kind, tmp_path):
    model = keras.models.load_model(FOLDER / f"{kind}_{BACKEND}.keras")
    model.save(tmp_path / "again.keras")
    assert "FitSchedule" not in configuration(tmp_path / "again.keras")
    again = keras.models.load_model(tmp_path / "again.keras")
    loaded, trained_on = ends(kind)
    assert_same_state(kind, again, {}, loaded)
    logs = fit(kind, again, False)
    assert_same_state(kind, again, logs, trained_on)


def test_a_plain_model_saved_after_its_fit_loads_with_the_horizon(tmp_path):
    """As `loaded` and `trained_on` of its file of version 0.1.0."""
    keras.utils.set_random_seed(3)
    model = plain_model()
    fit("plain", model, True)
    path = tmp_path / "plain.keras"
    model.save(path)
    assert "WithHorizon" in configuration(path)
    assert "FitSchedule" not in configuration(path)
    again = keras.models.load_model(path)
    loaded, trained_on = ends("plain")
    assert_same_state("plain", again, {}, loaded)
    logs = fit("plain", again, False)
    assert_same_state("plain", again, logs, trained_on)


def configuration(path):
    with zipfile.ZipFile(path) as file:
        return file.read("config.json").decode()


def test_a_stopped_run_resumes(tmp_path):
    shutil.copytree(FOLDER / f"backup_{BACKEND}", tmp_path / "backup")
    keras.utils.set_random_seed(4)
    model = our_model("backup")
    logs = fit("backup", model, False, backup(tmp_path / "backup"))
    assert_same_state("backup", model, logs, ends("backup"))
