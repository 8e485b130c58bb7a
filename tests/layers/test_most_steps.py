"""Step counters stay at the largest int32: p stays at 1."""

import keras
import numpy as np
import pytest

import keras_grl
from keras_grl import schedules
from keras_grl.layers import GradientReversal
from tests.testing import small_classifier
from tests.testing import small_data
from tests.testing import small_domain_classifier
from tests.testing import small_extractor

MOST = 2**31 - 1


@pytest.mark.parametrize(
    ("begin", "after"),
    [(0, 3), (MOST - 4, MOST - 1), (MOST - 2, MOST), (MOST, MOST)],
)
def test_the_layer(begin, after):
    layer = GradientReversal(schedules.LinearRamp())
    layer.set_horizon(MOST, step=begin)
    for _ in range(3):
        layer(np.ones((1, 2), "float32"), training=True)
    assert layer.steps_counted == after
    assert layer.adaptation_factor == np.float32(after) / np.float32(MOST)


def test_a_model():
    """Both the adaptation factor and the learning rate stay at their end."""
    x, y, t = small_data()
    model = keras_grl.DANNModel(
        small_extractor(),
        small_classifier(),
        small_domain_classifier(),
        adaptation_factor=schedules.LinearRamp(),
        total_steps=MOST,
    )
    model.step_counter.set_horizon(MOST, step=MOST - 1)
    model.compile(
        keras.optimizers.SGD(schedules.InverseDecay(0.01)),
        "sparse_categorical_crossentropy",
    )
    history = model.fit(
        keras_grl.pair((x, y), t, batch_size=8, seed=0), epochs=2, verbose=0
    ).history
    assert int(model.optimizer.iterations) > 2
    assert model.step_counter.steps_counted == MOST
    assert history["adaptation_factor"] == [1.0, 1.0]
    np.testing.assert_allclose(
        history["learning_rate"], 0.01 * 11**-0.75, rtol=1e-6
    )


def test_a_first_step_beyond_an_int32_is_refused():
    with pytest.raises(ValueError, match="`step`"):
        GradientReversal(schedules.LinearRamp()).set_horizon(4, step=2**31)
