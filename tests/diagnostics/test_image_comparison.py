import pickle

import numpy as np
import pytest

from keras_grl.diagnostics import image_gap
from keras_grl.diagnostics import image_statistics


def plain(values):
    """An even gray image of each value."""
    return np.ones((1, 8, 8, 1), "uint8") * np.reshape(values, (-1, 1, 1, 1))


def noisy(count, seed=0):
    random = np.random.default_rng(seed)
    base = random.integers(40, 200, (count, 1, 1, 3))
    noise = random.normal(0, 9, (count, 12, 12, 3))
    return np.clip(base + noise, 0, 255)


def test_the_area_by_hand():
    # Target i is brighter than the sources 0 to i: 36 of 64 pairs.
    source = plain(10 * np.arange(8))
    gap = image_gap(source, source + np.uint8(5))
    assert gap[0] == ("brightness", 35.0, 40.0, 36 / 64)
    of = {each.statistic: each for each in gap}
    # What is equal counts by half.
    assert of["contrast"].auc == of["chroma detail"].auc == 0.5
    assert gap.standard_error == pytest.approx(np.sqrt(17 / (12 * 64)))
    reverse = image_gap(source + np.uint8(5), source)
    assert reverse[0].auc == 28 / 64
    assert reverse[0].separation == gap[0].separation == 36 / 64


def test_sets_that_do_not_differ():
    x = noisy(600)
    for each in image_gap(x, x):
        assert each.auc == 0.5 and each.source == each.target
    gap = image_gap(x[:300], x[300:])
    # Four standard errors, of 15 statistics.
    assert gap.standard_error == pytest.approx(0.0236, abs=1e-4)
    assert max(each.separation for each in gap) < 0.5 + 4 * 0.0236


def test_the_most_telling_comes_first_and_is_named():
    x = noisy(200)
    smooth = (x + np.roll(x, 1, axis=1) + np.roll(x, 1, axis=2)) / 3
    gap = image_gap(x, smooth)
    separations = [each.separation for each in gap]
    assert separations == sorted(separations, reverse=True)
    telling = {each.statistic for each in gap if each.auc < 0.01}
    assert {"sharpness", "noise", "chroma detail"} <= telling
    assert gap.to_dict()["brightness"]["auc"] == pytest.approx(0.5, abs=0.05)
    color = {each.statistic: each for each in image_gap(x, x[..., ::-1])}
    assert color["green"].auc == pytest.approx(0.5)
    assert color["red minus blue"].source == pytest.approx(
        np.median(image_statistics(x)["red minus blue"])
    )


def test_a_random_part_of_many():
    x = noisy(400)
    part = image_gap(x, x[:50], samples=50)
    assert part.standard_error == pytest.approx(np.sqrt(101 / (12 * 2500)))
    other = image_gap(x, x[:50], samples=50, seed=1)
    assert part != other and part == image_gap(x, x[:50], samples=50)


def test_it_prints_well_and_can_be_pickled():
    source = plain(10 * np.arange(8))
    gap = image_gap(source, source + np.uint8(5))
    lines = str(gap).splitlines()
    assert lines[1].split() == ["brightness", "35", "40", "0.562"]
    assert len(lines) == 1 + 15 + 2 and lines[-1].endswith("0.500 ± 0.149.")
    again = pickle.loads(pickle.dumps(gap))
    assert again == gap and again.standard_error == gap.standard_error


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"source": plain(range(7))}, "`source`.*at least 8 images"),
        ({"target": plain(range(7))}, "`target`.*at least 8 images"),
        ({"target": np.full((9, 8, 8, 3), 2)}, "`target`.*1 channels"),
        ({"samples": 7}, "`samples`.*at least 8"),
        ({"seed": -1}, "`seed`"),
    ],
)
def test_bad_input_gets_one_clear_error(arguments, message):
    valid = {"source": plain(range(9)), "target": plain(range(9))}
    with pytest.raises(ValueError, match=f"(?s){message}"):
        image_gap(**{**valid, **arguments})
