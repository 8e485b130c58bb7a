"""select, with candidates that are nearly copies of others."""

import itertools

import numpy as np
import pytest

from keras_grl import select
from tests.selection.test_select import predictions
from tests.selection.test_select import runs


def nearly(p, rows=3):
    """Other classes on a few of the 600 rows: below the 1 % of a near-copy."""
    copy = p.copy()
    copy[:rows] = np.roll(copy[:rows], 1, axis=1)
    return copy


def rows_of(*classes):
    """Two hundred rows of each of these classes, confident."""
    p = np.full((3, 4), 0.02)
    p[np.arange(3), classes] = 0.94
    return np.repeat(p, 200, axis=0)


def test_near_copies_of_source_only_do_not_outvote_the_others():
    """Three votes for source only's classes on the last third would win."""
    source_only = rows_of(0, 1, 2)
    others = {"a": rows_of(0, 1, 3), "b": rows_of(0, 2, 3)}
    copies = {
        "weak": nearly(source_only, 2),
        "weaker": nearly(source_only, 3),
    }
    candidates = {**copies, "source_only": source_only, **others}
    selection = select(candidates, None)
    assert selection.near_copies == {
        "weak": "source_only",
        "weaker": "source_only",
    }
    found = {name: each["ensv"] for name, each in selection.scores.items()}
    # The average predicts 0, 1 and 3.
    expected = {"source_only": 2 / 3, "a": 1.0, "b": 2 / 3}
    assert {name: found[name] for name in expected} == pytest.approx(expected)
    assert found["weak"] == pytest.approx((400 - 2) / 600)
    assert (selection.choice, selection.rule) == ("a", "ensv")
    without = {"source_only": source_only, **others}
    assert select(without, None).scores["a"] == selection.scores["a"]
    text = str(selection).splitlines()
    assert text[1].endswith("  nearly the same as source_only")
    assert text[4].endswith("  kept")


def test_source_only_and_its_near_copies_are_one_candidate():
    source_only = runs(0.6)
    candidates = {
        "source_only": source_only,
        "weak": [nearly(p) for p in source_only],
        "dann": runs(0.8, 1),
    }
    selection = select(candidates, None)
    assert (selection.choice, selection.rule) == ("dann", "agreement")
    assert selection.scores["dann"]["ensv"] is None
    assert selection.to_dict()["near_copies"] == {"weak": "source_only"}
    # One run of each: nothing shows whether adapting helped.
    single = {name: each[0] for name, each in candidates.items()}
    selection = select(single, None)
    assert (selection.choice, selection.rule) == ("source_only", "reference")
    with pytest.raises(ValueError, match="near-copies of another"):
        select(single, None, rule="ensv")


def test_which_runs_are_near_copies():
    """Runs of one candidate all count, and a run that differs does too."""
    p, q, r = (predictions(0.9, seed) for seed in (1, 2, 3))
    candidates = {
        "source_only": runs(0.6),
        "good": [p, nearly(p)],
        "half": [nearly(p, 1), q],
        "far": [r, nearly(p, 40)],
    }
    selection = select(candidates, None)
    assert selection.near_copies == {} and selection.rule == "consensus"
    # All but `half`'s first.
    of_average = [*runs(0.6), p, nearly(p), q, r, nearly(p, 40)]
    average = np.mean(of_average, axis=0).argmax(axis=1)
    agree = [np.mean(each.argmax(axis=1) == average) for each in (p, nearly(p))]
    found = selection.scores["good"]["ensv"]
    assert found == pytest.approx(np.mean(agree), abs=1e-12)
    with_all = [*of_average, nearly(p, 1)]
    assert np.any(np.mean(with_all, axis=0).argmax(axis=1) != average)


@pytest.mark.parametrize("order", [*itertools.permutations(range(4))], ids=str)
def test_the_order_of_the_candidates_does_not_matter(order):
    """`b` copies both `a` and `c`, which are no copies of each other."""
    labels = predictions(0.9, 1)
    moved = np.roll(labels, 1, axis=1)
    a, c = labels.copy(), labels.copy()
    a[:4], c[-4:] = moved[:4], moved[-4:]
    candidates = {
        "source_only": predictions(0.6, 2),
        "a": a,
        "b": labels,
        "c": c,
    }
    names = [list(candidates)[number] for number in order]
    selection = select({name: candidates[name] for name in names}, None)
    assert selection.near_copies == {"b": "a"}
    assert (selection.choice, selection.rule) == ("a", "ensv")


def test_flat_probabilities_of_other_classes_are_no_copies():
    """Of any two of them the total variation is below .01."""
    flat = {
        name: 0.247 + 0.016 * predictions(accuracy, seed).round()
        for seed, (name, accuracy) in enumerate(
            {"source_only": 0.5, "dann": 0.66, "mcc": 0.9}.items()
        )
    }
    flat = {name: p / p.sum(axis=1, keepdims=True) for name, p in flat.items()}
    distance = np.abs(flat["source_only"] - flat["mcc"]).sum(axis=1).mean() / 2
    assert 0.005 < distance < 0.01
    selection = select(flat, None)
    assert selection.near_copies == {} and selection.rule == "ensv"


def test_runs_that_are_copies_of_several_candidates():
    p, q = predictions(0.9, 1), predictions(0.9, 2)
    candidates = {
        "source_only": runs(0.6),
        "mcc": [p, predictions(0.9, 3)],
        "dann": [q, predictions(0.9, 4)],
        "mixed": [nearly(p), nearly(q)],
    }
    assert select(candidates, None).near_copies == {"mixed": "dann and mcc"}


def test_the_run_is_chosen_without_near_copies():
    first, second = rows_of(0, 1, 2), rows_of(0, 1, 3)
    candidates = {
        "source_only": [first, second],
        "a": rows_of(0, 2, 3),
        "b": rows_of(1, 1, 3),
        # With these most predict 2 on the last third, as the first run does.
        **{f"copy_{rows}": nearly(first, rows) for rows in (1, 2, 3)},
    }
    selection = select(candidates, None)
    assert len(selection.near_copies) == 3
    assert (selection.choice, selection.run) == ("source_only", 1)
