"""`tests.versions.at_least`."""

import pytest

from tests import versions


@pytest.mark.backend_free
@pytest.mark.parametrize(
    ("found", "enough"),
    [("3.9.1", False), ("3.14.0", False), ("3.15.0.dev1", True), ("4.0", True)],
)
def test_versions_are_compared_as_numbers(monkeypatch, found, enough):
    monkeypatch.setattr(versions, "version", lambda package: found)
    assert versions.at_least("keras", 3, 15) is enough


@pytest.mark.backend_free
def test_what_is_absent_is_new_enough():
    assert versions.at_least("no-such-package", 99)
