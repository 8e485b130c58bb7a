import json

import keras
import numpy as np
import pytest

from applications import office
from applications import tables
from applications.runner import pretrained
from keras_grl import architectures

pytestmark = pytest.mark.usefixtures("small", "tiny_squeezenet")


def tiny(weights=None):
    """SqueezeNet's outputs, from a few layers of its names."""
    layers = keras.layers
    images = keras.Input((227, 227, 3))
    x = layers.AveragePooling2D(17, name="pool1")(images)
    x = layers.Conv2D(512, 1, activation="relu", name="pool8")(x)
    x = layers.Conv2D(16, 1, activation="relu", name="fire9_squeeze")(x)
    x = layers.Concatenate(name="fire9_concat")(
        [
            layers.Conv2D(256, 1, activation="relu", name=f"fire9_expand{n}")(x)
            for n in (1, 3)
        ]
    )
    return keras.Model(images, x)


@pytest.fixture
def tiny_squeezenet(monkeypatch):
    real = architectures.SqueezeNet
    monkeypatch.setattr(architectures, "SqueezeNet", tiny)
    office._inputs.cache_clear()
    yield real
    office._inputs.cache_clear()


def test_office_on_features_that_are_computed_once(tmp_path):
    found = office.main(
        [
            *("--epochs", "2", "--batch-size", "8", "--pairs", "dslr_webcam"),
            *("--methods", "source_only,gfk,ddc,dann"),
            *("--weights", "random", "--output", str(tmp_path)),
        ]
    )
    metrics = found["dslr_webcam"]
    assert [(m["method"], m["seed"]) for m in metrics] == [
        ("source_only", 0),
        ("gfk", 0),
        ("ddc", 0),
        ("dann", 0),
    ]
    made = tables.main(["--results", str(tmp_path), "--output", str(tmp_path)])
    header, *rows = made["table_2"]
    assert header[3] == "OFFICE: Dslr → Webcam, paper*"
    assert ["DANN", "0.9400"] in [[row[0], row[3]] for row in rows]
    # Without labels of the target nobody knows the gap.
    assert "%" not in rows[-1][1]
    config = next(tmp_path.glob("*/*/config.json"))
    assert json.loads(config.read_text())["weights"] == "random"


def test_office_trains_the_last_fire_module(tmp_path, tiny_squeezenet):
    found = office.main(
        [
            *("--network", "deep", "--epochs", "1", "--batch-size", "8"),
            *("--pairs", "dslr_webcam", "--methods", "source_only,dann"),
            *("--weights", "random", "--output", str(tmp_path)),
        ]
    )
    assert [m["method"] for m in found["dslr_webcam"]] == [
        "source_only",
        "dann",
    ]
    folder = next(tmp_path.glob("*/*"))
    # Activations are not pictures.
    assert not (folder / "figures" / "examples.png").exists()
    options = office.OfficeOptions(weights="random")
    settings = office.Settings(network="deep")
    data = office.load("dslr_webcam", options, settings, seed=0)
    assert data.target.x.shape == (20, 13, 13, 512)
    model = office.network(options, settings, data)
    trained = {variable.path for variable in model.trainable_variables}
    assert sum("fire9_" in path for path in trained) == 6
    # What is computed once and what is trained are the whole network.
    keras.utils.set_random_seed(0)
    squeezenet = tiny_squeezenet()
    images = np.full((1, 227, 227, 3), 99, "uint8")
    both = [pretrained.frozen(squeezenet, n).output for n in ("deep", "small")]
    activations, features = keras.Model(squeezenet.input, both).predict(
        images, verbose=0
    )
    for layer in pretrained.last_fire(squeezenet)[:2]:
        activations = layer(activations)
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(activations), features, rtol=1e-4, atol=1e-5
    )


def test_office_samples_and_keeps_the_rest(tmp_path):
    options = office.OfficeOptions(weights="random")
    settings = office.PRESETS["paper"]
    data = office.load("webcam_dslr", options, settings, seed=1)
    assert data.source.x.shape == (16, 227, 227, 3)
    assert sorted(data.source.y.tolist()) == [0] * 8 + [1] * 8
    assert data.source.x_test.shape == (4, 227, 227, 3)
    # All of the target is trained on without labels, and tested on.
    assert data.target.x is data.target.x_test and len(data.target.x) == 20
    with pytest.raises(SystemExit, match="--pairs: expected some of amazon_w"):
        office.main(["--weights", "random", "--pairs", "amazon_dslr"])
    with pytest.raises(SystemExit, match="--weights: expected the file"):
        office.main([])
    with pytest.raises(
        SystemExit, match="--augmentation: expected none with O"
    ):
        office.main(["--weights", "random", "--augmentation", "light"])
    with pytest.raises(SystemExit, match="--images: expected 0 with OFFICE"):
        office.main(["--weights", "random", "--images", "5"])
    with pytest.raises(SystemExit, match="found no file 'squeeze"):
        office.main(["--weights", "squeezenet.npz"])
