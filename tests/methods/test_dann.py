"""`DANN`: its loss and the gradient of its loss, against NumPy."""

import keras
import numpy as np
import pytest
from keras import ops

import keras_grl
from keras_grl.methods import DANN
from keras_grl.methods.rows import Rows
from tests.testing import grad
from tests.testing import small_classifier
from tests.testing import small_data
from tests.testing import small_domain_classifier
from tests.testing import small_extractor
from tests.testing import to_numpy

LOGITS = np.array([-2.0, 0.5, 30.0, 1.5, -0.3, -40.0])
ROWS = Rows(source=2, labeled=2, total=6)
DOMAINS = np.array([0.0, 0, 1, 1, 1, 1])


def smoothed_loss(logits, smoothing):
    """Mean cross-entropy, and its gradient, in float64."""
    labels = DOMAINS * (1 - smoothing) + smoothing / 2
    softplus = np.logaddexp(0, logits)
    loss = np.mean(softplus - labels * logits)
    return loss, (1 / (1 + np.exp(-logits)) - labels) / len(logits)


@pytest.mark.parametrize("smoothing", [0.0, 0.2, 0.9])
@pytest.mark.parametrize("units", [1, 2])
def test_domain_label_smoothing(smoothing, units):
    method = DANN(small_domain_classifier(), domain_label_smoothing=smoothing)

    def loss(logits):
        # Two logits of which the difference is the same.
        columns = [logits] if units == 1 else [0 * logits, logits]
        outputs = {"domain": ops.stack(columns, axis=1)}
        return method.loss(outputs, ROWS)

    logits = LOGITS.astype("float32")
    want, want_gradient = smoothed_loss(LOGITS, smoothing)
    assert float(to_numpy(loss(logits))) == pytest.approx(want, rel=1e-6)
    np.testing.assert_allclose(
        to_numpy(grad(loss, logits)), want_gradient, atol=1e-6
    )


def test_the_least_loss_and_the_loss_of_a_coin():
    """What docs/logs.md says: 0.325 and ln 2, at 0.2."""
    sure = np.where(DOMAINS == 1, 1, -1) * np.log(9)
    assert smoothed_loss(sure, 0.2)[0] == pytest.approx(0.3251, abs=1e-4)
    assert smoothed_loss(0 * sure, 0.2)[0] == pytest.approx(np.log(2))


def test_the_accuracy_is_that_of_the_hard_labels():
    accuracies = []
    for smoothing in (0.0, 0.9):
        method = DANN(
            small_domain_classifier(), domain_label_smoothing=smoothing
        )
        logits = LOGITS.astype("float32")[:, None]
        method.loss({"domain": ops.convert_to_tensor(logits)}, ROWS)
        accuracies.append(float(to_numpy(method.domain_accuracy.result())))
    # Source: -2 is right; target: 30 and 1.5 are.
    assert accuracies == pytest.approx([0.5, 0.5])


def test_in_fit_and_after_loading(tmp_path):
    x_source, y_source, x_target = small_data(source=12, target=12)

    def pairs():
        return keras_grl.pair(
            (x_source, y_source), x_target, batch_size=8, seed=1
        )

    def trained(**kwargs):
        keras.utils.set_random_seed(0)
        model = keras_grl.DANNModel(
            small_extractor(),
            small_classifier(),
            small_domain_classifier(),
            **kwargs,
        )
        model.compile("sgd", "sparse_categorical_crossentropy")
        model.fit(pairs(), epochs=2, verbose=0)
        return model

    plain, zero = trained(), trained(domain_label_smoothing=0.0)
    smooth = trained(domain_label_smoothing=0.4)
    for a, b in zip(plain.get_weights(), zero.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.allclose(
        smooth.domain_classifier.get_weights()[0],
        plain.domain_classifier.get_weights()[0],
        atol=1e-6,
    )
    smooth.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.get_config()["domain_label_smoothing"] == 0.4
    assert loaded.method.domain_label_smoothing == 0.4
    got = loaded.evaluate(pairs(), verbose=0, return_dict=True)
    want = smooth.evaluate(pairs(), verbose=0, return_dict=True)
    assert got == pytest.approx(want, rel=1e-5)


@pytest.mark.parametrize("wrong", [-0.1, 1.0, float("nan"), "0.1", None])
def test_bad_smoothing(wrong):
    with pytest.raises(ValueError, match=r"`domain_label_smoothing`.*Received"):
        keras_grl.DANNModel(
            small_extractor(), small_classifier(), domain_label_smoothing=wrong
        )
