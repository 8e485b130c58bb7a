"""Scores of probabilities alone, against independent formulas by hand."""

import math

import ml_dtypes
import numpy as np
import pytest

from keras_grl import scores

OF_ONE = {
    "infomax": scores.infomax,
    "negative_entropy": scores.negative_entropy,
    "bnm": scores.bnm,
}
UNIFORM = np.full((12, 4), 0.25)
COLLAPSED = np.eye(4)[[2] * 12]
BALANCED = np.eye(4)[[0, 1, 2, 3] * 3]
# Two rows, two classes: every value can be computed by hand.
TWO = np.array([[0.5, 0.5], [1.0, 0.0]])


def random_probabilities(n=50, classes=5, seed=0):
    logits = 2 * np.random.default_rng(seed).normal(size=(n, classes))
    p = np.exp(logits)
    return p / p.sum(axis=1, keepdims=True)


def entropy(p):
    """Of one row, number by number."""
    return -math.fsum(float(x) * math.log(float(x)) for x in p if x > 0)


@pytest.mark.parametrize(
    "name, uniform, collapsed, balanced",
    [
        ("infomax", 0.0, 0.0, math.log(4)),
        ("negative_entropy", -math.log(4), 0.0, 0.0),
        ("bnm", 1 / 4, 1 / 2, 1.0),
    ],
)
def test_limits(name, uniform, collapsed, balanced):
    score = OF_ONE[name]
    assert score(UNIFORM) == pytest.approx(uniform, abs=1e-12)
    assert score(COLLAPSED) == pytest.approx(collapsed, abs=1e-12)
    assert score(BALANCED) == pytest.approx(balanced, abs=1e-12)


def test_two_rows_by_hand():
    ln = math.log
    # Mean (3/4, 1/4); entropies ln 2 and 0.
    of_mean = 0.75 * ln(4 / 3) + 0.25 * ln(4)
    assert scores.infomax(TWO) == pytest.approx(of_mean - ln(2) / 2, rel=1e-12)
    assert scores.negative_entropy(TWO) == pytest.approx(-ln(2) / 2, rel=1e-12)
    # The squares of the singular values are those of the eigenvalues of
    # P Pᵀ = [[1/2, 1/2], [1/2, 1]]: trace 3/2, determinant 1/4. The square of
    # their sum is trace + 2 √determinant = 5/2; √(n · min(n, C)) is 2.
    assert scores.bnm(TWO) == pytest.approx(math.sqrt(2.5) / 2, rel=1e-12)


def by_hand(name, p):
    """The formulas, of another form than in the package."""
    n, classes = p.shape
    of_rows = math.fsum(map(entropy, p)) / n
    if name == "negative_entropy":
        return -of_rows
    if name == "infomax":
        return entropy([math.fsum(column) / n for column in p.T]) - of_rows
    # The nuclear norm is the trace of √(Pᵀ P).
    eigenvalues = np.linalg.eigvalsh(p @ p.T if n < classes else p.T @ p)
    norm = np.sqrt(np.maximum(eigenvalues, 0)).sum()
    return norm / math.sqrt(n * min(n, classes))


@pytest.mark.parametrize("n, classes", [(50, 5), (3, 7), (1, 4), (40, 40)])
def test_formulas(n, classes):
    p = random_probabilities(n, classes)
    for name, score in OF_ONE.items():
        expected = by_hand(name, p)
        assert score(p) == pytest.approx(expected, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("name", OF_ONE)
def test_range_and_symmetry(name):
    score = OF_ONE[name]
    low, high = {
        "infomax": (0, math.log(5)),
        "negative_entropy": (-math.log(5), 0),
        "bnm": (1 / 5, 1),
    }[name]
    random = np.random.default_rng(1)
    for seed in range(5):
        p = random_probabilities(seed=seed)
        value = score(p)
        assert type(value) is float
        assert low < value < high
        # Neither the order of samples nor the names of classes matter.
        assert score(p[random.permutation(50)]) == pytest.approx(value)
        assert score(p[:, random.permutation(5)]) == pytest.approx(value)
        # Nor how often the sample is repeated.
        assert score(np.tile(p, (3, 1))) == pytest.approx(value)


def test_no_score_of_one_model_sees_swapped_classes():
    p = random_probabilities()
    for score in OF_ONE.values():
        assert score(p[:, ::-1]) == pytest.approx(score(p))


@pytest.mark.parametrize("name", OF_ONE)
@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16, np.float32])
def test_low_precision_is_summed_in_float64(name, dtype):
    p = random_probabilities().astype(dtype)
    exact = by_hand(name, p.astype("float64"))
    # Enough rows to stop a sum in float16, or to overflow it.
    found = OF_ONE[name](np.tile(p, (4000, 1)))
    assert found == pytest.approx(exact, rel=1e-9)


def test_one_sure_row_has_no_information():
    assert str(scores.infomax([[0.0, 1.0]])) == "0.0"
    assert str(scores.negative_entropy([[0.0, 1.0]])) == "0.0"
    assert scores.bnm([[0.0, 1.0]]) == 1.0


def test_agreement():
    p = np.eye(3)[[0, 1, 2, 0]]
    assert scores.agreement(p, p) == 1.0
    assert scores.agreement(p, np.eye(3)[[0, 2, 2, 1]]) == 0.5
    assert scores.agreement(p, np.eye(3)[[1, 2, 0, 1]]) == 0.0
    # Only the largest entry counts.
    assert scores.agreement(p, 0.3 + 0.1 * p) == 1.0


def test_agreement_is_symmetric_and_fooled_by_equal_failures():
    p, q = random_probabilities(seed=1), random_probabilities(seed=2)
    assert scores.agreement(p, q) == scores.agreement(q, p)
    assert scores.agreement(p, q) == np.mean(p.argmax(1) == q.argmax(1)) < 1
    assert scores.agreement(COLLAPSED, COLLAPSED) == 1.0
    assert scores.agreement(UNIFORM, UNIFORM) == 1.0


@pytest.mark.parametrize(
    "wrong, message",
    [
        (np.zeros((0, 3)), r"of at least two classes"),
        (np.zeros((3, 0)), r"of at least two classes"),
        (np.array([0, 1, 2]), r"labels are not enough"),
        (np.array([0.5, 1.0]), r"of at least two classes"),
        (np.array([[0.5], [0.25]]), r"one sigmoid unit: `np\.concatenate"),
        (np.zeros((2, 2, 2)), r"array of shape \(2, 2, 2\)"),
        (np.eye(3, dtype=int), r"floating-point probabilities"),
        (np.eye(3, dtype=bool), r"floating-point probabilities"),
        (np.array([[0.5, 0.5], [np.nan, 1.0]]), r"infinity in row 1"),
        (np.array([[np.inf, 0.0]]), r"infinity in row 0"),
        (np.array([[0.5, 0.5], [2.0, -1.0]]), r"(?s)row 1 with .* softmax"),
        (np.array([[0.3, 0.3]]), r"row 0 with .*which sum to 0\.6"),
        (np.array([[-3.0, 1.0, 0.5]]), r"logits"),
        (np.array([["a", "b"]]), r"probabilities that are numbers"),
        ({"label": np.eye(2)}, r"probabilities that are numbers"),
        (None, r"probabilities that are numbers"),
    ],
)
def test_what_is_no_probability(wrong, message):
    for score in OF_ONE.values():
        with pytest.raises(ValueError, match=message) as raised:
            score(wrong)
        assert "`probabilities`" in str(raised.value)
    with pytest.raises(ValueError, match=message):
        scores.agreement(wrong, np.eye(3))
    # Checked before anything is compared.
    with pytest.raises(ValueError, match=message):
        scores.ensv({"a": wrong, "b": np.eye(3)})


def test_rounded_probabilities_are_no_logits():
    """Rows of a thousand classes in float16, and ones a little above 1."""
    p = random_probabilities(20, 1000).astype("float16")
    assert scores.infomax(p) > 0
    assert scores.bnm(np.array([[1.0000001, 0.0], [-1e-8, 1.0]])) == (
        pytest.approx(1.0)
    )


def test_different_shapes():
    p = random_probabilities()
    with pytest.raises(ValueError, match=r"`q`\. Expected 50 rows.* 49 rows"):
        scores.agreement(p, p[1:])
    q = random_probabilities(classes=4)
    with pytest.raises(ValueError, match=r"`q`\. Expected 5 classes"):
        scores.agreement(p, q)
    with pytest.raises(ValueError, match=r"candidates\['b'\]`. Expected 50"):
        scores.ensv({"a": p, "b": p[1:], "c": p})
    with pytest.raises(ValueError, match=r"candidates\[2\]`. Expected 5"):
        scores.ensv([p, p, q])


def three_candidates():
    """Of four rows: the third candidate differs in the last two."""
    a = np.array([[0.9, 0.1], [0.2, 0.8], [0.7, 0.3], [0.4, 0.6]])
    b = np.array([[0.6, 0.4], [0.4, 0.6], [0.8, 0.2], [0.1, 0.9]])
    c = np.array([[0.8, 0.2], [0.3, 0.7], [0.4, 0.6], [0.6, 0.4]])
    return {"a": a, "b": b, "c": c}


def test_ensv_by_hand():
    # Means of class 0: 2.3, 0.9, 1.9, 1.1 thirds: classes 0, 1, 0, 1.
    assert scores.ensv(three_candidates()) == {"a": 1.0, "b": 1.0, "c": 0.5}
    in_list = scores.ensv(list(three_candidates().values()))
    assert in_list == [1.0, 1.0, 0.5]
    assert all(type(score) is float for score in in_list)


def test_ensv_averages_probabilities_and_not_votes():
    """One sure candidate outweighs two that are hardly sure."""
    unsure = np.array([[0.52, 0.48], [0.4, 0.6]])
    also = np.array([[0.55, 0.45], [0.3, 0.7]])
    sure = np.array([[0.05, 0.95], [0.1, 0.9]])
    assert scores.ensv([unsure, also, sure]) == [0.5, 0.5, 1.0]


def test_ensv_warns_of_fewer_than_three():
    candidates = three_candidates()
    with pytest.warns(UserWarning, match="compares 1 candidates"):
        assert scores.ensv([candidates["a"]]) == [1.0]
    del candidates["b"]
    with pytest.warns(UserWarning, match="the more confident one wins"):
        scores.ensv(candidates)


def test_ensv_warns_of_near_copies():
    """Five copies of one bad run win against a good one."""
    right = np.random.default_rng(0).integers(0, 3, 100)
    good = 0.8 * np.eye(3)[right] + 0.2 / 3
    other = 0.7 * np.eye(3)[(right + (np.arange(100) % 4 == 0)) % 3] + 0.1
    bad = 0.8 * np.eye(3)[(right + 1) % 3] + 0.2 / 3
    copies = [bad + noise for noise in (0.0, 1e-4, 2e-4, 3e-4)]
    with pytest.warns(UserWarning, match=r"copies.*candidates\[2\] and cand"):
        found = scores.ensv([good, other, *copies])
    assert found[0] == 0.0 and found[2:] == [1.0] * 4


@pytest.mark.parametrize("wrong", [[], {}, None, "a", np.zeros((3, 2))])
def test_ensv_without_candidates(wrong):
    with pytest.raises(ValueError, match=r"`candidates`\. Expected a dict"):
        scores.ensv(wrong)


def test_arrays_are_not_changed():
    p = random_probabilities().astype("float32")
    kept = p.copy()
    for score in OF_ONE.values():
        score(p)
    scores.agreement(p, p)
    assert np.array_equal(p, kept)
