"""Lets all models of a test run eagerly, also those that others compile."""

import keras
import pytest

from tests.testing import BACKEND


def eagerly_on_tensorflow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets every model of one test run eagerly there, as it is compiled.

    `EAGERLY_ON_TENSORFLOW` of `tests.testing` does so for a model that the
    test compiles itself. A trace of each step, and of each `predict`, takes
    longer than a few steps. Not with `fresh`: it keeps how a model runs.
    """
    if BACKEND == "tensorflow":
        monkeypatch.setattr(
            keras.Model,
            "run_eagerly",
            property(lambda self: True, lambda self, value: None),
        )
