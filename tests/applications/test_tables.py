import csv
import dataclasses
import importlib
import importlib.machinery
import json
import sys
import types

import pytest

from applications import demo
from applications import figures
from applications import office
from applications import svhn_to_mnist
from applications import tables
from tests.testing import ROOT


def write(folder, accuracies, settings=None, svm=0.0):
    """The files of two seeds, the second better by a tenth."""
    folder.mkdir(parents=True)
    metrics = [
        {"method": method, "seed": seed, "accuracy": accuracy + seed / 10}
        | {"svm_accuracy": accuracy + svm}
        for method, accuracy in accuracies.items()
        for seed in range(2)
    ]
    (folder / "metrics.json").write_text(json.dumps(metrics))
    if settings is not None:
        config = {"settings": dataclasses.asdict(settings)}
        (folder / "config.json").write_text(json.dumps(config))


def test_every_experiment_is_found_by_the_folder_of_its_results():
    """The one list of them is that of the programs."""
    experiments = [
        each
        for file in (ROOT / "applications").glob("*.py")
        if "EXPERIMENT" in file.read_text() and file.stem != "tables"
        for module in [importlib.import_module(f"applications.{file.stem}")]
        for each in getattr(module, "EXPERIMENTS", None) or [module.EXPERIMENT]
    ]
    assert len(experiments) > 9
    for each in experiments:
        assert tables.experiment(each.name) is each
    assert {e.name for e in experiments if e.table} >= set(tables.ORDER)
    assert demo.EXPERIMENT.table is None
    # Other folders have nothing to do with it.
    for name in ("gallery", "office", "mnist", "a b", "mnist_to_mnist_m_2"):
        assert tables.experiment(name) is None


def test_an_experiment_that_the_paper_has_not_comes_last(tmp_path, monkeypatch):
    mine = dataclasses.replace(
        svhn_to_mnist.EXPERIMENT, name="a_to_b", title="A → B", published={}
    )
    module = types.ModuleType("applications.a_to_b")
    module.EXPERIMENT = mine
    module.__spec__ = importlib.machinery.ModuleSpec(module.__name__, None)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    for name in ("a_to_b", "mnist_to_svhn", "svhn_to_mnist"):
        write(tmp_path / name / "quick", {"dann": 0.5})
    found = [each.name for each in tables.experiments(tmp_path)]
    assert found == ["svhn_to_mnist", "mnist_to_svhn", "a_to_b"]
    arguments = ["--results", str(tmp_path), "--output", str(tmp_path)]
    header = tables.main(arguments)["table_1"][0]
    assert header[-4:-2] == ["A → B, quick", "A → B, quick, linear SVM"]


def test_tables_want_results(tmp_path):
    with pytest.raises(SystemExit, match="expected results of an experiment"):
        tables.main(["--results", str(tmp_path)])
    with pytest.raises(SystemExit, match="expected a folder"):
        tables.main(["--results", str(tmp_path / "nothing")])


def test_tables_have_each_run_and_the_paper_once(tmp_path, capsys, monkeypatch):
    drawn = {}
    monkeypatch.setattr(
        figures, "bars", lambda groups, path: drawn.update({path.stem: groups})
    )
    paper = svhn_to_mnist.PRESETS["paper"]
    short = dataclasses.replace(paper, epochs=3)
    for name, accuracies, settings in (
        (
            "few",
            {"source_only": 0.5, "dann": 0.8, "train_on_target": 0.9},
            paper,
        ),
        ("more", {"source_only": 0.6, "mmd": 0.7}, short),
    ):
        write(tmp_path / "svhn_to_mnist" / name, accuracies, settings)
    arguments = ["--results", str(tmp_path), "--output", str(tmp_path / "to")]
    made = tables.main(arguments)
    assert made == {
        "table_1": [
            [
                "method",
                "SVHN → MNIST, few",
                "SVHN → MNIST, few, linear SVM",
                "SVHN → MNIST, more",
                "SVHN → MNIST, more, linear SVM",
                "SVHN → MNIST, paper*",
                "SVHN → MNIST, JMLR 2016*",
            ],
            [
                "source only",
                "0.5500 ± 0.0500",
                "0.5000 ± 0.0000",
                "0.6500 ± 0.0500",
                "0.6000 ± 0.0000",
                "0.5919",
                "0.5490",
            ],
            ["MMD", "–", "–", "0.7500 ± 0.0500", "0.7000 ± 0.0000", "–", "–"],
            [
                "DANN",
                "0.8500 ± 0.0500 (75.0 %)",
                "0.8000 ± 0.0000 (75.0 %)",
                "–",
                "–",
                "0.7107 (29.5 %)",
                "0.7385 (42.6 %)",
            ],
            [
                "train on target",
                "0.9500 ± 0.0500",
                "0.9000 ± 0.0000",
                "–",
                "–",
                "0.9951",
                "0.9942",
            ],
        ]
    }
    note = (
        "* The paper's numbers are of its own network and training. These "
        "runs are not: SVHN → MNIST, more (epochs: 3, not 60)."
    )
    text = (tmp_path / "to" / "table_1.md").read_text()
    assert text.endswith(f"| 0.9951 | 0.9942 |\n\n{note}\n")
    assert note in capsys.readouterr().out
    with open(tmp_path / "to" / "table_1.csv", newline="") as file:
        assert list(csv.reader(file)) == made["table_1"]
    assert drawn["table_1"] == {
        "SVHN → MNIST\nfew": {
            "source only": ([0.5, 0.5], 0.5919),
            "DANN": ([0.8, 0.8], 0.7107),
            "train on target": ([0.9, 0.9], 0.9951),
        },
        "SVHN → MNIST\nmore": {
            "source only": ([0.6, 0.6], 0.5919),
            "MMD": ([0.7, 0.7], None),
        },
    }


def test_the_papers_own_runs_have_no_mark(tmp_path):
    paper = svhn_to_mnist.PRESETS["paper"]
    write(tmp_path / "svhn_to_mnist" / "paper-jax", {"dann": 0.5}, paper)
    # Of the paper there are no numbers.
    quick = svhn_to_mnist.PRESETS["quick"]
    write(tmp_path / "mnist_to_svhn" / "quick-jax", {"dann": 0.5}, quick)
    # Each table has its experiments.
    write(
        tmp_path / "office_dslr_webcam" / "x",
        {"source_only": 0.25, "dann": 0.75},
        office.PRESETS["paper"],
        svm=0.125,
    )
    arguments = ["--results", str(tmp_path), "--output", str(tmp_path)]
    made = tables.main(arguments)
    assert made["table_1"][0][3:] == [
        "SVHN → MNIST, paper",
        "SVHN → MNIST, JMLR 2016",
        "MNIST → SVHN, quick-jax",
        "MNIST → SVHN, quick-jax, linear SVM",
        "MNIST → SVHN, paper",
    ]
    assert made["table_1"][1:] == [
        [
            "DANN",
            *("0.5500 ± 0.0500", "0.5000 ± 0.0000", "0.7107 (29.5 %)"),
            "0.7385 (42.6 %)",
            *("0.5500 ± 0.0500", "0.5000 ± 0.0000", "–"),
        ]
    ]
    assert "*" not in (tmp_path / "table_1.md").read_text()
    assert made["table_2"] == [
        [
            "method",
            "OFFICE: Dslr → Webcam, x",
            "OFFICE: Dslr → Webcam, x, linear SVM",
            "OFFICE: Dslr → Webcam, paper",
            "OFFICE: Dslr → Webcam, JMLR 2016",
        ],
        [
            "source only",
            "0.3000 ± 0.0500",
            "0.3750 ± 0.0000",
            "0.9150",
            "0.9610",
        ],
        # Without labels of the target nobody knows the gap.
        ["DANN", "0.8000 ± 0.0500", "0.8750 ± 0.0000", "0.9400", "0.9640"],
    ]
    for name in ("table_1", "table_2"):
        file = tmp_path / f"{name}.png"
        assert file.read_bytes().startswith(b"\x89PNG")


def test_runs_of_unknown_settings_are_not_taken_for_the_papers(tmp_path):
    write(tmp_path / "svhn_to_mnist" / "old", {"dann": 0.5})
    arguments = ["--results", str(tmp_path), "--output", str(tmp_path)]
    made = tables.main(arguments)
    assert made["table_1"][0][-1] == "SVHN → MNIST, JMLR 2016*"
    text = (tmp_path / "table_1.md").read_text()
    assert text.endswith("SVHN → MNIST, old (settings unknown).\n")
