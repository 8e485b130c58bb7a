import itertools

import numpy as np
import pytest

from keras_grl.datasets import digits

pytest.importorskip("sklearn", reason="the digits come with scikit-learn")


@pytest.mark.parametrize("name", digits.DOMAINS)
@pytest.mark.parametrize("split", digits.SPLITS)
def test_images_and_labels(name, split):
    images, labels = digits.load(name, split, num_images=40)
    assert images.shape == (40, 28, 28, 1) and images.dtype == "uint8"
    assert labels.shape == (40,)
    assert set(labels.tolist()) <= set(range(10))
    assert images.max() > 200 and images.min() == 0


def test_a_written_digit_is_in_one_split_only():
    ranges = [
        set(range(start, stop)) for start, stop in digits._SHARES.values()
    ]
    for one, other in itertools.combinations(ranges, 2):
        assert not one & other
    assert len(set.union(*ranges)) == 1797


def test_seeded():
    first, labels = digits.load("digits_cluttered", "test", 20, seed=1)
    again, _ = digits.load("digits_cluttered", "test", 20, seed=1)
    other, same = digits.load("digits_cluttered", "test", 20, seed=2)
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    np.testing.assert_array_equal(labels, same)


@pytest.mark.parametrize(
    ("name", "split", "mean", "label_sum"),
    [
        ("digits", "train", 48.302, 1454325),
        ("digits", "validation", 48.254, 23080),
        ("digits", "test", 48.593, 21185),
        ("digits_cluttered", "train", 71.401, 361895),
        ("digits_cluttered", "validation", 71.497, 24144),
        ("digits_cluttered", "test", 71.238, 184753),
    ],
)
def test_fingerprint(name, split, mean, label_sum):
    """The same images from now on.

    A hash would not do: where mathematical libraries round differently, a few
    pixels may differ by 1. That hardly moves the mean; other strokes, or
    other places of the digits, move it by 0.01 and more.
    """
    images, labels = digits.load(name, split)
    assert abs(images.mean() - mean) < 2e-3
    # Which label is where, in one number.
    assert labels @ np.arange(len(labels)) == label_sum


def test_variants_of_a_digit_differ_and_keep_its_label():
    images, labels = digits.load("digits", "validation", num_images=200)
    np.testing.assert_array_equal(labels[:100], labels[100:])
    assert (images[:100] != images[100:]).any(axis=(1, 2, 3)).all()


@pytest.mark.parametrize(
    ("kwargs", "argument"),
    [
        ({"name": "mnist"}, "name"),
        ({"split": "extra"}, "split"),
        ({"num_images": 0}, "num_images"),
    ],
)
def test_bad_arguments(kwargs, argument):
    with pytest.raises(ValueError, match=f"argument `{argument}`.*Received"):
        digits.load(**kwargs)
