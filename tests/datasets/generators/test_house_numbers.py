import functools

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from keras_grl.datasets.generators import fonts
from keras_grl.datasets.generators import strokes
from keras_grl.datasets.generators.house_number_config import VERSIONS
from keras_grl.datasets.generators.house_number_config import Config
from keras_grl.datasets.generators.house_numbers import draw
from tests.datasets import fingerprints

# Nothing varies but digits, fonts and colors.
PLAIN = {
    "stroked": 0.0,
    "height": (0.8, 0.8),
    "weight": (0.0, 0.0),
    "stretch": (1.0, 1.0),
    "rotation": (0.0, 0.0),
    "slant": (0.0, 0.0),
    "tilt": (0.0, 0.0),
    "shift": (0.0, 0.0),
    "spacing": (0.1, 0.1),
    "cell": (0.0, 0.0),
    "uneven": (0.0, 0.0),
    "brightness": (127.5, 127.5),
    "contrast": (150.0, 150.0),
    "saturation": (0.0, 0.0),
    "daylight": (0.0, 0.0),
    "cast": (0.0, 0.0),
    "gradient": (0.0, 0.0),
    "texture": (0.0, 0.0),
    "outlined": 0.0,
    "edges": 0.0,
    "shadowed": 0.0,
    "shadow": (0.5, 0.5),
    "motion": (0.0, 0.0),
    "blur": (0.0, 0.0),
    "resolution": (32.0, 32.0),
    "sharpening": (0.0, 0.0),
    "fringe": (0.0, 0.0),
    "noise": (0.0, 0.0),
    "compressed": 0.0,
    "clutter": (0.0, 0.0),
}


def plain(**kwargs):
    return Config(**{**PLAIN, **kwargs})


def strokes_of(image):
    """How much of the foreground is in each pixel, whichever is brighter."""
    gray = image.mean(axis=-1)
    corner = np.median(np.concatenate([gray[0], gray[-1]]))
    return np.abs(gray - corner) / 150


def template(glyph):
    """A digit in the middle of an image, by its own arithmetic."""
    from PIL import Image

    mask = Image.fromarray(glyph.mask)
    scale = 0.8 * 32 / mask.height
    small = mask.resize((max(1, round(mask.width * scale)), 26))
    image = Image.new("L", (32, 32))
    image.paste(small, ((32 - small.width) // 2, 3))
    return np.asarray(image, "float64") / 255


def likeness(a, b):
    a, b = a - a.mean(), b - b.mean()
    return (a * b).sum() / np.sqrt((a**2).sum() * (b**2).sum())


@pytest.mark.parametrize("stroked", [False, True])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_label_is_the_digit_in_the_middle(count, stroked, monkeypatch):
    path = fonts.bundled()[1]
    monkeypatch.setattr(fonts, "named", lambda _: [path])
    monkeypatch.setattr(strokes, "STYLES", 1)
    chances = tuple(float(number == count) for number in (1, 2, 3))
    # A 1 is so narrow that its neighbors would be near the middle.
    config = plain(digits=chances, stroked=float(stroked), spacing=(0.4, 0.4))
    images, labels = draw(range(70), config)
    assert set(labels) == set(range(10))
    templates = [
        template(strokes.glyph(0, x) if stroked else fonts.glyph(path, x))
        for x in range(10)
    ]
    middle = slice(9, 23)  # neighbors stand outside
    for image, label in zip(images, labels, strict=True):
        seen = strokes_of(image)[:, middle]
        like = [likeness(seen, each[:, middle]) for each in templates]
        assert int(np.argmax(like)) == label and max(like) > 0.8


def test_an_image_depends_on_its_index_and_the_seed_alone():
    images, labels = draw([3, 700, 12], seed=5)
    again, same = draw(range(20), seed=5)
    np.testing.assert_array_equal(images[[0, 2]], again[[3, 12]])
    assert labels[[0, 2]].tolist() == same[[3, 12]].tolist()
    other, _ = draw([3, 700, 12], seed=6)
    assert (images != other).any(axis=(1, 2, 3)).all()


def test_fingerprint():
    """The same everywhere and from now on, but for what `check` allows."""
    images, labels = draw(range(8))
    assert labels.tolist() == [6, 6, 6, 4, 5, 6, 9, 2]
    blocks = [
        "179 170 157 148 174 164 157 154 174 158 154 152 175 159 154 153",
        "90 64 68 74 66 46 55 73 73 53 66 69 65 67 59 68",
        "98 117 192 195 89 61 162 200 71 94 140 196 68 122 151 190",
        "159 136 120 138 200 153 136 133 204 146 135 135 209 200 153 184",
        "155 156 165 174 153 156 167 173 151 160 167 176 152 168 170 181",
        "85 103 97 119 102 121 109 123 111 109 113 114 80 88 90 103",
        "67 84 80 112 64 75 73 111 57 95 74 115 74 89 93 119",
        "204 196 198 176 164 169 155 168 161 177 173 156 174 159 165 155",
    ]
    fingerprints.check(
        images,
        [list(map(int, row.split())) for row in blocks],
        [1.1, 5.1, 12.4, 7.2, 3.7, 7.4, 12.4, 4.9],
    )


def test_fingerprint_of_version_2():
    images, labels = draw(range(8), VERSIONS["2.0.0"])
    assert labels.tolist() == [6, 6, 6, 4, 5, 6, 9, 2]
    blocks = [
        "177 150 120 122 172 138 119 130 172 134 127 139 172 137 140 145",
        "79 46 73 69 54 42 51 70 46 45 63 63 62 59 52 64",
        "77 72 156 184 61 50 127 187 76 80 109 186 83 105 131 176",
        "157 128 113 130 190 144 126 126 196 140 122 128 197 179 133 162",
        "147 146 161 172 144 149 162 170 143 154 160 173 144 161 163 177",
        "77 102 104 119 111 121 120 119 108 101 115 108 73 84 94 114",
        "54 75 71 105 59 67 73 107 50 90 70 110 64 79 83 118",
        "200 189 195 163 156 169 145 166 155 170 163 147 166 149 155 146",
    ]
    fingerprints.check(
        images,
        [list(map(int, row.split())) for row in blocks],
        [2.4, 6.6, 10.2, 5.0, 3.7, 8.0, 15.5, 6.1],
    )


def test_version_1_is_the_default_and_has_nothing_new():
    assert VERSIONS["1.0.0"] == Config() != VERSIONS["2.0.0"]
    assert Config().compressed == 0 and Config().clutter == (0, 0)


def test_knobs_of_version_2():
    base = spread()
    # Of a gray image JPEG keeps the gray.
    compressed = spread(compressed=1.0, quality=(90.0, 90.0))
    assert np.ptp(compressed, axis=-1).max() <= 2
    assert 0.3 < np.abs(compressed - base).mean() < 3
    coarse = spread(compressed=1.0, quality=(20.0, 20.0))
    assert np.abs(coarse - base).mean() > 2 * np.abs(compressed - base).mean()
    # About half of the images.
    some = spread(compressed=0.5)
    changed = (some != base).any(axis=(1, 2, 3)).mean()
    assert 0.3 < changed < 0.7

    def bars(count, contrast):
        knobs = {"clutter": (count,) * 2, "clutter_contrast": (contrast,) * 2}
        change = np.abs(spread(**knobs) - base).mean(axis=-1)
        return change, change > contrast / 2

    change, one = bars(1.0, 40.0)
    # One bar; digits are in front of it.
    assert np.median(change[one]) == pytest.approx(40, abs=4)
    inked = np.array([strokes_of(image) for image in base]) > 0.9
    assert not (one & inked).any()
    assert 0.02 < one.mean() < bars(6.0, 40.0)[1].mean() < 0.6
    assert not bars(0.4, 40.0)[1].any()


@functools.cache
def spread(two=False, **kwargs):
    digits = (0.0, 1.0, 0.0) if two else (1.0, 0.0, 0.0)
    images, _ = draw(range(60), plain(digits=digits, **kwargs))
    return images.astype("float64")


def test_every_knob_does_what_it_says():
    base = spread()
    # Two colors, whose distance is the contrast.
    far = base.max(axis=(1, 2, 3)) - base.min(axis=(1, 2, 3))
    np.testing.assert_allclose(far, 150, atol=1.5)
    far = spread(contrast=(20.0, 40.0))
    far = far.max(axis=(1, 2, 3)) - far.min(axis=(1, 2, 3))
    assert 18 < far.min() < far.max() < 42
    assert (base == base[..., :1]).all()  # gray
    assert np.ptp(spread(saturation=(1.0, 1.0)), axis=-1).mean() > 10

    def rows(images):
        inked = np.array([strokes_of(image) for image in images]) > 0.5
        return inked.any(axis=2).sum(axis=1)

    assert abs(np.median(rows(base)) - 0.8 * 32) <= 1
    assert abs(np.median(rows(spread(height=(0.5, 0.5)))) - 0.5 * 32) <= 1

    def columns(images):
        inked = np.array([strokes_of(image) for image in images]) > 0.5
        return inked.any(axis=1).sum(axis=1).mean()

    ratio = columns(spread(stretch=(0.5, 0.5))) / columns(base)
    assert ratio == pytest.approx(0.5, abs=0.08)

    def ink(images):
        return np.mean([strokes_of(image) for image in images])

    assert ink(spread(weight=(-0.8, -0.8))) < 0.85 * ink(base)
    assert ink(spread(weight=(0.8, 0.8))) > 1.15 * ink(base)

    def roughness(images):
        return np.abs(np.diff(images, axis=2)).mean()

    assert roughness(spread(blur=(1.5, 1.5))) < 0.75 * roughness(base)
    assert roughness(spread(resolution=(8.0, 8.0))) < 0.75 * roughness(base)
    assert roughness(spread(motion=(3.0, 3.0))) < 0.95 * roughness(base)
    assert roughness(spread(noise=(8.0, 8.0))) > roughness(base) + 5
    soft = spread(blur=(1.0, 1.0))
    sharpened = spread(blur=(1.0, 1.0), sharpening=(1.0, 1.0))
    assert roughness(sharpened) > 1.1 * roughness(soft)

    for knob, value in (
        ("shift", 0.1),
        ("rotation", 20.0),
        ("slant", 0.3),
        ("tilt", 0.3),
        ("gradient", 50.0),
        ("uneven", 0.15),
    ):
        changed = spread(two=knob == "uneven", **{knob: (-value, value)})
        reference = spread(two=knob == "uneven")
        assert np.abs(changed - reference).mean() > 1.5, knob
    for knob in ("outlined", "edges", "shadowed", "stroked"):
        # These draw further numbers, but not for what comes before them.
        assert np.abs(spread(**{knob: 1.0}) - base).mean() > 2, knob
    # Some digits have a narrower cell than that, and neighbors move away.
    assert (spread(two=True, cell=(1.0, 1.0)) != spread(two=True)).mean() > 0.05


def test_knobs_of_what_is_around():
    base = spread()

    def corner(images):
        return images[:, 0, 0, 0]

    dark, bright = spread(dark=1.0), spread(dark=0.0)
    np.testing.assert_array_equal(corner(dark), dark.max(axis=(1, 2, 3)))
    np.testing.assert_array_equal(corner(bright), bright.min(axis=(1, 2, 3)))

    black = {"outlined": 1.0, "dark": 0.0, "outline_brightness": (0.0, 0.0)}
    opaque = spread(**black, outline_opacity=(1.0, 1.0))
    # But for shadows that are moved by nothing.
    assert np.mean(opaque.min(axis=(1, 2, 3)) < 5) > 0.75
    half = spread(**black, outline_opacity=(0.5, 0.5))
    darkest = half.min(axis=(1, 2, 3)) / corner(half)
    assert np.median(darkest) == pytest.approx(0.5, abs=0.05)

    def changed(**kwargs):
        images = spread(edges=1.0, **kwargs)
        return images, np.abs(images - base).max(axis=-1) > 5

    far, near = {"edge_distance": (0.45,) * 2}, {"edge_distance": (0.3,) * 2}
    assert changed(**near)[1].mean() > 2 * changed(**far)[1].mean()
    white, where = changed(edge_brightness=(250.0, 250.0))
    # Its color varies by a standard deviation of 15.
    assert white[where].mean() == pytest.approx(243, abs=6)

    def half_shadowed(softness):
        light = spread(shadowed=1.0, shadow_softness=(softness,) * 2) / base
        return np.mean((light > 0.55) & (light < 0.95))

    assert half_shadowed(0.5) > 5 * half_shadowed(0.02)


def test_knobs_of_the_light():
    base = spread()
    dimmer = spread(brightness=(100.0, 100.0))
    np.testing.assert_allclose(dimmer, base - 27.5, atol=1.0)
    bluer = spread(daylight=(0.2, 0.2))
    np.testing.assert_array_equal(bluer[..., 1], base[..., 1])
    expected = np.minimum(1.2 * base[..., 2], 255)
    np.testing.assert_allclose(bluer[..., 2], expected, atol=1.5)
    np.testing.assert_allclose(bluer[..., 0], 0.95 * base[..., 0], atol=1.5)
    change = spread(cast=(0.1, 0.1))[:, 0, 0] / base[:, 0, 0] - 1
    assert change[base[:, 0, 0] < 150].std() == pytest.approx(0.1, abs=0.03)
    shadowed = spread(shadowed=1.0) / base
    assert shadowed.min() == pytest.approx(0.5, abs=0.03)
    assert shadowed.max() <= 1
    rough = spread(texture=(8.0, 8.0))[:, 0].std(axis=(1, 2))
    assert 2 < np.median(rough) < 10 and not base[:, 0].std(axis=(1, 2)).any()
    fringed = spread(fringe=(1.0, 1.0))
    np.testing.assert_array_equal(fringed[..., 1], base[..., 1])
    red = (base[:, :, 1:, 0] + base[:, :, :-1, 0]) / 2
    np.testing.assert_allclose(fringed[:, :, 1:, 0], red, atol=1.0)
