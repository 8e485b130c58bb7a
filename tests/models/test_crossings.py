"""One file for every backend: written on one, trained on with another."""

import importlib.util
import json
import sys
import warnings

import keras
import numpy as np
import pytest

import keras_grl
from keras_grl import DANNModel
from keras_grl import schedules
from keras_grl.models.saving import neutral
from tests.models import saved_files
from tests.testing import BACKEND
from tests.testing import EAGERLY_ON_TENSORFLOW
from tests.testing import run_python
from tests.testing import small_classifier
from tests.testing import small_data
from tests.testing import small_domain_classifier
from tests.testing import small_extractor
from tests.testing import to_numpy

BACKENDS = ("tensorflow", "jax", "torch")
OPTIMIZERS = {
    "momentum": lambda: keras.optimizers.SGD(
        schedules.InverseDecay(0.1), momentum=0.9
    ),
    "adam": lambda: keras.optimizers.Adam(0.05),
    "loss_scale": lambda: keras.optimizers.LossScaleOptimizer(
        keras.optimizers.RMSprop(0.01), initial_scale=4.0
    ),
}


# Arguments of `DANNModel`, by optimizer.
OPTIONS = {
    "adam": {"conditioning": "randomized", "entropy_conditioning": True},
    "loss_scale": {"adversarial_loss": "swapped"},
}


# One of them trains in compiled steps.
HOW = dict.fromkeys(("adam", "loss_scale"), EAGERLY_ON_TENSORFLOW)


def make(optimizer="sgd", options=None, **kwargs):
    model = DANNModel(
        small_extractor(),
        small_classifier(),
        small_domain_classifier(),
        **(options or {}),
    )
    model.compile(optimizer, "sparse_categorical_crossentropy", **kwargs)
    return model


def train(model, epochs=4, initial_epoch=0, **kwargs):
    x_source, y_source, x_target = small_data()
    # One step an epoch.
    data = keras_grl.pair(
        (x_source, y_source), x_target, batch_size=(12, 8), seed=0
    )
    return model.fit(
        data, epochs=epochs, initial_epoch=initial_epoch, verbose=0, **kwargs
    )


def described(model):
    """What must be equal where a file is loaded."""
    optimizer = model.optimizer
    x, y, _ = small_data()
    return {
        "predictions": model.predict(x, verbose=0).tolist(),
        "evaluated": model.evaluate(x, y, verbose=0, return_dict=True)["loss"],
        "domain_loss_weight": model.get_compile_config()["domain_loss_weight"],
        "weights": [to_numpy(v).tolist() for v in model.trainable_variables],
        "optimizer": [to_numpy(v).tolist() for v in optimizer.variables],
        "step": int(to_numpy(model.gradient_reversal.step)),
        "iterations": int(to_numpy(optimizer.iterations)),
        "adaptation_factor": model.adaptation_factor,
        "learning_rate": float(to_numpy(optimizer.learning_rate)),
    }


def trained_on(folder):
    """For another process: each model as it is loaded, and trained on."""
    states = {}
    for name in OPTIMIZERS:
        model = keras.models.load_model(f"{folder}/{name}.keras")
        loaded = described(model)
        train(model, 4, 2)
        states[name] = (loaded, described(model))
    return states


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A folder of files, and where training on leads from each, here."""
    folder = tmp_path_factory.mktemp("written")
    for name, optimizer in OPTIMIZERS.items():
        keras.utils.set_random_seed(0)
        model = make(
            optimizer(),
            OPTIONS.get(name),
            domain_loss_weight=0.5,
            **HOW.get(name, {}),
        )
        # Stopped half-way, at intermediate values of λ and the learning rate.
        stop = keras.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, logs, of=model: setattr(
                of, "stop_training", epoch == 1
            )
        )
        train(model, 4, callbacks=[stop])
        model.save(folder / f"{name}.keras")
    return folder, trained_on(folder)


def assert_alike(got, want):
    assert got.keys() == want.keys()
    for key, value in want.items():
        if isinstance(value, list):
            for a, b in zip(got[key], value, strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-4, atol=2e-6)
        else:
            assert got[key] == pytest.approx(value, rel=1e-5), key


@pytest.mark.parametrize("other", [b for b in BACKENDS if b != BACKEND])
def test_trains_on_with_every_other_backend(written, other):
    if importlib.util.find_spec(other) is None:
        pytest.skip(f"{other} is not installed")
    folder, right = written
    done = run_python(
        "import json\n"
        "from tests.models.test_crossings import trained_on\n"
        f"print('ARRIVED', json.dumps(trained_on({str(folder)!r})))",
        backend=other,
    )
    assert done.returncode == 0, done.stderr
    (line,) = (
        line for line in done.stdout.splitlines() if line.startswith("ARRIVED")
    )
    arrived = json.loads(line.removeprefix("ARRIVED "))
    for name, (loaded, trained) in right.items():
        assert 0 < loaded["adaptation_factor"] < trained["adaptation_factor"]
        assert loaded["step"] == loaded["iterations"] == 2
        assert trained["step"] == trained["iterations"] == 4
        assert_alike(arrived[name][0], loaded)
        assert_alike(arrived[name][1], trained)


@pytest.mark.parametrize(
    "name",
    [
        "Adadelta",
        "Adafactor",
        "Adagrad",
        "Adam",
        "Adamax",
        "AdamW",
        "Ftrl",
        "Lion",
        "Nadam",
        "RMSprop",
        "SGD",
    ],
)
def test_the_file_names_the_public_class(name):
    model = make(getattr(keras.optimizers, name)(0.01))
    config = model.get_compile_config()["optimizer"]
    assert config["module"] == "keras.optimizers"
    assert config["class_name"] == name
    assert config["registered_name"] is None


def test_wrapped_optimizers():
    inner = keras.optimizers.Adam(0.01)
    model = make(keras.optimizers.LossScaleOptimizer(inner))
    config = model.get_compile_config()["optimizer"]
    assert "keras.src" not in json.dumps(config)
    assert config["config"]["inner_optimizer"]["module"] == "keras.optimizers"


def test_files_of_torch_are_read():
    of_torch = {
        "module": "keras.src.backend.torch.optimizers.torch_sgd",
        "class_name": "SGD",
        "config": {"learning_rate": 0.1},
        "registered_name": "SGD",
    }
    public = {**of_torch, "module": "keras.optimizers", "registered_name": None}
    assert neutral({"optimizer": [of_torch]}) == {"optimizer": [public]}
    assert neutral(public) == public


@keras.saving.register_keras_serializable(package="tests")
class SGD(keras.optimizers.SGD):
    """A user's own, of the same name."""


@keras.saving.register_keras_serializable(package="tests")
def adam(p):
    return 0.5 * p


def test_a_custom_optimizer_is_kept(tmp_path):
    model = make(SGD(0.1))
    assert model.get_compile_config()["optimizer"]["class_name"] == "SGD"
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert type(loaded.optimizer) is SGD


# The arguments of `compile`.


@pytest.mark.parametrize("given", ["auto", True, False])
def test_jit_compile_is_saved_as_passed(tmp_path, given):
    model = make(jit_compile=given)
    resolved = model.jit_compile
    assert model.get_compile_config()["jit_compile"] == given
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.jit_compile == resolved
    assert loaded.get_compile_config() == model.get_compile_config()


def test_positional_arguments_of_compile_are_saved():
    model = make()
    loss = "sparse_categorical_crossentropy"
    model.compile("sgd", loss, None, None, None, False, 1, False)
    assert model.get_compile_config()["jit_compile"] is False


def old_config(model, **resolved):
    """The configuration as version 0.1.0 saved it."""
    config = {**model.get_compile_config(), **resolved}
    del config["auto_scale_loss"]
    return config


def test_old_files_of_torch_compile_as_this_backend_does():
    model = make()
    auto = model.jit_compile
    config = old_config(model, jit_compile=False)
    config["optimizer"] = {
        **config["optimizer"],
        "module": "keras.src.backend.torch.optimizers.torch_sgd",
        "registered_name": "SGD",
    }
    loaded = make()
    loaded.compile_from_config(config)
    assert loaded.jit_compile == auto
    assert loaded.get_compile_config()["jit_compile"] == "auto"


def test_old_files_of_jax_do_not_mean_torch_compile():
    model = make()
    loaded = make()
    loaded.compile_from_config(old_config(model, jit_compile=True))
    assert loaded.jit_compile == (BACKEND != "torch")


def test_steps_per_execution_that_the_backend_refuses():
    config = make().get_compile_config() | {"steps_per_execution": 4}
    loaded = make()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        loaded.compile_from_config(config)
    warned = [str(w.message) for w in caught if "steps_per" in str(w.message)]
    if BACKEND == "torch":
        assert len(warned) == 1
        assert "steps_per_execution=4" in warned[0]
        assert loaded.steps_per_execution == 1
        train(loaded, 1)
    else:
        assert not warned
        assert loaded.steps_per_execution == 4
    # The file holds what the user wrote.
    assert loaded.get_compile_config()["steps_per_execution"] == 4
    loaded.compile("sgd", "sparse_categorical_crossentropy")
    assert loaded.get_compile_config()["steps_per_execution"] == 1


def test_auto_scale_loss_is_saved(tmp_path):
    model = DANNModel(
        small_extractor(), small_classifier(), dtype="mixed_float16"
    )
    for scaled in (False, True):
        model.compile(
            "adam", "sparse_categorical_crossentropy", auto_scale_loss=scaled
        )
        model.optimizer.build(model.trainable_variables)
        model.save(tmp_path / "model.keras")
        loaded = keras.models.load_model(tmp_path / "model.keras")
        wrapped = isinstance(
            loaded.optimizer, keras.optimizers.LossScaleOptimizer
        )
        assert wrapped == scaled


# Files of version 0.1.0.


@pytest.mark.parametrize("name", sorted(saved_files.MODELS))
def test_older_files_load_and_train_on(name):
    _, _, kwargs = saved_files.MODELS[name]
    with np.load(saved_files.FOLDER / f"{name}.npz") as file:
        right = dict(file)
    model = keras.models.load_model(saved_files.FOLDER / f"{name}.keras")
    x, _, _ = saved_files.inputs()
    np.testing.assert_allclose(
        model.predict(x, verbose=0), right["predictions"], atol=1e-3
    )
    assert int(to_numpy(model.optimizer.iterations)) == 6
    if name != "torch_dann":
        model.run_eagerly = BACKEND == "tensorflow"
    saved_files.train(model, 4, 2, **kwargs)
    assert int(to_numpy(model.optimizer.iterations)) == 12
    tolerance = 2e-3 if "mixed" in name else 1e-5
    for number, value in enumerate(saved_files.weights(model)):
        np.testing.assert_allclose(value, right[str(number)], atol=tolerance)


def test_test_data_are_small():
    files = list(saved_files.FOLDER.iterdir())
    assert len(files) == 2 * len(saved_files.MODELS)
    assert max(file.stat().st_size for file in files) < 5000
    assert "tests.models.saved_files" in sys.modules
