"""The committed models and their cards."""

import json
import re

import keras
import numpy as np
import pytest

from applications import markdown
from applications import result_card
from applications.runner import card
from keras_grl import datasets
from keras_grl.datasets.generators.blending import blend
from keras_grl.datasets.tfds import bsds500
from tests.testing import ROOT

CARDS = ROOT / "docs" / "results" / "cards"
PAGE = ROOT / "docs" / "model_cards.md"
SHARED = ROOT.parent / "shared" / "data"
FACTS = {
    file.stem: json.loads(file.read_text())
    for file in sorted(CARDS.glob("*.json"))
}
# A test image of a thousand is .001; two may be rounded differently.
ROUNDED = 0.0021


def model_of(name):
    """A committed model; the sdist has none."""
    file = CARDS / f"{name}.keras"
    if not file.exists() and not (ROOT / ".git").exists():
        pytest.skip("the sdist has no trained models")
    return keras.saving.load_model(file)


def mnist(part):
    return datasets.load("mnist", part, SHARED / "tensorflow_datasets")


def padded_mnist():
    """As `svhn_to_mnist` has it, by hand: in color, with a margin of 2."""
    digits, labels = mnist("test[:1000]")
    images = np.zeros((1000, 32, 32, 3), "uint8")
    images[:, 2:30, 2:30] = digits
    return images, labels


def blended_mnist():
    """The first test images of MNIST-M, without preparing the set."""
    archive = SHARED / "archives" / "BSR_bsds500.tgz"
    digits, labels = mnist("test[:1000]")
    photographs = bsds500.photographs(archive, "")["val"]
    return blend(digits, photographs, (0, 1)), labels


def svhn():
    return datasets.load(
        "svhn_cropped", "test[:1000]", SHARED / "tensorflow_datasets"
    )


TARGETS = {
    "mnist_to_mnist_m": blended_mnist,
    "svhn_to_mnist": padded_mnist,
    "syn_numbers_to_svhn": svhn,
}


@pytest.mark.backend_free
def test_there_are_cards():
    assert len(FACTS) >= 3
    for suffix in (".md", ".keras"):
        stems = {file.stem for file in CARDS.glob(f"*{suffix}")}
        assert stems == set(FACTS) or not (ROOT / ".git").exists()
    assert card.text(next(iter(FACTS.values()))).startswith("# ")


@pytest.mark.backend_free
@pytest.mark.parametrize("name", FACTS)
def test_a_card_is_made_of_its_facts(name):
    facts = FACTS[name]
    assert (CARDS / f"{name}.md").read_text() == card.text(facts)
    file = CARDS / facts["file"]["name"]
    if file.exists():
        assert file.stat().st_size == facts["file"]["bytes"] <= 2_000_000
    # The file is the run's, up to rounding.
    (run,) = (
        each["accuracy"]
        for each in facts["runs"]
        if (each["method"], each["seed"]) == (facts["method"], facts["seed"])
    )
    assert facts["file"]["accuracy"] == pytest.approx(run, abs=0.001)


@pytest.mark.backend_free
def test_the_page_lists_the_cards():
    rows = [card.HEADER, *map(card.row, FACTS.values())]
    assert f"<!-- cards -->\n{markdown.table(rows)}\n" in PAGE.read_text()


@pytest.mark.parametrize("name", FACTS)
def test_a_model_predicts_as_it_did_when_it_was_written(name):
    facts = FACTS[name]["file"]
    model = model_of(name)
    assert model.count_params() == facts["weights"]
    assert {weight.dtype for weight in model.weights} == {"float16"}
    images = result_card.patterns(facts["shape"])
    predicted = model.predict(images, verbose=0)
    assert predicted.argmax(axis=1).tolist() == facts["patterns"]["predicted"]
    np.testing.assert_allclose(
        predicted.max(axis=1), facts["patterns"]["confidence"], atol=0.02
    )


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("mnist_to_mnist_m", marks=pytest.mark.backend_free),
        pytest.param("svhn_to_mnist", marks=pytest.mark.backend_free),
        # The fastest of them is tested on every backend.
        "syn_numbers_to_svhn",
    ],
)
def test_a_model_has_the_accuracy_of_its_card(name):
    pytest.importorskip("tensorflow_datasets")
    if not (SHARED / "tensorflow_datasets").exists():
        pytest.skip("needs the shared MNIST, SVHN and BSDS500, not shipped")
    images, labels = TARGETS[name]()
    # On a CPU PyTorch takes several times as long in float16.
    model = result_card.in_precision(model_of(name), "float32")
    assert {weight.dtype for weight in model.weights} == {"float32"}
    predicted = model.predict(images, batch_size=500, verbose=0)
    accuracy = np.mean(predicted.argmax(axis=1) == labels)
    want = FACTS[name]["file"]["accuracy_of_part"]
    assert accuracy == pytest.approx(want, abs=ROUNDED)


def test_the_page_says_how_to_load(monkeypatch):
    if not list(CARDS.glob("*.keras")):
        pytest.skip("the sdist has no trained models")
    code = "".join(re.findall(r"(?ms)^```py\n(.*?)^```", PAGE.read_text()))
    monkeypatch.chdir(ROOT)
    names = {}
    exec(compile(code, "page", "exec"), names)
    assert names["probabilities"].shape == (2, 10)
    assert names["model"].weights[0].dtype == "float32"
