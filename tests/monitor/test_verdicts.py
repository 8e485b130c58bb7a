"""Which finding is reported if there are several."""

import numpy as np
import pytest

from keras_grl.monitor.probe import Probe
from keras_grl.monitor.probe import is_constant
from keras_grl.monitor.verdicts import Ending
from keras_grl.monitor.verdicts import verdicts
from tests.monitor.test_logs import RUN
from tests.monitor.test_logs import epochs

pytestmark = pytest.mark.backend_free

HEALTHY = {
    "adaptation_factor": [0.9, 1.0],
    "domain_accuracy": [0.6, 0.55],
    "domain_loss": [0.6, 0.68],
    "label_loss": [0.5, 0.1],
}
EYE, SAME = np.eye(8), np.ones((8, 4))


def probe(features=EYE, labels=EYE, logits=EYE):
    return Probe(features, labels, labels, logits)


def topics(change=(), first_step=0, **kwargs):
    rows = epochs(**{**HEALTHY, **dict(change)})
    ending = Ending(RUN, rows, first_step, 100, probe=probe(), **kwargs)
    return [finding.topic for finding in verdicts(ending)]


ZERO = {"adaptation_factor": [0.0, 0.0]}
SEPARATE = {"domain_accuracy": [1.0, 1.0]}
HIGH = {"domain_loss": [0.9, 0.9]}
COLLAPSED = {"label_loss": [0.5, 1.4], "domain_loss": [0.6, 0.69]}
ONE = {"predicted": np.array([1.0, 0.0, 0.0, 0.0])}
SHIFTED = {"estimates": [np.array([0.85, 0.05, 0.05, 0.05])]}
PART = {"horizon": 1000, "given_horizon": True}


@pytest.mark.parametrize(
    ("change", "kwargs", "expected"),
    [
        ({}, {}, []),
        (ZERO, {}, ["zero-adaptation-factor"]),
        (SEPARATE, {}, ["domains-stay-separate"]),
        (HIGH, {}, ["domain-loss-too-high"]),
        (COLLAPSED, {}, ["collapsed-features"]),
        ({}, ONE, ["one-predicted-class"]),
        ({}, SHIFTED, ["label-shift"]),
        # The first one explains the others.
        ({**ZERO, **SEPARATE}, {}, ["zero-adaptation-factor"]),
        (ZERO, PART, ["horizon-and-run-differ"]),
        (COLLAPSED, ONE, ["collapsed-features"]),
        ({}, {**ONE, **SHIFTED}, ["one-predicted-class"]),
        # Two kinds of faults.
        (HIGH, ONE, ["domain-loss-too-high", "one-predicted-class"]),
        # Separate domains explain wrong predictions.
        (SEPARATE, SHIFTED, ["domains-stay-separate"]),
        # The schedule tells of an early end itself.
        (ZERO, {"stopped": True}, []),
        ({}, {**PART, "stopped": True}, []),
        # Within a longer run λ may be 0 at first, and domains are separate.
        (ZERO, {"horizon": 150, "given_horizon": True}, []),
        (SEPARATE, {"horizon": 300}, []),
        (SEPARATE, {"horizon": 150}, ["domains-stay-separate"]),
        (HIGH, {"horizon": 300}, ["domain-loss-too-high"]),
        # Nor are domains aligned in a few steps.
        (SEPARATE, {"first_step": 50}, ["domains-stay-separate"]),
        (SEPARATE, {"first_step": 51}, []),
        # Of a source that was not learned, the target tells nothing.
        ({"label_loss": [1.2, 1.12]}, ONE, []),
    ],
)
def test_what_is_reported(change, kwargs, expected):
    assert topics(change, **kwargs) == expected


def of_outputs(outputs, change=()):
    rows = epochs(**{**HEALTHY, **dict(change)})
    ending = Ending(RUN, rows, 0, 100, probe=outputs)
    return [finding.topic for finding in verdicts(ending)]


def test_losses_of_a_guess_need_equal_predictions():
    """Random labels cost as much, and nothing has collapsed."""
    guess = {"label_loss": [1.4, 1.39], "domain_loss": [0.7, 0.69]}
    assert of_outputs(probe(), guess) == []
    assert of_outputs(None, guess) == []
    equal = probe(labels=np.full((8, 4), 0.25))
    assert of_outputs(equal, guess) == ["collapsed-features"]
    spread = np.full((8, 4), 0.25)
    spread[0, 0] += 0.021
    assert of_outputs(probe(labels=spread), guess) == []
    spread[0, 0] -= 0.002
    assert of_outputs(probe(labels=spread), guess) == ["collapsed-features"]
    # A model that has learned may predict one class for all samples.
    assert of_outputs(equal) == []


def test_constant_logits():
    topic = ["domain-classifier-does-not-learn"]
    assert of_outputs(probe(logits=np.zeros((8, 1)))) == topic
    assert of_outputs(probe(logits=np.full((8, 1), 3.0))) == topic
    # Another cause.
    assert of_outputs(probe(features=SAME, logits=SAME)) == []
    assert of_outputs(probe(logits=None)) == []


def test_constant_up_to_rounding():
    values = np.full((4, 2), 2.0)
    values[0, 0] += 1.9e-4
    assert is_constant(values)
    values[0, 0] += 0.3e-4
    assert not is_constant(values)
    # Small values that differ.
    assert not is_constant(np.array([[1e-3], [2e-3]]))
    assert is_constant(np.zeros((3, 1)))
