"""The page, the command and the methods of a job that is known."""

import dataclasses
import types

import keras
import pytest

from applications import mnist_to_mnist_m
from applications import office
from applications import semi_supervised_signs
from applications.runner import report
from applications.runner.job import Job
from applications.runner.results import Folder
from applications.runner.settings import Options

EXPERIMENT = mnist_to_mnist_m.EXPERIMENT
QUICK = EXPERIMENT.presets["quick"]


def command(experiment, options, settings, *runs):
    metrics = [{"method": method, "seed": seed} for method, seed in runs]
    text = report.command(Job(experiment, options, settings), metrics)
    backend, rest = text.split(" ", 1)
    assert backend == f"KERAS_BACKEND={keras.backend.backend()}"
    return rest


def methods_of(options, settings):
    return Job(EXPERIMENT, options, settings).methods


def test_older_spellings_of_methods():
    experiment = semi_supervised_signs.EXPERIMENT
    asked = ("labelled_target_only", "source_and_labelled_target")
    job = Job(experiment, Options(methods=asked), experiment.presets["quick"])
    assert job.methods == ["labeled_target_only", "source_and_labeled_target"]


def test_the_command_that_makes_it_again():
    every = methods_of(Options(), QUICK)
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
    runs = [
        {"date": "2026-11-02", "keras": "3.15.1"},
        {"date": "2026-11-01", "keras": "3.14.0"},
    ]
    assert report.made(runs, "jax") == (
        "Made on 2026-11-01 and 2026-11-02 with Keras 3.14.0, 3.15.1 on jax."
    )
    assert report.made(runs[:1], "torch") == (
        "Made on 2026-11-02 with Keras 3.15.1 on torch."
    )


def test_which_methods_are_run():
    paper = EXPERIMENT.presets["paper"]
    assert "domain_statistics" in methods_of(Options(), QUICK)
    assert methods_of(Options(), paper) == [
        name for name in EXPERIMENT.methods if name != "domain_statistics"
    ]
    # With what they need before them, in the order of the table.
    asked = Options(methods=("dann", "subspace_alignment"))
    assert methods_of(asked, QUICK) == [
        "source_only",
        "subspace_alignment",
        "dann",
    ]


@pytest.mark.parametrize("note", ["", "* Not the paper's."])
def test_the_page_of_a_table_that_is_known(note, tmp_path):
    settings = dataclasses.replace(QUICK, epochs=3)
    experiment = dataclasses.replace(
        EXPERIMENT,
        title="A → B",
        description="First paragraph.\n\nSecond one.\n",
        networks={"small": "<small>"},
    )
    job = Job(experiment, Options(output=str(tmp_path)), settings)
    folder = Folder.of(job)
    run = folder.run("dann", 0)
    run.mkdir(parents=True)
    (run / "metrics.json").write_text(
        '{"method": "dann", "seed": 0, "date": "2026-11-02", "keras": "3.15.1"}'
    )
    report.write(
        job,
        folder,
        [["method", "last epoch"], ["DANN", "0.5 ± 0.1"]],
        note,
        [],
    )
    page = (folder.path / "report.html").read_text(encoding="utf-8")
    assert (
        "<h1>A → B</h1><p>First paragraph.</p><p>Second one.</p><p>The network "
        "is &lt;small&gt;.</p><table><tr><th>method</th><th>last epoch</th>"
        "</tr><tr><td>DANN</td><td>0.5 ± 0.1</td></tr></table>"
    ) in page
    assert ("<p>* Not the paper&#x27;s.</p>" in page) == bool(note)
    assert "<p></p>" not in page
    assert "--methods dann --epochs 3</pre>" in page
    assert "&quot;epochs&quot;: 3" in page
    # Of the columns that the table has.
    assert "Last epoch: nothing is chosen." in page and "Oracle" not in page
