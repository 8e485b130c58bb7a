import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow_datasets")
pytest.importorskip("matplotlib")

from keras_grl.datasets import drawn
from keras_grl.datasets import fonts
from keras_grl.datasets import generation
from keras_grl.datasets import reading
from keras_grl.datasets import strokes
from keras_grl.datasets import syn_numbers
from keras_grl.datasets.syn_numbers import Config
from keras_grl.datasets.syn_numbers import draw
from tests.datasets import fingerprints
from tests.testing import ROOT

# Nothing varies but digits, fonts and colours.
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
}


def plain(**kwargs):
    return Config(**{**PLAIN, **kwargs})


def strokes_of(image):
    """How much of the foreground is in each pixel, whichever is brighter."""
    grey = image.mean(axis=-1)
    corner = np.median(np.concatenate([grey[0], grey[-1]]))
    return np.abs(grey - corner) / 150


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
    # A 1 is so narrow that its neighbours would be near the middle.
    config = plain(digits=chances, stroked=float(stroked), spacing=(0.4, 0.4))
    images, labels = draw(range(70), config)
    assert set(labels) == set(range(10))
    templates = [
        template(strokes.glyph(0, x) if stroked else fonts.glyph(path, x))
        for x in range(10)
    ]
    middle = slice(9, 23)  # neighbours stand outside
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


def spread(two=False, **kwargs):
    digits = (0.0, 1.0, 0.0) if two else (1.0, 0.0, 0.0)
    images, _ = draw(range(60), plain(digits=digits, **kwargs))
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
    # Some digits have a narrower cell than that, and neighbours move away.
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
    # Its colour varies by a standard deviation of 15.
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


def test_processes_change_nothing():
    alone = list(generation.generate(draw, 1200, processes=1))
    several = list(generation.generate(draw, 1200, processes=2))
    assert [len(x) for x, _ in alone] == [500, 500, 200]
    for (x, y), (other_x, other_y) in zip(alone, several, strict=True):
        np.testing.assert_array_equal(x, other_x)
        np.testing.assert_array_equal(y, other_y)


PROGRAM = """
import functools
from keras_grl.datasets import generation
from keras_grl.datasets import syn_numbers

print("runs")
generation.CHUNK = 2
draw = functools.partial(syn_numbers.draw, config=syn_numbers.Config(), seed=0)
print(sum(len(y) for _, y in generation.generate(draw, 5, processes=2)))
"""


def test_several_processes_do_not_run_the_program_again(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)  # has no `if __name__ == "__main__"`
    done = subprocess.run(
        [sys.executable, program],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.stdout.split() == ["runs", "5"], done.stderr


def test_as_a_set_of_tfds(tmp_path, monkeypatch):
    monkeypatch.setattr(drawn, "TEST", 5)
    small = syn_numbers.SynNumbersConfig(name="tiny", images=20, processes=1)
    builder = syn_numbers.SynNumbers(data_dir=tmp_path, config=small)
    builder.download_and_prepare(file_format="array_record")
    images, labels = draw(range(20))
    arrays = reading.read(builder, "train")
    # TFDS puts them into another order, always the same.
    found = [image.tobytes() for image in arrays["image"]]
    expected = [image.tobytes() for image in images]
    assert sorted(found) == sorted(expected) and found != expected
    of_image = dict(zip(expected, labels, strict=True))
    assert arrays["label"].tolist() == [of_image[image] for image in found]
    assert len(reading.read(builder, "test")["label"]) == 5
    # Its folder is not taken for that of other drawings of the same name.
    syn_numbers.SynNumbers(data_dir=tmp_path, config=small)
    for other in ({"seed": 1}, {"drawing": Config(noise=(0.0, 0.0))}):
        config = syn_numbers.SynNumbersConfig(name="tiny", images=20, **other)
        with pytest.raises(ValueError, match=r"(?s)drawn otherwise.*another"):
            syn_numbers.SynNumbers(data_dir=tmp_path, config=config)


def test_fonts_are_sorted_and_have_ten_digits():
    paths = fonts.bundled()
    assert len(paths) >= 10 and paths == sorted(paths)
    for path in paths:
        masks = {fonts.glyph(path, digit).mask.tobytes() for digit in range(10)}
        assert len(masks) == 10
        assert abs(fonts.glyph(path, 0).mask.shape[0] - fonts.HEIGHT) <= 2


def test_fonts_of_the_system_that_are_left_out(tmp_path, monkeypatch):
    import shutil

    import matplotlib
    from matplotlib import font_manager

    good = tmp_path / "good.ttf"
    shutil.copy(fonts.bundled()[0], good)
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    symbols = folder / "cmsy10.ttf"  # other signs where digits are
    whole = good.read_bytes()
    broken = {
        "empty.ttf": b"",
        "text.ttf": b"no font at all",
        "cut.ttf": whole[: len(whole) // 20],
        # The header is right, and all that it points to is not.
        "zeros.ttf": whole[:400] + bytes(len(whole) - 400),
    }
    for name, content in broken.items():
        (tmp_path / name).write_bytes(content)
    found = [str(tmp_path / name) for name in broken]
    found += [str(good), str(symbols), str(tmp_path / "missing.ttf")]
    monkeypatch.setattr(
        font_manager, "findSystemFonts", lambda **_: list(reversed(found))
    )
    assert fonts.system() == [str(good)]
    assert fonts.named("system") == [*fonts.bundled(), str(good)]
    images, _ = draw(range(3), plain(fonts="system"))
    assert images.shape == (3, 32, 32, 3)


def test_drawn_digits_are_like_those_of_fonts():
    from PIL import Image

    def small(glyph):
        picture = Image.fromarray(glyph.mask).resize((12, 16))
        return np.asarray(picture, "float64")

    known = [
        (digit, small(fonts.glyph(path, digit)))
        for path in fonts.bundled()
        for digit in range(10)
    ]
    right = []
    for style in range(0, strokes.STYLES, 10):
        for digit in range(10):
            glyph = strokes.glyph(style, digit)
            assert abs(glyph.mask.shape[0] - fonts.HEIGHT) <= 2
            like = [likeness(small(glyph), other) for _, other in known]
            right.append(known[int(np.argmax(like))][0] == digit)
    assert np.mean(right) > 0.9


@pytest.mark.parametrize(
    ("kwargs", "argument"),
    [
        ({"height": (1.0, 0.5)}, "height"),
        ({"blur": 1.0}, "blur"),
        ({"noise": (0.0, float("nan"))}, "noise"),
        ({"digits": (0.5, 0.5)}, "digits"),
        ({"digits": (0.5, 0.5, 0.5)}, "digits"),
        ({"digits": (-1.0, 1.0, 1.0)}, "digits"),
        ({"digits": None}, "digits"),
        ({"digits": "abc"}, "digits"),
        ({"weight": (-5.0, -5.0)}, "weight"),
        ({"brightness": (0.0, 256.0)}, "brightness"),
        ({"slant": (90.0, 90.0)}, "slant"),
        ({"edges": 1.5}, "edges"),
        ({"stroked": -0.5}, "stroked"),
        ({"height": (0.0, 1.0)}, "height"),
        ({"texture": (-1.0, 1.0)}, "texture"),
        ({"fringe": (0.0, 1.5)}, "fringe"),
        ({"fonts": "comic"}, "fonts"),
    ],
)
def test_bad_configurations(kwargs, argument):
    with pytest.raises(ValueError, match=f"`{argument}`.*Received"):
        draw(range(1), Config(**kwargs))
