"""The part of the study of `select` about another order of the images."""

import json

import numpy as np
import pytest

from applications import selection_study
from applications.selection import domains
from applications.selection import orders
from applications.selection import page
from applications.selection import results
from applications.selection import tables
from keras_grl import diagnostics
from keras_grl import scores
from tests.applications.test_selection_study import POOL
from tests.applications.test_selection_study import run
from tests.applications.test_selection_study import small_study
from tests.testing import ROOT

__all__ = ["small_study"]

DATA = ROOT / "docs" / page.DATA / "orders.json"


@pytest.fixture
def docs(tmp_path):
    folder = tmp_path / "docs"
    folder.mkdir()
    text = (ROOT / "docs" / page.PAGE).read_text()
    (folder / page.PAGE).write_text(text)
    return folder


def test_what_differs_between_the_runs(small_study, docs, tmp_path):
    folder = tmp_path / "results"
    arguments = ["--docs", str(docs), "--part", "orders"]
    with pytest.raises(SystemExit, match="two seeds and another order"):
        run(folder, "--seeds", "2", *arguments)
    run(folder, "--seeds", "2", "--other-order", "yes", *arguments)
    content = json.loads((docs / page.DATA / "orders.json").read_text())
    assert list(content) == ["both", "order", "weights", "one run"]
    of_run = {}
    for kind in ("0", "1", "0-order-1"):
        path = folder / "digits_blur" / f"dann-{kind}" / "run.json"
        of_run[kind] = json.loads(path.read_text())["accuracy"]
    assert len(set(of_run.values())) == 3
    for kind, (a, b) in {
        "both": ("0", "1"),
        "order": ("0", "0-order-1"),
        "weights": ("0-order-1", "1"),
        "one run": ("0", "0"),
    }.items():
        (found,) = [p for p in content[kind] if p["shift"] == "digits_blur"]
        expected = (of_run[a] + of_run[b]) / 2
        assert found["accuracy"]["dann"] == pytest.approx(expected, abs=1e-5)
        assert set(found["vetoed"]) == {"dann_weight_1"}
    # The tables are made of the rounded numbers of the file.
    text = (docs / page.PAGE).read_text()
    for table in orders.parts(orders.from_dict(content)).values():
        assert table in text


def test_reverse_validation_of_first_runs(
    small_study, docs, tmp_path, monkeypatch
):
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (60, 28, 28, 1)).astype("uint8")
    labels = np.arange(60) % 10
    shift = domains.Shift(
        images, labels, images, images, labels, images, labels
    )
    monkeypatch.setattr(domains, "load", lambda name, folders: shift)
    asked = []

    def reverse_validation(x_target, predicted, x_source, y_source):
        asked.append(predicted)
        assert x_target is shift.x_test and x_source is shift.x_held_out
        assert y_source is shift.y_held_out
        return len(asked) / 10

    monkeypatch.setattr(
        "keras_grl.scores.reverse_validation", reverse_validation
    )
    folder = tmp_path / "results"
    arguments = ["--seeds", "2", "--other-order", "yes"]
    arguments += ["--reverse", "digits_blur"]
    run(folder, *arguments)
    run(folder, *arguments)
    assert len(asked) == 4
    with np.load(folder / "digits_blur" / "dann-0" / "arrays.npz") as arrays:
        assert np.array_equal(asked[1], arrays["probabilities"])
    pools = orders.collect(folder, selection_study.SHIFTS)
    (of_blur, other) = pools["one run"]
    assert of_blur.values("reverse_validation")["dann"] == 0.2
    assert other.values("reverse_validation") == {}
    assert pools["order"][0].values("reverse_validation") == {}
    # Of one of the two shifts.
    assert "0 of 1 |" in orders.parts(pools)["reverse"].splitlines()[2]
    with pytest.raises(SystemExit, match="--reverse: expected some of"):
        run(folder, "--reverse", "digits")


def test_scores_that_need_features():
    """Each is computed of its own arrays."""
    random = np.random.default_rng(0)
    arrays = {
        name: (random.normal(size=(80, 4)) + shift).astype("float32")
        for name, shift in (
            ("features", 0.5),
            ("held_out_features", 0.0),
            ("source_features", 0.1),
        )
    }
    labels = np.arange(80) % 3
    wrong = np.arange(80) < 20
    arrays["held_out_probabilities"] = np.eye(3)[(labels + wrong) % 3]
    arrays["held_out_labels"] = labels
    arrays["probabilities"] = np.eye(3)[labels]
    found = results._of_features(arrays)
    held_out, target = arrays["held_out_features"], arrays["features"]
    source = arrays["source_features"]
    of_risk = arrays["held_out_probabilities"], labels, held_out, source, target
    error = diagnostics.domain_error(held_out, target)
    assert found["dev"] == scores.dev(*of_risk).score
    assert found["importance_weighted"] == (
        scores.importance_weighted(*of_risk).score
    )
    assert found["source_accuracy_and_domain_error"] == 0.75 + error
    assert found["snd"] == results.soft_neighborhood_density(
        arrays["probabilities"]
    )
    # What diverged.
    arrays["features"][3] = np.inf
    assert np.isfinite(list(results._of_features(arrays).values())).all()


def test_soft_neighborhood_density():
    """It cannot see a collapse: nothing is higher than equal predictions."""
    density = results.soft_neighborhood_density
    equal = np.full((9, 4), 0.25)
    assert density(equal) == pytest.approx(np.log(8))
    # Each has one equal neighbor, at 1 / 0.05; four are at a right angle.
    three = np.eye(3)[[0, 0, 1, 1, 2, 2]]
    far = np.exp(-20)
    p, q = 1 / (1 + 4 * far), far / (1 + 4 * far)
    expected = -(p * np.log(p) + 4 * q * np.log(q))
    assert density(three) == pytest.approx(expected)


def test_how_many_candidates_pass():
    """`a` and `b` help; `bad` is vetoed."""
    tests = {name: test for name, _, test in tables.TESTS}
    more = tests["two runs agree more"]
    assert tables.passed(more, [POOL]) == ["0 of 0", "2 of 2"]
    # 1 − .64 is 10 % less than 1 − .6, 1 − .65 is 12.5 % less.
    tenth = tests["… by 10 % less disagreement"]
    assert tables.passed(tenth, [POOL]) == ["0 of 0", "2 of 2"]
    fifth = tests["… by 20 % less"]
    assert tables.passed(fifth, [POOL]) == ["0 of 0", "0 of 2"]
    ensv = tests["EnsV of two runs is higher"]
    assert tables.passed(ensv, [POOL]) == ["0 of 0", "2 of 2"]


def test_the_page_shows_the_data_that_is_kept():
    pools = orders.from_dict(json.loads(DATA.read_text()))
    text = (ROOT / "docs" / page.PAGE).read_text()
    found = orders.parts(pools)
    assert set(found) >= {"order_scores", "order_rules", "held_out", "reverse"}
    assert page.with_parts(text, found) == text
