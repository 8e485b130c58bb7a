"""select, with candidates of known quality, as arrays of probabilities."""

import json

import numpy as np
import pytest

import keras_grl
from keras_grl import select

ROWS, CLASSES = 600, 4
LABELS = np.random.default_rng(0).integers(0, CLASSES, ROWS)


def predictions(accuracy, seed, sure=0.9, labels=LABELS):
    """Rows of which about so many are right; the errors depend on the seed."""
    random = np.random.default_rng(seed)
    right = random.random(ROWS) < accuracy
    wrong = (labels + random.integers(1, CLASSES, ROWS)) % CLASSES
    p = np.full((ROWS, CLASSES), (1 - sure) / (CLASSES - 1))
    p[np.arange(ROWS), np.where(right, labels, wrong)] = sure
    return p


def runs(accuracy, seed=0, **options):
    return [
        predictions(accuracy, 100 + 2 * seed + n, **options) for n in (0, 1)
    ]


COLLAPSED = np.tile([0.01, 0.97, 0.01, 0.01], (ROWS, 1))
UNIFORM = np.full((ROWS, CLASSES), 1 / CLASSES)
# Two of four classes, on every other row.
TWO_CLASSES = np.eye(CLASSES)[np.arange(ROWS) % 2] * 0.96 + 0.01
NAN = np.full((ROWS, CLASSES), np.nan)


def test_the_candidate_whose_runs_agree_is_kept():
    selection = select(
        {
            "source_only": runs(0.6, 0),
            "better": runs(0.8, 1),
            "worse": runs(0.4, 2),
        },
        None,
    )
    assert isinstance(selection, keras_grl.Selection)
    assert (selection.choice, selection.rule) == ("better", "consensus")
    p, q = runs(0.8, 1)
    found = selection.scores["better"]
    assert found["agreement"] == keras_grl.scores.agreement(p, q)
    expected = (keras_grl.scores.bnm(p) + keras_grl.scores.bnm(q)) / 2
    assert found["bnm"] == pytest.approx(expected, abs=1e-12)
    assert found["mixval"] is None and found["runs"] == 2
    expected = (found["agreement"] + found["ensv"]) / 2
    assert found["consensus"] == pytest.approx(expected, abs=1e-12)
    assert "better" in selection.reason and "source_only" in selection.reason
    assert selection.vetoed == {}


def test_source_only_is_kept_where_adapting_hurts():
    candidates = {
        "source_only": runs(0.6, 0),
        "surer": runs(0.4, 1, sure=0.99),
        "worse": runs(0.5, 2),
    }
    assert select(candidates, None).choice == "source_only"


@pytest.mark.parametrize(
    "bad, reason",
    [
        (COLLAPSED, "predicts the same for all"),
        (UNIFORM, "predicts the same for all"),
        (TWO_CLASSES, "collapsed: it predicts 2.0 classes effectively"),
        (NAN, "NaN"),
        (np.where(np.arange(ROWS)[:, None] == 7, np.inf, 0.25), "NaN"),
    ],
)
@pytest.mark.parametrize("others", ["all", "one"])
def test_what_is_vetoed(bad, reason, others):
    second = bad if others == "all" else predictions(0.95, 9)
    selection = select(
        {"bad": [second, bad], "source_only": runs(0.5), "other": runs(0.7, 1)},
        None,
    )
    assert selection.choice == "other"
    assert list(selection.vetoed) == ["bad"]
    assert reason in selection.vetoed["bad"]
    assert f"run {0 if others == 'all' else 1}" in selection.vetoed["bad"]
    assert selection.vetoed["bad"] in str(selection)


def test_agreement_sees_classes_that_each_run_swaps_in_its_own_way():
    swapped = [
        predictions(0.9, 1, labels=(LABELS + n) % CLASSES) for n in (1, 2)
    ]
    candidates = {"source_only": runs(0.6), "swapped": swapped}
    selection = select(candidates, None)
    assert selection.choice == "source_only"
    # Scores of one model do not.
    assert select(candidates, None, rule="agreement").choice == "source_only"
    of_one = {"source_only": runs(0.6)[0], "swapped": swapped[0]}
    assert select(of_one, None, rule="infomax").choice in of_one


def test_two_candidates_with_one_run_each():
    """No score of one run is safe: adapting may have hurt."""
    unsure = predictions(0.6, 1, sure=0.5)
    sure = predictions(0.7, 2)
    candidates = {"source_only": unsure, "dann": sure}
    selection = select(candidates, None)
    assert selection.scores["dann"]["agreement"] is None
    assert selection.scores["dann"]["ensv"] is None
    assert (selection.choice, selection.rule) == ("source_only", "reference")
    assert selection.run == 0 and "second seed" in selection.reason
    # Unless it is asked for.
    assert select(candidates, None, rule="infomax").choice == "dann"
    # Without the reference one of the others must do.
    candidates = {"source_only": NAN, "a": unsure, "b": sure}
    assert select(candidates, None).choice == "b"


def test_several_candidates_with_one_run_each():
    candidates = {
        "source_only": predictions(0.6, 1),
        "swapped": predictions(0.9, 2, labels=(LABELS + 1) % CLASSES),
        "good": predictions(0.9, 3),
        "also_good": predictions(0.85, 8),
        "collapsed": COLLAPSED,
    }
    selection = select(candidates, None)
    assert (selection.choice, selection.rule) == ("good", "ensv")
    assert list(selection.vetoed) == ["collapsed"]
    assert select(candidates, None, margin=0.9).choice == "source_only"


def test_only_the_reference():
    selection = select({"source_only": predictions(0.6, 1)}, None)
    assert selection.choice == "source_only" and selection.run == 0
    only = select({"source_only": NAN, "a": ONE}, None)
    assert only.choice == "a" and "no other" in only.reason


def test_another_name_of_the_reference():
    candidates = {"plain": runs(0.6), "dann": runs(0.8, 1)}
    selection = select(candidates, None, reference="plain")
    assert (selection.choice, selection.reference) == ("dann", "plain")


@pytest.mark.parametrize("first", ["source_only", "dann"])
def test_of_equal_candidates_the_reference_is_kept(first):
    both = runs(0.7)
    names = [first, "dann" if first == "source_only" else "source_only"]
    # Equal agreement, and not the same arrays.
    candidates = dict(zip(names, (both, both[::-1]), strict=True))
    selection = select(candidates, None, margin=0)
    assert selection.choice == "source_only"


def test_the_margin_to_the_reference():
    """The share of the reference's disagreement that must be gone."""
    candidates = {"source_only": runs(0.6), "dann": runs(0.8, 1)}
    found = select(candidates, None).scores
    reference = 1 - found["source_only"]["agreement"]
    least = 1 - (1 - found["dann"]["agreement"]) / reference
    assert 0.3 < least < 0.6
    assert select(candidates, None, margin=least - 1e-9).choice == "dann"
    selection = select(candidates, None, margin=least + 1e-9)
    assert selection.choice == "source_only"
    assert "dann" in selection.reason and "clearly" in selection.reason
    # Of the other rules there is none.
    selection = select(candidates, None, margin=0.99, rule="infomax")
    assert selection.choice == max(found, key=lambda n: found[n]["infomax"])


@pytest.mark.parametrize("rule", ["consensus", "agreement", "ensv"])
def test_the_default_margin(rule):
    """A fifth of the reference's disagreement."""
    candidates = {
        "source_only": runs(0.6),
        "a": runs(0.8, 1),
        "b": runs(0.3, 2),
    }
    closest = 1.0
    for mix in np.linspace(0, 1, 41):
        # Better and better.
        rows = np.arange(ROWS)[:, None] < mix * ROWS
        candidates["a"] = [
            np.where(rows, p, q)
            for p, q in zip(runs(0.8, 1), runs(0.6, 5), strict=True)
        ]
        selection = select(candidates, None, rule=rule)
        found = {n: s[rule] for n, s in selection.scores.items()}
        least = 1 - 0.8 * (1 - found["source_only"])
        passes = max(found.values()) >= least
        assert (selection.choice == "source_only") == (not passes)
        closest = min(closest, abs(max(found.values()) - least))
    assert closest < 0.02


def test_one_run_of_a_candidate_is_not_enough_to_agree():
    candidates = {
        "source_only": runs(0.6),
        "a": runs(0.8, 1),
        "b": predictions(0.7, 9),
    }
    selection = select(candidates, None)
    assert selection.rule == "ensv" and "second seed" in selection.reason
    del candidates["b"]
    assert select(candidates, None).rule == "agreement"
    # What is vetoed is not compared.
    candidates["c"] = NAN
    assert select(candidates, None).rule == "agreement"


@pytest.mark.parametrize(
    "rule",
    ["consensus", "agreement", "ensv", "infomax", "negative_entropy", "bnm"],
)
def test_the_rule_that_is_asked_for(rule):
    candidates = {
        "source_only": runs(0.6, sure=0.7),
        "a": runs(0.8, 1, sure=0.8),
        "b": runs(0.65, 2, sure=0.95),
    }
    selection = select(candidates, None, rule=rule, margin=0)
    found = {name: each[rule] for name, each in selection.scores.items()}
    assert selection.choice == max(found, key=found.get)
    assert selection.rule == rule
    assert f"{max(found.values()):.3f}" in selection.reason


def test_three_runs():
    three = [*runs(0.8, 1), predictions(0.3, 7)]
    selection = select({"source_only": runs(0.6), "dann": three}, None)
    pairs = [(0, 1), (0, 2), (1, 2)]
    expected = np.mean(
        [keras_grl.scores.agreement(three[i], three[j]) for i, j in pairs]
    )
    found = selection.scores["dann"]
    assert found["agreement"] == pytest.approx(expected, abs=1e-12)
    assert found["runs"] == 3
    assert selection.choice == "source_only"


@pytest.mark.parametrize("position", [0, 1])
def test_the_run_that_agrees_with_the_average_of_all_is_kept(position):
    # The other run is surer, and would dominate an average of these two.
    kept = [predictions(0.6, 7, sure=0.99)]
    kept.insert(position, predictions(0.9, 9, sure=0.8))
    candidates = {"source_only": kept, "a": runs(0.8, 1)}
    selection = select(candidates, None, margin=0.99)
    assert (selection.choice, selection.run) == ("source_only", position)
    # What is vetoed does not count.
    candidates["bad"] = [*[COLLAPSED] * 9, predictions(0.6, 7, sure=0.999)]
    assert select(candidates, None, margin=0.99).run == position


def test_of_runs_that_agree_as_much_the_surer_one_is_kept():
    surer = predictions(0.7, 1, sure=0.95)
    two = [predictions(0.7, 1, sure=0.9), surer]
    assert select({"source_only": two}, None).run == 1
    assert select({"source_only": two[::-1]}, None).run == 0


def test_a_reference_that_is_lost_does_not_stop_the_others():
    candidates = {
        "source_only": [NAN, NAN],
        "a": runs(0.7, 1),
        "b": runs(0.6, 2),
        "c": [COLLAPSED, COLLAPSED],
    }
    selection = select(candidates, None)
    assert selection.choice == "a"
    assert set(selection.vetoed) == {"source_only", "c"}


def test_all_are_vetoed():
    with pytest.raises(ValueError, match=r"not vetoed.*a: predicts NaN"):
        select({"source_only": NAN, "a": NAN}, None)


def test_to_dict_is_json_without_nan():
    selection = select(
        {"source_only": runs(0.6), "a": runs(0.8, 1), "bad": [NAN, NAN]}, None
    )
    read = json.loads(json.dumps(selection.to_dict(), allow_nan=False))
    assert read == selection.to_dict()
    assert read["choice"] == "a" and read["run"] == selection.run
    assert read["scores"]["bad"]["infomax"] is None
    assert list(read["vetoed"]) == ["bad"]


def test_it_prints_an_aligned_table():
    text = str(
        select({"source_only": runs(0.6), "a": runs(0.8, 1)}, None)
    ).splitlines()
    head, *rows, reason = text
    assert [row.split()[0] for row in rows] == ["source_only", "a"]
    assert rows[1].endswith("kept") and not rows[0].endswith("kept")
    end = head.index("agreement") + len("agreement")
    for row in rows:
        # Right-aligned: a number ends where the name ends.
        assert row[end - 5 : end].strip().startswith("0.")
        assert row[end : end + 2] == "  "
    assert reason.startswith("Keep a: ")


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_low_precision(dtype):
    candidates = {"source_only": runs(0.6), "a": runs(0.7, 1)}
    low = {n: [p.astype(dtype) for p in c] for n, c in candidates.items()}
    found, expected = select(low, None), select(candidates, None)
    assert found.choice == expected.choice
    assert found.scores["a"]["agreement"] == expected.scores["a"]["agreement"]


ONE = predictions(0.6, 1)


@pytest.mark.parametrize(
    "arguments, match",
    [
        ({"candidates": {}}, "candidates.*not empty"),
        ({"candidates": [ONE, ONE]}, "candidates.*a dict of names"),
        ({"candidates": {"source_only": []}}, "'source_only'.*one run"),
        ({"candidates": {0: ONE}, "reference": 0}, "names that are strings"),
        ({"reference": "none"}, 'reference.*"source_only", "a"'),
        ({"candidates": {"dann": ONE}}, "(?s)reference.*add it as"),
        ({"candidates": {"source_only": ONE, "a": ONE[:9]}}, "600 rows"),
        ({"candidates": {"source_only": ONE, "a": NAN[:9]}}, "600 rows"),
        (
            {"candidates": {"source_only": ONE, "a": np.eye(3)[LABELS % 3]}},
            r"\['a'\].*4 classes",
        ),
        ({"candidates": {"source_only": ONE, "a": LABELS}}, r"\['a'\]"),
        (
            {"candidates": {"source_only": [ONE, 5 * ONE - 1]}},
            r"(?s)\['source_only'\]\[1\].*softmax",
        ),
        ({"candidates": {"source_only": ONE, "a": 0.3}}, r"\['a'\].*a model"),
        ({"candidates": {"source_only": ONE, "a": None}}, r"\['a'\].*a model"),
        ({"x_target": np.zeros((9, 2))}, "9 rows"),
        ({"rule": "accuracy"}, "rule"),
        ({"rule": "agreement"}, '(?s)two runs of each.*"source_only", "a"'),
        ({"rule": "ensv"}, "three candidates"),
        ({"rule": "mixval"}, "not arrays of probabilities"),
        ({"margin": -0.1}, "margin"),
        ({"margin": 1.0}, "margin"),
        ({"margin": float("nan")}, "margin"),
        ({"batch_size": 0}, "batch_size"),
        (
            {"candidates": {"source_only": [ONE, ONE.copy()]}},
            "(?s)differ in the seed.*run 0 and run 1.*set_random_seed",
        ),
    ],
)
def test_errors(arguments, match):
    arguments = {
        "candidates": {"source_only": ONE, "a": predictions(0.7, 2)},
        "x_target": None,
    } | arguments
    with pytest.raises(ValueError, match=match):
        select(**arguments)
