import pytest

from tests.applications import small_sets


@pytest.fixture
def small(monkeypatch):
    """Small sets in place of the real ones, for an experiment."""
    small_sets.put_in_place(monkeypatch)
