import functools

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from keras_grl.datasets.generators import photography
from keras_grl.datasets.generators import signs
from keras_grl.datasets.generators import traffic_signs
from keras_grl.datasets.generators.traffic_sign_config import VERSIONS
from keras_grl.datasets.generators.traffic_sign_config import Config
from keras_grl.datasets.generators.traffic_signs import draw
from tests.datasets import fingerprints

LIMITS = (0, 1, 2, 3, 4, 5, 7, 8)
MANDATORY = tuple(range(33, 41))
BORDER = np.zeros((40, 40), "bool")
BORDER[[0, -1], :] = BORDER[:, [0, -1]] = True  # no sign at a scale of 0.9


# Nothing varies but signs, and the gray of the surroundings.
PLAIN = {
    "scale": (0.9, 0.9),
    "rotation": (0.0, 0.0),
    "perspective": (0.0, 0.0),
    "shift": (0.0, 0.0),
    "clutter": (0.0, 0.0),
    "saturation": (0.0, 0.0),
    "halves": 0.0,
    "pole": 0.0,
    "light": (1.0, 1.0),
    "backlight": (0.0, 0.0),
    "haze": (0.0, 0.0),
    "shadowed": 0.0,
    "shadow": (0.5, 0.5),
    "cast": (0.0, 0.0),
    "fading": (0.0, 0.0),
    "dirt": (0.0, 0.0),
    "motion": (0.0, 0.0),
    "blur": (0.0, 0.0),
    "resolution": (40.0, 40.0),
    "sharpening": (0.0, 0.0),
    "fringe": (0.0, 0.0),
    "noise": (0.0, 0.0),
    "compressed": 0.0,
}


def plain(**kwargs):
    return Config(**{**PLAIN, **kwargs})


@functools.cache
def spread(**kwargs):
    images, _ = draw(range(129), plain(**kwargs))
    return images.astype("float64")


@functools.cache
def labels():
    return draw(range(129), plain())[1]


def of(*chosen):
    """Which of the images have one of these labels."""
    return np.isin(labels(), chosen)


def test_an_image_depends_on_its_index_and_the_seed_alone():
    images, of_images = draw([3, 700, 12], seed=5)
    again, same = draw(range(20), seed=5)
    np.testing.assert_array_equal(images[[0, 2]], again[[3, 12]])
    assert of_images[[0, 2]].tolist() == same[[3, 12]].tolist()
    other, _ = draw([3, 700, 12], seed=6)
    assert (images != other).any(axis=(1, 2, 3)).all()


def test_labels_are_uniform(monkeypatch):
    # What is sampled after the label does not matter.
    monkeypatch.setattr(traffic_signs, "_draw_one", lambda *_: 0)
    _, many = draw(range(4300))
    counts = np.bincount(many, minlength=43)
    # 42 degrees of freedom: 99.99 % of the samples are below 89.
    assert len(counts) == 43 and ((counts - 100) ** 2 / 100).sum() < 89


def test_fingerprint():
    """The same everywhere and from now on, but for what `check` allows."""
    images, of_images = draw(range(8))
    assert of_images.tolist() == [36, 22, 42, 21, 19, 29, 19, 34]
    blocks = [
        "155 111 92 175 81 90 86 99 45 68 83 84 61 56 47 65",
        "20 41 26 20 23 79 52 19 34 72 55 30 47 50 47 31",
        "32 58 45 20 52 43 41 44 43 43 57 39 18 40 36 21",
        "121 135 97 146 156 140 112 42 165 172 172 61 142 165 148 135",
        "22 21 20 22 17 24 29 22 18 32 32 23 20 30 25 26",
        "10 5 10 18 16 16 16 16 11 15 14 12 12 14 16 13",
        "32 54 43 12 24 139 129 22 51 194 177 67 69 102 84 60",
        "28 44 43 42 36 65 55 40 31 41 58 39 24 40 47 56",
    ]
    fingerprints.check(
        images,
        [list(map(int, row.split())) for row in blocks],
        [10.6, 3.5, 5.2, 14.4, 4.0, 3.1, 13.2, 4.3],
    )


def test_fingerprint_of_version_2():
    images, of_images = draw(range(8), VERSIONS["2.0.0"])
    assert of_images.tolist() == [36, 22, 42, 21, 19, 29, 19, 34]
    blocks = [
        "143 112 92 163 80 97 96 98 49 73 93 89 60 59 50 62",
        "20 47 31 19 26 88 61 21 39 84 66 34 55 58 52 36",
        "36 72 54 19 63 52 50 52 52 52 70 45 18 48 42 18",
        "109 133 96 128 142 152 121 39 165 186 185 64 142 165 151 133",
        "27 24 24 26 20 30 37 26 19 41 40 28 24 39 32 34",
        "10 6 12 19 16 21 21 16 13 21 18 13 16 20 21 15",
        "14 44 29 6 10 146 134 10 44 199 182 71 62 109 87 71",
        "28 50 48 41 42 77 66 46 37 48 68 46 26 47 55 53",
    ]
    fingerprints.check(
        images,
        [list(map(int, row.split())) for row in blocks],
        [6.5, 3.1, 6.5, 13.3, 4.4, 3.9, 14.9, 4.4],
    )


def test_version_1_is_the_default_and_has_nothing_new():
    assert VERSIONS["1.0.0"] == Config() != VERSIONS["2.0.0"]
    assert Config().compressed == 0


def test_a_jpeg_has_little_color_detail():
    def detail(images):
        color = images[..., 0] - images[..., 2]
        return np.abs(np.diff(color, n=2, axis=2)).mean()

    base = spread()
    compressed = spread(compressed=1.0, quality=(90.0, 90.0))
    assert detail(compressed) < 0.8 * detail(base)
    half = spread(compressed=0.5)
    assert 0.3 < (half != base).any(axis=(1, 2, 3)).mean() < 0.7


def test_the_image_shows_the_sign_of_the_label():
    from PIL import Image

    for image, label in zip(spread(), labels(), strict=True):
        rendered = Image.fromarray(signs.sign(int(label), 36))
        surroundings = tuple(int(value) for value in image[0, 0])
        expected = Image.new("RGB", (40, 40), surroundings)
        expected.paste(rendered, (2, 2), rendered)
        assert np.abs(np.asarray(expected, "float64") - image).mean() < 9


def likeness(a, b):
    a, b = a - a.mean(), b - b.mean()
    return (a * b).sum() / np.sqrt((a**2).sum() * (b**2).sum())


def colored(images):
    """Rows and columns with a colored sign in each image."""
    seen = np.ptp(images, axis=-1) > 60
    return seen.any(axis=2), seen.any(axis=1)


def test_knobs_of_the_place():
    discs = of(*LIMITS, *MANDATORY)
    for scale in (0.9, 0.5):
        for lines in colored(spread(scale=(scale, scale))[discs]):
            # The rim of a disc is white, and not counted.
            size = np.median(lines.sum(axis=1))
            assert size == pytest.approx(0.95 * scale * 40, abs=1.5)
    place = np.arange(40) + 0.5
    small = {"scale": (0.6, 0.6)}
    for shift in (0.1, -0.1):
        moved = spread(shift=(shift, shift), **small)[discs]
        for lines in colored(moved):
            middle = (lines * place).sum(axis=1) / lines.sum(axis=1)
            np.testing.assert_allclose(middle, 20 + 40 * shift, atol=1.0)
    from PIL import Image

    images, others = spread(), spread(rotation=(20.0, 20.0))
    for image, other in zip(images, others, strict=True):
        picture = Image.fromarray(image.astype("uint8"))
        # Pillow's angles are to the left as well. Corners that it has to fill
        # are left out.
        disc = np.hypot(*np.mgrid[-19.5:20, -19.5:20]) < 19.5
        by_hand = [
            np.asarray(picture.rotate(angle, Image.Resampling.BILINEAR))[disc]
            for angle in (20, -20)
        ]
        same, wrong = (likeness(turned, other[disc]) for turned in by_hand)
        # The empty ring is round: turned, it is the same.
        assert same > 0.9 and same > wrong
    skewed = np.abs(spread(perspective=(0.1, 0.1)) - spread())
    assert (skewed.mean(axis=(1, 2, 3)) > 1).all()


def test_knobs_of_the_surroundings():
    base = spread()
    # One gray, if nothing else is asked for.
    assert (np.ptp(base[:, BORDER], axis=(1, 2)) == 0).all()
    colors = spread(saturation=(1.0, 1.0))
    assert np.ptp(colors[:, 0, 0], axis=-1).mean() > 20
    assert (np.ptp(colors[:, BORDER], axis=1) == 0).all()
    cluttered = spread(clutter=(20.0, 20.0))[:, BORDER].std(axis=(1, 2))
    assert np.median(cluttered) == pytest.approx(20, abs=5)
    halves = spread(halves=1.0)[:, BORDER, 0]
    parts = np.array([len(np.unique(each)) for each in halves])
    # A part may have no pixel at the border, or the other's gray.
    assert parts.max() == 2 and (parts == 2).mean() > 0.8
    poled = (spread(pole=1.0) != base).any(axis=-1)
    assert (poled[:, -1].sum(axis=1) >= 1).mean() > 0.9
    assert poled[:, -1].sum(axis=1).max() <= 7  # its width
    assert not poled[:, :, [*range(15), *range(25, 40)]].any()
    # Above the sign, with some of them; never in front of it.
    assert 0.2 < poled[:, 0].any(axis=1).mean() < 0.6
    assert not poled[of(15)][:, 5:35].any()


def test_knobs_of_the_light():
    base = spread()
    border, white = base[:, 0, 0, 0], base[of(15)][:, 20, 20]
    np.testing.assert_allclose(white, [(245, 245, 240)] * len(white), atol=1)
    half = spread(light=(0.5, 0.5))
    np.testing.assert_allclose(half, base / 2, atol=1.0)
    bright = spread(light=(2.0, 2.0))
    np.testing.assert_allclose(bright, np.minimum(2 * base, 255), atol=2.0)
    backlit = spread(backlight=(-1.0, -1.0))
    np.testing.assert_allclose(backlit[:, 0, 0, 0], border / 2, atol=1.0)
    np.testing.assert_array_equal(backlit[of(15)][:, 20, 20], white)
    hazy = spread(haze=(0.5, 0.5))
    np.testing.assert_allclose(hazy, (base + 150) / 2, atol=1.0)
    ratio = spread(shadowed=1.0) / np.maximum(base, 1)
    ratio = ratio[base > 100]
    assert ratio.min() == pytest.approx(0.5, abs=0.02) and ratio.max() <= 1
    assert (ratio < 0.55).mean() > 0.2 and (ratio > 0.95).mean() > 0.2
    dim = {"light": (0.5, 0.5)}  # so that nothing is more than 255
    change = spread(cast=(0.1, 0.1), **dim)[of(*LIMITS), 0, 0]
    change = change / half[of(*LIMITS), 0, 0] - 1
    assert change.std() == pytest.approx(0.1, abs=0.03)


def test_knobs_of_the_sign():
    base = spread()
    red = base[of(17)][:, 28, 20]
    faded = spread(fading=(1.0, 1.0))[of(17)][:, 28, 20]
    expected = 0.8 * red.mean(axis=-1, keepdims=True) + 40
    np.testing.assert_allclose(faded, np.repeat(expected, 3, 1), atol=1.5)
    dirty = spread(dirt=(1.0, 1.0))
    np.testing.assert_array_equal(dirty[:, BORDER], base[:, BORDER])
    half = spread(dirt=(0.5, 0.5))
    np.testing.assert_allclose(half, (dirty + base) / 2, atol=1.5)
    # Dirt's own color at the dirtiest place; that may be beside the sign.
    brown = np.abs(dirty - (95, 85, 70)).max(axis=-1).min(axis=(1, 2))
    assert brown.min() <= 1 and np.median(brown) < 20
    assert dirty[of(15)][:, 12:28, 12:28].max() == 245  # none elsewhere


def test_knobs_of_the_camera():
    base = spread()

    def rough(images, axis):
        return np.abs(np.diff(images, axis=axis)).mean()

    for knob in ({"blur": (1.5, 1.5)}, {"resolution": (12.0, 12.0)}):
        for axis in (1, 2):
            assert rough(spread(**knob), axis) < 0.75 * rough(base, axis)
    np.testing.assert_array_equal(spread(resolution=(60.0, 60.0)), base)
    far = [
        rough(spread(motion=(length, length)), 2) for length in (0.5, 2.0, 4.0)
    ]
    assert rough(base, 2) > far[0] > far[1] > far[2]
    kernel = np.reshape(photography._streak(4.0, 0.0), (5, 5))
    assert kernel[2].sum() == pytest.approx(1)
    assert (kernel[2] > 0.1).all()
    soft = spread(blur=(1.0, 1.0))
    sharpened = spread(blur=(1.0, 1.0), sharpening=(1.0, 1.0))
    assert rough(sharpened, 2) > 1.1 * rough(soft, 2)
    np.testing.assert_array_equal(spread(sharpening=(-1.0, -1.0)), base)
    fringed = spread(fringe=(1.0, 1.0))
    np.testing.assert_array_equal(fringed[..., 1], base[..., 1])
    red = (base[:, :, 1:, 0] + base[:, :, :-1, 0]) / 2
    np.testing.assert_allclose(fringed[:, :, 1:, 0], red, atol=1.0)
    blue = (base[:, :, 1:, 2] + base[:, :, :-1, 2]) / 2
    np.testing.assert_allclose(fringed[:, :, :-1, 2], blue, atol=1.0)
    noise = (spread(noise=(8.0, 8.0)) - base)[(base > 40) & (base < 215)]
    assert noise.std() == pytest.approx(8, abs=0.3)


def test_bad_seeds():
    with pytest.raises(ValueError, match=r"`seed`.*Received"):
        draw(range(1), seed=-1)
