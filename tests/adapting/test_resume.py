"""`adapt` resumes the runs of the same data and network, and of no others."""

import keras
import numpy as np
import pytest

from keras_grl.adapting import summary
from tests.adapting.test_refusals import CLASSES
from tests.adapting.test_refusals import X
from tests.adapting.test_refusals import Y
from tests.adapting.test_refusals import adapt
from tests.adapting.test_refusals import untrained  # noqa: F401

layers = keras.layers
MANY = 1500


def many():
    y = np.arange(MANY) % CLASSES
    return np.eye(CLASSES, dtype="float32")[y], y


def network(activation="relu", rate=0.1, noise=0.1, policy=None):
    return keras.Sequential(
        [
            keras.Input((CLASSES,)),
            layers.GaussianNoise(noise),
            keras.Sequential([layers.Dense(4, activation=activation)]),
            layers.Dropout(rate, dtype=policy),
            layers.Dense(CLASSES, activation="softmax"),
        ]
    )


@pytest.mark.parametrize("row", [1, 777, 1499])
@pytest.mark.parametrize("which", ["x", "y", "weights", "target"])
def test_one_changed_sample_is_other_data(which, row):
    """Also where there are many of them."""
    from keras_grl.adapting.domains import read

    def digest(change):
        x, y = many()
        parts = {
            "x": x,
            "y": y,
            "weights": np.ones(MANY, "float32"),
            "target": x.copy(),
        }
        parts[which][row] += change
        source = parts["x"], parts["y"], parts["weights"]
        return read(source, parts["target"], 8).digest()

    assert digest(0) == digest(0)
    assert digest(0) != digest(1)


def digest(**options):
    keras.utils.set_random_seed(0)
    return summary.model_digest(network(**options))


def test_the_same_network_has_the_same_digest():
    """Its layers have other names, as they have in another process."""
    one, other = digest(), digest()
    assert one == other


@pytest.mark.parametrize(
    "options",
    [
        {"activation": "tanh"},
        {"rate": 0.2},
        {"noise": 0.3},
        {"policy": "float16"},
    ],
)
def test_settings_without_weights_are_part_of_the_network(options):
    assert digest(**options) != digest()


def test_another_activation_is_not_resumed(tmp_path, untrained):  # noqa: F811
    adapt(lambda: network(), directory=tmp_path)
    with pytest.raises(ValueError, match="Changed: model="):
        adapt(lambda: network("tanh"), directory=tmp_path, resume=True)
    found = adapt(lambda: network(), directory=tmp_path, resume=True)
    assert all(run["resumed"] for run in found.runs)


def test_a_dataset_that_shuffles_is_named(tmp_path, untrained):  # noqa: F811
    adapt(directory=tmp_path)
    order = np.random.default_rng(1).permutation(len(X))
    with pytest.raises(ValueError, match="A dataset that shuffles"):
        adapt(source=(X[order], Y[order]), directory=tmp_path, resume=True)
    with pytest.raises(ValueError) as caught:
        adapt(directory=tmp_path, resume=True, steps=3)
    assert "shuffles" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"asked": {}}'])
def test_broken_settings_are_named(text, tmp_path):
    (tmp_path / "settings.json").write_text(text)
    with pytest.raises(ValueError, match=r"It is broken: .*settings\.json"):
        adapt(directory=tmp_path, resume=True)
