import dataclasses
import json
import math

import numpy as np
import pytest

from applications import files
from applications import mnist_to_mnist_m
from applications import semi_supervised_signs
from applications.runner import results
from applications.runner.training import Batches
from applications.runner.training import Checkpoint
from tests.applications import small_sets
from tests.applications.tiny_runs import TINY
from tests.applications.tiny_runs import history
from tests.testing import run_python

pytestmark = pytest.mark.usefixtures("small")


COMPARED = {
    "loss",
    "label_loss",
    "domain_loss",
    "adaptation_factor",
    "learning_rate",
}


KILLED = """
import os, pytest, signal
from applications import semi_supervised_signs
from applications.runner.training import Checkpoint
from tests.applications import small_sets

small_sets.put_in_place(pytest.MonkeyPatch())
small_sets.few_labelled(pytest.MonkeyPatch())
Checkpoint.seconds_between = 0.0
written = Checkpoint.on_epoch_end

def killed(self, epoch, logs=None):
    written(self, epoch, logs)
    if epoch == 0:
        os.kill(os.getpid(), signal.SIGKILL)

Checkpoint.on_epoch_end = killed
semi_supervised_signs.main({arguments!r})
"""


class KilledError(BaseException):
    """Nothing of the programs catches it."""


@pytest.mark.parametrize("method", ["source_only", "dann"])
def test_a_run_that_stopped_goes_on_as_if_it_had_not(
    method, tmp_path, capfd, monkeypatch, finished
):
    arguments = [*TINY, "--methods", method, "--epochs", "2"]
    arguments += ["--output", str(tmp_path)]
    with monkeypatch.context() as patch:
        written = Checkpoint.on_epoch_end

        def killed(self, epoch, logs=None):
            written(self, epoch, logs)
            if epoch == 0:
                raise KilledError

        patch.setattr(Checkpoint, "seconds_between", 0.0)
        patch.setattr(Checkpoint, "on_epoch_end", killed)
        with pytest.raises(KilledError):
            mnist_to_mnist_m.main(arguments)
    resume_and_compare(
        mnist_to_mnist_m, arguments, method, tmp_path, capfd, finished
    )


def test_a_killed_run_goes_on_as_if_it_had_not_been(
    tmp_path, capfd, monkeypatch, finished_signs
):
    small_sets.few_labelled(monkeypatch)
    method = "semi_supervised_dann"
    arguments = [*TINY, "--methods", method, "--epochs", "2"]
    arguments += ["--images", "128", "--output", str(tmp_path)]
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


def resume_and_compare(program, arguments, method, output, capfd, whole):
    """The same command trains the second epoch, as the whole run did."""
    run = next(output.glob("*/*/runs")) / f"{method}-0"
    assert not (run / "metrics.json").exists()
    assert (run / "checkpoint").exists()
    capfd.readouterr()
    (resumed,) = program.main(arguments)
    assert "seed 0: goes on after epoch 1" in capfd.readouterr().out
    assert not (run / "checkpoint").exists()
    # Dropout, batch normalization, order and λ go on where they were.
    expected = history(whole.path / "runs" / f"{method}-0")
    for got, wanted in zip(history(run), expected, strict=True):
        assert got.keys() == wanted.keys()
        for key in got.keys() & COMPARED:
            assert float(got[key]) == pytest.approx(
                float(wanted[key]), rel=1e-3
            ), key
    (uninterrupted,) = (m for m in whole.metrics if m["method"] == method)
    # A test image may fall on the other side for a rounding.
    for key, domain in (
        ("accuracy", "target"),
        ("svm_accuracy", "target"),
        ("source_accuracy", "source"),
    ):
        tested = resumed["images"][domain]["test"]
        assert resumed[key] == pytest.approx(
            uninterrupted[key], abs=1.5 / tested
        ), key


def test_a_checkpoint_that_was_not_finished_is_not_used(tmp_path):
    (tmp_path / "unfinished.npz").write_bytes(b"half")
    (tmp_path / "epoch-00007.npz").write_bytes(b"whole, but no history")
    (tmp_path / "epoch-00008.json.unfinished").write_text("{")
    (tmp_path / ".epoch-00009-0f.json").write_text("{")
    assert Checkpoint(tmp_path).epoch == 0


def test_a_checkpoint_begins_after_the_last_epoch_that_is_whole(tmp_path):
    for epoch, loss in ((1, "0.5"), (3, "nan")):
        rows = [{"loss": "0.9"}] * (epoch - 1) + [{"loss": loss}]
        files.write_json(
            tmp_path / f"epoch-{epoch:05}.json",
            {"rows": rows, "seconds": 60.0},
        )
    found = Checkpoint(tmp_path)
    assert found.epoch == 3
    assert [row["loss"] for row in found.rows[:2]] == [0.9, 0.9]
    assert math.isnan(found.rows[2]["loss"])
    assert 60.0 <= found.seconds < 70.0
    # As they were written before: numbers, NaN among them.
    text = '{"rows": [{"loss": NaN}, {"loss": 0.5}], "seconds": 1}'
    (tmp_path / "epoch-00004.json").write_text(text)
    found = Checkpoint(tmp_path)
    assert found.epoch == 2 and math.isnan(found.rows[0]["loss"])
    assert found.rows[1] == {"loss": 0.5}


def test_other_settings_do_not_overwrite_results(tmp_path, monkeypatch):
    folder = tmp_path / "mnist_to_mnist_m" / "quick-x"
    folder.mkdir(parents=True)
    settings = mnist_to_mnist_m.EXPERIMENT.presets["quick"]
    options = results.Options(name="quick-x", output=str(tmp_path))
    results.Folder.of(mnist_to_mnist_m.EXPERIMENT, options, settings)
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
    settings = results.Settings()
    data = mnist_to_mnist_m.load(results.Options(), settings, seed=0)
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


def test_results_from_before_a_setting_existed_are_gone_on_with(tmp_path):
    experiment = mnist_to_mnist_m.EXPERIMENT
    options = results.Options(name="old", output=str(tmp_path))
    settings = results.Settings(network="small")
    folder = results.Folder.of(experiment, options, settings)
    (folder.path / "runs").mkdir()
    config = json.loads((folder.path / "config.json").read_text())
    del config["settings"]["normalization"]
    (folder.path / "config.json").write_text(json.dumps(config))
    results.Folder.of(experiment, options, settings)
    other = results.Settings(network="small", normalization="image")
    with pytest.raises(SystemExit, match="normalization: none, now image"):
        results.Folder.of(experiment, options, other)


def test_batches_walk_through_all_samples():
    x = np.arange(10)
    batches = Batches(x, x, batch_size=4, steps=5, seed=0)
    batches.on_epoch_begin()
    seen = np.concatenate([batches[i][0] for i in range(batches.num_batches)])
    # Two passes, each with every sample once.
    np.testing.assert_array_equal(np.sort(seen[:10]), x)
    np.testing.assert_array_equal(np.sort(seen[10:]), x)
    batches.set_epoch(3)
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
