"""The saving contract: whole models, and resumed runs."""

import functools
import json
import zipfile

import h5py
import keras
import numpy as np
import pytest

import keras_grl
from keras_grl import DANNModel
from keras_grl import schedules
from tests.testing import EAGERLY_ON_TENSORFLOW
from tests.testing import fresh
from tests.testing import run_python
from tests.testing import small_classifier
from tests.testing import small_data
from tests.testing import small_domain_classifier
from tests.testing import small_extractor
from tests.testing import to_numpy


def small_model():
    return DANNModel(
        small_extractor(), small_classifier(), small_domain_classifier()
    )


def trained_model(epochs=2):
    model = small_model()
    model.compile(
        keras.optimizers.SGD(schedules.InverseDecay(0.1), momentum=0.9),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        domain_loss_weight=0.5,
    )
    x_source, y_source, x_target = small_data()
    dataset = keras_grl.pair(
        (x_source, y_source), x_target, batch_size=8, seed=0
    )
    # Stopped half-way, at intermediate values of λ and the learning rate.
    stop = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: setattr(model, "stop_training", True)
    )
    model.fit(dataset, epochs=epochs, callbacks=[stop], verbose=0)
    return model, dataset


@pytest.fixture(scope="module")
def model():
    """A trained one, that tests only read."""
    return trained_model()[0]


def state(model):
    return {
        "predictions": model.predict(small_data()[0], verbose=0).tolist(),
        "adaptation_factor": model.adaptation_factor,
        "step": int(model.gradient_reversal.step.value),
        "iterations": int(model.optimizer.iterations.value),
        "learning_rate": float(model.optimizer.learning_rate),
        "optimizer": [to_numpy(v).tolist() for v in model.optimizer.variables],
        "evaluated": model.evaluate(
            small_data()[0], small_data()[1], verbose=0, return_dict=True
        ),
        "domain_loss_weight": model.get_compile_config()["domain_loss_weight"],
    }


def assert_equal_states(got, want):
    assert got.keys() == want.keys()
    for name in want:
        if name == "evaluated":
            assert got[name] == pytest.approx(want[name], abs=1e-6)
        elif name == "optimizer":
            for a, b in zip(got[name], want[name], strict=True):
                np.testing.assert_allclose(a, b, atol=1e-6)
        else:
            np.testing.assert_allclose(
                got[name], want[name], atol=1e-6, err_msg=name
            )


def test_saved_and_loaded(tmp_path):
    model, dataset = trained_model()
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    want = state(model)
    assert 0 < want["adaptation_factor"] < 1
    assert want["step"] == want["iterations"] == 3
    assert_equal_states(state(loaded), want)
    assert json.dumps(loaded.get_config()) == json.dumps(model.get_config())
    # And training continues in the same way.
    for each in (model, loaded):
        each.fit(dataset, epochs=2, initial_epoch=1, verbose=0)
    assert_equal_states(state(loaded), state(model))


def test_file_holds_no_code(tmp_path, model):
    """Configuration and arrays: nothing that loading would execute."""
    model.save(tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        names = set(archive.namelist())
        config = archive.read("config.json").decode()
    assert {"config.json", "metadata.json", "model.weights.h5"} <= names
    assert "__lambda__" not in config
    keras.models.load_model(tmp_path / "model.keras", safe_mode=True)


def test_weights_only(tmp_path, model):
    model.save_weights(tmp_path / "model.weights.h5")
    new = small_model()
    new.load_weights(tmp_path / "model.weights.h5")
    x = small_data()[0]
    np.testing.assert_allclose(
        new.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-6
    )
    assert new.adaptation_factor == model.adaptation_factor


def test_weights_are_saved_by_part(tmp_path, model):
    """And do not move when a model derived from the parts has been used."""
    assert model.classifier is model.classifier
    assert model.network is model.network
    model.save_weights(tmp_path / "model.weights.h5")
    with h5py.File(tmp_path / "model.weights.h5") as file:
        parts = {name for name in file if len(file[name])}
    assert parts >= {
        "feature_extractor",
        "label_predictor",
        "domain_classifier",
    }
    assert not parts & {"classifier", "network"}


def test_unregistered_function_is_refused_when_saving(tmp_path):
    model = DANNModel(
        small_extractor(), small_classifier(), adaptation_factor=lambda p: p
    )
    with pytest.raises(ValueError, match="register_keras_serializable"):
        model.save(tmp_path / "model.keras")
    assert model.predict(small_data()[0], verbose=0).shape == (12, 3)


def test_clone(model):
    clone = DANNModel.from_config(model.get_config())
    assert clone.count_params() == model.count_params()


# A run that is killed and started again.


def compiled(learning_rate, **kwargs):
    model = small_model()
    model.compile(
        keras.optimizers.SGD(learning_rate, momentum=0.9),
        loss="sparse_categorical_crossentropy",
        **kwargs,
    )
    return model


def annealed():
    return compiled(schedules.InverseDecay(0.1))


def trained(annealing_by_callback, backup=None, kill=None):
    """Three epochs of three steps; `kill()` before the last, if given."""
    keras.utils.set_random_seed(0)
    if annealing_by_callback:
        # The callback adds variables to the optimizer.
        model = compiled(0.1, **EAGERLY_ON_TENSORFLOW)
    else:
        model = fresh(annealed)
    x_source, y_source, x_target = small_data()
    dataset = keras_grl.pair(
        (x_source, y_source), x_target, batch_size=8, seed=3
    )

    class Kill(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if kill and epoch == 2:
                kill()

    decay = schedules.InverseDecay(0.1)
    callbacks = [Kill()]
    if backup:
        callbacks.insert(
            0, keras.callbacks.BackupAndRestore(backup, delete_checkpoint=False)
        )
    if annealing_by_callback:
        callbacks.append(keras_grl.callbacks.LearningRateAnnealing(decay))
    history = model.fit(dataset, epochs=3, callbacks=callbacks, verbose=0)
    return state(model), history.history


@functools.cache
def uninterrupted(annealing_by_callback):
    return trained(annealing_by_callback)


class KilledError(Exception):
    pass


def raise_killed():
    raise KilledError


def assert_resumed_like_uninterrupted(backup, annealing_by_callback):
    resumed, after = trained(annealing_by_callback, backup)
    whole, all_along = uninterrupted(annealing_by_callback)
    assert_equal_states(resumed, whole)
    for name in ("adaptation_factor", "learning_rate", "loss"):
        assert after[name] == pytest.approx(all_along[name][2:], abs=1e-6)
    p = np.array([2, 5, 8]) / 9
    assert all_along["adaptation_factor"] == pytest.approx(np.tanh(5 * p))


@pytest.mark.parametrize("annealing_by_callback", [False, True])
def test_an_interrupted_run_resumes_exactly(tmp_path, annealing_by_callback):
    with pytest.raises(KilledError):
        trained(annealing_by_callback, tmp_path, raise_killed)
    assert_resumed_like_uninterrupted(tmp_path, annealing_by_callback)


def test_a_killed_process_resumes_exactly(tmp_path):
    done = run_python(
        "import os\n"
        "from tests.models.test_saving import trained\n"
        f"trained(False, {str(tmp_path)!r}, lambda: os._exit(9))"
    )
    assert done.returncode == 9, done.stderr
    assert_resumed_like_uninterrupted(tmp_path, False)
