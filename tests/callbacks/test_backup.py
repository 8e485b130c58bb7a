"""Runs under Keras's `BackupAndRestore`: resumed exactly, or refused."""

import json
import shutil
import warnings

import keras
import numpy as np
import pytest

import keras_grl
from keras_grl import DANNModel
from keras_grl import schedules
from keras_grl.baselines import DiscrepancyModel
from keras_grl.schedules.horizon import steps_taken
from tests.testing import fresh
from tests.testing import small_classifier
from tests.testing import small_data
from tests.testing import small_domain_classifier
from tests.testing import small_extractor
from tests.testing import to_numpy

STEPS, EPOCHS = 3, 3
WEIGHTS = "latest.weights.h5"
METADATA = "training_metadata.json"


class KilledError(Exception):
    pass


class Kill(keras.callbacks.Callback):
    """Ends the program; keeps the files of the previous epoch."""

    def __init__(self, folder, epoch=2, batch=None):
        super().__init__()
        self._folder, self._epoch, self._batch = folder, epoch, batch
        self._now = None

    def on_epoch_begin(self, epoch, logs=None):
        self._now = epoch
        if epoch == self._epoch - 1 and self._folder.exists():
            before = self._folder.with_name("before")
            shutil.copytree(self._folder, before, dirs_exist_ok=True)
        if epoch == self._epoch and self._batch is None:
            raise KilledError

    def on_train_batch_end(self, batch, logs=None):
        if (self._now, batch) == (self._epoch, self._batch):
            raise KilledError


def sgd():
    return keras.optimizers.SGD(schedules.InverseDecay(0.1), momentum=0.9)


def make(optimizer=sgd, model=DANNModel, **kwargs):
    keras.utils.set_random_seed(0)
    parts = [small_extractor(), small_classifier()]
    if model is DANNModel:
        parts.append(small_domain_classifier())
    made = model(*parts, **kwargs)
    made.compile(optimizer(), "sparse_categorical_crossentropy")
    return made


def fit(model, *callbacks, epochs=EPOCHS, **kwargs):
    x_source, y_source, x_target = small_data()
    data = keras_grl.pair((x_source, y_source), x_target, batch_size=8, seed=3)
    return model.fit(
        data, epochs=epochs, callbacks=list(callbacks), verbose=0, **kwargs
    )


def state(model):
    values = [*model.variables, *model.optimizer.variables]
    return [to_numpy(value) for value in values]


def assert_equal(model, expected):
    for a, b in zip(state(model), expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-7)


def backup(folder, **kwargs):
    return keras.callbacks.BackupAndRestore(
        folder, delete_checkpoint=False, **kwargs
    )


def killed(folder, epoch=2, batch=None, make=make, **kwargs):
    model = fresh(make)
    with pytest.raises(KilledError):
        fit(model, backup(folder, **kwargs), Kill(folder, epoch, batch))


@pytest.fixture(scope="module")
def left(tmp_path_factory):
    """Copies what `killed(folder, **kwargs)` leaves, which is made once."""
    made = {}

    def copy(folder, **kwargs):
        key = tuple(kwargs.items())
        if key not in made:
            made[key] = tmp_path_factory.mktemp("left") / "now"
            killed(made[key], **kwargs)
        # Also what it was an epoch before.
        shutil.copytree(made[key].parent, folder.parent, dirs_exist_ok=True)

    return copy


@pytest.fixture(scope="module")
def whole():
    model = fresh(make)
    fit(model)
    return state(model)


def complete(now, before):
    pass


def without_metadata(now, before):
    """The first ones were not written yet."""
    shutil.rmtree(now)
    shutil.copytree(before, now)
    (now / METADATA).unlink()


def metadata_of_the_epoch_before(now, before):
    shutil.copy(before / METADATA, now / METADATA)


def empty_metadata(now, before):
    (now / METADATA).write_text("")


def half_of_the_weights(now, before):
    content = (now / WEIGHTS).read_bytes()
    (now / WEIGHTS).write_bytes(content[: len(content) // 2])


def no_byte_of_the_weights(now, before):
    (now / WEIGHTS).write_bytes(b"")


def zeros_within_the_weights(now, before):
    content = bytearray((now / WEIGHTS).read_bytes())
    content[100:4000] = bytes(3900)
    (now / WEIGHTS).write_bytes(content)


def metadata_of_another_epoch(now, before):
    (now / METADATA).write_text(json.dumps({"epoch": 7, "batch": 0}))


STATES = [
    complete,
    without_metadata,
    metadata_of_the_epoch_before,
    empty_metadata,
    half_of_the_weights,
    no_byte_of_the_weights,
    zeros_within_the_weights,
    metadata_of_another_epoch,
]
DAMAGED = STATES[4:7]


@pytest.mark.parametrize("double", [False, True])
@pytest.mark.parametrize("damage", STATES, ids=lambda f: f.__name__)
def test_files_that_a_kill_can_leave(tmp_path, whole, left, damage, double):
    now = tmp_path / "now"
    left(now, double_checkpoint=double)
    damage(now, tmp_path / "before")
    refused = damage in DAMAGED and not double
    # One is in fact new, with an optimizer that is not built.
    new = damage is complete and not double
    model = make() if new else fresh(make)
    before = state(model)
    if refused:
        with pytest.raises(ValueError, match="cannot be resumed exactly"):
            fit(model, backup(now))
        # Nothing is lost.
        for a, b in zip(state(model), before, strict=False):
            np.testing.assert_array_equal(a, b)
        return
    history = fit(model, backup(now, double_checkpoint=double))
    assert_equal(model, whole)
    again = damage in (without_metadata, *DAMAGED)
    assert history.epoch == ([1, 2] if again else [2])


@pytest.mark.parametrize("frequency", [1, 2, 3, 4])
def test_stopped_within_epochs(tmp_path, whole, frequency):
    """Twice: after the second stop, Keras itself would begin with epoch 0."""
    folder = tmp_path / "now"
    killed(folder, 1, 2, save_freq=frequency)
    killed(folder, 2, 1, save_freq=frequency)
    model = fresh(make)
    assert fit(model, backup(folder, save_freq=frequency)).epoch == [2]
    assert_equal(model, whole)
    assert int(to_numpy(model.optimizer.iterations)) == STEPS * EPOCHS


def test_stopped_within_the_first_epoch(tmp_path, whole):
    folder = tmp_path / "now"
    killed(folder, 0, 1, save_freq=1)
    model = fresh(make)
    with pytest.raises(ValueError, match="no epoch begins at optimizer step"):
        fit(model, backup(folder, save_freq=1))
    shutil.rmtree(folder)
    fit(model, backup(folder, save_freq=1))
    assert_equal(model, whole)


def accumulating():
    return make(
        lambda: keras.optimizers.SGD(0.1, gradient_accumulation_steps=2)
    )


def scaled():
    """Skips steps until the scale is small enough."""
    model = make()
    model.compile(
        keras.optimizers.LossScaleOptimizer(sgd(), initial_scale=2.0**126),
        "sparse_categorical_crossentropy",
        domain_loss_weight=16.0,
    )
    return model


def discrepancy():
    return make(sgd, DiscrepancyModel, discrepancy="coral")


@pytest.mark.parametrize(
    "of",
    [accumulating, scaled, discrepancy],
    ids=lambda of: of.__name__,
)
def test_other_optimizers_and_models(tmp_path, of):
    killed(tmp_path / "now", make=of)
    metadata_of_another_epoch(tmp_path / "now", None)
    model = fresh(of)
    assert fit(model, backup(tmp_path / "now")).epoch == [2]
    resumed = state(model)
    right = fresh(of)
    fit(right)
    assert_equal(right, resumed)
    if of is scaled:
        assert 0 < steps_taken(right.optimizer) < EPOCHS * STEPS


def test_a_fit_after_another(tmp_path):
    """The step counts from the first one; the epoch from the second one."""

    def pretrained():
        model = fresh(make)
        fit(model, epochs=2)
        return model

    folder = tmp_path / "now"
    model = pretrained()
    with pytest.raises(KilledError):
        fit(model, backup(folder), Kill(folder))
    shutil.copytree(folder, tmp_path / "copy")
    model = pretrained()
    fit(model)
    right = state(model)
    # Also if the first one is left out this time.
    for folder, of in (("now", pretrained), ("copy", lambda: fresh(make))):
        model = of()
        assert fit(model, backup(tmp_path / folder)).epoch == [2]
        assert_equal(model, right)


def test_older_version_without_recorded_epochs(tmp_path, whole, left):
    left(tmp_path / "now", double_checkpoint=False)
    (tmp_path / "now" / "epochs.json").unlink()
    metadata_of_another_epoch(tmp_path / "now", None)
    model = fresh(make)
    assert fit(model, backup(tmp_path / "now")).epoch == [2]
    assert_equal(model, whole)


def test_recorded_epochs_of_another_run_are_deleted(tmp_path, whole):
    folder = tmp_path / "now"
    folder.mkdir()
    (folder / "epochs.json").write_text('{"step_of_epoch": {"0": 5, "2": 3}}')
    killed(folder, 1, None)
    notes = json.loads((folder / "epochs.json").read_text())
    assert notes["step_of_epoch"] == {"0": 0, "1": STEPS}


def test_recorded_later_epochs_are_deleted(tmp_path):
    """A run that is resumed may have other steps from there on."""
    folder = tmp_path / "now"
    killed(folder, 1, None)
    path = folder / "epochs.json"
    path.write_text('{"step_of_epoch": {"0": 0, "1": 3, "2": 5}}')
    killed(folder, 1, 1)
    recorded = json.loads(path.read_text())["step_of_epoch"]
    assert recorded == {"0": 0, "1": 3}


def test_state_of_another_optimizer_is_refused(tmp_path, left):
    left(tmp_path / "now", double_checkpoint=False)
    (tmp_path / "now" / "epochs.json").unlink()  # It names the optimizer.
    model = make(lambda: keras.optimizers.Adam(0.1))
    with (
        warnings.catch_warnings(),
        pytest.raises(ValueError, match="to another optimizer"),
    ):
        warnings.simplefilter("ignore")  # Keras only warns.
        fit(model, backup(tmp_path / "now"))


def test_the_checkpoint_is_deleted_at_the_end(tmp_path):
    folder = tmp_path / "now"
    fit(fresh(make), keras.callbacks.BackupAndRestore(folder, save_freq=2))
    assert not folder.exists()


def test_a_fit_that_keras_begins_with_an_earlier_epoch(tmp_path, left):
    left(tmp_path / "now", double_checkpoint=False)
    model = fresh(make)
    fit(model, keras.callbacks.BackupAndRestore(tmp_path / "now"))
    with pytest.raises(ValueError, match="Expected: epoch 0"):
        fit(model)
    with pytest.raises(ValueError, match="Expected: epoch 0"):
        fit(model, backup(tmp_path / "new"))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert fit(loaded).epoch == [0, 1, 2]
