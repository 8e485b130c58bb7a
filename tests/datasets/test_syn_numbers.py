import numpy as np
import pytest

pytest.importorskip("tensorflow_datasets")
pytest.importorskip("matplotlib")

from keras_grl.datasets import fonts
from keras_grl.datasets import generation
from keras_grl.datasets import prepared
from keras_grl.datasets import syn_numbers
from keras_grl.datasets.syn_numbers import Config
from keras_grl.datasets.syn_numbers import draw

# Nothing varies but digits, fonts and colours.
PLAIN = {
    "height": (0.8, 0.8),
    "weight": (0.0, 0.0),
    "stretch": (1.0, 1.0),
    "rotation": (0.0, 0.0),
    "slant": (0.0, 0.0),
    "shift": (0.0, 0.0),
    "spacing": (0.1, 0.1),
    "contrast": (150.0, 150.0),
    "saturation": (0.0, 0.0),
    "gradient": (0.0, 0.0),
    "outlined": 0.0,
    "edges": 0.0,
    "blur": (0.0, 0.0),
    "noise": (0.0, 0.0),
}


def plain(**kwargs):
    return Config(**{**PLAIN, **kwargs})


def strokes(image):
    """How much of the foreground is in each pixel, whichever is brighter."""
    grey = image.mean(axis=-1)
    corner = np.median(np.concatenate([grey[0], grey[-1]]))
    return np.abs(grey - corner) / 150


def template(path, digit):
    """A digit of a font in the middle of an image, by its own arithmetic."""
    from PIL import Image

    mask = Image.fromarray(fonts.glyph(path, digit).mask)
    scale = 0.8 * 32 / mask.height
    small = mask.resize((max(1, round(mask.width * scale)), 26))
    image = Image.new("L", (32, 32))
    image.paste(small, ((32 - small.width) // 2, 3))
    return np.asarray(image, "float64") / 255


def likeness(a, b):
    a, b = a - a.mean(), b - b.mean()
    return (a * b).sum() / np.sqrt((a**2).sum() * (b**2).sum())


@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_label_is_the_digit_in_the_middle(count, monkeypatch):
    path = fonts.bundled()[2]
    monkeypatch.setattr(fonts, "named", lambda _: [path])
    chances = tuple(float(number == count) for number in (1, 2, 3))
    images, labels = draw(range(70), plain(digits=chances))
    assert set(labels) == set(range(10))
    middle = slice(9, 23)  # neighbours stand outside
    for image, label in zip(images, labels, strict=True):
        seen = strokes(image)[:, middle]
        like = [
            likeness(seen, template(path, digit)[:, middle])
            for digit in range(10)
        ]
        assert int(np.argmax(like)) == label and max(like) > 0.8


def test_an_image_depends_on_its_index_and_the_seed_alone():
    images, labels = draw([3, 700, 12], seed=5)
    again, same = draw(range(20), seed=5)
    np.testing.assert_array_equal(images[[0, 2]], again[[3, 12]])
    assert labels[[0, 2]].tolist() == same[[3, 12]].tolist()
    other, _ = draw([3, 700, 12], seed=6)
    assert (images != other).any(axis=(1, 2, 3)).all()


def test_fingerprint():
    """Labels are the same everywhere and from now on; what FreeType makes of
    an outline may differ a little from version to version."""
    images, labels = draw(range(8))
    assert labels.tolist() == [5, 3, 2, 9, 2, 8, 2, 2]
    np.testing.assert_allclose(
        images.mean(axis=(1, 2, 3)),
        [209.3, 165.8, 130.1, 72.1, 120.7, 193.4, 158.7, 127.1],
        atol=1.0,
    )


def spread(**kwargs):
    images, _ = draw(range(60), plain(digits=(1.0, 0.0, 0.0), **kwargs))
    return images.astype("float64")


def test_every_knob_does_what_it_says():
    base = spread()
    # Two colours, as far apart as the contrast.
    far = base.max(axis=(1, 2, 3)) - base.min(axis=(1, 2, 3))
    np.testing.assert_allclose(far, 150, atol=1.5)
    far = spread(contrast=(20.0, 40.0))
    far = far.max(axis=(1, 2, 3)) - far.min(axis=(1, 2, 3))
    assert 18 < far.min() < far.max() < 42
    assert (base == base[..., :1]).all()  # grey
    assert np.ptp(spread(saturation=(0.5, 0.5)), axis=-1).mean() > 10

    def rows(images):
        inked = np.array([strokes(image) for image in images]) > 0.5
        return inked.any(axis=2).sum(axis=1)

    assert abs(np.median(rows(base)) - 0.8 * 32) <= 1
    assert abs(np.median(rows(spread(height=(0.5, 0.5)))) - 0.5 * 32) <= 1

    def columns(images):
        inked = np.array([strokes(image) for image in images]) > 0.5
        return inked.any(axis=1).sum(axis=1).mean()

    ratio = columns(spread(stretch=(0.5, 0.5))) / columns(base)
    assert ratio == pytest.approx(0.5, abs=0.08)

    def ink(images):
        return np.mean([strokes(image) for image in images])

    assert ink(spread(weight=(-0.8, -0.8))) < 0.85 * ink(base)
    assert ink(spread(weight=(0.8, 0.8))) > 1.15 * ink(base)

    def roughness(images):
        return np.abs(np.diff(images, axis=2)).mean()

    assert roughness(spread(blur=(1.5, 1.5))) < 0.7 * roughness(base)
    assert roughness(spread(noise=(8.0, 8.0))) > roughness(base) + 5
    moved = np.abs(spread(shift=(0.1, 0.1)) - base).mean()
    turned = np.abs(spread(rotation=(20.0, 20.0)) - base).mean()
    slanted = np.abs(spread(slant=(0.3, 0.3)) - base).mean()
    sloped = np.abs(spread(gradient=(50.0, 50.0)) - base).mean()
    assert min(moved, turned, slanted, sloped) > 2
    for knob in ("outlined", "edges"):
        # These draw further numbers, but not for what comes before them.
        assert np.abs(spread(**{knob: 1.0}) - base).mean() > 2


def test_processes_change_nothing():
    alone = list(generation.generate(draw, 1200, processes=1))
    several = list(generation.generate(draw, 1200, processes=2))
    assert [len(x) for x, _ in alone] == [500, 500, 200]
    for (x, y), (other_x, other_y) in zip(alone, several, strict=True):
        np.testing.assert_array_equal(x, other_x)
        np.testing.assert_array_equal(y, other_y)


def test_as_a_set_of_tfds(tmp_path, monkeypatch):
    monkeypatch.setattr(syn_numbers, "TEST", 5)
    small = syn_numbers.SynNumbersConfig(name="tiny", images=20, processes=1)
    builder = syn_numbers.SynNumbers(data_dir=tmp_path, config=small)
    builder.download_and_prepare(file_format="array_record")
    drawn, labels = draw(range(20))
    arrays = prepared.read(builder, "train")
    np.testing.assert_array_equal(arrays["image"], drawn)
    assert arrays["label"].tolist() == labels.tolist()
    assert len(prepared.read(builder, "test")["label"]) == 5


def test_fonts_are_sorted_and_have_ten_digits():
    paths = fonts.bundled()
    assert len(paths) >= 15 and paths == sorted(paths)
    for path in paths:
        masks = {fonts.glyph(path, digit).mask.tobytes() for digit in range(10)}
        assert len(masks) == 10
        assert abs(fonts.glyph(path, 0).mask.shape[0] - fonts.HEIGHT) <= 2


@pytest.mark.parametrize(
    ("kwargs", "argument"),
    [
        ({"height": (1.0, 0.5)}, "height"),
        ({"blur": 1.0}, "blur"),
        ({"noise": (0.0, float("nan"))}, "noise"),
        ({"digits": (0.5, 0.5)}, "digits"),
        ({"digits": (0.5, 0.5, 0.5)}, "digits"),
        ({"edges": 1.5}, "edges"),
        ({"fonts": "comic"}, "fonts"),
    ],
)
def test_bad_configurations(kwargs, argument):
    with pytest.raises(ValueError, match=f"`{argument}`.*Received"):
        draw(range(1), Config(**kwargs))
