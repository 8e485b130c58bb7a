import contextlib
import io

import pytest
from sklearn import manifold

from tests.applications import small_sets
from tests.applications import tiny_runs
from tests.eagerly import eagerly_on_tensorflow


class FirstTwoColumns:
    """In place of t-SNE, which takes longer than all the rest of a figure."""

    def __init__(self, **options):
        pass

    def fit_transform(self, features):
        return features[:, :2]


@pytest.fixture
def no_embedding(monkeypatch):
    monkeypatch.setattr(manifold, "TSNE", FirstTwoColumns)


@pytest.fixture
def small(monkeypatch, no_embedding):
    """Small sets in place of the real ones, for an experiment."""
    small_sets.put_in_place(monkeypatch)


@pytest.fixture
def tiny(monkeypatch, small):
    """Small sets, and a network that compiles in a moment."""
    tiny_runs.put_in_place(monkeypatch)


@pytest.fixture
def eager(monkeypatch):
    """On TensorFlow every model of the test runs eagerly."""
    eagerly_on_tensorflow(monkeypatch)


@pytest.fixture
def no_figures(monkeypatch):
    """They would take longer than the training."""
    from applications.runner import pictures

    monkeypatch.setattr(pictures, "draw", lambda *args: [])


def trained_once(tmp_path_factory, experiment, *arguments):
    """Runs an experiment for all tests of the session that use it."""
    folder = tmp_path_factory.mktemp("results")
    command = [*tiny_runs.TINY, "--output", str(folder), *arguments]
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(manifold, "TSNE", FirstTwoColumns)
        small_sets.put_in_place(monkeypatch)
        small_sets.few_labeled(monkeypatch)
        tiny_runs.put_in_place(monkeypatch)
        eagerly_on_tensorflow(monkeypatch)
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            metrics = experiment.main(command)
    (path,) = folder.glob("*/*")
    return tiny_runs.Finished(
        command, folder, path, metrics, printed.getvalue()
    )


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """Two epochs of MNIST → MNIST-M. Tests that write there copy it."""
    from applications import mnist_to_mnist_m

    methods = "source_only,subspace_alignment,coral,dann"
    return trained_once(
        tmp_path_factory,
        mnist_to_mnist_m,
        *("--methods", methods, "--epochs", "2", "--name", "all"),
        *("--augmentation", "none"),
    )


@pytest.fixture(scope="session")
def finished_signs(tmp_path_factory):
    """Two epochs of the semi-supervised signs."""
    from applications import semi_supervised_signs

    return trained_once(
        tmp_path_factory,
        semi_supervised_signs,
        *("--epochs", "2", "--images", "128", "--batch-size", "128"),
    )
