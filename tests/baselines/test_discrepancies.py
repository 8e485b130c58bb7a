import json

import keras
import numpy as np
import pytest
from keras import ops

from keras_grl.baselines import Coral
from keras_grl.baselines import Discrepancy
from keras_grl.baselines import MaximumMeanDiscrepancy
from keras_grl.baselines import MeanDistance
from tests.losses.in_one_piece import gradient
from tests.losses.in_one_piece import value
from tests.losses.in_one_piece import value_and_gradient
from tests.testing import to_numpy

ALL = [
    MeanDistance(),
    MaximumMeanDiscrepancy(),
    MaximumMeanDiscrepancy(bandwidths=[0.5, 3.0], relative=False),
    Coral(),
]
NAMES = ["mean", "mmd", "absolute mmd", "coral"]
every = pytest.mark.parametrize("discrepancy", ALL, ids=NAMES)


def features(n=5, m=7, shape=(3,), dtype="float32"):
    rng = np.random.default_rng(0)
    return (
        rng.normal(size=(n, *shape)).astype(dtype),
        rng.normal(loc=0.7, scale=2.0, size=(m, *shape)).astype(dtype),
    )


def squared(a, b):
    return float(np.sum((np.asarray(a, "float64") - b) ** 2))


def mmd(source, target, bandwidths, scale):
    """By its definition: one pair after the other, in float64."""

    def mean_kernel(first, second):
        return np.mean(
            [
                sum(np.exp(-squared(a, b) / (w * scale)) for w in bandwidths)
                for a in first
                for b in second
            ]
        )

    return (
        mean_kernel(source, source)
        + mean_kernel(target, target)
        - 2 * mean_kernel(source, target)
    )


def mean_of_pairs(source, target):
    rows = [*source, *target]
    return np.mean(
        [
            squared(a, b)
            for i, a in enumerate(rows)
            for j, b in enumerate(rows)
            if i != j
        ]
    )


# Values.


def test_mean_distance():
    source, target = features()
    expected = np.sum((source.mean(axis=0) - target.mean(axis=0)) ** 2)
    got = to_numpy(MeanDistance()(source, target))
    assert got == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("bandwidths", [1.5, (0.25, 0.5, 1.0, 2.0, 4.0)])
@pytest.mark.parametrize("relative", [True, False])
def test_mmd_by_a_loop_over_pairs(bandwidths, relative):
    source, target = features()
    scale = mean_of_pairs(source, target) if relative else 1.0
    expected = mmd(source, target, np.atleast_1d(bandwidths), scale)
    got = value(MaximumMeanDiscrepancy(bandwidths, relative), source, target)
    assert got == pytest.approx(expected, abs=1e-5)


def test_coral():
    source, target = features()
    difference = np.cov(source.T) - np.cov(target.T)
    expected = np.sum(difference**2) / (4 * 3**2)
    got = to_numpy(Coral()(source, target))
    assert got == pytest.approx(expected, rel=1e-5)


@every
def test_maps_are_flattened(discrepancy):
    source, target = features(shape=(2, 3, 2))
    flat = discrepancy(source.reshape(5, 12), target.reshape(7, 12))
    np.testing.assert_allclose(
        to_numpy(discrepancy(source, target)), to_numpy(flat), rtol=1e-6
    )


@every
def test_equal_samples_are_at_distance_0(discrepancy):
    source, _ = features()
    got = to_numpy(discrepancy(source, source[::-1].copy()))
    assert got == pytest.approx(0, abs=1e-6)


def test_relative_mmd_is_scale_invariant():
    source, target = features()
    relative = MaximumMeanDiscrepancy()
    np.testing.assert_allclose(
        to_numpy(relative(1000 * source, 1000 * target)),
        to_numpy(relative(source, target)),
        rtol=1e-4,
    )


def test_mmd_far_from_the_origin():
    """Without cancellation of large squares."""
    source, target = features()
    np.testing.assert_allclose(
        to_numpy(MaximumMeanDiscrepancy()(source + 1000, target + 1000)),
        to_numpy(MaximumMeanDiscrepancy()(source, target)),
        rtol=1e-2,
    )


@every
def test_float16_is_computed_in_float32(discrepancy):
    source, target = features(dtype="float16")
    source, target = 300 * source, 300 * target
    got = discrepancy(
        ops.convert_to_tensor(source, "float16"),
        ops.convert_to_tensor(target, "float16"),
    )
    assert keras.backend.standardize_dtype(got.dtype) == "float32"
    expected = discrepancy(source.astype("float32"), target.astype("float32"))
    assert np.isfinite(to_numpy(got))
    np.testing.assert_allclose(to_numpy(got), to_numpy(expected), rtol=1e-6)


# Gradients.


def test_gradient_of_the_mean_distance():
    """2 (mean_s − mean_t) / n to each source sample."""
    source, target = features()
    difference = source.mean(axis=0) - target.mean(axis=0)
    got = gradient(lambda x: MeanDistance()(x, target), source)
    np.testing.assert_allclose(
        got, np.tile(2 * difference / 5, (5, 1)), rtol=1e-5
    )


def test_gradient_of_coral():
    """(C_s − C_t)(x − mean) / (d² (n − 1)) to each source sample."""
    source, target = features()
    difference = np.cov(source.T) - np.cov(target.T)
    expected = (source - source.mean(axis=0)) @ difference / (9 * 4)
    got = gradient(lambda x: Coral()(x, target), source)
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("relative", [True, False])
def test_gradient_of_mmd(relative):
    """By hand; no gradient flows through the scale of relative bandwidths.

    dk(a, b)/da = −2 (a − b) k(a, b) / w, and each source sample is in 2 n
    pairs of the first mean, in 2 m of the last.
    """
    source, target = features()
    bandwidths = (0.5, 3.0)
    scale = mean_of_pairs(source, target) if relative else 1.0

    def slope(a, b):
        return sum(
            -2 * (a - b) / (w * scale) * np.exp(-squared(a, b) / (w * scale))
            for w in bandwidths
        )

    expected = [
        2 * sum(slope(a, b) for b in source) / 5**2
        - 2 * sum(slope(a, b) for b in target) / (5 * 7)
        for a in source
    ]
    discrepancy = MaximumMeanDiscrepancy(bandwidths, relative)
    got = gradient(lambda x: discrepancy(x, target), source)
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-6)


@every
@pytest.mark.parametrize("value", [0.0, 0.1, 1e4])
def test_constant_features_have_finite_gradients(discrepancy, value):
    """Collapsed features: no distance, and nothing divided by it."""
    source = np.full((5, 3), value, "float32")
    target = np.full((7, 3), value, "float32")
    got, of_got = value_and_gradient(lambda x: discrepancy(x, target), source)
    assert got == pytest.approx(0, abs=1e-6)
    np.testing.assert_allclose(of_got, 0.0, atol=1e-6)


@every
def test_one_sample_each(discrepancy):
    source, target = features(n=1, m=1)
    got, of_got = value_and_gradient(lambda x: discrepancy(x, target), source)
    assert np.isfinite(got)
    assert np.isfinite(of_got).all()


# As objects.


@every
def test_saved_and_loaded(discrepancy):
    saved = json.dumps(keras.saving.serialize_keras_object(discrepancy))
    assert "keras_grl" in saved
    loaded = keras.saving.deserialize_keras_object(json.loads(saved))
    assert type(loaded) is type(discrepancy)
    assert loaded.get_config() == discrepancy.get_config()


def test_base_class_has_no_distance():
    with pytest.raises(NotImplementedError, match=r"distance\(source, target"):
        Discrepancy()(*features())


def test_features_of_different_shape():
    source, _ = features()
    with pytest.raises(ValueError, match=r"same shape.*\(5, 3\).*\(5, 2\)"):
        MeanDistance()(source, source[:, :2])


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"bandwidths": 0.0}, "`bandwidths`.*greater than 0.*0.0"),
        ({"bandwidths": (1.0, float("nan"))}, "`bandwidths`.*finite"),
        ({"bandwidths": ()}, r"`bandwidths`.*several.*\(\)"),
        ({"bandwidths": "1"}, "`bandwidths`.*several.*'1'"),
        ({"relative": 1}, "`relative`.*boolean.*1"),
    ],
)
def test_bad_arguments(kwargs, message):
    with pytest.raises(ValueError, match=message):
        MaximumMeanDiscrepancy(**kwargs)
