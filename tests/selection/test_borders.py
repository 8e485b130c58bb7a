"""select, where a rule just applies or just does not."""

import numpy as np
import pytest

from keras_grl import select
from tests.selection.test_select import CLASSES
from tests.selection.test_select import COLLAPSED
from tests.selection.test_select import LABELS
from tests.selection.test_select import NAN
from tests.selection.test_select import ROWS
from tests.selection.test_select import predictions
from tests.selection.test_select import runs

_SURE = np.eye(CLASSES) * 0.92 + 0.02


def agreeing(rows, seed):
    """Two runs that predict the same class on so many of the rows."""
    random = np.random.default_rng(seed)
    classes = random.integers(0, CLASSES, ROWS)
    others = classes.copy()
    others[rows:] = (others[rows:] + 1) % CLASSES
    return [_SURE[classes], _SURE[others]]


@pytest.mark.parametrize(
    ("reference", "least"), [(165, 252), (180, 264), (405, 444), (465, 492)]
)
def test_what_is_just_enough_is_enough(reference, least):
    """4/5 of the reference's disagreement, in numbers that floats have not."""
    assert 5 * (ROWS - least) == 4 * (ROWS - reference)
    for rows, choice in ((least, "dann"), (least - 1, "source_only")):
        candidates = {
            "source_only": agreeing(reference, 0),
            "dann": agreeing(rows, 1),
        }
        assert select(candidates, None).choice == choice


@pytest.mark.parametrize("first", ["a", "b"])
def test_of_equal_candidates_the_first_by_name_is_kept(first):
    p, q = runs(0.9)
    both = {"a": [p, q], "b": [q[:, ::-1], p[:, ::-1]]}
    second = "b" if first == "a" else "a"
    candidates = {first: both[first], second: both[second]}
    selection = select(
        {**candidates, "source_only": runs(0.5, 3)}, None, rule="agreement"
    )
    found = selection.scores
    assert found["a"]["agreement"] == found["b"]["agreement"]
    assert selection.choice == "a"


def test_a_reference_with_a_run_of_nan_still_shows_what_has_collapsed():
    nearly = COLLAPSED.copy()
    nearly[0] = nearly[0, ::-1]
    candidates = {
        "source_only": [NAN, predictions(0.6, 1)],
        "collapsed": [nearly, np.roll(nearly, 1, axis=0)],
        "dann": runs(0.8, 1),
    }
    selection = select(candidates, None)
    assert selection.choice == "dann"
    assert "effectively" in selection.vetoed["collapsed"]
    assert "NaN" in selection.vetoed["source_only"]


@pytest.mark.parametrize("noise", [0.0, 1e-7])
def test_the_same_run_twice_is_refused(noise):
    """To rounding: a model may have predicted in other batches."""
    p = predictions(0.5, 1)
    changed = p + noise * np.array([1, -1, 0, 0])
    candidates = {"source_only": runs(0.6), "dann": [p, changed]}
    with pytest.raises(ValueError, match="differ in the seed"):
        select(candidates, None)


def test_saturated_runs_are_two():
    """Two good runs may be as sure as floats can be, but for a few rows."""
    sure = np.eye(CLASSES)[LABELS]
    other = sure.copy()
    other[0] = np.roll(other[0], 1)
    candidates = {"source_only": runs(0.6), "dann": [sure, other]}
    assert select(candidates, None).choice == "dann"


def test_a_second_seed_is_recommended_where_one_is_missing():
    candidates = {
        "source_only": runs(0.6),
        "good": runs(0.9, 1),
        "fair": runs(0.8, 2),
    }
    for rule in ("auto", "ensv", "infomax"):
        assert "second seed" not in select(candidates, None, rule=rule).reason
    candidates["fair"] = candidates["fair"][0]
    selection = select(candidates, None)
    assert selection.rule == "ensv" and "second seed" in selection.reason
