"""A failed save keeps the existing file; a successful one is complete."""

import builtins

import keras
import numpy as np
import pytest

import keras_grl
from keras_grl import DANNModel
from tests.testing import EAGERLY_ON_TENSORFLOW
from tests.testing import small_classifier
from tests.testing import small_data
from tests.testing import small_domain_classifier
from tests.testing import small_extractor
from tests.testing import to_numpy

X = small_data()[0]


def make(adaptation_factor=0.5):
    return DANNModel(
        small_extractor(),
        small_classifier(),
        small_domain_classifier(),
        adaptation_factor=adaptation_factor,
    )


class BrokenError(Exception):
    pass


@keras.saving.register_keras_serializable(package="tests")
class Broken(keras.layers.Identity):
    """A layer whose weights cannot be written."""

    def save_own_variables(self, store):
        raise BrokenError


def broken():
    extractor = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(4), Broken()]
    )
    return DANNModel(extractor, small_classifier(), small_domain_classifier())


def predictions(model):
    return to_numpy(model(X))


def save(model, path, **kwargs):
    model.save(path, **kwargs)


def save_weights(model, path, **kwargs):
    model.save_weights(path, **kwargs)


def load(path):
    return keras.models.load_model(path)


def load_weights(path):
    model = make()
    model.load_weights(path)
    return model


FORMATS = [
    pytest.param("m.keras", save, load, {}, id="keras"),
    pytest.param("folder", save, load, {"zipped": False}, id="folder"),
    pytest.param("m.weights.h5", save_weights, load_weights, {}, id="weights"),
    pytest.param(
        "m.weights.json",
        save_weights,
        load_weights,
        {"max_shard_size": 1e-6},
        id="shards",
    ),
]


@pytest.mark.parametrize(("name", "write", "read", "kwargs"), FORMATS)
def test_a_failed_save_keeps_the_existing_file(
    tmp_path, name, write, read, kwargs
):
    good = make()
    write(good, tmp_path / name, **kwargs)
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    with pytest.raises(BrokenError):
        write(broken(), tmp_path / name, **kwargs)
    after = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    assert after == before
    np.testing.assert_allclose(
        predictions(read(tmp_path / name)), predictions(good), rtol=1e-6
    )


@pytest.mark.parametrize(("name", "write", "read", "kwargs"), FORMATS)
def test_a_save_over_a_file_replaces_it(tmp_path, name, write, read, kwargs):
    for seed in (0, 1):
        keras.utils.set_random_seed(seed)
        model = make()
        write(model, str(tmp_path / name), **kwargs)
    np.testing.assert_allclose(
        predictions(read(tmp_path / name)), predictions(model), rtol=1e-6
    )
    assert not list(tmp_path.glob(".*"))


def test_unserializable_models(tmp_path):
    """A schedule that is a lambda."""
    good = make()
    good.save(tmp_path / "m.keras")
    with pytest.raises(ValueError, match="register_keras_serializable"):
        make(lambda p: p).save(tmp_path / "m.keras")
    np.testing.assert_allclose(
        predictions(load(tmp_path / "m.keras")), predictions(good)
    )


@pytest.mark.parametrize(
    ("name", "kwargs"),
    [
        ("m.h5", {}),
        ("m.hdf5", {}),
        ("m.h5", {"zipped": True}),
        ("m.h5", {"include_optimizer": False}),
        ("m.weights.h5", {}),
        ("m.H5", {}),
        ("m.tf", {}),
        ("m", {}),
    ],
)
def test_other_formats_than_keras(tmp_path, name, kwargs):
    """In HDF5 the optimizer was lost, also in files written later."""
    model = make()
    model.compile(keras.optimizers.SGD(0.125), "mse")
    with pytest.raises(ValueError, match=r"ends in `\.keras`.*Received") as e:
        model.save(tmp_path / name, **kwargs)
    assert f"model.save('{tmp_path}/m.keras')" in str(e.value)
    assert f"model.save_weights('{tmp_path}/m.weights.h5')" in str(e.value)
    assert not list(tmp_path.iterdir())
    model.save(tmp_path / "m.keras")
    optimizer = load(tmp_path / "m.keras").optimizer
    assert float(optimizer.learning_rate) == 0.125


def test_hdf5_in_a_remote_place():
    with pytest.raises(ValueError, match=r"ends in `\.keras`"):
        make().save("gs://bucket/m.h5")


@pytest.mark.parametrize("name", ["m.h5", "m.json", "m.weights.json"])
def test_weights_of_other_endings(tmp_path, name):
    with pytest.raises(ValueError, match=rf"in `\.weights\.h5`.*{tmp_path}/m"):
        make().save_weights(tmp_path / name)
    if name != "m.weights.json":
        with pytest.raises(ValueError, match=rf"filepath={tmp_path}/m"):
            make().save_weights(tmp_path / name, max_shard_size=1.0)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kwargs", [{}, {"zipped": False}], ids=str)
def test_what_is_saved_trains_on(tmp_path, kwargs):
    """A file and a folder hold the optimizer's state and the horizon."""
    x, y, x_target = small_data(target=12)
    model = make(keras_grl.schedules.SigmoidRamp())
    rate = keras_grl.schedules.InverseDecay(0.1)
    model.compile(
        keras.optimizers.SGD(rate, momentum=0.9),
        "sparse_categorical_crossentropy",
        # The folder in compiled steps.
        **({} if kwargs else EAGERLY_ON_TENSORFLOW),
    )
    data = keras_grl.pair((x, y), x_target, batch_size=24, shuffle=False)
    model.fit(data, epochs=2, verbose=0)
    path = tmp_path / ("m" if kwargs else "m.keras")
    model.save(path, **kwargs)
    loaded = load(path)
    for each in (model, loaded):
        each.fit(data, epochs=4, initial_epoch=2, verbose=0)
    for got, want in zip(loaded.weights, model.weights, strict=True):
        np.testing.assert_allclose(to_numpy(got), to_numpy(want), atol=1e-6)


@pytest.mark.parametrize(
    ("name", "kwargs"), [("m.onnx", {}), ("m.keras", {"zipped": False})]
)
def test_keras_errors_name_the_path_as_passed(tmp_path, name, kwargs):
    with pytest.raises(ValueError, match=rf"{tmp_path}/{name}"):
        make().save(tmp_path / name, **kwargs)
    with pytest.raises(ValueError, match=rf"{tmp_path}/m\.h5"):
        make().save_weights(tmp_path / "m.h5")
    assert not list(tmp_path.iterdir())


def test_folders_that_do_not_exist(tmp_path):
    with pytest.raises(FileNotFoundError, match="makedirs"):
        make().save(tmp_path / "none" / "m.keras")
    make().save(tmp_path / "some" / "folder", zipped=False)
    assert (tmp_path / "some" / "folder" / "config.json").exists()


@pytest.mark.parametrize(
    ("answers", "replaced"), [("n", False), ("y", True), ("?y", True)]
)
def test_overwrite_false_prompts(tmp_path, monkeypatch, answers, replaced):
    given = iter(answers)
    monkeypatch.setattr(builtins, "input", lambda question: next(given))
    for name, write in (("m.keras", save), ("m.weights.h5", save_weights)):
        given = iter(answers)
        (tmp_path / name).write_text("old")
        write(make(), tmp_path / name, overwrite=False)
        old = (tmp_path / name).read_bytes() == b"old"
        assert old is not replaced
    # No prompt if there is no file.
    monkeypatch.setattr(builtins, "input", None)
    make().save(tmp_path / "new.keras", overwrite=False)
    assert (tmp_path / "new.keras").exists()


def test_callbacks_write_complete_files(tmp_path):
    """`ModelCheckpoint` and `BackupAndRestore` call `save` of the model."""
    path = tmp_path / "m.keras"
    good = make()
    good.save(path)
    checkpoint = keras.callbacks.ModelCheckpoint(path)
    checkpoint.set_model(broken())
    with pytest.raises(BrokenError):
        checkpoint.on_epoch_end(0, {})
    np.testing.assert_allclose(predictions(load(path)), predictions(good))
