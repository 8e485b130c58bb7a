import re

import keras
import numpy as np
import pytest

from applications import squeezenet_features
from tests.architectures.test_squeezenet import random_weights


def office(folder, classes=("mouse", "mug"), count=4):
    """Photographs in the layout of OFFICE-31: each class has its color."""
    rng = np.random.default_rng(0)
    for domain in squeezenet_features.LABELED:
        for number, name in enumerate(classes):
            images = folder / domain / "images" / name
            images.mkdir(parents=True)
            for index in range(count):
                x = rng.integers(0, 80, size=(32, 32, 3))
                x[..., number] += 150
                keras.utils.save_img(
                    images / f"frame_{index:04}.jpg", x, scale=False
                )
    return folder


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    arrays = random_weights(classes=1000)
    path = tmp_path_factory.mktemp("weights") / "squeezenet.npz"
    np.savez(path, **arrays)
    return str(path)


def test_a_tiny_run(tmp_path, weights, capsys, monkeypatch):
    labeled = {"amazon": 3, "dslr": 2, "webcam": 4}
    monkeypatch.setattr(squeezenet_features, "LABELED", labeled)
    photographs = str(office(tmp_path))
    found = squeezenet_features.main(
        ["--weights", weights, "--photographs", photographs]
    )
    printed = capsys.readouterr().out
    assert "webcam: 8 photographs, 2 classes" in printed
    # Where nothing is left to test on there is no number.
    assert (
        "| trained on | amazon | dslr | webcam |\n|---|---|---|---|" in printed
    )
    assert "| amazon | 1.000 |" in printed and " | 1.000 | – |\n" in printed
    assert set(found["named"]["dslr"]) == {"mouse", "mug"}
    accuracy = found["accuracy"]
    # Even random features tell red from green.
    assert accuracy["amazon"]["webcam"] == 1.0
    assert accuracy["amazon"]["amazon"] == 1.0
    assert np.isnan(accuracy["webcam"]["webcam"])  # nothing left to test on


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--weights: expected a path, received ''"),
        (["--weights", "none.npz"], "--photographs: expected a path"),
        (
            ["--weights", "none.npz", "--photographs", "none"],
            r"--weights: expected .* an \.npz file, received 'none\.npz'",
        ),
        (["--seed", "-1"], "--seed"),
    ],
)
def test_wrong_arguments(arguments, message, capsys):
    with pytest.raises(SystemExit) as stopped:
        squeezenet_features.main(arguments)
    said = f"{stopped.value.code} {capsys.readouterr().err}"
    assert re.search(message, said)


def test_a_folder_without_photographs(tmp_path, weights):
    with pytest.raises(SystemExit, match="folder with amazon/images"):
        squeezenet_features.main(
            ["--weights", weights, "--photographs", str(tmp_path)]
        )
