import dataclasses
import datetime
import html
import json
import shutil

import keras
import numpy as np
import pytest

from applications import mnist_to_mnist_m
from applications import mnist_to_svhn
from applications import semi_supervised_signs
from applications import svhn_to_mnist
from applications import syn_numbers_to_svhn
from applications import syn_signs_to_gtsrb
from applications import tables
from applications import usps_to_mnist
from applications.runner.settings import Options
from applications.runner.settings import Settings
from applications.runner.settings import Split
from tests.applications import small_sets
from tests.applications.tiny_runs import TINY
from tests.applications.tiny_runs import history

pytestmark = pytest.mark.usefixtures("tiny")


def test_a_run_writes_what_it_found(finished):
    folder, metrics = finished.path, finished.metrics
    methods = ["source_only", "subspace_alignment", "coral", "dann"]
    assert folder == finished.output / "mnist_to_mnist_m" / "all"
    assert [m["method"] for m in metrics] == methods
    assert json.loads((folder / "metrics.json").read_text()) == metrics
    config = json.loads((folder / "config.json").read_text())
    assert config["settings"]["epochs"] == 2
    rows = history(folder)
    assert len(rows) == 2 * (len(methods) - 1)  # one method has no epochs
    assert {(row["seed"], row["epoch"]) for row in rows} == {
        ("0", "1"),
        ("0", "2"),
    }
    by_method = {m["method"]: m for m in metrics}
    for name in set(methods) - {"subspace_alignment"}:
        found = by_method[name]
        last = [row for row in rows if row["method"] == name][-1]
        assert found["accuracy"] == float(last["target_accuracy"])
        assert found["oracle"]["accuracy"] >= found["accuracy"]
        assert 0 <= found["svm_accuracy"] <= 1
        assert found["epochs"] == 2
        assert found["images"]["target"] == {"train": 96, "test": 48}
    aligned = by_method["subspace_alignment"]
    assert aligned["oracle"]["accuracy"] >= aligned["selected"]["accuracy"]
    # As the paper chooses it: on the target's test labels.
    assert aligned["svm_accuracy"] == aligned["oracle"]["accuracy"]
    # What is saved gives the accuracy that is reported.
    images, labels = small_sets.load("mnist_m", "test")
    for file, name in (
        (folder / "model.keras", "dann"),
        (folder / "runs" / "source_only-0" / "model.keras", "source_only"),
    ):
        predictions = keras.models.load_model(file).predict(images, verbose=0)
        accuracy = np.mean(predictions.argmax(axis=1) == labels)
        assert accuracy == pytest.approx(by_method[name]["accuracy"])
    assert {file.name for file in (folder / "figures").iterdir()} == {
        "examples.png",
        "training.png",
        "features_feature_extractor.png",
        "features_last_hidden_layer.png",
    }
    page = (folder / "report.html").read_text()
    assert page.count("data:image/png;base64,") == 4
    assert "--epochs 2" in page and str(finished.output) not in page
    assert "<td>subspace alignment</td>" in page
    assert "chosen by the same labels it is tested with" in page
    assert f"--methods {','.join(methods)}" in page
    today = datetime.date.today().isoformat()
    made = f"Made on {today} with Keras {keras.version()} on"
    assert f"{made} {keras.backend.backend()}." in page
    assert "<p>The network is one of LeNet&#x27;s size with batch " in page
    note = "* The paper's numbers are of its own network and training. These "
    assert f"<p>{html.escape(note)}" in page
    assert "<th>paper*</th><th>paper&#x27;s share*</th>" in page
    printed = finished.printed
    assert "| DANN | 1 |" in printed and "57.9 %" in printed
    assert "| paper* | paper's share* |" in printed
    assert f"{note}runs are not: epochs: 2, not 30; images: 8000" in printed
    # Without an upper bound there is no gap to cover.
    assert "share of the gap" not in printed and "<th>oracle</th>" in page
    assert "Oracle: chosen by" in page and "Share of the gap" not in page


@pytest.mark.usefixtures("eager")
def test_what_is_done_is_not_trained_again(tmp_path, finished):
    shutil.copytree(finished.output, tmp_path, dirs_exist_ok=True)
    arguments = [*finished.command, "--output", str(tmp_path)]
    metrics = finished.metrics
    by_method = {m["method"]: m for m in metrics}
    folder = tmp_path / "mnist_to_mnist_m" / "all"
    before = (folder / "runs" / "dann-0" / "metrics.json").stat().st_mtime_ns
    assert mnist_to_mnist_m.main(arguments) == metrics
    with pytest.raises(SystemExit) as stopped:
        mnist_to_mnist_m.main([*arguments, "--layers", "fc1,conv9"])
    assert "--layers: expected some of rescaling, " in str(stopped.value)
    assert stopped.value.code.endswith("predictions, received conv9")
    chosen = [*arguments, "--layers", "relu1,fc2"]
    assert mnist_to_mnist_m.main(chosen) == metrics
    assert (folder / "figures" / "features_relu1.png").exists()
    page = (folder / "report.html").read_text()
    assert page.count("data:image/png;base64,") == 4
    assert "before and after: fc2" in page and "--layers relu1,fc2" in page
    after = (folder / "runs" / "dann-0" / "metrics.json").stat().st_mtime_ns
    assert before == after
    # The tables find it.
    made = tables.main(["--results", str(tmp_path), "--output", str(tmp_path)])
    assert made["table_1"][0] == [
        "method",
        "MNIST → MNIST-M, all",
        "MNIST → MNIST-M, all, linear SVM",
        "MNIST → MNIST-M, paper*",
        "MNIST → MNIST-M, JMLR 2016*",
    ]
    dann = next(row for row in made["table_1"] if row[0] == "DANN")
    assert dann[1].startswith(f"{by_method['dann']['accuracy']:.4f}")
    assert dann[2].startswith(f"{by_method['dann']['svm_accuracy']:.4f}")
    assert dann[3] == "0.8149 (57.9 %)"
    assert dann[4] == "0.7666 (55.8 %, printed as 52.9 %)"
    assert {file.name for file in tmp_path.glob("table_*")} == {
        "table_1.md",
        "table_1.csv",
        "table_1.png",
    }


@pytest.mark.parametrize(
    ("experiment", "preset"),
    [
        (mnist_to_mnist_m, "paper"),
        (mnist_to_svhn, "quick"),
        (svhn_to_mnist, "tuned"),
        (syn_numbers_to_svhn, "quick"),
        (syn_signs_to_gtsrb, "tuned"),
        (usps_to_mnist, "quick"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_every_program_trains_dann(experiment, preset, tmp_path, request):
    # One is as users run it: compiled, and with figures of DANN alone.
    if experiment is not mnist_to_mnist_m:
        request.getfixturevalue("eager")
        request.getfixturevalue("no_figures")
    found = experiment.main(
        [
            *("--preset", preset, "--batch-size", "64", "--epochs", "1"),
            *("--images", "96", "--methods", "dann"),
            *("--output", str(tmp_path)),
        ]
    )
    assert [m["method"] for m in found] == ["dann"]
    assert set(experiment.EXPERIMENT.presets) == {"paper", "tuned", "quick"}
    config = json.loads(next(tmp_path.glob("*/*/config.json")).read_text())
    expected = dataclasses.asdict(experiment.EXPERIMENT.presets[preset])
    changed = {"batch_size": 64, "epochs": 1, "images": 96}
    assert config["settings"] == expected | changed


@pytest.mark.usefixtures("eager", "no_figures")
def test_every_other_method_trains(tmp_path):
    methods = ["domain_statistics", "mmd", "train_on_target"]
    found = mnist_to_mnist_m.main(
        [
            *(*TINY, "--augmentation", "none", "--epochs", "1"),
            *("--methods", ",".join(methods), "--output", str(tmp_path)),
        ]
    )
    assert [m["method"] for m in found] == methods
    rows = {row["method"]: row for row in history(next(tmp_path.glob("*/*")))}
    assert float(rows["domain_statistics"]["domain_accuracy"]) >= 0
    assert float(rows["mmd"]["domain_loss"]) > 0


def test_a_method_trains_on_changed_images(tmp_path):
    (found,) = mnist_to_mnist_m.main(
        [
            *(*TINY, "--augmentation", "negative", "--epochs", "1"),
            *("--methods", "ddc", "--output", str(tmp_path)),
        ]
    )
    assert found["method"] == "ddc"
    (row,) = history(next(tmp_path.glob("*/*")))
    assert float(row["domain_loss"]) > 0


def test_what_the_papers_network_has_not_is_refused():
    for flag, only, value in (
        ("augmentation", "none", "light"),
        ("normalization", "none", "image"),
        ("features", "dense", "convolutions"),
    ):
        with pytest.raises(SystemExit, match=f"--{flag}: expected {only} with"):
            mnist_to_mnist_m.main(["--preset", "paper", f"--{flag}", value])


def test_semi_supervised_has_four_settings(tmp_path, finished_signs):
    with pytest.raises(SystemExit, match="--images: expected at least 1280"):
        semi_supervised_signs.main([*TINY, "--output", str(tmp_path)])
    assert [m["method"] for m in finished_signs.metrics] == [
        "source_only",
        "labeled_target_only",
        "source_and_labeled_target",
        "semi_supervised_dann",
    ]
    # The paper has no numbers to compare with.
    assert "paper*" not in finished_signs.printed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--preset", "best"], "--preset: expected one of paper, tuned, quick"),
        (["--methods", "gfk"], "--methods: expected some of source_only, "),
        (["--methods", "dann,"], "--methods: expected different words"),
        (["--annealing", "maybe"], "--annealing: expected yes or no"),
        (["--network", "vgg"], "--network: expected one of paper, small"),
        (
            ["--domain-loss-weight", "-1"],
            "expected a finite number, at least 0",
        ),
        (["--batch-size", "3"], "--batch-size: expected an even number"),
    ],
)
def test_a_wrong_option_gets_one_clear_line(
    arguments, message, tmp_path, capsys
):
    with pytest.raises(SystemExit) as stopped:
        mnist_to_mnist_m.main([*arguments, "--output", str(tmp_path)])
    text = capsys.readouterr().err or str(stopped.value.code)
    assert message in text and len(text.strip().splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_data_that_cannot_be_had_get_one_clear_line(tmp_path, monkeypatch):
    from applications.runner import domains

    def missing(*args):
        raise OSError("mnist cannot be downloaded")

    monkeypatch.setattr(domains, "_load", missing)
    with pytest.raises(SystemExit, match="mnist cannot be downloaded"):
        mnist_to_mnist_m.main([*TINY, "--output", str(tmp_path)])


def test_a_training_that_diverges_is_reported(tmp_path):
    found, aligned = mnist_to_mnist_m.main(
        [
            *("--methods", "subspace_alignment", "--epochs", "2", *TINY),
            *("--preset", "paper", "--network", "paper"),
            *("--learning-rate", "1e30", "--output", str(tmp_path)),
        ]
    )
    # ReLU turns NaN into 0 on TensorFlow's CPU: features are equal
    # there, and the domains cannot be distinguished.
    assert (found["svm_accuracy"] or 0) < 0.5
    assert found["domain_error"] in (None, 0.5)
    assert found["accuracy"] < 0.5
    assert aligned["selected"] is None


def test_more_images_than_a_set_has_are_all_of_them():
    many = mnist_to_mnist_m.load(Options(), Settings(images=10**6), seed=0)
    few = mnist_to_mnist_m.load(Options(), Settings(images=10), seed=0)
    assert len(many.source.x) == len(many.target.x) == 96
    assert len(few.source.x) == len(few.target.y) == 10
    np.testing.assert_array_equal(few.source.x, many.source.x[:10])


def test_fewer_images_than_half_a_batch_get_one_clear_line(tmp_path):
    with pytest.raises(SystemExit) as stopped:
        mnist_to_mnist_m.main(
            [*TINY, "--images", "10", "--output", str(tmp_path)]
        )
    assert str(stopped.value.code) == (
        "error: --batch-size: expected at most 20, twice the 10 training "
        "images of a domain, received 64"
    )


@pytest.mark.parametrize(
    ("experiment", "name"),
    [(syn_signs_to_gtsrb, "syn_signs"), (syn_numbers_to_svhn, "syn_numbers")],
)
def test_of_synthetic_sets_no_more_is_read_than_is_needed(
    experiment, name, monkeypatch
):
    from applications.runner import domains

    asked = []

    def split(options, name, images=0, **parts):
        asked.append((name, parts.get("train")))
        return Split(*np.zeros((4, 1)))

    # By the name under which every caller finds it.
    monkeypatch.setattr(domains, "split", split)
    for images in (7, 10**6):
        settings = syn_signs_to_gtsrb.SignSettings(images=images)
        experiment.load(Options(), settings, seed=0)
    generated = [each for each in asked if each[0].startswith(name)]
    assert generated == [
        (f"{name}/small:1.0.0", "train[:7]"),
        (f"{name}:1.0.0", "train"),
    ]


def test_help_says_what_each_preset_sets(capsys):
    with pytest.raises(SystemExit):
        mnist_to_mnist_m.main(["--help"])
    words = " ".join(capsys.readouterr().out.split())
    assert "paper (paper), small (tuned), small (quick)" in words
    assert "yes (paper), yes (tuned)" in words
    assert "Methods by default: source_only, domain_statistics, " in words
    assert "train_on_target. Only if named: bnm, mcc, dann_bnm, " in words
    for shown in (
        "--seeds N",
        "--learning-rate NUMBER",
        "--annealing yes|no",
        "--preset NAME",
        "--methods NAME,…",
        "--manual-dir PATH",
        "--output FOLDER",
    ):
        assert f"{shown} " in words
