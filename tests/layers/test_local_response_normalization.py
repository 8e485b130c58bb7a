import numpy as np
import pytest

from keras_grl.layers import LocalResponseNormalization
from tests.architectures.reference import local_response_normalization
from tests.testing import to_numpy


@pytest.mark.parametrize("size", [1, 3, 5])
def test_by_hand(size):
    x = np.random.default_rng(0).normal(scale=30, size=(2, 3, 4, 7))
    x = x.astype("float32")
    layer = LocalResponseNormalization(size, alpha=0.02, beta=0.75, bias=1.5)
    want = local_response_normalization(x, size, 0.02, 0.75, 1.5)
    np.testing.assert_allclose(to_numpy(layer(x)), want, rtol=1e-5)
    assert np.abs(want / x - 1).min() > 0.01  # it does something


def test_caffes_defaults():
    x = np.full((1, 1, 1, 5), 100.0, "float32")
    got = to_numpy(LocalResponseNormalization()(x))[0, 0, 0]
    # alpha is divided by the size of the window, at the borders too.
    in_window = np.array([3, 4, 5, 4, 3])
    want = 100 / (1 + 1e-4 / 5 * in_window * 100**2) ** 0.75
    np.testing.assert_allclose(got, want, rtol=1e-5)


def test_channels_first():
    x = np.random.default_rng(0).normal(size=(2, 7, 3, 4)).astype("float32")
    first = LocalResponseNormalization(alpha=1.0, data_format="channels_first")
    last = LocalResponseNormalization(alpha=1.0)
    np.testing.assert_allclose(
        to_numpy(first(x)).transpose(0, 2, 3, 1),
        to_numpy(last(x.transpose(0, 2, 3, 1))),
        rtol=1e-6,
    )


def test_large_activations_in_half_precision():
    """300 squared is infinite in float16."""
    x = np.full((1, 1, 1, 1), 300.0, "float16")
    layer = LocalResponseNormalization(dtype="mixed_float16")
    got = float(to_numpy(layer(x))[0, 0, 0, 0])
    assert got == pytest.approx(300 / (1 + 1e-4 / 5 * 9e4) ** 0.75, rel=1e-3)


def test_round_trip():
    layer = LocalResponseNormalization(3, 0.1, 0.5, 2.0)
    again = LocalResponseNormalization.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()


@pytest.mark.parametrize(
    ("kwargs", "argument"),
    [
        ({"size": 4}, "size"),
        ({"size": 0}, "size"),
        ({"alpha": -1.0}, "alpha"),
        ({"beta": "x"}, "beta"),
        ({"bias": 0.0}, "bias"),
        ({"data_format": "hwc"}, "data_format"),
    ],
)
def test_bad_arguments(kwargs, argument):
    with pytest.raises(ValueError, match=f"`{argument}`.*Received"):
        LocalResponseNormalization(**kwargs)
