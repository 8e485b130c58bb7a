import json

import pytest

from applications import mnist_to_mnist_m
from applications import tables
from applications.runner import results


def test_the_gap_is_of_seeds_that_were_measured_in_all():
    def run(method, seed, accuracy, svm):
        return {
            "method": method,
            "seed": seed,
            "accuracy": accuracy,
            "svm_accuracy": svm,
        }

    metrics = [
        *(run("source_only", seed, 0.2 * seed, 0.1) for seed in (0, 1)),
        *(run("train_on_target", seed, 0.8, 0.9) for seed in (0, 1, 2)),
        run("dann", 0, 0.4, 0.5),
        run("dann", 1, 0.5, None),  # has diverged
        run("subspace_alignment", 0, None, 0.3),
    ]
    share = results.gap_covered(metrics, "dann")
    assert share == pytest.approx((0.45 - 0.1) / (0.8 - 0.1))
    assert results.gap_covered(metrics, "dann", svm=True) == pytest.approx(0.5)
    # A linear SVM is compared with linear SVMs alone.
    assert results.gap_covered(metrics, "subspace_alignment") is None
    aligned = results.gap_covered(metrics, "subspace_alignment", svm=True)
    assert aligned == pytest.approx(0.25)
    row = results.table(mnist_to_mnist_m.EXPERIMENT, metrics)[3]
    assert row[0] == "DANN" and row[5] == "0.5000 (1 of 2 seeds)"


def test_tables_want_results(tmp_path):
    with pytest.raises(SystemExit, match="expected results of an experiment"):
        tables.main(["--results", str(tmp_path)])
    with pytest.raises(SystemExit, match="expected a folder"):
        tables.main(["--results", str(tmp_path / "nothing")])


def test_tables_have_each_run_and_the_paper_once(tmp_path):
    for name, accuracies in (
        ("few", {"source_only": 0.5, "dann": 0.8, "train_on_target": 0.9}),
        ("more", {"source_only": 0.6, "mmd": 0.7}),
    ):
        folder = tmp_path / "svhn_to_mnist" / name
        folder.mkdir(parents=True)
        metrics = [
            {"method": method, "seed": seed, "accuracy": accuracy + seed / 10}
            | {"svm_accuracy": accuracy}
            for method, accuracy in accuracies.items()
            for seed in range(2)
        ]
        (folder / "metrics.json").write_text(json.dumps(metrics))
    made = tables.main(["--results", str(tmp_path), "--output", str(tmp_path)])
    assert made["table_1"] == [
        [
            "method",
            "SVHN → MNIST, few",
            "SVHN → MNIST, few, linear SVM",
            "SVHN → MNIST, more",
            "SVHN → MNIST, more, linear SVM",
            "SVHN → MNIST, paper",
        ],
        [
            "source only",
            "0.5500 ± 0.0500",
            "0.5000 ± 0.0000",
            "0.6500 ± 0.0500",
            "0.6000 ± 0.0000",
            "0.5919",
        ],
        ["MMD", "–", "–", "0.7500 ± 0.0500", "0.7000 ± 0.0000", "–"],
        [
            "DANN",
            "0.8500 ± 0.0500 (75.0 %)",
            "0.8000 ± 0.0000 (75.0 %)",
            "–",
            "–",
            "0.7107 (29.5 %)",
        ],
        [
            "train on target",
            "0.9500 ± 0.0500",
            "0.9000 ± 0.0000",
            "–",
            "–",
            "0.9951",
        ],
    ]


def test_share_of_the_gap_is_of_the_means():
    metrics = [
        {"method": method, "seed": seed, "accuracy": accuracy}
        for method, accuracies in {
            "source_only": (0.5, 0.6),
            "dann": (0.7, 0.8, 0.1),
            "train_on_target": (0.9, 1.0),
        }.items()
        for seed, accuracy in enumerate(accuracies)
    ]
    # Seed 2 has no bounds to be compared with.
    assert results.gap_covered(metrics, "dann") == pytest.approx(0.5)
    assert results.gap_covered(metrics[:5], "dann") is None
    assert results.gap_covered(metrics, "dann", svm=True) is None
    for each in metrics:
        each["svm_accuracy"] = each["accuracy"] ** 2
    # (.565 - .305) / (.905 - .305)
    svm = results.gap_covered(metrics, "dann", svm=True)
    assert svm == pytest.approx(0.26 / 0.6)
    assert results.cell([0.7, 0.8]) == "0.7500 ± 0.0500"
    published = mnist_to_mnist_m.EXPERIMENT.published
    assert results.published_share(published, "dann") == "57.9 %"
