import functools

import numpy as np
import pytest

pytest.importorskip("tensorflow_datasets")
pytest.importorskip("matplotlib")

from keras_grl.datasets import drawn as drawn_sets
from keras_grl.datasets import generation
from keras_grl.datasets import photography
from keras_grl.datasets import reading
from keras_grl.datasets import signs
from keras_grl.datasets import syn_signs
from keras_grl.datasets.syn_signs import Config
from keras_grl.datasets.syn_signs import draw
from tests.datasets import fingerprints

# Nothing varies but signs, and the grey of the surroundings.
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
}
WARNINGS = (11, *range(18, 32))
LIMITS = (0, 1, 2, 3, 4, 5, 7, 8)
MANDATORY = tuple(range(33, 41))
ENDS = (6, 32, 41, 42)
BORDER = np.zeros((40, 40), "bool")
BORDER[[0, -1], :] = BORDER[:, [0, -1]] = True  # no sign at a scale of 0.9


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


def at(label, x, y):
    """A sign's colour at a place, in coordinates of -1 to 1."""
    drawn = signs.sign(label)
    colour = drawn[round((y + 1) * 63.5), round((x + 1) * 63.5)]
    assert colour[3] == 255
    return colour[:3].astype(int)


def is_red(colour):
    return colour[0] > 150 and max(colour[1:]) < 80


def is_white(colour):
    return min(colour) > 220


def is_blue(colour):
    return colour[2] > 150 and max(colour[:2]) < 100


# The drawings.


def test_there_are_43_signs_which_differ():
    assert len(signs.NAMES) == len(set(signs.NAMES)) == 43
    grey = np.full(3, 128.0)
    seen = []
    for label in range(43):
        drawn = signs.sign(label, 40).astype("float64")
        alpha = drawn[..., 3:] / 255
        image = (grey + alpha * (drawn[..., :3] - grey)).ravel()
        image -= image.mean()
        seen.append(image / np.linalg.norm(image))
    far = np.linalg.norm(
        np.array(seen)[:, np.newaxis] - np.array(seen), axis=-1
    )
    # The nearest are the limits of 60 and 80, at 0.27; it is 1.4 between
    # images without likeness.
    assert far[~np.eye(43, dtype="bool")].min() > 0.2


def test_a_drawing_is_kept_and_comes_out_the_same():
    first = signs.sign(25)
    assert first is signs.sign(25)
    with pytest.raises(ValueError, match="read-only"):
        first[0, 0] = 0
    signs.sign.cache_clear()
    np.testing.assert_array_equal(first, signs.sign(25))
    assert first.shape == (128, 128, 4) and signs.sign(3, 40).shape[0] == 40


def test_signs_touch_the_borders_of_their_image():
    for label in range(43):
        rows, columns = np.nonzero(signs.sign(label)[..., 3] > 128)
        for places in (rows, columns):
            # Triangles are a little lower than they are wide.
            assert places.min() <= 7 and places.max() >= 117, label


def test_shapes_and_colours_of_the_families():
    for label in LIMITS:
        for x, y in ((0, -0.84), (0, 0.84), (-0.84, 0), (0.84, 0)):
            assert is_red(at(label, x, y))
        assert is_white(at(label, 0, -0.62))
    for label in (9, 10, 15, 16):
        assert is_red(at(label, 0, 0.84)) and is_white(at(label, 0, -0.62))
    assert is_white(at(15, 0, 0))
    for label in WARNINGS:
        assert is_red(at(label, 0, 0.78)) and is_red(at(label, -0.4, 0))
        assert is_red(at(label, 0.4, 0)) and is_white(at(label, -0.62, 0.58))
        assert signs.sign(label)[4, 4, 3] == 0  # the point is up
    for label in MANDATORY:
        drawn = signs.sign(label)
        inside = drawn[drawn[..., 3] == 255][:, :3].astype(int)
        blue = (inside[:, 2] > 150) & (inside[:, 0] < 100)
        white = inside.min(axis=1) > 220
        assert blue.mean() > 0.55 and white.mean() > 0.1
        assert is_blue(at(label, 0.62, -0.62)) or label == 39
    for label in ENDS:
        assert max(at(label, 0.0, 0.0)) < 60  # a stripe
        assert is_white(at(label, -0.6, -0.6))
        drawn = signs.sign(label)[..., :3].astype(int)
        assert np.ptp(drawn, axis=-1).max() < 20  # no colour
    assert is_red(at(13, 0, -0.75)) and is_white(at(13, 0, -0.3))
    assert signs.sign(13)[124, 4, 3] == 0  # the point is down
    assert is_red(at(14, 0, -0.7)) and is_red(at(14, 0.6, 0.6))
    assert is_red(at(17, 0, 0.5)) and is_white(at(17, 0, 0))
    red, green, blue = at(12, 0, 0)
    assert red > 200 > green > 150 and blue < 50
    assert is_white(at(12, 0, 0.8)) and signs.sign(12)[20, 20, 3] == 0
    # The three lights.
    assert at(26, 0, -0.05)[0] > 150 and at(26, 0, 0.47)[1] > 100


def test_left_signs_mirror_right_ones():
    for left, right in ((19, 20), (34, 33), (37, 36), (39, 38)):
        mirrored = signs.sign(left)[:, ::-1].astype(int)
        # Polygons' edges are rounded to pixels, not quite the same ones.
        assert np.abs(mirrored - signs.sign(right)).mean() < 2


@pytest.mark.parametrize(
    ("label", "size", "argument"),
    [(43, 40, "label"), (-1, 40, "label"), (0.5, 40, "label"), (1, 0, "size")],
)
def test_signs_that_are_not(label, size, argument):
    with pytest.raises(ValueError, match=f"`{argument}`.*Received"):
        signs.sign(label, size)


# The photographs.


def test_an_image_depends_on_its_index_and_the_seed_alone():
    images, of_images = draw([3, 700, 12], seed=5)
    again, same = draw(range(20), seed=5)
    np.testing.assert_array_equal(images[[0, 2]], again[[3, 12]])
    assert of_images[[0, 2]].tolist() == same[[3, 12]].tolist()
    other, _ = draw([3, 700, 12], seed=6)
    assert (images != other).any(axis=(1, 2, 3)).all()


def test_labels_are_uniform(monkeypatch):
    # What is drawn after the label does not matter.
    monkeypatch.setattr(syn_signs, "_draw_one", lambda *_: 0)
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


def test_the_image_shows_the_sign_of_the_label():
    from PIL import Image

    for image, label in zip(spread(), labels(), strict=True):
        drawn = Image.fromarray(signs.sign(int(label), 36))
        surroundings = tuple(int(value) for value in image[0, 0])
        expected = Image.new("RGB", (40, 40), surroundings)
        expected.paste(drawn, (2, 2), drawn)
        assert np.abs(np.asarray(expected, "float64") - image).mean() < 9


def likeness(a, b):
    a, b = a - a.mean(), b - b.mean()
    return (a * b).sum() / np.sqrt((a**2).sum() * (b**2).sum())


def coloured(images):
    """Rows and columns with a coloured sign in each image."""
    seen = np.ptp(images, axis=-1) > 60
    return seen.any(axis=2), seen.any(axis=1)


def test_knobs_of_the_place():
    discs = of(*LIMITS, *MANDATORY)
    for scale in (0.9, 0.5):
        for lines in coloured(spread(scale=(scale, scale))[discs]):
            # The rim of a disc is white, and not counted.
            size = np.median(lines.sum(axis=1))
            assert size == pytest.approx(0.95 * scale * 40, abs=1.5)
    place = np.arange(40) + 0.5
    small = {"scale": (0.6, 0.6)}
    for shift in (0.1, -0.1):
        moved = spread(shift=(shift, shift), **small)[discs]
        for lines in coloured(moved):
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
    # One grey, if nothing else is asked for.
    assert (np.ptp(base[:, BORDER], axis=(1, 2)) == 0).all()
    colours = spread(saturation=(1.0, 1.0))
    assert np.ptp(colours[:, 0, 0], axis=-1).mean() > 20
    assert (np.ptp(colours[:, BORDER], axis=1) == 0).all()
    cluttered = spread(clutter=(20.0, 20.0))[:, BORDER].std(axis=(1, 2))
    assert np.median(cluttered) == pytest.approx(20, abs=5)
    halves = spread(halves=1.0)[:, BORDER, 0]
    parts = np.array([len(np.unique(each)) for each in halves])
    # A part may have no pixel at the border, or the other's grey.
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
    # Dirt's own colour at the dirtiest place; that may be beside the sign.
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


def test_light_eats_into_thin_strokes():
    # Of the same blur, more than the half-way level is white when overexposed.
    image = np.full((40, 40, 3), 240.0)
    image[:, 19:21] = 10
    dark = {}
    for light in (1.0, 2.0):
        seen = photography.photograph(
            light * image, np.random.default_rng(0), blur=1.0
        )
        dark[light] = (seen[20, :, 0] < 200).sum()
    assert 0 < dark[2.0] < dark[1.0]


def test_processes_change_nothing(monkeypatch):
    monkeypatch.setattr(generation, "CHUNK", 100)
    alone = list(generation.generate(draw, 250, processes=1))
    several = list(generation.generate(draw, 250, processes=2))
    assert [len(x) for x, _ in alone] == [100, 100, 50]
    for (x, y), (other_x, other_y) in zip(alone, several, strict=True):
        np.testing.assert_array_equal(x, other_x)
        np.testing.assert_array_equal(y, other_y)


def test_as_a_set_of_tfds(tmp_path, monkeypatch):
    monkeypatch.setattr(drawn_sets, "TEST", 5)
    small = syn_signs.SynSignsConfig(name="tiny", images=20, processes=1)
    builder = syn_signs.SynSigns(data_dir=tmp_path, config=small)
    assert builder.name == "syn_signs"
    builder.download_and_prepare(file_format="array_record")
    drawn, of_drawn = draw(range(20))
    arrays = reading.read(builder, "train")
    found = [image.tobytes() for image in arrays["image"]]
    of_image = {
        image.tobytes(): label
        for image, label in zip(drawn, of_drawn, strict=True)
    }
    # In another order.
    assert sorted(found) == sorted(of_image)
    assert arrays["label"].tolist() == [of_image[image] for image in found]
    test = reading.read(builder, "test")
    assert sorted(image.tobytes() for image in test["image"]) == sorted(
        image.tobytes() for image in draw(range(5), seed=1)[0]
    )
    sizes = {c.name: c.images for c in syn_signs.SynSigns.BUILDER_CONFIGS}
    assert sizes == {"full": 100_000, "small": 10_000}


@pytest.mark.parametrize(
    ("kwargs", "argument"),
    [
        ({"scale": (1.0, 0.5)}, "scale"),
        ({"scale": (0.0, 0.5)}, "scale"),
        ({"light": (0.0, 1.0)}, "light"),
        ({"resolution": (-1.0, 40.0)}, "resolution"),
        ({"blur": 1.0}, "blur"),
        ({"noise": (0.0, float("nan"))}, "noise"),
        ({"motion": (-1.0, 1.0)}, "motion"),
        ({"haze": (0.0, 1.5)}, "haze"),
        ({"rotation": (0.0, "left")}, "rotation"),
        ({"pole": 1.5}, "pole"),
        ({"halves": -0.1}, "halves"),
        ({"shadowed": (0.0, 1.0)}, "shadowed"),
    ],
)
def test_bad_configurations(kwargs, argument):
    with pytest.raises(ValueError, match=f"`{argument}`.*Received"):
        Config(**kwargs)


def test_bad_seeds():
    with pytest.raises(ValueError, match=r"`seed`.*Received"):
        draw(range(1), seed=-1)
