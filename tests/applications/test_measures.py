"""What is measured, of predictions and features that are written by hand."""

import math

import numpy as np
import pytest

from applications.runner import measures
from applications.runner.settings import Domains
from applications.runner.settings import Split


class Known:
    """In place of a network: its prediction is what the image says."""

    def predict(self, x, **kwargs):
        # Plain images are the target's; the source's are named.
        images = x["source"] if isinstance(x, dict) else 10 + x
        return np.eye(20)[images]


# Right are three of four of the source, and one of two of the target.
DOMAINS = Domains(
    source=Split(
        np.array([1.0, 1.0]),
        np.array([0, 1]),
        np.array([0, 1, 2, 3]),
        np.array([0, 1, 2, 9]),
    ),
    target=Split(
        np.array([2.0, 2.0]),
        np.array([0, 1]),
        np.array([5, 6]),
        np.array([15, 99]),
    ),
)


def test_accuracy_is_of_the_domains_test_images():
    target = measures.accuracy(Known(), "target", DOMAINS.target)
    assert target == 0.5
    source = measures.accuracy(Known(), "source", DOMAINS.source)
    assert source == 0.75


@pytest.fixture
def hidden(monkeypatch):
    """Features that tell of which domain and which images they are."""

    def features(network):
        return lambda domain, x: (100.0 if domain == "target" else 0.0) + x

    monkeypatch.setattr(measures, "Hidden", features)


def test_every_epoch_logs_both_domains(hidden, monkeypatch):
    monkeypatch.setattr(
        measures.keras_grl.diagnostics,
        "domain_error",
        lambda source, target: (source.tolist(), target.tolist()),
    )
    logs = {"loss": 1.0}
    measures.Measures(Known(), DOMAINS).on_epoch_end(0, logs)
    assert logs == {
        "loss": 1.0,
        "target_accuracy": 0.5,
        "source_accuracy": 0.75,
        # Of the training images.
        "domain_error": ([1.0, 1.0], [102.0, 102.0]),
    }


def test_the_domain_error_of_features_that_are_known(monkeypatch):
    random = np.random.default_rng(0)
    noise = random.normal(size=(2, 200, 3))
    domains = Domains(
        Split(noise[0], None, np.array([0]), np.array([0])),
        Split(noise[1], None, np.array([0]), np.array([0])),
    )
    errors = {}
    for shift in (0.0, 50.0, math.nan):
        monkeypatch.setattr(
            measures,
            "Hidden",
            lambda network, shift=shift: (
                lambda domain, x: x + shift * (domain == "target")
            ),
        )
        logs = {}
        measures.Measures(Known(), domains).on_epoch_end(0, logs)
        errors[shift] = logs["domain_error"]
    assert errors[50.0] == 0.0
    assert 0.35 < errors[0.0] <= 0.65
    assert all(math.isnan(e) for shift, e in errors.items() if shift != shift)


def row(target, source, domain):
    return {
        "target_accuracy": target,
        "source_accuracy": source,
        "domain_error": domain,
    }


def test_the_summary_of_a_history_that_is_known():
    rows = [
        row(0.50, 0.90, 0.10),
        row(0.80, 0.60, 0.20),  # the best on the target
        row(0.70, 0.85, 0.40),  # 1.25: the best without the target's labels
        row(0.60, 0.95, 0.05),  # the last
    ]
    assert measures.summary(rows) == {
        "accuracy": 0.60,
        "selected": {"accuracy": 0.70, "epoch": 3},
        "oracle": {"accuracy": 0.80, "epoch": 2},
        "source_accuracy": 0.95,
        "domain_error": 0.05,
    }


def test_epochs_that_diverged_are_not_selected():
    rows = [row(0.2, 0.3, 0.1), row(0.9, 0.9, math.nan)]
    assert measures.summary(rows) == {
        "accuracy": 0.9,
        "selected": {"accuracy": 0.2, "epoch": 1},
        "oracle": {"accuracy": 0.9, "epoch": 2},
        "source_accuracy": 0.9,
        "domain_error": None,
    }


def test_the_svm_learns_from_what_it_is_given_and_is_tested_on_the_target():
    target = Split(
        None,
        None,
        np.array([[-1.0, 0.0], [1.0, 0.0], [2.0, 0.0], [-2.0, 0.0]]),
        np.array([0, 1, 1, 1]),
    )
    asked = []

    def hidden(domain, x):
        asked.append((domain, len(x)))
        # The network shows the source's images the other way round.
        return -x if domain == "source" else x

    x = np.array([[-1.0, 0.1], [1.0, 0.1], [-2.0, -0.1], [2.0, -0.1]])
    labels = np.array([1, 0, 1, 0])
    learned = {"source": (x, labels)}
    assert measures.svm_accuracy(hidden, learned, target, most=4) == 0.75
    assert asked == [("source", 4), ("target", 4)]
    both = learned | {"target": (-x, labels)}
    asked.clear()
    assert measures.svm_accuracy(hidden, both, target, most=2) == 0.75
    assert asked == [("source", 2), ("target", 2), ("target", 4)]

    def diverged(domain, x):
        return x * np.nan if domain == "target" else x

    assert measures.svm_accuracy(diverged, learned, target, most=4) is None
