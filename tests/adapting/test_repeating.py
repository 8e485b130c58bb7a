"""The call that a report names gives the same result."""

import dataclasses
import re

import keras
import numpy as np
import pytest

import keras_grl
from tests.adapting.test_refusals import X
from tests.adapting.test_refusals import Y
from tests.adapting.test_refusals import adapt
from tests.adapting.test_refusals import classifier


def report_of(result, tmp_path):
    result.report(tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    return re.sub("<[^>]*>", " ", text).replace("&#x27;", "'")


@pytest.fixture(scope="module")
def result():
    return adapt(learning_rate=0.02, seed=3, methods=["bnm"])


def test_the_call_repeats_the_result(result, tmp_path):
    text = report_of(result, tmp_path)
    (call,) = re.findall(r"keras_grl\.adapt\([^\n]*\)", text)
    names = {"model": classifier, "source": (X, Y), "target": X}
    again = eval(
        call.replace("seed=", "verbose=0, seed="),
        {"keras_grl": keras_grl, **names},
    )
    np.testing.assert_array_equal(again.predictions, result.predictions)
    assert again.choice == result.choice
    backend = keras.backend.backend()
    assert f"machine of any speed, with KERAS_BACKEND={backend}:" in text


@pytest.mark.parametrize(
    ("changes", "call"),
    [
        ({}, "batch_size=8, learning_rate=0.02, seed=3)"),
        ({"learning_rate": 0.001}, "batch_size=8, seed=3)"),
        ({"learning_rate": 5e-5}, "learning_rate=5e-05, seed=3)"),
    ],
)
def test_the_learning_rate_is_named(changes, call, result, tmp_path):
    settings = {**result.settings, **changes}
    found = dataclasses.replace(result, settings=settings)
    assert call in report_of(found, tmp_path)


def test_one_run_of_each_cannot_be_repeated(result, tmp_path):
    """The same steps give the best ones a second run."""
    settings = {**result.settings, "runs_each": 1}
    found = dataclasses.replace(result, settings=settings)
    text = report_of(found, tmp_path)
    assert "The best ones get a second run too" in text
    assert "This repeats it" not in text
