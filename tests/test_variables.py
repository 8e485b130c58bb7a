"""A variable is not a number: it would be read only once, silently."""

import keras
import numpy as np
import pytest

import keras_grl
from keras_grl import layers
from keras_grl import losses
from keras_grl import schedules
from tests.testing import BACKEND
from tests.testing import small_classifier
from tests.testing import small_data
from tests.testing import small_extractor


def of_backend():
    """A variable of the backend, where that has any."""
    if BACKEND == "tensorflow":
        import tensorflow as tf

        return tf.Variable(0.5)
    if BACKEND == "torch":
        import torch

        return torch.nn.Parameter(torch.tensor(0.5))
    return keras.Variable(0.5)


def compiled(**kwargs):
    model = keras_grl.AdaptationModel(small_extractor(), small_classifier())
    model.compile("sgd", "sparse_categorical_crossentropy", **kwargs)
    return model


def fitted(weight):
    x, y, t = small_data()
    compiled().fit(
        keras_grl.pair((x, y), t, batch_size=4), class_weight={0: weight}
    )


TAKE_NUMBERS = {
    "domain_loss_weight": lambda v: compiled(domain_loss_weight=v),
    "target_loss_weight": lambda v: compiled(
        target_loss=losses.PredictionEntropy(), target_loss_weight=v
    ),
    "domain_label_smoothing": lambda v: keras_grl.methods.DANN(
        domain_label_smoothing=v
    ),
    "scale": layers.GradientScaling,
    "value": schedules.Constant,
    "gamma": schedules.SigmoidRamp,
    "factor": lambda v: schedules.Scaled(schedules.LinearRamp(), v),
    "initial_learning_rate": schedules.InverseDecay,
    "temperature": losses.MinimumClassConfusion,
    "mean": layers.MeanSubtraction,
    r"class_weight\[0\]": fitted,
}


@pytest.mark.parametrize("make", [lambda: keras.Variable(0.5), of_backend])
@pytest.mark.parametrize("name", TAKE_NUMBERS)
def test_a_variable_is_refused(name, make):
    with pytest.raises(ValueError, match=f"(?s)`{name}`.*variable"):
        TAKE_NUMBERS[name](make())


def test_an_integer_variable_is_refused():
    with pytest.raises(ValueError, match=r"(?s)`total_steps`.*variable"):
        schedules.InverseDecay(
            total_steps=keras.Variable(3, trainable=False, dtype="int32")
        )


def test_what_has_a_fixed_value_is_a_number():
    for value in (0.5, np.float32(0.5), np.array(0.5), keras.ops.array(0.5)):
        assert layers.GradientScaling(value).scale == 0.5
        assert isinstance(layers.GradientScaling(value).scale, float)
