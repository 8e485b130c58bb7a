"""`TrainingCheckpoint`: resumed to the bit, or refused."""

import itertools
import json
import os
import random
import shutil
import types
import warnings

import keras
import numpy as np
import pytest

import keras_grl
from keras_grl import DANNModel
from keras_grl.baselines import DiscrepancyModel
from keras_grl.callbacks import AdaptationFactorScheduler
from keras_grl.callbacks import TrainingCheckpoint
from keras_grl.schedules import InverseDecay
from keras_grl.schedules.horizon import steps_taken
from tests.paired_data import iterable
from tests.testing import BACKEND
from tests.testing import fresh
from tests.testing import run_python
from tests.testing import small_classifier
from tests.testing import small_data
from tests.testing import small_domain_classifier
from tests.testing import to_numpy

EPOCHS, STEPS = 4, 3


class KilledError(Exception):
    pass


class Kill(keras.callbacks.Callback):
    """Ends the program in the middle of an epoch."""

    def __init__(self, epoch, kill=None):
        super().__init__()
        self._epoch, self._kill = epoch, kill
        self._now = None

    def on_epoch_begin(self, epoch, logs=None):
        self._now = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self._now, batch) == (self._epoch, 1):
            if self._kill is not None:
                self._kill()
            raise KilledError


def extractor():
    """With random numbers, and with statistics."""
    return keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(8),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.4),
            keras.layers.GaussianNoise(0.1),
        ],
        name="feature_extractor",
    )


def dann(optimizer="adam", **kwargs):
    model = DANNModel(
        extractor(), small_classifier(), small_domain_classifier(), **kwargs
    )
    model.compile(optimizer, "sparse_categorical_crossentropy")
    return model


def momentum():
    optimizer = keras.optimizers.SGD(InverseDecay(0.1), momentum=0.9)
    return dann(optimizer, batch_normalization="domain_specific")


def discrepancy():
    model = DiscrepancyModel(extractor(), small_classifier(), "mmd")
    model.compile("rmsprop", "sparse_categorical_crossentropy")
    return model


def scaled():
    """Skips steps until the scale is small enough."""
    return dann(
        keras.optimizers.LossScaleOptimizer(
            keras.optimizers.SGD(InverseDecay(0.1), momentum=0.9),
            initial_scale=2.0**126,
        )
    )


def fit(model, *callbacks, epochs=EPOCHS, seed=3, **kwargs):
    x_source, y_source, x_target = small_data()
    data = keras_grl.pair(
        (x_source, y_source), x_target, batch_size=8, seed=seed
    )
    return model.fit(
        data, epochs=epochs, callbacks=list(callbacks), verbose=0, **kwargs
    )


def state(model):
    values = [*model.variables, *model.optimizer.variables]
    return [to_numpy(value) for value in values]


def assert_equal(model, expected):
    for a, b in zip(state(model), expected, strict=True):
        np.testing.assert_array_equal(a, b)


def run(make, path, *callbacks, new=True, **kwargs):
    keras.utils.set_random_seed(0)
    model = make() if new else fresh(make)
    checkpoint = TrainingCheckpoint(path, delete_checkpoint=False)
    history = fit(model, *callbacks, checkpoint, **kwargs)
    return model, history, checkpoint


def killed(make, path, epoch=2, **kwargs):
    """Leaves the file of a run that was killed."""
    with pytest.raises(KilledError):
        run(make, path, Kill(epoch), new=False, **kwargs)


@pytest.fixture(scope="module")
def left(tmp_path_factory):
    """The file that `killed(dann, path)` leaves. Tests copy it."""
    path = tmp_path_factory.mktemp("left") / "run"
    killed(dann, path)
    return path


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The state of `dann` after a run that nothing has stopped."""
    folder = tmp_path_factory.mktemp("whole")
    return state(run(dann, folder / "run", new=False)[0])


@pytest.mark.parametrize("make", [dann, momentum, discrepancy, scaled])
def test_resumes_to_the_bit(tmp_path, make):
    model, history, _ = run(make, tmp_path / "whole", new=False)
    whole, applied = state(model), int(steps_taken(model.optimizer))
    killed(make, tmp_path / "run", 1)
    killed(make, tmp_path / "run", 3)
    # As in a new process, with an optimizer that is not built.
    new = make is dann
    resumed, after, checkpoint = run(make, tmp_path / "run", new=new)
    assert after.epoch == [3]
    assert_equal(resumed, whole)
    for name, values in history.history.items():
        assert [logs[name] for logs in checkpoint.logs] == values
    assert checkpoint.initial_epoch == EPOCHS
    if make is scaled:
        assert 0 < applied < EPOCHS * STEPS


def test_bfloat16_weights(tmp_path):
    """NumPy cannot save them."""
    keras.config.set_dtype_policy("bfloat16")
    model, _, _ = run(momentum, tmp_path / "whole", new=False)
    assert model.trainable_variables[0].dtype == "bfloat16"
    whole = state(model)
    killed(momentum, tmp_path / "run")
    assert_equal(run(momentum, tmp_path / "run", new=False)[0], whole)


ON_TENSORFLOW = "from tests import conftest as c; c.leave_graphs_as_they_are()"


def test_a_killed_process_resumes_to_the_bit(tmp_path, whole):
    done = run_python(
        "import os\n"
        "from tests.callbacks import test_checkpoint as test\n"
        f"{ON_TENSORFLOW if BACKEND == 'tensorflow' else ''}\n"
        "kill = test.Kill(2, lambda: os._exit(9))\n"
        f"test.run(test.dann, {str(tmp_path / 'run')!r}, kill)\n"
    )
    assert done.returncode == 9, done.stderr
    resumed, history, _ = run(dann, tmp_path / "run", new=False)
    assert history.epoch == [2, 3]
    assert_equal(resumed, whole)


def test_the_random_state_of_python_and_numpy(tmp_path):
    """Of data that are augmented by them, for example."""
    numbers = []
    note = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: numbers.append(
            (epoch, random.random(), np.random.normal())
        )
    )
    run(dann, tmp_path / "whole", note, new=False)
    right, numbers[:] = numbers[:], []
    with pytest.raises(KilledError):
        run(dann, tmp_path / "run", note, Kill(2), new=False)
    run(dann, tmp_path / "run", note, new=False)
    assert numbers == [*right[:3], *right[2:]]


def test_the_file_is_deleted_when_training_has_ended(tmp_path):
    checkpoint = TrainingCheckpoint(tmp_path / "new" / "run")
    with pytest.raises(KilledError):
        fit(fresh(dann), checkpoint, Kill(1))
    assert checkpoint.initial_epoch == 1
    fit(fresh(dann), checkpoint)
    assert checkpoint.initial_epoch == 0
    assert not list((tmp_path / "new").iterdir())
    assert len(checkpoint.logs) == EPOCHS


def test_min_seconds(tmp_path, monkeypatch):
    ticks = itertools.count(100)  # A second passes each time it is read.
    clock = types.SimpleNamespace(monotonic=lambda: next(ticks))
    monkeypatch.setattr("keras_grl.callbacks.checkpoint.time", clock)
    path = tmp_path / "run"
    checkpoint = TrainingCheckpoint(path, 1e6, delete_checkpoint=False)
    with pytest.raises(KilledError):
        fit(fresh(dann), checkpoint, Kill(3))
    assert not path.exists()
    fit(fresh(dann), checkpoint)
    assert checkpoint.initial_epoch == EPOCHS
    written = checkpoint.seconds
    again = TrainingCheckpoint(path)
    fit(fresh(dann), again)
    # The time before counts; a second at least passes after the resuming.
    assert again.seconds > written - 3 > 0


def test_an_interrupted_write_keeps_the_last_checkpoint(
    tmp_path, monkeypatch, left
):
    path = tmp_path / "run"
    shutil.copy(left, path)
    before = path.read_bytes()

    def half(file, **arrays):
        file.write(b"half")
        raise KilledError

    monkeypatch.setattr(np, "savez", half)
    with pytest.raises(KilledError):
        run(dann, path, new=False)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def half_of_it(content):
    return content[: len(content) // 2]


def nothing(content):
    return b""


def one_other_byte(content):
    place = len(content) // 2
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


def text(content):
    return b"no checkpoint"


@pytest.mark.parametrize("damage", [half_of_it, nothing, one_other_byte, text])
def test_a_damaged_file_is_refused(tmp_path, damage, left):
    path = tmp_path / "run"
    path.write_bytes(damage(left.read_bytes()))
    model = fresh(dann)
    before = state(model)
    with pytest.raises(ValueError, match="cannot be read"):
        fit(model, TrainingCheckpoint(path))
    for a, b in zip(state(model), before, strict=False):
        np.testing.assert_array_equal(a, b)


def test_files_of_another_kind_are_refused(tmp_path):
    np.savez(tmp_path / "run.npz", weights=np.zeros(3))
    np.save(tmp_path / "run.npy", np.zeros(3))
    for name in ("run.npz", "run.npy"):
        with pytest.raises(ValueError, match="cannot be read"):
            fit(fresh(dann), TrainingCheckpoint(tmp_path / name))


def other_optimizer():
    return dann("sgd")


@pytest.mark.parametrize(
    ("make", "kwargs", "match"),
    [
        (discrepancy, {}, "variables"),
        (other_optimizer, {}, "variables"),
        (dann, {"steps_per_epoch": 5}, "steps per epoch: 3. Received: 5"),
        (dann, {"seed": 4}, "seed of the data: 3. Received: 4"),
    ],
)
def test_a_checkpoint_of_another_run_is_refused(left, make, kwargs, match):
    model = make()
    before = state(model)
    with pytest.raises(ValueError, match=match):
        fit(model, TrainingCheckpoint(left), **kwargs)
    for a, b in zip(state(model), before, strict=False):
        np.testing.assert_array_equal(a, b)


class Batches(keras.utils.PyDataset):
    """Of the epoch that begins, whose order a seed gives."""

    num_batches = 3

    def __init__(self):
        super().__init__()
        self.epoch = 0

    def __getitem__(self, index):
        numbers = np.random.default_rng((self.epoch, index))
        return numbers.normal(size=(4, 3)), numbers.integers(0, 2, (4, 1))


def of_keras():
    model = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(4),
            keras.layers.Dropout(0.5),
            keras_grl.layers.GradientReversal(),
            keras.layers.Dense(1),
        ]
    )
    model.compile("adam", "mse")
    return model


def fit_plain(model, path, *callbacks, initial_epoch=True):
    checkpoint = TrainingCheckpoint(path, delete_checkpoint=False)
    batches = Batches()
    set_epoch = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: setattr(batches, "epoch", epoch)
    )
    ramp = AdaptationFactorScheduler(keras_grl.schedules.SigmoidRamp())
    model.fit(
        batches,
        epochs=EPOCHS,
        initial_epoch=checkpoint.initial_epoch if initial_epoch else 0,
        callbacks=[ramp, set_epoch, *callbacks, checkpoint],
        shuffle=False,
        verbose=0,
    )


def test_plain_model(tmp_path):
    keras.utils.set_random_seed(0)
    model = fresh(of_keras)
    fit_plain(model, tmp_path / "whole")
    whole = state(model)
    keras.utils.set_random_seed(0)
    with pytest.raises(KilledError):
        fit_plain(fresh(of_keras), tmp_path / "run", Kill(2))
    keras.utils.set_random_seed(0)
    model = of_keras()
    with pytest.raises(ValueError, match=r"checkpoint\.initial_epoch"):
        fit_plain(model, tmp_path / "run", initial_epoch=False)
    fit_plain(model, tmp_path / "run")
    assert_equal(model, whole)


def test_data_of_unknown_order(tmp_path):
    x_source, y_source, x_target = small_data()
    data = keras_grl.pair(
        iterable(x_source, y_source), iterable(x_target)
    ).with_steps(3)

    def train(*callbacks):
        checkpoint = TrainingCheckpoint(tmp_path / "run")
        fresh(dann).fit(
            data, epochs=2, callbacks=[*callbacks, checkpoint], verbose=0
        )

    with pytest.raises(KilledError):
        train(Kill(1))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        train()
    warned = [str(each.message) for each in caught]
    assert sum("their order may differ" in each for each in warned) == 1


def test_arguments(tmp_path):
    for arguments, name in (
        ((None,), "filepath"),
        (("run", -1), "min_seconds"),
        (("run", 0, "no"), "delete_checkpoint"),
    ):
        with pytest.raises(ValueError, match=name):
            TrainingCheckpoint(*arguments)
    model = keras.Sequential([keras.layers.Dense(1)])
    checkpoint = TrainingCheckpoint(tmp_path / "run")
    checkpoint.set_model(model)
    with pytest.raises(ValueError, match="needs a built model"):
        checkpoint.on_train_begin()


def test_a_path_that_cannot_be_written_to(tmp_path, monkeypatch):
    """Before training, not after the first epoch."""
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    model = dann()
    with pytest.raises(ValueError, match="a path to write to"):
        fit(model, TrainingCheckpoint(tmp_path / "run"))
    assert int(to_numpy(model.optimizer.iterations)) == 0


def test_facts_are_plain_json(left):
    with np.load(left, allow_pickle=False) as file:
        facts = json.loads(file["facts"].tobytes())
    assert facts["epoch"] == 2
    assert [sorted(logs) for logs in facts["logs"]] == [
        [
            "adaptation_factor",
            "domain_accuracy",
            "domain_loss",
            "label_loss",
            "learning_rate",
            "loss",
        ]
    ] * 2
