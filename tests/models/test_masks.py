"""Padding masks: paired and plain batches must mean the same function."""

import keras
import numpy as np
import pytest

import keras_grl
from tests.testing import to_numpy

IDS = {
    "source": np.array([[1, 2, 0, 0, 0], [3, 4, 5, 0, 0]], "int32"),
    "labeled_target": np.array([[6, 0, 0, 0, 0]], "int32"),
    "target": np.array([[6, 6, 6, 1, 0], [1, 0, 0, 0, 0]], "int32"),
}
MODES = ["joint", "separate", "domain_specific"]


def embedding():
    return keras.layers.Embedding(10, 4, mask_zero=True)


def head(units):
    return keras.Sequential(
        [keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(units)]
    )


def masked_in_the_extractor(mode):
    return keras_grl.DANNModel(
        keras.Sequential([keras.Input((5,), dtype="int32"), embedding()]),
        head(3),
        head(1),
        batch_normalization=mode,
    )


def masked_in_the_preprocessing(mode):
    return keras_grl.DANNModel(
        keras.Sequential([keras.layers.Dense(4)]),
        head(3),
        head(1),
        preprocessing={"source": embedding(), "target": embedding()},
        batch_normalization=mode,
    )


def masked_in_one_domain(mode):
    """A target without padding, and a source with padding."""
    return keras_grl.DANNModel(
        keras.Sequential([keras.layers.Dense(4)]),
        head(3),
        head(1),
        preprocessing={
            "source": embedding(),
            "target": keras.layers.Embedding(10, 4),
        },
        batch_normalization=mode,
    )


# Some versions of Dense pass no mask on purpose; the predictions show it.
@pytest.mark.filterwarnings("ignore:Layer .* was passed an input with a mask")
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "make",
    [
        masked_in_the_extractor,
        masked_in_the_preprocessing,
        masked_in_one_domain,
    ],
)
def test_a_paired_batch_is_masked_as_a_plain_one(make, mode):
    """With labeled target samples and without."""
    model = make(mode)
    model.build((None, 5))
    source, labeled = (
        to_numpy(model({domain: IDS[name]}, training=False))
        for name, domain in (
            ("source", "source"),
            ("labeled_target", "target"),
        )
    )
    paired = to_numpy(model(IDS, training=False)["label"])
    np.testing.assert_allclose(
        paired, np.concatenate([source, labeled]), atol=1e-6
    )
    x = {name: IDS[name] for name in ("source", "target")}
    paired = to_numpy(model(x, training=False)["label"])
    np.testing.assert_allclose(paired, source, atol=1e-6)


@pytest.mark.filterwarnings("ignore:Layer .* was passed an input with a mask")
@pytest.mark.parametrize("mode", MODES)
def test_padding_changes_nothing(mode):
    """Longer padding, same predictions: by hand, the mean of what is there."""
    model = masked_in_the_extractor(mode)
    table = to_numpy(model.feature_extractor.layers[-1].embeddings)
    kernel, bias = map(to_numpy, model.label_predictor.layers[-1].weights)
    want = [
        table[[1, 2]].mean(axis=0) @ kernel + bias,
        table[[3, 4, 5]].mean(axis=0) @ kernel + bias,
    ]
    got = model({name: IDS[name] for name in ("source", "target")})["label"]
    np.testing.assert_allclose(to_numpy(got), want, atol=1e-6)
