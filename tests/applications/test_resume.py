import dataclasses
import json
import shutil

import keras
import numpy as np
import pytest

from applications import mnist_to_mnist_m
from applications import semi_supervised_signs
from applications.runner import measures
from applications.runner import results
from applications.runner import training
from applications.runner.job import Job
from applications.runner.settings import Options
from applications.runner.settings import Settings
from applications.runner.training import Batches
from keras_grl.callbacks import TrainingCheckpoint
from tests.applications import small_sets
from tests.applications.tiny_runs import history
from tests.testing import run_python

pytestmark = pytest.mark.usefixtures("tiny", "eager", "no_figures")


KILLED = """
import os, pytest, signal
from applications import semi_supervised_signs
from applications.runner import training
from keras_grl.callbacks import TrainingCheckpoint
from tests.applications import small_sets
from tests.applications import tiny_runs
from tests.eagerly import eagerly_on_tensorflow

small_sets.put_in_place(pytest.MonkeyPatch())
small_sets.few_labeled(pytest.MonkeyPatch())
tiny_runs.put_in_place(pytest.MonkeyPatch())
eagerly_on_tensorflow(pytest.MonkeyPatch())
training.CHECKPOINT_SECONDS = 0.0
written = TrainingCheckpoint.on_epoch_end

def killed(self, epoch, logs=None):
    written(self, epoch, logs)
    if epoch == 0:
        os.kill(os.getpid(), signal.SIGKILL)

TrainingCheckpoint.on_epoch_end = killed
semi_supervised_signs.main({arguments!r})
"""


class KilledError(BaseException):
    """Nothing of the programs catches it."""


@pytest.fixture
def killed_after(monkeypatch):
    """Kills training once the checkpoint of an epoch is written."""

    def kill(program, arguments, last):
        with monkeypatch.context() as patch:
            written = TrainingCheckpoint.on_epoch_end

            def killed(self, epoch, logs=None):
                written(self, epoch, logs)
                if epoch == last:
                    raise KilledError

            patch.setattr(training, "CHECKPOINT_SECONDS", 0.0)
            patch.setattr(TrainingCheckpoint, "on_epoch_end", killed)
            with pytest.raises(KilledError):
                program.main(arguments)

    return kill


@pytest.mark.parametrize("method", ["source_only", "coral", "dann"])
def test_a_run_that_stopped_resumes_as_if_it_had_not(
    method, tmp_path, capfd, killed_after, finished
):
    arguments = [*finished.command, "--methods", method]
    arguments += ["--output", str(tmp_path)]
    killed_after(mnist_to_mnist_m, arguments, last=0)
    resume_and_compare(
        mnist_to_mnist_m, arguments, method, tmp_path, capfd, finished
    )


def test_a_run_that_stopped_before_it_was_measured(
    tmp_path, capfd, monkeypatch, finished
):
    """Nothing is trained again."""

    def killed(*args):
        raise KilledError

    arguments = [*finished.command, "--methods", "dann"]
    arguments += ["--output", str(tmp_path)]
    with monkeypatch.context() as patch:
        patch.setattr(measures, "svm_accuracy", killed)
        with pytest.raises(KilledError):
            mnist_to_mnist_m.main(arguments)
    resume_and_compare(
        mnist_to_mnist_m, arguments, "dann", tmp_path, capfd, finished, 2
    )


def test_a_killed_run_resumes_as_if_it_had_not_been(
    tmp_path, capfd, monkeypatch, finished_signs
):
    small_sets.few_labeled(monkeypatch)
    method = "semi_supervised_dann"
    arguments = [*finished_signs.command, "--methods", method]
    arguments += ["--output", str(tmp_path)]
    process = run_python(KILLED.format(arguments=arguments))
    assert process.returncode == -9, process.stderr
    resume_and_compare(
        semi_supervised_signs,
        arguments,
        method,
        tmp_path,
        capfd,
        finished_signs,
    )


def resume_and_compare(
    program, arguments, method, output, capfd, whole, epoch=1
):
    """The same command ends with the weights of the whole run, to the bit."""
    run = next(output.glob("*/*/runs")) / f"{method}-0"
    assert not (run / "metrics.json").exists()
    assert (run / "checkpoint" / "training.npz").exists()
    capfd.readouterr()
    (resumed,) = program.main(arguments)
    assert f"seed 0: resumes after epoch {epoch}" in capfd.readouterr().out
    assert not (run / "checkpoint").exists()
    # Dropout, batch normalization, order and λ continue where they were.
    expected = whole.path / "runs" / f"{method}-0"
    assert history(run) == history(expected)
    (uninterrupted,) = (m for m in whole.metrics if m["method"] == method)
    assert resumed == uninterrupted | {"seconds": resumed["seconds"]}
    weights = [
        keras.models.load_model(each / "model.keras").get_weights()
        for each in (run, expected)
    ]
    for got, wanted in zip(*weights, strict=True):
        np.testing.assert_array_equal(got, wanted)


def test_a_damaged_checkpoint_gets_one_line(tmp_path, killed_after, finished):
    arguments = [*finished.command, "--methods", "dann"]
    arguments += ["--output", str(tmp_path)]
    killed_after(mnist_to_mnist_m, arguments, last=0)
    (file,) = tmp_path.glob("*/*/runs/dann-0/checkpoint/training.npz")
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(SystemExit) as stopped:
        mnist_to_mnist_m.main(arguments)
    message = str(stopped.value.code)
    assert f"error: The checkpoint {str(file)!r} cannot be read" in message
    assert message.endswith("Delete that file to train from the beginning.")
    assert len(message.splitlines()) == 1


def test_a_checkpoint_of_an_earlier_version_is_not_used(
    tmp_path, capsys, finished
):
    arguments = [*finished.command, "--methods", "dann"]
    arguments += ["--output", str(tmp_path)]
    run = tmp_path / "mnist_to_mnist_m" / "all" / "runs" / "dann-0"
    (run / "checkpoint").mkdir(parents=True)
    (run / "checkpoint" / "epoch-00001.json").write_text("{}")
    (run / "checkpoint" / "epoch-00001.npz").write_bytes(b"of long ago")
    config = "config.json"
    shutil.copyfile(finished.path / config, run.parent.parent / config)
    mnist_to_mnist_m.main(arguments)
    printed = capsys.readouterr().out
    assert "DANN, seed 0: starts over, since its checkpoint was" in printed
    expected = finished.path / "runs" / "dann-0"
    assert history(run) == history(expected)
    assert not (run / "checkpoint").exists()


def test_other_settings_do_not_overwrite_results(tmp_path, monkeypatch):
    folder = tmp_path / "mnist_to_mnist_m" / "quick-x"
    folder.mkdir(parents=True)
    settings = mnist_to_mnist_m.EXPERIMENT.presets["quick"]
    options = Options(name="quick-x", output=str(tmp_path))
    results.Folder.of(Job(mnist_to_mnist_m.EXPERIMENT, options, settings))
    (folder / "runs").mkdir()
    with pytest.raises(SystemExit) as stopped:
        mnist_to_mnist_m.main(
            ["--epochs", "3", "--name", "quick-x", "--output", str(tmp_path)]
        )
    message = str(stopped.value)
    assert "has results of other settings (epochs: " in message
    assert "now 3) and is not overwritten" in message
    assert "--name quick-x-2" in message


def test_other_images_do_not_join_results(tmp_path):
    settings = Settings()
    data = mnist_to_mnist_m.load(Options(), settings, seed=0)
    run = tmp_path / "runs" / "source_only-0"
    run.mkdir(parents=True)
    (run / "metrics.json").write_text(
        json.dumps(
            {
                "method": "source_only",
                "seed": 0,
                "images": {
                    "source": {"train": 96, "test": 48},
                    "target": {"train": 96, "test": 48},
                },
            }
        )
    )
    folder = results.Folder(tmp_path)
    folder.check_images(data)
    # As from another --data-dir, with a part of the set.
    part = dataclasses.replace(data, target=data.target.first(64))
    with pytest.raises(SystemExit) as stopped:
        folder.check_images(part)
    message = str(stopped.value.code)
    assert "has results of other images" in message
    assert "'train': 96" in message and "'train': 64" in message


def test_results_from_before_a_setting_existed_are_continued(tmp_path):
    experiment = mnist_to_mnist_m.EXPERIMENT
    options = Options(name="old", output=str(tmp_path))
    settings = Settings(network="small")
    folder = results.Folder.of(Job(experiment, options, settings))
    (folder.path / "runs").mkdir()
    config = json.loads((folder.path / "config.json").read_text())
    del config["settings"]["normalization"]
    (folder.path / "config.json").write_text(json.dumps(config))
    results.Folder.of(Job(experiment, options, settings))
    other = Settings(network="small", normalization="image")
    with pytest.raises(SystemExit, match="normalization: none, now image"):
        results.Folder.of(Job(experiment, options, other))


def test_batches_walk_through_all_samples():
    x = np.arange(10)
    batches = Batches(x, x, batch_size=4, steps=5, seed=0)
    batches.on_epoch_begin()
    seen = np.concatenate([batches[i][0] for i in range(batches.num_batches)])
    # Two passes, each with every sample once.
    np.testing.assert_array_equal(np.sort(seen[:10]), x)
    np.testing.assert_array_equal(np.sort(seen[10:]), x)
    batches.set_epoch(3, logs=None)
    batches.on_epoch_begin()
    later = batches[0][0]
    other = Batches(x, x, batch_size=4, steps=5, seed=0)
    other.set_epoch(3)
    other.on_epoch_begin()
    np.testing.assert_array_equal(other[0][0], later)


def test_another_epoch_has_another_order():
    batches = Batches(np.arange(40), np.arange(40), 40, steps=1, seed=0)
    batches.on_epoch_begin()
    first = batches[0][0].tolist()
    batches.on_epoch_begin()
    assert batches[0][0].tolist() != first
    other = Batches(np.arange(40), np.arange(40), 40, steps=1, seed=1)
    other.on_epoch_begin()
    assert other[0][0].tolist() != first
