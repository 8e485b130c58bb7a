import functools

import pytest
from sklearn import manifold

from tests.applications import small_sets


@pytest.fixture(autouse=True)
def short_embeddings(monkeypatch):
    """The fewest steps that t-SNE takes: its points are not looked at."""
    monkeypatch.setattr(
        manifold, "TSNE", functools.partial(manifold.TSNE, max_iter=250)
    )


@pytest.fixture
def small(monkeypatch):
    """Small sets in place of the real ones, for an experiment."""
    small_sets.put_in_place(monkeypatch)
