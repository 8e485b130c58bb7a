import keras
import numpy as np
import pytest
from keras import ops

from keras_grl import schedules
from keras_grl.layers import GradientReversal
from keras_grl.layers.gradient_reversal import gradient_reversal_layers
from keras_grl.layers.gradient_reversal import reverse_gradient
from tests.losses.in_one_piece import gradient
from tests.testing import BACKEND
from tests.testing import grad
from tests.testing import to_numpy

SPECIAL = np.array(
    [0.0, -0.0, 1e-45, 1.5, -3e38, np.inf, -np.inf, np.nan], dtype="float32"
)
FLOATS = ["float16", "bfloat16", "float32"]
if BACKEND != "jax":  # JAX has no float64 unless it is enabled
    FLOATS.append("float64")


@pytest.mark.parametrize("training", [False, True])
def test_forward_is_exact_to_the_bit(training):
    outputs = to_numpy(GradientReversal(0.7)(SPECIAL, training=training))
    np.testing.assert_array_equal(
        outputs.view("uint32"), SPECIAL.view("uint32")
    )


@pytest.mark.parametrize("dtype", FLOATS)
def test_forward_keeps_the_dtype(dtype):
    inputs = ops.cast(np.array([1.0, 2.0]), dtype)
    outputs = GradientReversal()(inputs)
    assert keras.backend.standardize_dtype(outputs.dtype) == dtype


def test_integers_pass():
    outputs = GradientReversal()(np.array([1, 2], dtype="int32"))
    assert to_numpy(outputs).tolist() == [1, 2]


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 3, 4), (1, 2, 1, 2)])
@pytest.mark.parametrize("factor", [0.0, 0.3, 1.0, 7.5])
def test_gradient_is_minus_factor_times_upstream(shape, factor):
    rng = np.random.default_rng(0)
    x = rng.normal(size=shape).astype("float32")
    upstream = rng.normal(size=shape).astype("float32")
    layer = GradientReversal(factor)
    weights = ops.convert_to_tensor(upstream)
    got = to_numpy(grad(lambda x: ops.sum(layer(x) * weights), x))
    np.testing.assert_allclose(got, -factor * upstream, rtol=1e-6)


@pytest.mark.parametrize("dtype", FLOATS)
def test_gradient_has_the_upstream_dtype(dtype):
    layer = GradientReversal(schedules.Constant(0.25))
    x = ops.cast(np.ones(3), dtype)
    got = grad(lambda x: ops.sum(layer(x)), x)
    assert keras.backend.standardize_dtype(got.dtype) == dtype
    got = to_numpy(ops.cast(got, "float32"))
    np.testing.assert_array_equal(got, np.full(3, -0.25, "float32"))


@pytest.mark.parametrize("dtype", FLOATS)
def test_gradient_of_a_schedule_has_the_upstream_dtype(dtype):
    """λ is a float32 tensor then, not a Python number."""
    layer = GradientReversal(schedules.LinearRamp(), total_steps=4)
    layer.step.assign(1)
    x = ops.cast(np.ones(3), dtype)
    got = grad(lambda x: ops.sum(layer(x)), x)
    assert keras.backend.standardize_dtype(got.dtype) == dtype
    got = to_numpy(ops.cast(got, "float32"))
    np.testing.assert_array_equal(got, np.full(3, -0.25, "float32"))


@pytest.mark.skipif(BACKEND == "jax", reason="JAX has no float64 by default")
def test_a_constant_is_exact_in_float64():
    layer = GradientReversal(0.3)
    got = grad(lambda x: ops.sum(layer(x)), np.ones(2, dtype="float64"))
    assert to_numpy(got).tolist() == [-0.3, -0.3]


def test_gradient_of_special_values():
    """The gradient does not depend on the input, whatever that is."""
    layer = GradientReversal(0.5)
    got = to_numpy(grad(lambda x: ops.sum(layer(x)), SPECIAL))
    np.testing.assert_array_equal(got, np.full(8, -0.5, "float32"))


def test_double_backward():
    # y = R(x). d/dx sum(y^3) = -λ 3 y^2; its derivative is -λ 6 y (-λ).
    factor, x = 0.5, np.array([1.0, -2.0, 3.0], dtype="float32")
    layer = GradientReversal(factor)

    def first(x):
        return grad(lambda u: ops.sum(layer(u) ** 3), x)

    np.testing.assert_allclose(to_numpy(first(x)), -factor * 3 * x**2)
    second = grad(lambda x: ops.sum(first(x)), x)
    np.testing.assert_allclose(to_numpy(second), factor**2 * 6 * x)


@pytest.mark.skipif(BACKEND != "jax", reason="forward mode is JAX's")
def test_forward_mode_derivative():
    import jax

    x = jax.numpy.arange(3.0)
    y, tangent = jax.jvp(lambda x: reverse_gradient(x, 0.5), (x,), (x,))
    np.testing.assert_array_equal(y, x)
    np.testing.assert_array_equal(tangent, -0.5 * x)


def test_masks_pass():
    embedded = keras.layers.Embedding(5, 2, mask_zero=True)(
        np.array([[1, 2, 0]])
    )
    outputs = GradientReversal()(embedded)
    mask = to_numpy(outputs._keras_mask)
    assert mask.tolist() == [[True, True, False]]


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision(policy):
    keras.config.set_dtype_policy(policy)
    inputs = keras.Input((3,))
    hidden = keras.layers.Dense(4)(inputs)
    outputs = GradientReversal(schedules.SigmoidRamp(), 10)(hidden)
    assert outputs.dtype == policy.removeprefix("mixed_")
    outputs = keras.layers.Dense(1, dtype="float32")(outputs)
    model = keras.Model(inputs, outputs)
    model.compile("sgd", "mse")
    model.fit(np.ones((4, 3)), np.ones((4, 1)), batch_size=2, verbose=0)
    (layer,) = gradient_reversal_layers(model)
    assert int(layer.step.value) == 2
    assert layer.step.dtype == "int32"


def test_schedule_starts_at_zero_and_counts_training_calls():
    layer = GradientReversal(schedules.SigmoidRamp(), total_steps=4)
    got = []
    for _ in range(6):
        layer(np.ones(1, "float32"))  # not a training step
        got.append(
            -to_numpy(
                grad(
                    lambda x: ops.sum(layer(x, training=True)),
                    np.ones(1, "float32"),
                )
            ).item()
        )
        if BACKEND == "jax":
            # jax.grad traces the call: the counter's new value is a tracer.
            layer.step.assign(len(got))
    p = np.minimum(np.arange(6) / 4, 1)
    np.testing.assert_allclose(got, np.tanh(5 * p), atol=1e-6)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize(
    "schedule", [schedules.Constant(1e5), lambda p: 1e5 + 0.0 * p]
)
def test_half_precision_holds_a_factor_that_it_cannot_write(schedule, dtype):
    """The product is rounded once: 1e5 alone overflows float16."""
    layer = GradientReversal(schedule)
    got = grad(lambda x: ops.sum(layer(x) * 2.0**-8), ops.ones(2, dtype))
    assert keras.backend.standardize_dtype(got.dtype) == dtype
    want = to_numpy(ops.cast(ops.cast(-1e5 * 2.0**-8, dtype), "float32"))
    np.testing.assert_array_equal(to_numpy(ops.cast(got, "float32")), want)


@pytest.mark.skipif(BACKEND != "torch", reason="torch.func is torch's")
def test_torch_func():
    import torch

    layer = GradientReversal(schedules.LinearRamp(end=0.6), total_steps=4)
    layer.set_horizon(4, step=2)
    x = torch.ones(4, 3)

    def square(rows):
        return (layer(rows) ** 2).sum()

    def gradient(rows):
        return torch.func.grad(square)(rows)

    want = torch.full((4, 3), -0.6)
    torch.testing.assert_close(gradient(x), want)
    torch.testing.assert_close(torch.func.vmap(gradient)(x), want)
    torch.testing.assert_close(
        torch.func.vmap(torch.func.grad(lambda r: layer(r).sum()))(x), want / 2
    )
    eye = torch.eye(3)
    torch.testing.assert_close(torch.func.jacrev(layer)(x[0]), -0.3 * eye)
    torch.testing.assert_close(torch.func.jacfwd(layer)(x[0]), -0.3 * eye)
    # -λ of the outer times -λ of the inner derivative.
    second = torch.func.jacrev(gradient)(x[0])
    torch.testing.assert_close(second, 2 * 0.09 * eye)
    _, tangent = torch.func.jvp(layer, (x,), (x,))
    torch.testing.assert_close(tangent, -0.3 * x)


def test_a_schedule_of_the_learning_rate_as_adaptation_factor():
    layer = GradientReversal(schedules.InverseDecay(0.2), total_steps=4)
    layer.step.assign(2)
    assert layer.adaptation_factor == pytest.approx(0.2 / 6**0.75)
    layer = GradientReversal(schedules.InverseDecay(0.2, total_steps=4))
    assert layer.given_total_steps == 4
    again = GradientReversal.from_config(layer.get_config())
    assert again.adaptation_factor == layer.adaptation_factor
    with pytest.raises(ValueError, match="total_steps=8, and 4"):
        GradientReversal(schedules.InverseDecay(0.2, total_steps=4), 8)


@pytest.mark.parametrize("bad", [-4, 0, 1.5, "8", True, 2**31])
def test_bad_horizons(bad):
    layer = GradientReversal(schedules.LinearRamp(), total_steps=8)
    for call in (
        layer.set_horizon,
        lambda steps: layer.set_schedule(0.5, steps),
        lambda steps: GradientReversal(schedules.LinearRamp(), steps),
    ):
        with pytest.raises(ValueError, match=r"`total_steps`.*Received"):
            call(bad)
    with pytest.raises(ValueError, match="`step`"):
        layer.set_horizon(8, step=-1)
    assert layer.horizon == 8
    assert isinstance(layer.schedule, schedules.LinearRamp)


def test_the_longest_horizon():
    layer = GradientReversal(schedules.LinearRamp(), total_steps=2**31 - 1)
    for _ in range(3):
        layer(np.ones((1, 2), "float32"), training=True)
    assert layer.adaptation_factor == pytest.approx(3 / 2**31)


def test_a_layer_made_while_a_model_is_traced():
    """Where the values of its schedule cannot be read."""

    class Late(keras.Model):
        def build(self, input_shape):
            self.reversal = GradientReversal(lambda p: 0.5 + 0.0 * p, 4)

        def call(self, inputs, training=False):
            return self.reversal(inputs, training=training)

    model = Late()
    model.compile("sgd", "mse")
    model.predict(np.ones((4, 2), "float32"), verbose=0)
    assert model.reversal.adaptation_factor == pytest.approx(0.5)


def test_own_function_of_p():
    layer = GradientReversal(lambda p: 2.0 * p, total_steps=4)
    layer.step.assign(3)
    assert layer.adaptation_factor == pytest.approx(1.5)
    assert layer.last_adaptation_factor() == pytest.approx(1.0)


def functional(layer):
    inputs = keras.Input((2,))
    return keras.Model(inputs, layer(keras.layers.Dense(2)(inputs)))


class Subclassed(keras.Model):
    def __init__(self, layer):
        super().__init__()
        self.dense = keras.layers.Dense(2)
        self.block = Block(layer)

    def call(self, inputs, training=False):
        return self.block(self.dense(inputs), training=training)


class Block(keras.layers.Layer):
    """A layer that hides its sub-layers from every public list."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def call(self, inputs, training=False):
        return self.layer(inputs, training=training)


@pytest.mark.parametrize(
    "model",
    [
        lambda layer: keras.Sequential([keras.layers.Dense(2), layer]),
        functional,
        Subclassed,
    ],
    ids=["sequential", "functional", "subclassed"],
)
def test_in_every_kind_of_model(model):
    layer = GradientReversal(schedules.LinearRamp(), total_steps=10)
    model = model(layer)
    model.compile(keras.optimizers.SGD(0.0), "mse")
    model.fit(np.ones((6, 2)), np.ones((6, 2)), batch_size=2, verbose=0)
    assert gradient_reversal_layers(model) == [layer]
    assert int(layer.step.value) == 3
    assert layer.adaptation_factor == pytest.approx(0.3)
    assert not layer.trainable_weights


def test_between_the_layers_of_a_keras_application():
    """Everything before the layer gets -λ times its gradient."""
    factor, at = 0.25, "expanded_conv_depthwise"
    keras.utils.set_random_seed(0)
    whole = keras.applications.MobileNetV3Small(
        input_shape=(32, 32, 3), include_top=False, weights=None
    )
    # With squeeze and excitation, and with a branch: a third of the layers.
    plain = keras.Model(
        whole.input, whole.get_layer("expanded_conv_2_add").output
    )
    layer = GradientReversal(factor)

    def insert(called, *args, **kwargs):
        outputs = called(*args, **kwargs)
        return layer(outputs) if called.name == at else outputs

    reversed_ = keras.models.clone_model(
        plain, clone_function=lambda each: each, call_function=insert
    )
    assert gradient_reversal_layers(reversed_) == [layer]
    x = np.random.default_rng(0).normal(size=(2, 32, 32, 3)).astype("float32")
    want = gradient(lambda x: ops.sum(plain(x) ** 2), x)
    got = gradient(lambda x: ops.sum(reversed_(x) ** 2), x)
    assert np.abs(want).max() > 0
    scale = np.abs(want).max()
    np.testing.assert_allclose(got / scale, -factor * want / scale, atol=1e-5)


def test_saving_keeps_schedule_and_counters(tmp_path):
    layer = GradientReversal(schedules.SigmoidRamp(5.0), total_steps=10)
    model = keras.Sequential([keras.Input((2,)), layer])
    layer.step.assign(4)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    (again,) = gradient_reversal_layers(loaded)
    assert again.get_config() == layer.get_config()
    assert int(again.step.value) == 4
    assert again.adaptation_factor == layer.adaptation_factor > 0


@pytest.mark.parametrize("bad", [-0.1, float("nan"), float("inf"), "1", None])
def test_bad_factor(bad):
    with pytest.raises(ValueError, match=r"`adaptation_factor`.*Received"):
        GradientReversal(bad)


def test_bad_total_steps():
    with pytest.raises(ValueError, match=r"`total_steps`.*at least 1"):
        GradientReversal(schedules.SigmoidRamp(), total_steps=0)


def test_unknown_horizon():
    layer = GradientReversal(schedules.SigmoidRamp())
    layer(np.ones(2))  # inference needs none
    assert layer.adaptation_factor == 0.0
    with pytest.raises(ValueError, match="AdaptationFactorScheduler"):
        layer(np.ones(2), training=True)
    assert int(layer.step.value) == 0


def test_assignment_is_refused_because_it_would_be_ignored():
    with pytest.raises(AttributeError, match="AdaptationFactorScheduler"):
        GradientReversal().adaptation_factor = 0.5
