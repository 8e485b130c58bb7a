"""The layer in PyTorch's own training loops: docs/layer.md."""

import numpy as np
import pytest

from keras_grl.layers import GradientReversal
from tests.layers import by_hand
from tests.testing import BACKEND
from tests.testing import to_numpy

if BACKEND != "torch":
    pytest.skip("of PyTorch", allow_module_level=True)

import torch
from torch.utils.checkpoint import checkpoint

# torch's compiler asks tensors between its graphs for it.
pytestmark = pytest.mark.filterwarnings("ignore:The .grad attribute")


class Network(torch.nn.Module):
    """That of by_hand.py, of torch's layers but for the reversal."""

    def __init__(self):
        super().__init__()
        self.features = torch.nn.Linear(3, 2, bias=False)
        self.reversal = by_hand.reversal()
        self.domain = torch.nn.Linear(2, 1, bias=False)
        with torch.no_grad():
            self.features.weight.copy_(torch.tensor(by_hand.W.T))
            self.domain.weight.copy_(torch.tensor(by_hand.V.T))

    def forward(self, x):
        features = self.reversal(self.features(x), training=self.training)
        return self.domain(features)

    def weights(self):
        return [to_numpy(p.weight).T for p in (self.features, self.domain)]


def train(model, call, steps=6):
    x, d = torch.tensor(by_hand.X), torch.tensor(by_hand.D)
    optimizer = torch.optim.SGD(model.parameters(), by_hand.RATE)
    for _ in range(steps):
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(call(x), d).backward()
        optimizer.step()


def test_a_plain_loop():
    model = Network()
    train(model, model)
    by_hand.assert_trained(*model.weights(), 6)
    assert model.reversal.steps_counted == 6
    model.eval()(torch.tensor(by_hand.X))
    assert model.reversal.steps_counted == 6


@pytest.mark.slow
def test_compiled():
    """λ of each step, though the counter advances in the same step."""
    torch.compiler.reset()
    model = Network()
    # Keras builds a layer when it is first called: that is not to be compiled.
    model.eval()(torch.tensor(by_hand.X))
    model.train()
    train(model, torch.compile(model, backend="aot_eager"))
    by_hand.assert_trained(*model.weights(), 6)
    assert model.reversal.steps_counted == 6


def test_one_graph_is_refused():
    torch.compiler.reset()
    layer = by_hand.reversal()
    x = torch.ones(3)
    layer(x)
    compiled = torch.compile(layer, backend="eager", fullgraph=True)
    with pytest.raises(Exception, match=by_hand.NO_GRAPH):
        compiled(x)


def per_sample(layer):
    """A function of rows, to the gradient of each row's sum of squares."""
    return torch.func.vmap(torch.func.grad(lambda r: (layer(r) ** 2).sum()))


def test_gradients_per_sample():
    layer = by_hand.reversal()
    layer.set_horizon(4, step=3)
    x = torch.tensor(by_hand.X)
    want = -0.75 * 2 * by_hand.X
    got = to_numpy(per_sample(layer)(x))
    np.testing.assert_allclose(got, want, rtol=1e-6)
    assert layer.steps_counted == 3


def test_gradients_per_sample_within_what_is_compiled():
    torch.compiler.reset()
    layer = by_hand.reversal()
    layer.set_horizon(4, step=3)
    each = torch.compiler.disable(per_sample(layer))
    compiled = torch.compile(lambda x: 3 * each(2 * x), backend="eager")
    got = to_numpy(compiled(torch.tensor(by_hand.X)))
    np.testing.assert_allclose(got, 3 * -0.75 * 2 * 2 * by_hand.X, rtol=1e-6)


@pytest.mark.parametrize("transform", ["grad", "jvp"])
def test_a_compiled_transform_is_right_or_an_error(transform):
    """If it were compiled itself, the layer would silently not reverse."""
    torch.compiler.reset()
    layer, x = GradientReversal(0.3), torch.ones(3)
    layer(x)

    def derivative(x):
        if transform == "jvp":
            return torch.func.jvp(layer, (x,), (x,))[1]
        return torch.func.grad(lambda x: layer(x).sum())(x)

    assert derivative(x).tolist() == pytest.approx([-0.3] * 3)
    try:
        got = torch.compile(derivative, backend="eager")(x)
    except Exception:
        # torch's compiler fails at a graph break in some of them.
        return
    assert got.tolist() == pytest.approx([-0.3] * 3)


def test_torch_func_takes_the_state_as_an_argument():
    layer = by_hand.reversal()
    layer(torch.ones(3))
    x, state = torch.ones(3), [v.value for v in layer.weights]

    def loss(x, state):
        outputs, state = layer.stateless_call([], state, x, training=True)
        return outputs.sum(), state

    for factor in by_hand.FACTORS:
        got, state = torch.func.grad(loss, has_aux=True)(x, state)
        assert got.tolist() == [-factor] * 3
    # It was not updated.
    assert int(state[0]) == 6 and layer.steps_counted == 0


def test_torch_func_refuses_to_count():
    layer = by_hand.reversal()
    layer(torch.ones(3))
    with pytest.raises(RuntimeError, match="in-place"):
        torch.func.grad(lambda x: layer(x, training=True).sum())(torch.ones(3))


@pytest.mark.parametrize("reentrant, factor", [(False, 0.25), (True, 0.5)])
def test_a_recomputed_forward_pass_counts_again(reentrant, factor):
    layer = by_hand.reversal()
    layer.set_horizon(4, step=1)
    x = torch.ones(3, requires_grad=True)

    def block(x):
        return layer(torch.exp(x), training=True) ** 2

    checkpoint(block, x, use_reentrant=reentrant).sum().backward()
    want = -factor * 2 * np.exp(2)
    np.testing.assert_allclose(to_numpy(x.grad), want, rtol=1e-6)
    assert layer.steps_counted == 3


def test_outside_of_what_is_recomputed_it_counts_once():
    layer = by_hand.reversal()
    layer.set_horizon(4, step=1)
    x = torch.ones(3, requires_grad=True)
    features = checkpoint(torch.exp, x, use_reentrant=False)
    (layer(features, training=True) ** 2).sum().backward()
    want = -0.25 * 2 * np.exp(2)
    np.testing.assert_allclose(to_numpy(x.grad), want, rtol=1e-6)
    assert layer.steps_counted == 2


def test_state_dict_holds_the_counter_once_it_was_called():
    model, other = Network(), Network()
    assert not any("reversal" in key for key in model.state_dict())
    train(model, model, steps=3)
    assert any(key.endswith("reversal/step") for key in model.state_dict())
    other(torch.tensor(by_hand.X[:1]))
    other.load_state_dict(model.state_dict())
    assert other.reversal.adaptation_factor == 0.75


def test_forward_mode():
    layer = GradientReversal(0.3)
    x = torch.ones(3)
    outputs, tangent = torch.func.jvp(layer, (x,), (2 * x,))
    torch.testing.assert_close(outputs, x)
    torch.testing.assert_close(tangent, -0.6 * x)
