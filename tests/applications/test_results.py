"""The files of an experiment: what is written, read again and refused."""

import csv
import dataclasses
import datetime
import json
import types

import keras
import numpy as np
import pytest

from applications import mnist_to_mnist_m
from applications import office
from applications.files import locked
from applications.runner import report
from applications.runner import results
from applications.runner import running
from applications.runner.methods import Trained
from applications.runner.program import chosen_methods
from applications.runner.settings import Domains
from applications.runner.settings import Options
from applications.runner.settings import Settings
from applications.runner.settings import Split

EXPERIMENT = mnist_to_mnist_m.EXPERIMENT
QUICK = EXPERIMENT.presets["quick"]


def split(train, test):
    return Split(*np.zeros((2, train)), *np.zeros((2, test)))


DOMAINS = Domains(split(40, 4), split(50, 5))


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
    folder.write_run("dann", 3, trained(0.25, 0.5), DOMAINS)
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
        folder.write_run(method, seed, trained(0.25, seed / 4), DOMAINS)
    # What has learned nothing has no network, and no epochs.
    folder.write_run("gfk", 0, trained(), DOMAINS)
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
    folder.write_run("source_only", 0, trained(0.5), DOMAINS)
    write_csv, others = results.write_csv, ["dann"]

    def slowly(path, rows):
        write_csv(path, rows)
        if path.parent == tmp_path and others:
            folder.write_run(others.pop(), 0, trained(0.75), DOMAINS)

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
    settings = dataclasses.replace(QUICK, **changes)
    options = Options(name="x", output=str(tmp_path))
    return results.Folder.of(EXPERIMENT, options, settings)


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
    # Whatever stopped a program before its first run is no results.
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


def test_two_processes_do_not_train_the_same_network(tmp_path, monkeypatch):
    folder = of(tmp_path)
    asked = []
    monkeypatch.setattr(running, "_load", lambda *rest: DOMAINS)
    monkeypatch.setattr(
        running, "_train", lambda *rest: asked.append(rest[3:5])
    )
    options = Options(name="x", output=str(tmp_path), seed=2, seeds=2)
    methods = ["source_only", "dann"]
    with locked(folder.run("dann", 3) / ".lock") as alone:
        assert alone
        with pytest.raises(SystemExit, match="another process trains DANN, s"):
            running._train_all(EXPERIMENT, options, QUICK, methods, folder)
    assert asked == [("source_only", 3)]
    asked.clear()
    folder.write_run("dann", 3, trained(0.5), DOMAINS)
    running._train_all(EXPERIMENT, options, QUICK, methods, folder)
    # What is done is not trained again; the first seed comes last.
    assert asked == [
        ("source_only", 3),
        ("source_only", 2),
        ("dann", 2),
    ]


def test_ctrl_c_says_how_to_resume(tmp_path, monkeypatch, capsys):
    folder = of(tmp_path)

    def interrupted(*rest):
        raise KeyboardInterrupt

    monkeypatch.setattr(running, "_train_all", interrupted)
    with pytest.raises(SystemExit) as stopped:
        options = Options(name="x", output=str(tmp_path))
        running.run(EXPERIMENT, options, QUICK, ["dann"])
    assert stopped.value.code == 130
    assert capsys.readouterr().err == (
        f"\nInterrupted. The same command resumes what is in {folder.path}/\n"
    )


def command(experiment, options, settings, *runs):
    metrics = [{"method": method, "seed": seed} for method, seed in runs]
    text = running._command(experiment, options, settings, metrics)
    backend, rest = text.split(" ", 1)
    assert backend == f"KERAS_BACKEND={keras.backend.backend()}"
    return rest


def test_the_command_that_makes_it_again():
    every = chosen_methods(EXPERIMENT, Options(), QUICK)
    start = "python -m applications.mnist_to_mnist_m --preset quick"
    all_runs = [(method, 0) for method in every]
    assert command(EXPERIMENT, Options(), QUICK, *all_runs) == start
    # Of all that is in the folder, not of what was asked for last.
    assert command(
        EXPERIMENT,
        Options(seed=4, layers=("conv1", "fc1")),
        dataclasses.replace(QUICK, epochs=3, annealing=False),
        *(("source_only", 2), ("dann", 2), ("dann", 4)),
    ) == (
        f"{start} --seed 2 --seeds 3 --methods source_only,dann "
        "--layers conv1,fc1 --epochs 3 --annealing no"
    )
    weights = types.SimpleNamespace(weights="/a/path/to/alexnet.npz")
    photographs = office.experiment("dslr_webcam", weights)
    assert command(
        photographs,
        Options(preset="tuned"),
        photographs.presets["tuned"],
        *((method, seed) for seed in (0, 1) for method in office.METHODS),
    ) == (
        "python -m applications.office --preset tuned --seeds 2 --weights "
        "alexnet.npz --pairs dslr_webcam"
    )


def test_when_it_was_made():
    backend = keras.backend.backend()
    runs = [
        {"date": "2026-11-02", "keras": "3.15.1"},
        {"date": "2026-11-01", "keras": "3.14.0"},
    ]
    assert running._made(runs) == (
        "Made on 2026-11-01 and 2026-11-02 with Keras 3.14.0, 3.15.1 on "
        f"{backend}."
    )
    assert running._made(runs[:1]) == (
        f"Made on 2026-11-02 with Keras 3.15.1 on {backend}."
    )


def test_which_methods_are_run():
    paper = EXPERIMENT.presets["paper"]
    assert "domain_statistics" in chosen_methods(EXPERIMENT, Options(), QUICK)
    assert chosen_methods(EXPERIMENT, Options(), paper) == [
        name for name in EXPERIMENT.methods if name != "domain_statistics"
    ]
    # With what they need before them, in the order of the table.
    asked = Options(methods=("dann", "subspace_alignment"))
    assert chosen_methods(EXPERIMENT, asked, QUICK) == [
        "source_only",
        "subspace_alignment",
        "dann",
    ]


@pytest.mark.parametrize("note", ["", "* Not the paper's."])
def test_the_page_of_a_table_that_is_known(note, tmp_path):
    file = tmp_path / "report.html"
    report.write(
        file,
        "A → B",
        "First paragraph.\n\nThe network is <small>.",
        [["method", "paper*"], ["DANN", "0.5 ± 0.1"]],
        note,
        [],
        "python -m it --epochs 3",
        "Made today.",
        {"settings": {"epochs": 3}},
    )
    page = file.read_text(encoding="utf-8")
    assert (
        "<h1>A → B</h1><p>First paragraph.</p><p>The network is &lt;small&gt;."
        "</p><table><tr><th>method</th><th>paper*</th></tr>"
        "<tr><td>DANN</td><td>0.5 ± 0.1</td></tr></table>"
    ) in page
    assert ("<p>* Not the paper&#x27;s.</p>" in page) == bool(note)
    assert "<p></p>" not in page
    assert "<pre>python -m it --epochs 3</pre>" in page
    assert "&quot;epochs&quot;: 3" in page


def test_settings_that_differ_are_named():
    before = {"experiment": "x", "settings": {"epochs": 5}}
    now = {"experiment": "y", "settings": dataclasses.asdict(Settings())}
    assert results._differences(before, now) == [
        "experiment: x, now y",
        f"epochs: 5, now {Settings.epochs}",
    ]
    now["settings"] |= {"epochs": 5}
    now["experiment"] = "x"
    now["title"] = "a title may change"
    assert results._differences(before, now) == []
