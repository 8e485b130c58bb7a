"""Every number of the tables, from metrics that are written by hand."""

import dataclasses
import importlib

import pytest

from applications import markdown
from applications import mnist_to_mnist_m
from applications.runner import comparison
from applications.runner import names
from applications.runner import settings

EXPERIMENT = mnist_to_mnist_m.EXPERIMENT


def run(method, seed, accuracy, selected=None, oracle=None, svm=None):
    found = {"method": method, "seed": seed, "svm_accuracy": svm}
    if accuracy is not None:
        found["accuracy"] = accuracy
    if selected is not None:
        found["selected"] = {"accuracy": selected, "epoch": 1}
        found["oracle"] = {"accuracy": oracle, "epoch": 2}
    return found


METRICS = [
    run("source_only", 0, 0.5, 0.52, 0.60, 0.55),
    run("source_only", 1, 0.6, 0.62, 0.70, 0.65),
    run("subspace_alignment", 0, None, 0.57, 0.59, 0.61),
    run("subspace_alignment", 1, None, 0.63, 0.67, 0.65),
    run("dann", 0, 0.7, 0.74, 0.76, 0.72),
    run("dann", 1, 0.8, 0.82, 0.88, 0.80),
    run("train_on_target", 0, 0.9, 0.91, 0.94, 0.85),
    run("train_on_target", 1, 0.9, 0.93, 0.94, 0.95),
]


def test_the_whole_table():
    assert comparison.table(EXPERIMENT, METRICS) == [
        [
            "method",
            "seeds",
            "last epoch",
            "selected without target labels",
            "oracle",
            "linear SVM",
            "share of the gap",
            "share, linear SVM",
            "paper",
            "paper's share",
            "JMLR 2016",
            "JMLR's share",
        ],
        [
            "source only",
            "2",
            "0.5500 ± 0.0500",
            "0.5700 ± 0.0500",
            "0.6500 ± 0.0500",
            "0.6000 ± 0.0500",
            "",
            "",
            "0.5749",
            "",
            "0.5225",
            "",
        ],
        [
            "subspace alignment",
            "2",
            "–",
            "0.6000 ± 0.0300",
            "0.6300 ± 0.0400",
            "0.6300 ± 0.0200",
            "",
            "10.0 %",  # (.63 - .60) / (.90 - .60)
            "0.6078",
            "7.9 %",  # (.6078 - .5749) / (.9891 - .5749)
            "–",
            "",
        ],
        [
            "DANN",
            "2",
            "0.7500 ± 0.0500",
            "0.7800 ± 0.0400",
            "0.8200 ± 0.0600",
            "0.7600 ± 0.0400",
            "57.1 %",  # (.75 - .55) / (.90 - .55)
            "53.3 %",  # (.76 - .60) / (.90 - .60)
            "0.8149",
            "57.9 %",
            "0.7666",
            "55.8 %, printed as 52.9 %",  # (.7666 - .5225) / (.9596 - .5225)
        ],
        [
            "train on target",
            "2",
            "0.9000 ± 0.0000",
            "0.9200 ± 0.0100",
            "0.9400 ± 0.0000",
            "0.9000 ± 0.0500",
            "",
            "",
            "0.9891",
            "",
            "0.9596",
            "",
        ],
    ]


def test_one_seed_has_no_deviation():
    rows = comparison.table(EXPERIMENT, METRICS[::2], mark="*")
    assert rows[0][-4:] == [
        "paper*",
        "paper's share*",
        "JMLR 2016*",
        "JMLR's share*",
    ]
    assert rows[3] == [
        "DANN",
        "1",
        "0.7000",
        "0.7400",
        "0.7600",
        "0.7200",
        "50.0 %",
        "56.7 %",
        "0.8149",
        "57.9 %",
        "0.7666",
        "55.8 %, printed as 52.9 %",
    ]


@pytest.mark.parametrize(
    ("accuracy", "lower", "upper", "expected"),
    [
        (0.7, 0.5, 0.9, 0.5),
        (0.4, 0.5, 0.9, -0.25),  # worse than source only
        (1.0, 0.5, 0.9, 1.25),
        (0.7, 0.5, 0.5, None),  # the bounds meet
        (0.202, 0.209, 0.185, None),  # they cross
    ],
)
def test_share_of_the_gap(accuracy, lower, upper, expected):
    share = comparison.share(accuracy, lower, upper)
    assert share == (None if expected is None else pytest.approx(expected))
    metrics = [
        run("source_only", 0, lower, svm=0.1),
        run("dann", 0, accuracy, svm=0.2),
        run("train_on_target", 0, upper, svm=0.3),
    ]
    assert comparison.gap_covered(metrics, "dann") == share
    assert comparison.gap_covered(metrics, "dann", svm=True) == pytest.approx(
        0.5
    )


def test_a_share_is_printed_with_its_sign_or_not_at_all():
    assert comparison.percent(0.1234) == "12.3 %"
    assert comparison.percent(-0.25) == "-25.0 %"
    assert comparison.percent(0.0) == "0.0 %"
    assert comparison.percent(None) == ""


def test_the_gap_is_of_seeds_that_were_measured_in_all():
    metrics = [
        run("source_only", 0, 0.0, svm=0.1),
        run("source_only", 1, 0.2, svm=0.3),
        *(run("train_on_target", seed, 0.8, svm=0.9) for seed in (0, 1, 2)),
        run("dann", 0, 0.4, svm=0.5),
        run("dann", 1, 0.5, svm=None),  # has diverged
        run("subspace_alignment", 0, None, svm=0.3),
    ]
    share = comparison.gap_covered(metrics, "dann")
    assert share == pytest.approx((0.45 - 0.1) / (0.8 - 0.1))
    svm = comparison.gap_covered(metrics, "dann", svm=True)
    assert svm == pytest.approx(0.5)
    # A linear SVM is compared with linear SVMs alone.
    assert comparison.gap_covered(metrics, "subspace_alignment") is None
    aligned = comparison.gap_covered(metrics, "subspace_alignment", svm=True)
    assert aligned == pytest.approx(0.25)
    header, *rows = comparison.table(EXPERIMENT, metrics)
    row = dict(zip(header, rows[2], strict=True))
    assert row["method"] == "DANN"
    assert row["linear SVM"] == "0.5000 (1 of 2 seeds)"
    # What no run has, has no column.
    assert {"selected without target labels", "oracle"}.isdisjoint(header)


def test_share_of_the_gap_is_of_the_means():
    metrics = [
        run(method, seed, accuracy)
        for method, accuracies in {
            "source_only": (0.5, 0.6),
            "dann": (0.7, 0.8, 0.1),
            "train_on_target": (0.9, 1.0),
        }.items()
        for seed, accuracy in enumerate(accuracies)
    ]
    # Seed 2 has no bounds to be compared with.
    assert comparison.gap_covered(metrics, "dann") == pytest.approx(0.5)
    assert comparison.gap_covered(metrics[:5], "dann") is None
    assert comparison.gap_covered(metrics, "dann", svm=True) is None
    for each in metrics:
        each["svm_accuracy"] = each["accuracy"] ** 2
    # (.565 - .305) / (.905 - .305)
    svm = comparison.gap_covered(metrics, "dann", svm=True)
    assert svm == pytest.approx(0.26 / 0.6)


def test_cells():
    assert comparison.cell([]) == "–"
    assert comparison.cell([0.25]) == "0.2500"
    assert comparison.cell([0.7, 0.8]) == "0.7500 ± 0.0500"
    assert comparison.cell([0.7, 0.8], digits=3) == "0.750 ± 0.050"
    assert comparison.cell([0.7, 0.8], runs=2) == "0.7500 ± 0.0500"
    assert comparison.cell([0.7], runs=3) == "0.7000 (1 of 3 seeds)"


def test_the_headline_is_of_the_last_epoch_if_there_are_any():
    assert comparison.headline(METRICS, "dann") == [0.7, 0.8]
    assert comparison.headline(METRICS, "subspace_alignment") == [0.57, 0.63]
    assert comparison.headline(METRICS, "mmd") == []


def test_the_papers_share():
    cells = comparison.published_cells
    assert cells(EXPERIMENT.published, "dann") == ("0.8149", "57.9 %")
    assert cells(EXPERIMENT.published, "mmd") == ("–", "")
    assert cells(EXPERIMENT.published, "source_only") == ("0.5749", "")
    # The paper has no upper bound for OFFICE.
    assert cells({"source_only": 0.5, "dann": 1}, "dann") == ("1.0000", "")


@pytest.mark.parametrize(
    ("program", "share"),
    [
        ("mnist_to_mnist_m", "55.8 %, printed as 52.9 %"),
        ("syn_numbers_to_svhn", "79.7 %"),
        ("svhn_to_mnist", "42.6 %"),
        ("syn_signs_to_gtsrb", "46.4 %"),
    ],
)
def test_the_journals_share_is_of_its_own_bounds(program, share):
    """As printed there, but for the first."""
    found = importlib.import_module(f"applications.{program}").EXPERIMENT
    cells = comparison.published_cells
    assert cells(found.journal, "dann", found.journal_share)[1] == share


def test_what_is_not_as_in_the_paper_is_said():
    paper = dataclasses.asdict(EXPERIMENT.presets["paper"])
    assert comparison.unlike_paper(EXPERIMENT, paper) == []
    # Results from before a setting existed had what is its default.
    old = {n: v for n, v in paper.items() if n not in ("features", "epochs")}
    assert comparison.unlike_paper(EXPERIMENT, old) == [
        f"epochs: {settings.Settings.epochs}, not 30"
    ]
    short = paper | {"epochs": 3, "images": 500, "network": "small"}
    others = comparison.unlike_paper(EXPERIMENT, short | {"annealing": False})
    assert others == [
        "epochs: 3, not 30",
        "images: 500, not all",
        "network: small, not paper",
        "annealing: no, not yes",
    ]
    assert comparison.note("; ".join(others[:2])) == (
        "* The paper's numbers are of its own network and training. These "
        "runs are not: epochs: 3, not 30; images: 500, not all."
    )


@pytest.mark.parametrize("preset", ["tuned", "quick"])
def test_the_network_is_named_that_was_used(preset):
    words = EXPERIMENT.network_in_words(EXPERIMENT.presets[preset])
    assert words == "one of LeNet's size with batch normalization"
    paper = EXPERIMENT.network_in_words(EXPERIMENT.presets["paper"])
    assert paper == "the paper's LeNet"
    assert set(EXPERIMENT.networks) == {"paper", "small", "deep"}


def test_markdown():
    assert markdown.table([["a", "b"], ["1", ""]]) == (
        "| a | b |\n|---|---|\n| 1 |  |"
    )


def test_every_method_has_its_title_once():
    titles = [method.title for method in names.METHODS.values()]
    assert len(set(titles)) == len(titles)
    assert {
        name: method.after
        for name, method in names.METHODS.items()
        if method.after
    } == {"subspace_alignment": "source_only", "gfk": "source_only"}
