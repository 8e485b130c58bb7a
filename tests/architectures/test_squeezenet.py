"""SqueezeNet: by hand, and on real photographs where they are at hand."""

import numpy as np
import pytest

from keras_grl.architectures import SqueezeNet
from keras_grl.architectures import SqueezeNetBottleneck
from tests.architectures import reference as by_hand
from tests.testing import ROOT
from tests.testing import to_numpy

pytestmark = pytest.mark.usefixtures("quick_weights")

SIZE = 51
SHARED = ROOT.parent / "shared" / "data"
FIRES = {
    2: (96, 16, 64),
    3: (128, 16, 64),
    4: (128, 32, 128),
    5: (256, 32, 128),
    6: (256, 48, 192),
    7: (384, 48, 192),
    8: (384, 64, 256),
    9: (512, 64, 256),
}


def random_weights(classes=20):
    """Arrays by name, as the published file has them: OIHW."""
    rng = np.random.default_rng(0)
    shapes = {"conv1": (96, 3, 7, 7), "conv10": (classes, 512, 1, 1)}
    for number, (before, squeezed, expanded) in FIRES.items():
        shapes[f"fire{number}/squeeze1x1"] = (squeezed, before, 1, 1)
        shapes[f"fire{number}/expand1x1"] = (expanded, squeezed, 1, 1)
        shapes[f"fire{number}/expand3x3"] = (expanded, squeezed, 3, 3)
    arrays = {}
    for name, shape in shapes.items():
        scale = (2 / np.prod(shape[1:])) ** 0.5
        arrays[f"{name}/w"] = rng.normal(scale=scale, size=shape)
        arrays[f"{name}/b"] = rng.normal(scale=0.1, size=shape[0])
    return {name: a.astype("float32") for name, a in arrays.items()}


def forward(x, arrays):
    """The published network on RGB images: fire9 and the probabilities."""

    def convolution(x, name, **kwargs):
        kernel = arrays[f"{name}/w"].transpose(2, 3, 1, 0)
        x = by_hand.convolution(x, kernel, arrays[f"{name}/b"], **kwargs)
        return by_hand.relu(x)

    x = x[..., ::-1] - np.array([104.0, 117.0, 123.0])  # B, G, R
    x = by_hand.max_pool(convolution(x, "conv1", stride=2), 3, 2)
    for number in FIRES:
        x = convolution(x, f"fire{number}/squeeze1x1")
        both = [
            convolution(x, f"fire{number}/expand1x1"),
            convolution(x, f"fire{number}/expand3x3", pad=1),
        ]
        x = np.concatenate(both, axis=-1)
        if number in (4, 8):
            x = by_hand.max_pool(x, 3, 2)
    logits = convolution(x, "conv10", pad=1).mean(axis=(1, 2))
    return x, by_hand.softmax(logits)


def images(count, size=SIZE):
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, size=(count, size, size, 3), dtype="uint8")


def test_published_weights_give_the_published_outputs(tmp_path):
    arrays = random_weights()
    np.savez(tmp_path / "squeezenet.npz", **arrays)
    x = images(2)
    fire9, want = forward(x, arrays)
    path = tmp_path / "squeezenet.npz"
    model = SqueezeNet(20, input_shape=(SIZE, SIZE, 3), weights=path)
    np.testing.assert_allclose(
        model.predict(x, verbose=0), want, rtol=1e-3, atol=1e-6
    )
    assert np.abs(want[0] - want[1]).max() > 1e-4
    model = SqueezeNetBottleneck(5, input_shape=(SIZE, SIZE, 3), weights=path)
    backbone = model.feature_extractor.get_layer("squeezenet")
    features = fire9.mean(axis=(1, 2))
    np.testing.assert_allclose(
        to_numpy(backbone(x - np.array([123.0, 117.0, 104.0]))),
        features,
        rtol=1e-3,
        atol=1e-4 * features.max(),
    )


def test_at_227_pixels_the_shapes_are_caffes():
    model = SqueezeNet()
    shapes = {layer.name: layer.output.shape[1:3] for layer in model.layers}
    assert shapes["conv1"] == (111, 111)
    assert shapes["pool1"] == (55, 55)
    assert shapes["pool4"] == (27, 27)
    assert shapes["pool8"] == (13, 13)
    assert shapes["conv10"] == (15, 15)
    assert model.count_params() == 1_248_424


def test_names_real_photographs():
    """The published weights know a mouse, a backpack and a bicycle."""
    pillow = pytest.importorskip("PIL.Image")
    weights = SHARED / "weights" / "squeezenet_v1.0_imagenet.npz"
    amazon = SHARED / "archives" / "office31" / "amazon" / "images"
    if not weights.exists() or not amazon.exists():
        pytest.skip("needs the shared weights and photographs, not shipped")
    model = SqueezeNet(weights=weights)

    def named(folder, *classes):
        files = sorted((amazon / folder).glob("*.jpg"))[:10]
        x = [
            np.asarray(pillow.open(file).resize((227, 227), pillow.BILINEAR))
            for file in files
        ]
        found = model.predict(np.stack(x), verbose=0).argmax(axis=1)
        return int(np.isin(found, classes).sum())

    assert named("mouse", 673) == 10
    assert named("back_pack", 414) == 9
    assert named("bike", 444, 671) == 7
