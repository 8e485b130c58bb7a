"""What all losses of target predictions promise."""

import json

import keras
import numpy as np
import pytest
from keras import ops

from keras_grl.losses import InformationMaximization
from keras_grl.losses import MinimumClassConfusion
from keras_grl.losses import NuclearNorm
from keras_grl.losses import PredictionEntropy
from keras_grl.losses import TargetLoss
from tests.losses import by_hand
from tests.losses.in_one_piece import value
from tests.losses.in_one_piece import value_and_gradient
from tests.testing import BACKEND
from tests.testing import grad
from tests.testing import to_numpy

every_loss = pytest.mark.parametrize(
    "loss",
    [
        InformationMaximization,
        MinimumClassConfusion,
        NuclearNorm,
        PredictionEntropy,
    ],
)
in_half_precision = pytest.mark.parametrize("dtype", ["float16", "bfloat16"])


def logits(*shape):
    z = np.random.default_rng(0).normal(size=shape or (6, 4))
    return (2.0 * z).astype("float32")


def probabilities(*shape):
    return by_hand.softmax(logits(*shape)).astype("float32")


@every_loss
def test_logits_and_their_probabilities_agree(loss):
    z = logits()
    from_logits, from_probabilities = loss(from_logits=True), loss()

    def after_softmax(z):
        return from_probabilities(ops.softmax(z))

    got, of_logits = value_and_gradient(from_logits, z)
    expected, of_probabilities = value_and_gradient(after_softmax, z)
    np.testing.assert_allclose(got, expected, rtol=1e-5)
    np.testing.assert_allclose(
        of_logits, of_probabilities, rtol=1e-3, atol=1e-6
    )


@every_loss
def test_all_axes_but_the_last_are_rows(loss):
    p = probabilities(6, 4)
    expected = value(loss(), p)
    for shape in [(2, 3, 4), (6, 1, 1, 4), (1, 6, 4)]:
        got = value(loss(), p.reshape(shape))
        np.testing.assert_allclose(got, expected, rtol=1e-6)
    one_row = value(loss(), p[0])
    np.testing.assert_allclose(one_row, value(loss(), p[:1]), rtol=1e-6)


@every_loss
def test_one_sigmoid_unit_is_two_classes(loss):
    z = logits(6, 1)
    two_logits = np.concatenate([np.zeros_like(z), z], axis=-1)
    expected = value(loss(from_logits=True), two_logits)
    got = value(loss(from_logits=True), z)
    np.testing.assert_allclose(got, expected, rtol=1e-6)
    p = to_numpy(ops.sigmoid(z))
    for shape in [(6, 1), (2, 3, 1)]:
        got = value(loss(), p.reshape(shape))
        np.testing.assert_allclose(got, expected, rtol=1e-5)


@every_loss
def test_zeros_and_ones_and_a_batch_of_one_row(loss):
    one_hot = np.eye(4, dtype="float32")[[0, 1, 1, 3, 0, 0]]
    mixed = np.concatenate([one_hot[:4], probabilities(2, 4)])
    units = np.array([[0], [1], [1], [0.3], [0.9], [1]], "float32")
    for p in (one_hot, mixed, one_hot[:1], mixed[-1:], units):
        got, gradient = value_and_gradient(loss(), p)
        assert np.isfinite(got)
        assert np.isfinite(gradient).all()
    expected = value(loss(), one_hot)
    from_logits = loss(from_logits=True)
    # Twice the largest logit of float16 that is not inf; then classes that
    # are ruled out.
    for far in (200.0, 131_008.0, np.inf):
        z = np.where(one_hot == 1, np.float32(0), np.float32(-far))
        got, gradient = value_and_gradient(from_logits, z)
        np.testing.assert_allclose(got, expected, rtol=1e-6)
        assert np.isfinite(gradient).all()


@in_half_precision
@every_loss
def test_half_precision_is_computed_in_float32(loss, dtype):
    for from_logits, predictions in (
        (False, probabilities()),
        (True, logits()),
    ):
        half = ops.cast(predictions, dtype)
        got = loss(from_logits=from_logits)(half)
        assert keras.backend.standardize_dtype(got.dtype) == "float32"
        rounded = to_numpy(ops.cast(half, "float32"))
        expected = to_numpy(loss(from_logits=from_logits)(rounded))
        np.testing.assert_allclose(to_numpy(got), expected, rtol=1e-6)


@in_half_precision
@every_loss
def test_zeros_and_ones_in_half_precision(loss, dtype):
    p = np.eye(4)[[0, 1, 1, 3, 0, 0]]
    # Greater than 0 in float16, though hardly.
    p[0, 1] = p[2, 2] = 6e-8
    gradient = ops.cast(grad(loss(), ops.cast(p, dtype)), "float32")
    assert np.isfinite(to_numpy(gradient)).all()


def compiled(fn, classes):
    """`fn`, compiled for a batch of unknown size where that can be."""
    if BACKEND == "jax":
        import jax

        return jax.jit(fn)
    import tensorflow as tf

    signature = [tf.TensorSpec([None, classes], "float32")]
    return tf.function(fn, input_signature=signature)


@pytest.mark.skipif(BACKEND == "torch", reason="Keras compiles no torch step")
@every_loss
def test_compiled(loss):
    p = probabilities()
    gradient = compiled(lambda p: grad(loss(), p), 4)
    value = compiled(loss(), 4)
    for rows in (p, p[:1]):
        expected = to_numpy(loss()(rows))
        np.testing.assert_allclose(
            to_numpy(value(rows)), expected, rtol=1e-5, atol=1e-6
        )
        expected = to_numpy(grad(loss(), rows))
        np.testing.assert_allclose(
            to_numpy(gradient(rows)), expected, rtol=1e-4, atol=1e-5
        )


@pytest.mark.skipif(BACKEND != "tensorflow", reason="XLA under TensorFlow")
@every_loss
def test_compiled_by_xla(loss):
    import tensorflow as tf

    rows = np.repeat(probabilities(2, 4), 3, axis=0)
    gradient = tf.function(lambda p: grad(loss(), p), jit_compile=True)
    np.testing.assert_allclose(
        to_numpy(gradient(rows)),
        to_numpy(grad(loss(), rows)),
        rtol=1e-4,
        atol=1e-5,
    )


@every_loss
def test_nan_is_not_hidden(loss):
    p = probabilities()
    p[2, 1] = np.nan
    assert np.isnan(to_numpy(loss()(p)))
    assert np.isnan(to_numpy(loss(from_logits=True)(p)))


@every_loss
def test_saved_and_loaded(loss):
    config = keras.saving.serialize_keras_object(loss(from_logits=True))
    assert config["registered_name"] == f"keras_grl>{loss.__name__}"
    # As in a file.
    loaded = keras.saving.deserialize_keras_object(
        json.loads(json.dumps(config))
    )
    assert type(loaded) is loss
    assert loaded.get_config() == loss(from_logits=True).get_config()
    assert loaded.from_logits is True
    z = logits()
    expected = to_numpy(loss(from_logits=True)(z))
    np.testing.assert_array_equal(to_numpy(loaded(z)), expected)


@every_loss
@pytest.mark.parametrize(
    "predictions",
    [
        {"digits": np.ones((2, 3), "float32")},
        [np.ones((2, 3), "float32"), np.ones((2, 3), "float32")],
        (np.ones((2, 3), "float32"),),
        None,
        "softmax",
    ],
)
def test_several_outputs_are_refused(loss, predictions):
    with pytest.raises(ValueError, match=r"`predictions`(.|\n)*each output"):
        loss()(predictions)


@every_loss
@pytest.mark.parametrize("predictions", [np.float32(0.5), np.ones((3, 0))])
def test_predictions_without_classes_are_refused(loss, predictions):
    with pytest.raises(ValueError, match=r"`predictions`.*classes"):
        loss()(predictions)


@every_loss
@pytest.mark.parametrize("from_logits", [None, 1, "no", 2.5])
def test_invalid_from_logits(loss, from_logits):
    with pytest.raises(ValueError, match=r"`from_logits`.*True or False"):
        loss(from_logits=from_logits)


def test_a_subclass_without_a_loss():
    with pytest.raises(NotImplementedError, match="implement `loss"):
        TargetLoss()(probabilities())
