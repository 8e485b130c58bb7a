"""`BackupAndRestore` and `TrainingCheckpoint` refuse to resume another run."""

import json

import keras
import numpy as np
import pytest

import keras_grl
from keras_grl.callbacks import TrainingCheckpoint
from tests.testing import EAGERLY_ON_TENSORFLOW
from tests.testing import small_classifier
from tests.testing import small_data
from tests.testing import small_domain_classifier
from tests.testing import small_extractor
from tests.testing import to_numpy

EPOCHS = 3
X, Y, X_TARGET = small_data()


class StoppedError(Exception):
    pass


class Stop(keras.callbacks.Callback):
    """Ends the program in the middle of epoch 2."""

    def on_train_batch_end(self, batch, logs=None):
        if self.steps == 4:
            raise StoppedError
        self.steps += 1

    def on_train_begin(self, logs=None):
        self.steps = 0


def make(optimizer="adam"):
    keras.utils.set_random_seed(0)
    model = keras_grl.DANNModel(
        small_extractor(), small_classifier(), small_domain_classifier()
    )
    model.compile(
        optimizer, "sparse_categorical_crossentropy", **EAGERLY_ON_TENSORFLOW
    )
    return model


def fit(model, *callbacks, batch_size=8, seed=3, epochs=EPOCHS, **kwargs):
    data = keras_grl.pair(
        (X, Y), X_TARGET, batch_size=batch_size, seed=seed, **kwargs
    )
    return model.fit(data, epochs=epochs, callbacks=[*callbacks], verbose=0)


def backup(folder, save_freq="epoch"):
    return keras.callbacks.BackupAndRestore(
        folder, save_freq=save_freq, delete_checkpoint=False
    )


def stop(callback, optimizer="adam", **kwargs):
    """A run of three steps per epoch, stopped in the second one."""
    with pytest.raises(StoppedError):
        fit(make(optimizer), callback, Stop(), **kwargs)


def assert_refused(callback, match, optimizer="adam", **kwargs):
    model = make(optimizer)
    before = [to_numpy(value) for value in model.variables]
    with pytest.raises(ValueError, match=match):
        fit(model, callback, **kwargs)
    for value, was in zip(model.variables, before, strict=True):
        np.testing.assert_array_equal(to_numpy(value), was)


@pytest.mark.parametrize("save_freq", ["epoch", 1])
def test_another_run_is_refused(tmp_path, save_freq):
    folder = tmp_path / "run"
    stop(backup(folder, save_freq))
    files = {p: p.read_bytes() for p in folder.iterdir()}
    again = backup(folder, save_freq)
    for change, match in (
        ({"batch_size": 4}, "steps per epoch: 3. Received: 6"),
        ({"seed": 4}, "seed of the data: 3. Received: 4"),
        ({"shuffle": False}, "seed of the data: 3. Received: None"),
        ({"optimizer": "adamw"}, "optimizer: Adam. Received: AdamW"),
        ({"optimizer": "nadam"}, "optimizer: Adam. Received: Nadam"),
    ):
        assert_refused(again, rf"another run.*{match}\n.*delete", **change)
    assert {p: p.read_bytes() for p in folder.iterdir()} == files
    assert fit(make(), again).epoch == [1, 2]


def test_another_inner_optimizer_is_refused(tmp_path):
    def scaled(optimizer):
        return keras.optimizers.LossScaleOptimizer(
            keras.optimizers.get(optimizer)
        )

    stop(backup(tmp_path / "run"), scaled("adam"))
    assert_refused(
        backup(tmp_path / "run"),
        r"Expected optimizer: LossScaleOptimizer\(Adam",
        scaled("adamw"),
    )


@pytest.mark.parametrize("shuffle", [True, False])
def test_a_seed_that_was_not_passed_is_not_compared(tmp_path, shuffle):
    """`pair` chooses another one in every program."""
    stop(backup(tmp_path / "run"), seed=None, shuffle=shuffle)
    model = make()
    np.random.seed(1)
    assert fit(
        model, backup(tmp_path / "run"), seed=None, shuffle=shuffle
    ).epoch == [1, 2]


def test_folders_without_these_facts_are_resumed(tmp_path):
    """Those of version 0.1.0."""
    folder = tmp_path / "run"
    stop(backup(folder))
    path = folder / "epochs.json"
    recorded = json.loads(path.read_text())
    del recorded["run"]
    path.write_text(json.dumps(recorded))
    assert fit(make(), backup(folder), seed=4).epoch == [1, 2]
    # Then they have them.
    assert_refused(backup(folder), "seed of the data: 4", seed=3)


def test_a_checkpoint_of_another_optimizer_is_refused(tmp_path):
    """AdamW has the same variables as Adam."""
    stop(TrainingCheckpoint(tmp_path / "run"))
    match = "optimizer: Adam. Received: AdamW"
    assert_refused(TrainingCheckpoint(tmp_path / "run"), match, "adamw")
    assert fit(make(), TrainingCheckpoint(tmp_path / "run")).epoch == [1, 2]
