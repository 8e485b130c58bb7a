"""Options of the domain classifier, each in every way that a step is run."""

import keras
import numpy as np
import pytest

import keras_grl
from tests.testing import BACKEND
from tests.testing import small_data
from tests.testing import to_numpy

OPTIONS = {
    "conditioning": {
        "conditioning": "randomized",
        "entropy_conditioning": True,
    },
    "adversarial_loss": {
        "conditioning": "multilinear",
        "adversarial_loss": "swapped",
        "domain_label_smoothing": 0.2,
        "batch_normalization": "domain_specific",
    },
}


def trained(options, **of_compile):
    keras.utils.set_random_seed(0)
    model = keras_grl.DANNModel(
        keras.Sequential(
            [
                keras.layers.Dense(4, activation="tanh"),
                keras.layers.BatchNormalization(),
            ]
        ),
        keras.layers.Dense(3, activation="softmax"),
        keras.layers.Dense(1),
        **options,
    )
    model.compile(
        keras.optimizers.SGD(0.1),
        "sparse_categorical_crossentropy",
        **of_compile,
    )
    x_source, y_source, x_target = small_data(source=12, target=12)
    pairs = keras_grl.pair((x_source, y_source), x_target, batch_size=8, seed=1)
    history = model.fit(pairs, epochs=2, verbose=0).history
    assert int(to_numpy(model.gradient_reversal.step)) == 6
    weights = [to_numpy(v) for v in model.weights]
    return [*weights, history["domain_loss"], history["loss"]]


@pytest.mark.parametrize("options", OPTIONS)
def test_how_a_step_is_run_changes_nothing(options):
    other = {"jit_compile": True, "steps_per_execution": 3}
    if BACKEND == "torch":
        # Its compiler takes a minute, and several steps are refused.
        other = {"run_eagerly": True}
    plain = trained(OPTIONS[options], jit_compile=False)
    for got, want in zip(
        trained(OPTIONS[options], **other), plain, strict=True
    ):
        np.testing.assert_allclose(got, want, atol=1e-6)
