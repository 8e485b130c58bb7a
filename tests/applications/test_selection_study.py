"""The study of `select`: shifts, candidates, rules, and what is written."""

import dataclasses
import itertools
import json

import numpy as np
import pytest
from PIL import Image

import keras_grl
from applications import selection_study
from applications.selection import candidates
from applications.selection import domains
from applications.selection import page
from applications.selection import results
from applications.selection import rules
from applications.selection import tables
from applications.selection.candidates import CANDIDATES
from applications.selection_study import FIND
from applications.selection_study import REPORT
from applications.selection_study import SHIFTS
from tests.testing import ROOT
from tests.testing import to_numpy

backend_free = pytest.mark.backend_free


# Shifts.


@backend_free
def test_each_shift_is_used_once():
    assert sorted(SHIFTS) == sorted({*FIND, *REPORT})
    assert len(SHIFTS) == len(FIND) + len(REPORT) >= 9
    assert {name for name in SHIFTS if name.startswith("digits_")} == {
        *(f"digits_{shift}" for shift in domains.SHIFTS),
        "digits_clutter",
    }


@backend_free
@pytest.mark.parametrize("name", domains.SHIFTS)
def test_digits_are_shifted(name):
    image = np.zeros((4, 28, 28, 1), "uint8")
    image[:, 6:22, 12:16] = 255
    shift = domains.SHIFTS[name]
    found = shift(image, np.random.default_rng(0))
    assert found.shape == image.shape and found.dtype == np.uint8
    assert np.abs(found.astype(int) - image).mean() > 5
    again = shift(image, np.random.default_rng(0))
    assert np.array_equal(found, again)


@backend_free
def test_source_and_target_are_other_digits(monkeypatch):
    def written(name, split, count):
        """Images that tell which written digit they show."""
        size = {"train": 800, "validation": 100, "test": 100}[split]
        row = np.arange(count) % size
        images = np.zeros((count, 28, 28, 1), "uint8")
        images[:, 0, 0, 0], images[:, 0, 1, 0] = row // 256, row % 256
        images[:, 0, 2] = 1 + ["train", "validation", "test"].index(split)
        return images, row % 10

    monkeypatch.setattr(domains, "_written", written)
    monkeypatch.setitem(domains.SHIFTS, "blur", lambda x, random: x)
    shift = domains.load("digits_blur", domains.Folders())
    parts = [
        {image[0, :3, 0].tobytes() for image in images}
        for images in (
            shift.x_source,
            shift.x_held_out,
            shift.x_target,
            shift.x_test,
        )
    ]
    assert [len(part) for part in parts] == [360, 40, 400, 200]
    assert len(set().union(*parts)) == 1000
    for x, y in (
        (shift.x_source, shift.y_source),
        (shift.x_held_out, shift.y_held_out),
        (shift.x_test, shift.y_test),
    ):
        row = 256 * x[:, 0, 0, 0].astype(int) + x[:, 0, 1, 0]
        assert np.array_equal(row % 10, y)


@backend_free
def test_gray_images_of_one_size():
    images = np.zeros((2, 32, 32, 3), "uint8")
    images[:, 2, 2] = (255, 0, 0)
    found = domains.gray(images)
    assert found.shape == (2, 28, 28, 1) and found.dtype == np.uint8
    assert found[0, 0, 0, 0] == 76  # the luminance of red


# Candidates.


@backend_free
def test_candidates_of_the_study():
    assert len(CANDIDATES) * 2 >= 40
    assert not CANDIDATES[candidates.REFERENCE].adapts
    assert sum(not each.adapts for each in CANDIDATES.values()) == 1
    assert len(set(CANDIDATES.values())) == len(CANDIDATES)


@backend_free
def test_each_candidate_turns_its_own_argument():
    def built(name):
        model, _ = candidates.build(CANDIDATES[name])
        candidates.compile_model(model, CANDIDATES[name])
        return model

    ramp = built("dann_lambda_0.3").gradient_reversal.schedule
    assert float(ramp(1.0)) == pytest.approx(0.3, abs=1e-4)
    assert built("dann_dense").feature_extractor.output_shape == (None, 64)
    assert built("dann").feature_extractor.output_shape == (None, 512)
    rate = built("dann_rate_0.005").optimizer.learning_rate
    assert float(rate) == pytest.approx(0.005)
    assert isinstance(built("cdan").method, keras_grl.methods.CDAN)
    for name in ("mcc_0.3", "source_only"):
        assert not isinstance(built(name), keras_grl.DANNModel)


def tiny_shift():
    random = np.random.default_rng(0)

    def images(count):
        return random.integers(0, 256, (count, 28, 28, 1)).astype("uint8")

    labels = np.arange(96) % 10
    return domains.Shift(
        images(96),
        labels,
        images(64),
        images(40),
        labels[:40],
        images(20),
        labels[:20],
    )


@pytest.mark.parametrize("name", ["source_only", "dann_mcc_0.3"])
def test_a_model_that_is_trained_again_begins_from_nothing(name):
    """As if it were new: weights, optimizer, λ, order of the images."""
    from applications.selection import running

    shift = tiny_shift()
    train = running._compiled(name)
    first = train(shift, 0, 3, 0)
    others = [train(shift, 1, 3, 1), train(shift, 0, 3, 1)]
    others.append(train(shift, 1, 3, 0))
    again = train(shift, 0, 3, 0)
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(to_numpy(a), to_numpy(b))
    for one, other in itertools.combinations([first, *others], 2):
        assert any(
            not np.array_equal(to_numpy(a), to_numpy(b))
            for a, b in zip(one, other, strict=True)
        )


@pytest.fixture
def small_study(monkeypatch):
    """Two shifts, four candidates of which one is collapsed, no training."""
    # Before anything is replaced, for they keep the candidates by name.
    from applications.selection import reverse
    from applications.selection import running

    names = ("source_only", "dann", "dann_dense", "dann_weight_1")
    few = {name: CANDIDATES[name] for name in names}
    for module in (candidates, results, reverse, running, selection_study):
        monkeypatch.setattr(module, "CANDIDATES", few)
    for name, shifts in (
        ("FIND", ("digits_blur",)),
        ("REPORT", ("mnist_to_svhn",)),
        ("SHIFTS", ("digits_blur", "mnist_to_svhn")),
    ):
        monkeypatch.setattr(selection_study, name, shifts)
    monkeypatch.setattr(tables, "LOSSES", ("dann", "dann_weight_1"))
    monkeypatch.setattr(domains, "load", lambda name, folders: name)
    trained = []

    class Trainer:
        def run(self, name, shift, seed, steps, order):
            trained.append((shift, name, seed, order))
            random = np.random.default_rng(len(trained))
            right = 0.5 if name == "source_only" else 0.8
            y = np.arange(60) % 10
            y = np.where(random.random(60) < right, y, (y + 1) % 10)
            if name == "dann_weight_1":
                y[:] = 3
            sure = 0.8 + len(trained) / 1000
            p = np.eye(10)[y] * sure + (1 - sure) / 10
            figures = {
                "accuracy": float(np.mean(y == np.arange(60) % 10)),
                "source_accuracy": 0.9 + len(trained) / 1000,
                "mixval": 0.5 - len(trained) / 1000,
            }
            return figures, {"probabilities": p}

    monkeypatch.setattr(running, "Trainer", Trainer)
    of_features = dict.fromkeys(("class_ami", *results.HELD_OUT, "snd"), 0.5)
    monkeypatch.setattr(results, "_of_features", lambda arrays: of_features)
    return trained


def run(folder, *arguments):
    selection_study.main(["--output", str(folder), *arguments])


def test_what_is_done_is_not_trained_again(small_study, tmp_path, capsys):
    run(tmp_path, "--seeds", "2", "--shifts", "digits_blur")
    assert len(small_study) == len(set(small_study)) == 8
    assert capsys.readouterr().out.count("accuracy") == 8
    run(tmp_path, "--seeds", "2", "--shifts", "digits_blur")
    assert len(small_study) == 8
    # As if the program had been killed there.
    (tmp_path / "digits_blur" / "dann-1" / "run.json").unlink()
    run(tmp_path, "--seeds", "3")
    assert small_study[8] == ("digits_blur", "dann", 1, 1)
    # Two seeds of all, then the third.
    seeds = [0] * 4 + [1] * 4 + [2] * 8
    assert [kind[2:] for kind in small_study[9:]] == [(s, s) for s in seeds]
    run(tmp_path, "--seeds", "3", "--other-order", "yes")
    assert [kind[2:] for kind in small_study[25:]] == [(0, 1)] * 8
    run(tmp_path, "--seeds", "3", "--other-order", "yes")
    assert len(small_study) == 33


def test_no_training_after_the_time_is_over(small_study, tmp_path, capsys):
    run(tmp_path, "--minutes", "1e-9")
    assert small_study == [] and "are over" in capsys.readouterr().out


def test_the_page_is_written(small_study, tmp_path):
    docs = tmp_path / "docs"
    docs.mkdir()
    page_of_today = (ROOT / "docs" / page.PAGE).read_text()
    (docs / page.PAGE).write_text(page_of_today)
    folder = tmp_path / "results"
    with pytest.raises(SystemExit, match="two seeds of all"):
        run(folder, "--train", "no", "--docs", str(docs))
    run(folder, "--seeds", "2", "--docs", str(docs))
    written = (docs / page.PAGE).read_text()
    assert written.split("<!--")[0] == page_of_today.split("<!--")[0]
    assert "| digits, blur | find | 2 |" in written
    assert "| MNIST → SVHN | report | 2 |" in written
    with Image.open(docs / page.FIGURE) as image:
        assert image.width > 900
    runs = json.loads((docs / page.DATA / "runs.json").read_text())
    assert runs["digits_blur"]["dann_weight_1"]["vetoed"] is True
    assert runs["digits_blur"]["dann"]["vetoed"] is False
    found = json.loads((docs / page.DATA / "rules_find.json").read_text())
    assert found["select"]["below"] == 0
    assert found["labels"]["share"] == 1.0


def test_an_unknown_shift():
    with pytest.raises(SystemExit, match="--shifts: expected some of digits"):
        selection_study.main(["--shifts", "digits"])


# Rules.


def pool(**candidates_of_pool):
    """Name to (accuracy, agreement, ensv)."""
    return results.Pool(
        shift="a",
        seeds=(0, 1),
        accuracy={n: v[0] for n, v in candidates_of_pool.items()},
        scores={
            n: {"agreement": v[1], "ensv": v[2]}
            for n, v in candidates_of_pool.items()
        },
        vetoed={n: "it" for n in candidates_of_pool if n.startswith("bad")},
        choice="b",
        run_accuracy=0.5,
    )


POOL = pool(
    source_only=(0.5, 0.60, 0.7),
    a=(0.7, 0.64, 0.9),
    b=(0.6, 0.65, 0.8),
    bad=(0.1, 0.99, 0.99),
)


@backend_free
@pytest.mark.parametrize(
    "choose, expected",
    [
        (rules.highest("agreement"), "b"),
        (rules.highest("ensv"), "a"),
        (rules.by_margin(0.04, relative=False), "b"),
        (rules.by_margin(0.06, relative=False), "source_only"),
        (rules.by_margin(0.12, relative=True), "b"),
        (rules.by_margin(0.13, relative=True), "source_only"),
        (rules.by_margin(0.0, False, "ensv", 0.02), "a"),
        (rules.by_margin(0.0, False, "ensv", 0.001), "b"),
        (rules.by_margin(0.12, True, "ensv", 1.0), "b"),
        (rules.mean_rank("agreement", "ensv"), "a"),
    ],
)
def test_rules(choose, expected):
    assert choose(POOL) == expected


@backend_free
def test_how_well_a_rule_does():
    other = pool(source_only=(0.5, 0.6, 0.6), a=(0.4, 0.7, 0.5))
    other = dataclasses.replace(other, shift="b")
    rule = rules.Rule("", rules.highest("agreement"))
    rows = rules.outcomes(rule, [POOL, other])
    assert [row["kept"] for row in rows] == ["b", "a"]
    found = rules.summary(rows)
    assert found["gain"] == pytest.approx((0.1 - 0.1) / 2)
    assert found["share"] == pytest.approx(0.0)
    assert found["regret"] == pytest.approx((0.1 + 0.1) / 2)
    assert found["worst_regret"] == pytest.approx(0.1)
    assert (found["below"], found["choices"], found["shifts"]) == (1, 2, 2)
    assert found["worst"] == pytest.approx(-0.1)


@backend_free
def test_rank_correlation_leaves_out_what_is_vetoed():
    assert rules.rank_correlation(POOL, "ensv") == pytest.approx(1.0)
    assert rules.rank_correlation(POOL, "agreement") == pytest.approx(0.5)


@backend_free
def test_numbers_of_the_tables():
    assert tables.number(0.1234) == ".123"
    assert tables.number(-0.1234) == "−.123"
    assert tables.number(0.1234, sign=True) == "+.123"
    assert tables.number(1.0) == "1.000"
    assert tables.number(-0.0001, sign=True) == ".000"


@backend_free
def test_parts_of_a_page():
    text = "a\n<!-- x -->\nold\n<!-- end of x -->\nb\n"
    found = page.with_parts(text, {"x": "new\\1"})
    assert found == text.replace("old", "new\\1")
    with pytest.raises(ValueError, match="0 parts named 'y'"):
        page.with_parts(text, {"y": ""})
