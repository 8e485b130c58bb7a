"""The program that writes a model and its card."""

import json

import keras
import numpy as np
import pytest

from applications import result_card
from applications.runner import card
from applications.runner.settings import Domains
from applications.runner.settings import Split
from tests.testing import to_numpy


def write(finished, output, run="dann-0"):
    return result_card.main(
        [
            *("--results", str(finished.path), "--run", run),
            *("--output", str(output)),
        ]
    )


@pytest.mark.usefixtures("tiny")
def test_what_the_program_writes(tmp_path, finished, capsys):
    facts = write(finished, tmp_path)
    stem = tmp_path / "mnist_to_mnist_m"
    assert {file.name for file in tmp_path.iterdir()} == {
        "mnist_to_mnist_m.keras",
        "mnist_to_mnist_m.json",
        "mnist_to_mnist_m.md",
    }
    assert json.loads(stem.with_suffix(".json").read_text()) == facts
    page = stem.with_suffix(".md").read_text()
    assert page == card.text(facts)
    # fc1, normalization1, fc2, predictions; not the domain classifier's 17.
    weights = (7 * 7 * 3 + 1) * 16 + 4 * 16 + (16 + 1) * 12 + (12 + 1) * 10
    assert facts["file"]["weights"] == weights
    trained = keras.models.load_model(
        finished.path / "runs" / "dann-0" / "model.keras"
    )
    model = keras.saving.load_model(stem.with_suffix(".keras"))
    assert not model.compiled
    pairs = zip(model.weights, trained.classifier.weights, strict=True)
    for weight, of_trained in pairs:
        assert weight.dtype == "float16"
        np.testing.assert_array_equal(
            to_numpy(weight), to_numpy(of_trained).astype("float16")
        )
    by_method = {m["method"]: m["accuracy"] for m in finished.metrics[:1]}
    by_method["dann"] = finished.metrics[-1]["accuracy"]
    assert {r["method"]: r["accuracy"] for r in facts["runs"]} == by_method
    # 48 test images: one of them may be rounded to another class.
    got = facts["file"]["accuracy"]
    assert got == pytest.approx(by_method["dann"], abs=1.01 / 48)
    assert facts["file"]["part"] == 48
    assert f"| **DANN** | {by_method['dann']:.4f} |" in page
    assert "| train on target | – | – | 0 |" in page
    assert "Not run: train on target." in page
    assert "| target | `mnist_m` | 96 | 48 | MNIST's; BSDS500 is" in page
    command = " ".join(page.replace("\\\n", " ").split())
    assert (
        "applications.mnist_to_mnist_m --preset quick --methods "
        "source_only,dann --epochs 2 --batch-size 64 --augmentation none $"
    ) in command
    assert page in capsys.readouterr().out


@pytest.mark.usefixtures("tiny")
def test_a_model_that_is_too_large(tmp_path, finished, monkeypatch):
    monkeypatch.setattr(result_card, "MOST_BYTES", 9000)
    with pytest.raises(SystemExit) as stopped:
        write(finished, tmp_path / "cards")
    message = str(stopped.value)
    assert "--run: expected a model of at most 9,000 bytes, received" in message
    assert "for 2,766 weights. Train a smaller one" in message
    assert list((tmp_path / "cards").iterdir()) == []


def test_results_that_have_no_such_model(tmp_path, finished):
    for run in ("dann-1", "subspace_alignment-0"):
        with pytest.raises(SystemExit) as stopped:
            write(finished, tmp_path, run)
        assert f"(coral-0, dann-0, source_only-0), received '{run}'" in str(
            stopped.value
        )
    (tmp_path / "runs").mkdir()
    for name in ("config.json", "metrics.json"):
        with pytest.raises(SystemExit) as stopped:
            result_card.main(["--results", str(tmp_path)])
        assert f"has written, with {name}, received" in str(stopped.value)
        (tmp_path / name).write_text("{}")
    with pytest.raises(SystemExit) as stopped:
        result_card.main(["--results", str(tmp_path)])
    assert "(none has a model.keras), received 'dann-0'" in str(stopped.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"backend": "none"}, "KERAS_BACKEND: expected none, on which"),
        (
            {"experiment": "others"},
            "a program of applications/, received those",
        ),
        ({"experiment": "semi_supervised_signs"}, "results of two sets, as"),
    ],
)
def test_results_that_no_card_is_made_of(changes, message, tmp_path, finished):
    config = json.loads((finished.path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | changes))
    (tmp_path / "metrics.json").write_text("[]")
    (tmp_path / "runs" / "dann-0").mkdir(parents=True)
    (tmp_path / "runs" / "dann-0" / "model.keras").touch()
    with pytest.raises(SystemExit) as stopped:
        result_card.main(["--results", str(tmp_path), "--output", "cards"])
    assert message in str(stopped.value)


def test_a_measured_file(tmp_path, monkeypatch):
    """Bright images are of class 1."""
    monkeypatch.setattr(result_card, "PART", 2)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((4, 4, 1)),
            layers.Rescaling(1 / 255, offset=-0.5),
            layers.GlobalAveragePooling2D(),
            layers.Dense(2, "softmax", use_bias=False),
        ]
    )
    model.set_weights([np.array([[-1.0, 1.0]])])
    result_card.save(model, tmp_path / "bright.keras")
    images = np.empty((5, 4, 4, 1), "uint8")
    images[:] = np.reshape([0, 255, 0, 255, 255], (5, 1, 1, 1))
    target = Split(images, None, images, np.array([0, 0, 1, 1, 1]))
    source = Split(images, None, images, np.array([1, 0, 1, 0, 0]))
    found = result_card.measured(
        tmp_path / "bright.keras", Domains(source, target)
    )
    bright = result_card.patterns([4, 4, 1]).mean(axis=(1, 2, 3)) / 255 - 0.5
    assert found == {
        "name": "bright.keras",
        "bytes": (tmp_path / "bright.keras").stat().st_size,
        "weights": 2,
        "dtype": "float32",
        "shape": [4, 4, 1],
        "classes": 2,
        "accuracy": 0.6,
        "part": 2,
        "accuracy_of_part": 0.5,
        "patterns": {
            "predicted": (bright > 0).astype(int).tolist(),
            "confidence": pytest.approx(
                1 / (1 + np.exp(-2 * abs(bright))), abs=0.001
            ),
        },
    }


@pytest.mark.backend_free
def test_a_card_of_several_seeds():
    run = {"date": "2026-11-29", "keras": "3.15.1"}
    facts = {
        "experiment": "syn_numbers_to_svhn",
        "title": "SYN NUMBERS → SVHN",
        "network": "a small one",
        "method": "mcc",
        "seed": 1,
        "drawings": "2.0.0",
        "images": {
            "source": {"train": 10_000, "test": 2000},
            "target": {"train": 9000, "test": 3000},
        },
        "runs": [
            {"method": "mcc", "seed": 0, "accuracy": 0.7, **run},
            {"method": "mcc", "seed": 1, "accuracy": 0.9, **run},
            {"method": "train_on_target", "seed": 1, "accuracy": 0.95, **run},
        ],
        "command": "python -m program " + " ".join(["--name value"] * 6),
        "backend": "jax",
        "file": {
            "name": "numbers.keras",
            "bytes": 1_234_567,
            "weights": 600_000,
            "dtype": "float16",
            "shape": [32, 32, 3],
            "classes": 10,
            "accuracy": 0.8999,
            "part": 1000,
            "accuracy_of_part": 0.91,
        },
    }
    page = card.text(facts)
    for line in (
        "# SYN NUMBERS → SVHN: MCC",
        "| method | seed 1 | all seeds | seeds |",
        "| source only | – | – | 0 |",
        "| **MCC** | 0.9000 | 0.8000 ± 0.1000 | 2 |",
        "| train on target | 0.9500 | 0.9500 | 1 |",
        "| source | `syn_numbers` 2.0.0 | 10,000 | 2,000 | keras-grl's |",
        "$ python -m program --name value --name value --name value --name "
        "value \\",
        "    --name value --name value",
        "$ python -m applications.result_card --results FOLDER --run mcc-1",
    ):
        assert f"\n{line}\n" in f"\n{page}"
    words = " ".join(page.split())
    assert "Not run: source only. The file itself has 0.8999 on all" in words
    assert "on all 3,000 test images and 0.9100 on the first 1,000." in words
    assert "| target | `svhn_cropped` | 9,000 | 3,000 | [not for" in page
    assert "Made on 2026-11-29 with Keras 3.15.1 on jax." in words
    assert card.row(facts) == [
        "[SYN NUMBERS → SVHN](results/cards/numbers.md)",
        "MCC",
        "–",
        "0.9000",
        "0.9500",
        "1.23 MB",
    ]


@pytest.mark.backend_free
def test_patterns():
    (image, *_) = images = result_card.patterns([10, 8, 3])
    assert images.shape == (8, 10, 8, 3) and images.dtype == np.uint8
    # Fields of 3 x 2 pixels, of which the last row is cut.
    assert (image[3:6, 2:4] == image[4, 3]).all()
    assert (image[9, :2] == image[9, 0]).all()
    assert len(np.unique(images[:, ::3, ::2].reshape(-1, 3), axis=0)) == 128
    np.testing.assert_array_equal(images, result_card.patterns([10, 8, 3]))
