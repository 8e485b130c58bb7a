"""The files of an experiment: what is written, read again and refused."""

import csv
import dataclasses
import datetime
import json

import keras
import numpy as np
import pytest

from applications import mnist_to_mnist_m
from applications.files import locked
from applications.runner import results
from applications.runner import running
from applications.runner.job import Job
from applications.runner.job import Run
from applications.runner.settings import Domains
from applications.runner.settings import Options
from applications.runner.settings import Settings
from applications.runner.settings import Split
from applications.runner.training import Trained

EXPERIMENT = mnist_to_mnist_m.EXPERIMENT
QUICK = EXPERIMENT.presets["quick"]


def split(train, test):
    return Split(*np.zeros((2, train)), *np.zeros((2, test)))


DOMAINS = Domains(split(40, 4), split(50, 5))


def write(folder, method, seed, *accuracies):
    """A finished run, with these accuracies after its epochs."""
    run = Run(None, DOMAINS, method, seed, folder.run(method, seed))
    folder.write_run(run, trained(*accuracies))


class Saved:
    """In place of a network."""

    def save(self, path):
        path.write_text("a network")


def trained(*accuracies):
    rows = [{"loss": 1.0, "target_accuracy": a} for a in accuracies]
    last = accuracies[-1] if accuracies else None
    return Trained(Saved(), rows, {"accuracy": last}, 12.345)


def test_a_run_that_is_known(tmp_path):
    folder = results.Folder(tmp_path)
    assert not folder.done("dann", 3)
    write(folder, "dann", 3, 0.25, 0.5)
    assert folder.done("dann", 3)
    assert not folder.done("dann", 4) and not folder.done("mmd", 3)
    run = tmp_path / "runs" / "dann-3"
    assert json.loads((run / "metrics.json").read_text()) == {
        "method": "dann",
        "seed": 3,
        "accuracy": 0.5,
        "epochs": 2,
        "images": {
            "source": {"train": 40, "test": 4},
            "target": {"train": 50, "test": 5},
        },
        "seconds": 12.3,
        "backend": keras.backend.backend(),
        "keras": keras.version(),
        "date": datetime.date.today().isoformat(),
    }
    with open(run / "history.csv") as file:
        assert list(csv.reader(file)) == [
            ["method", "seed", "epoch", "loss", "target_accuracy"],
            ["dann", "3", "1", "1.0", "0.25"],
            ["dann", "3", "2", "1.0", "0.5"],
        ]
    assert (run / "model.keras").read_text() == "a network"


def test_the_summary_has_all_runs_in_order(tmp_path):
    folder = results.Folder(tmp_path)
    for method, seed in (("dann", 1), ("dann", 0), ("source_only", 1)):
        write(folder, method, seed, 0.25, seed / 4)
    # What has learned nothing has no network, and no epochs.
    write(folder, "gfk", 0)
    assert not (tmp_path / "runs" / "gfk-0" / "model.keras").exists()
    metrics = folder.write_summary()
    assert json.loads((tmp_path / "metrics.json").read_text()) == metrics
    assert [(m["method"], m["seed"]) for m in metrics] == [
        ("source_only", 1),
        ("gfk", 0),
        ("dann", 0),
        ("dann", 1),
    ]
    rows = folder.history()
    assert rows[0] == {
        "method": "source_only",
        "seed": 1,
        "epoch": 1,
        "loss": 1.0,
        "target_accuracy": 0.25,
    }
    assert [(r["method"], r["seed"], r["epoch"]) for r in rows] == [
        ("source_only", 1, 1),
        ("source_only", 1, 2),
        ("dann", 0, 1),
        ("dann", 0, 2),
        ("dann", 1, 1),
        ("dann", 1, 2),
    ]
    with open(tmp_path / "history.csv") as file:
        assert len(list(csv.reader(file))) == 1 + 6


def test_a_run_that_another_process_finishes_meanwhile_is_not_lost(
    tmp_path, monkeypatch
):
    folder = results.Folder(tmp_path)
    write(folder, "source_only", 0, 0.5)
    write_csv, others = results.write_csv, ["dann"]

    def slowly(path, rows):
        write_csv(path, rows)
        if path.parent == tmp_path and others:
            write(folder, others.pop(), 0, 0.75)

    monkeypatch.setattr(results, "write_csv", slowly)
    metrics = folder.write_summary()
    assert [m["method"] for m in metrics] == ["source_only", "dann"]
    assert json.loads((tmp_path / "metrics.json").read_text()) == metrics
    with open(tmp_path / "history.csv") as file:
        assert [row[0] for row in csv.reader(file)][1:] == [
            "source_only",
            "dann",
        ]


def of(tmp_path, **changes):
    return results.Folder.of(job(tmp_path, **changes))


def job(tmp_path, methods=(), seed=0, seeds=1, **changes):
    options = Options(
        name="x",
        output=str(tmp_path),
        methods=methods,
        seed=seed,
        seeds=seeds,
    )
    return Job(EXPERIMENT, options, dataclasses.replace(QUICK, **changes))


def test_the_config_says_what_was_asked_for(tmp_path):
    folder = of(tmp_path, epochs=3)
    assert folder.path == tmp_path / "mnist_to_mnist_m" / "x"
    config = json.loads((folder.path / "config.json").read_text())
    assert config == folder.config
    assert config == {
        "experiment": "mnist_to_mnist_m",
        "title": "MNIST → MNIST-M",
        "preset": "quick",
        "backend": keras.backend.backend(),
        "settings": dataclasses.asdict(QUICK) | {"epochs": 3},
    }
    # Without runs there are no results to protect.
    of(tmp_path, epochs=4).claim()
    with pytest.raises(SystemExit, match="epochs: 4, now 3"):
        of(tmp_path, epochs=3)
    assert of(tmp_path, epochs=4).config["settings"]["epochs"] == 4


def test_of_two_processes_with_other_settings_one_stops(tmp_path):
    first = of(tmp_path, epochs=3)
    second = of(tmp_path, epochs=4)
    with pytest.raises(SystemExit, match="epochs: 4, now 3"):
        first.claim()
    second.claim()
    second.claim()


def test_a_config_that_cannot_be_read_gets_one_line(tmp_path):
    folder = of(tmp_path)
    folder.claim()
    (folder.path / "config.json").write_text("{")
    with pytest.raises(SystemExit, match=r"--name: .*config\.json cannot be"):
        of(tmp_path)


def test_a_folder_that_cannot_be_made_gets_one_line(tmp_path):
    (tmp_path / "mnist_to_mnist_m").mkdir()
    (tmp_path / "mnist_to_mnist_m" / "x").write_text("a file")
    with pytest.raises(SystemExit, match="--output and --name: expected"):
        of(tmp_path)


def test_results_of_an_earlier_version_are_not_overwritten(tmp_path):
    """Such as the demo's, which had no folder for each run."""
    path = tmp_path / "mnist_to_mnist_m" / "x"
    path.mkdir(parents=True)
    (path / "config.json").write_text("of long ago")
    (path / "metrics.json").write_text("{}")
    with pytest.raises(SystemExit, match=r"earlier version .*--name x-2"):
        of(tmp_path)
    assert (path / "config.json").read_text() == "of long ago"


@pytest.fixture
def asked(monkeypatch):
    """Method and seed of what would be trained, and of what is loaded."""
    found = []

    def load(job, seed):
        found.append(("load", seed))
        x = np.full((40, 1), seed)
        return dataclasses.replace(
            DOMAINS, source=dataclasses.replace(DOMAINS.source, x=x)
        )

    monkeypatch.setattr(running, "_load", load)
    monkeypatch.setattr(
        running, "_train", lambda run, _: found.append((run.method, run.seed))
    )
    return found


def test_two_processes_do_not_train_the_same_network(tmp_path, asked):
    folder = of(tmp_path)
    wanted = job(tmp_path, ("source_only", "dann"), seed=2, seeds=2)
    with locked(folder.run("dann", 2) / ".lock") as alone:
        assert alone
        with pytest.raises(SystemExit, match="another process trains DANN, s"):
            running._train_all(wanted, folder)
    assert asked == [("load", 2), ("source_only", 2)]
    asked.clear()
    write(folder, "dann", 2, 0.5)
    running._train_all(wanted, folder)
    # What is done is not trained again.
    assert asked == [
        *(("load", 2), ("source_only", 2)),
        *(("load", 3), ("source_only", 3), ("dann", 3)),
    ]


@pytest.mark.parametrize("done", [(), (2,), (3,), (2, 3)])
def test_seeds_come_in_order_and_figures_are_of_the_first(
    done, tmp_path, asked
):
    folder = of(tmp_path)
    for seed in done:
        write(folder, "dann", seed, 0.5)
    wanted = job(tmp_path, ("dann",), seed=2, seeds=2)
    samples = running._train_all(wanted, folder)
    assert np.all(samples["source"] == 2) and len(samples["target"]) == 50
    assert asked == [
        each
        for seed in (2, 3)
        for each in (("load", seed), ("dann", seed))
        if seed not in done or each == ("load", 2)
    ]


def test_ctrl_c_says_how_to_resume(tmp_path, monkeypatch, capsys):
    wanted = job(tmp_path)
    folder = results.Folder.of(wanted)

    def interrupted(*rest):
        raise KeyboardInterrupt

    monkeypatch.setattr(running, "_train_all", interrupted)
    with pytest.raises(SystemExit) as stopped:
        running.run(wanted)
    assert stopped.value.code == 130
    assert capsys.readouterr().err == (
        f"\nInterrupted. The same command resumes what is in {folder.path}/\n"
    )


def test_settings_that_differ_are_named():
    before = {"experiment": "x", "settings": {"epochs": 5}}
    now = {"experiment": "y", "settings": dataclasses.asdict(Settings())}
    defaults = dataclasses.asdict(Settings())
    assert results._differences(before, now, defaults) == [
        "experiment: x, now y",
        f"epochs: 5, now {Settings.epochs}",
    ]
    now["settings"] |= {"epochs": 5}
    now["experiment"] = "x"
    now["title"] = "a title may change"
    assert results._differences(before, now, defaults) == []
