"""What docs/layer.md says of the layer outside of `DANNModel`."""

import keras
import numpy as np
import pytest
from keras import ops

import keras_grl
from keras_grl import schedules
from keras_grl.layers import GradientReversal
from tests.layers import by_hand
from tests.testing import BACKEND
from tests.testing import grad
from tests.testing import to_numpy


def only_on(*backends):
    return pytest.mark.skipif(
        BACKEND not in backends, reason=f"of {', '.join(backends)}"
    )


def fit(model, steps, callbacks=()):
    model.compile(keras.optimizers.SGD(by_hand.RATE), "mse")
    model.fit(
        np.tile(by_hand.X, (steps, 1)),
        np.tile(by_hand.D, (steps, 1)),
        batch_size=len(by_hand.X),
        shuffle=False,
        callbacks=list(callbacks),
        verbose=0,
    )


def weights(model):
    return to_numpy(model.layers[1].kernel), to_numpy(model.layers[3].kernel)


def test_fit_with_a_horizon_needs_no_callback():
    layer = by_hand.reversal()
    model = by_hand.network(layer)
    fit(model, 6)
    by_hand.assert_trained(*weights(model), 6)
    assert layer.steps_counted == 6
    assert layer.adaptation_factor == 1.0


def test_fit_with_the_callback():
    """It sets the horizon; here λ is the ramp's in each of four steps."""
    layer = GradientReversal(0.0)
    model = by_hand.network(layer)
    callback = keras_grl.callbacks.AdaptationFactorScheduler(
        schedules.LinearRamp()
    )
    fit(model, 4, [callback])
    by_hand.assert_trained(*weights(model), 4)
    assert (layer.steps_counted, layer.horizon) == (4, 4)


def test_fit_without_either_is_refused():
    model = by_hand.network(GradientReversal(schedules.LinearRamp()))
    with pytest.raises(ValueError, match="total_steps=None"):
        fit(model, 4)


def test_what_counts():
    """A call with `training=True`; once for each, as in accumulation."""
    layer = by_hand.reversal()
    x = ops.ones(3)
    layer(x)
    layer(x, training=False)
    assert layer.steps_counted == 0
    for _ in range(2):
        layer(x, training=True)
    assert layer.steps_counted == 2
    assert layer.adaptation_factor == 0.5
    assert layer.last_adaptation_factor() == 0.25


def test_the_horizon_by_hand():
    layer = GradientReversal(schedules.LinearRamp())
    layer.set_horizon(8)
    assert (layer.steps_counted, layer.horizon) == (0, 8)
    layer.set_horizon(8, step=2)
    assert layer.adaptation_factor == 0.25
    # Resumed by another program, as any weights.
    again = GradientReversal(schedules.LinearRamp(), total_steps=8)
    again.set_weights(layer.get_weights())
    assert again.adaptation_factor == 0.25


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_the_gradient_in_each_precision(dtype):
    """-λ times the upstream, computed in float32 and rounded once."""
    layer = by_hand.reversal()
    layer.set_horizon(4, step=3)
    x, upstream = ops.cast(by_hand.X, dtype), ops.cast(by_hand.X * 3, dtype)
    got = grad(lambda x: ops.sum(layer(x) * upstream), x)
    want = ops.cast(-0.75 * ops.cast(upstream, "float32"), dtype)
    assert keras.backend.standardize_dtype(got.dtype) == dtype
    np.testing.assert_array_equal(
        to_numpy(ops.cast(got, "float32")), to_numpy(ops.cast(want, "float32"))
    )
    same = to_numpy(ops.cast(layer(x), "float32"))
    np.testing.assert_array_equal(same, to_numpy(ops.cast(x, "float32")))


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_fit_in_mixed_precision(policy):
    """As exact as half precision is; with loss scaling in float16."""
    keras.config.set_dtype_policy(policy)
    layer = by_hand.reversal()
    model = by_hand.network(layer)
    assert layer.compute_dtype == policy.removeprefix("mixed_")
    optimizer = keras.optimizers.SGD(by_hand.RATE)
    if policy == "mixed_float16":
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer, 2.0**7)
    model.compile(optimizer, "mse")
    for _ in range(4):
        model.train_on_batch(by_hand.X, by_hand.D)
    for got, want in zip(weights(model), by_hand.trained(4), strict=True):
        np.testing.assert_allclose(got, want, atol=0.02)
    assert layer.steps_counted == 4


@pytest.fixture
def to_export():
    model = by_hand.network(by_hand.reversal())
    model(by_hand.X)
    return model, by_hand.X @ by_hand.W @ by_hand.V


@only_on("tensorflow", "jax")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_saved_model(to_export, tmp_path):
    tf = pytest.importorskip("tensorflow")
    model, want = to_export
    model.export(tmp_path / "model", verbose=False)
    artifact = tf.saved_model.load(str(tmp_path / "model"))
    np.testing.assert_allclose(artifact.serve(by_hand.X), want, rtol=1e-5)


@pytest.mark.filterwarnings("ignore")
def test_onnx(to_export, tmp_path):
    needed = {"tensorflow": "tf2onnx", "torch": "onnx", "jax": "jax2onnx"}
    pytest.importorskip(needed[BACKEND])
    runtime = pytest.importorskip("onnxruntime")
    model, want = to_export
    path = str(tmp_path / "model.onnx")
    model.export(path, format="onnx", verbose=False)
    session = runtime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (inputs,) = session.get_inputs()
    (outputs,) = session.run(None, {inputs.name: by_hand.X})
    np.testing.assert_allclose(outputs, want, rtol=1e-5)


@only_on("torch")
@pytest.mark.filterwarnings("ignore")
def test_torch_export(to_export):
    """The values; the exported program reverses nothing."""
    import torch

    model, want = to_export
    x = torch.tensor(by_hand.X, requires_grad=True)
    program = torch.export.export(model, (x,)).module()
    outputs = program(x)
    np.testing.assert_allclose(to_numpy(outputs), want, rtol=1e-5)
    (got,) = torch.autograd.grad(outputs.sum(), x)
    plain = np.tile((by_hand.W @ by_hand.V).T, (6, 1))
    np.testing.assert_allclose(to_numpy(got), plain, rtol=1e-5)
    with pytest.raises(Exception, match=by_hand.NO_GRAPH):
        torch.export.export(model, (x,), strict=True)
