"""One of DANN's options at a time: what is trained, kept and drawn."""

import json

import keras
import pytest
from PIL import Image

import keras_grl
from applications import knobs

pytestmark = pytest.mark.backend_free


@pytest.fixture
def trainings(monkeypatch):
    """What would be trained; the accuracy tells knob, value and seed."""
    calls = []

    def trained(knob, value, settings, domains, seed):
        calls.append((knob, value, seed))
        accuracy = len(calls) / 100
        return {"accuracy": accuracy, "domain_loss": 0.5, "domain_accuracy": 1}

    monkeypatch.setattr(knobs, "_trained", trained)
    monkeypatch.setattr(knobs.demo, "load", lambda *arguments: None)
    return calls


def run(folder, *arguments):
    return knobs.main(["--output", str(folder), *arguments])


def test_defaults_are_trained_once_per_seed(trainings, tmp_path):
    results = run(tmp_path, "--seeds", "2")
    assert len(results) == 2 * sum(map(len, knobs.KNOBS.values()))
    assert len(trainings) == len(set(trainings))
    others = sum(len(values) - 1 for values in knobs.KNOBS.values())
    assert len(trainings) == 2 * (1 + others)
    for seed in (0, 1):
        of_default = {
            row["accuracy"]
            for row in results
            if row["seed"] == seed and row["value"] == default(row["knob"])
        }
        assert len(of_default) == 1


def default(knob):
    return knobs.DEFAULTS[knob]


def test_every_knob_has_its_default_among_its_values():
    assert knobs.KNOBS.keys() == knobs.DEFAULTS.keys() == knobs.TITLES.keys()
    for knob, values in knobs.KNOBS.items():
        assert default(knob) in values


def test_a_second_run_trains_what_is_missing(trainings, tmp_path):
    first = run(tmp_path, "--knobs", "domain_label_smoothing")
    trainings.clear()
    both = run(tmp_path, "--knobs", "domain_label_smoothing,conditioning")
    assert both[: len(first)] == first
    assert {knob for knob, *_ in trainings} == {"conditioning"}
    assert json.loads((tmp_path / "knobs.json").read_text()) == both
    with Image.open(tmp_path / "knobs.png") as figure:
        assert figure.width > 600


def test_results_of_other_lengths_are_kept(trainings, tmp_path):
    run(tmp_path, "--knobs", "conditioning")
    written = (tmp_path / "knobs.json").read_text()
    with pytest.raises(SystemExit, match="other --epochs or --images"):
        run(tmp_path, "--knobs", "conditioning", "--epochs", "3")
    assert (tmp_path / "knobs.json").read_text() == written


def test_an_unknown_knob():
    with pytest.raises(SystemExit, match="--knobs: expected some of adapt"):
        knobs.main(["--knobs", "lambda"])


def test_each_knob_turns_its_own_argument():
    plain_model, plain_compile = knobs.arguments_of(knobs.DEFAULTS)
    assert plain_model["adaptation_factor"].scale == 1.0
    assert plain_compile["target_loss"] is None

    def changed(**values):
        return knobs.arguments_of({**knobs.DEFAULTS, **values})

    of_model, _ = changed(adaptation_factor=0.3)
    assert of_model["adaptation_factor"].scale == 0.3
    _, of_compile = changed(domain_loss_weight=0.1)
    assert of_compile["domain_loss_weight"] == 0.1
    _, of_compile = changed(target_loss_weight=0.3)
    loss = of_compile["target_loss"]
    assert isinstance(loss, keras_grl.losses.MinimumClassConfusion)
    assert of_compile["target_loss_weight"] == 0.3
    of_model, _ = changed(conditioning="randomized")
    assert of_model["conditioning"] == "randomized"
    of_model, _ = changed(domain_label_smoothing=0.2)
    assert of_model["domain_label_smoothing"] == 0.2


def test_the_classifiers_learning_rate_leaves_the_extractors_alone():
    # The scale holds for λ's gradient too, which λ takes back.
    of_model, _ = knobs.arguments_of(
        {**knobs.DEFAULTS, "classifier_learning_rate": 0.1}
    )
    scaling = of_model["domain_classifier"].layers[-1]
    assert isinstance(scaling, keras_grl.layers.GradientScaling)
    product = scaling.scale * of_model["adaptation_factor"].scale
    assert product == pytest.approx(1.0)
    assert isinstance(of_model["domain_classifier"], keras.Sequential)
