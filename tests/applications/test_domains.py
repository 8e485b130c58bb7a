"""Which images and labels are in which domain, and in which part."""

import dataclasses

import numpy as np
import pytest

from applications import mnist_to_mnist_m
from applications import mnist_to_svhn
from applications import mnist_to_usps
from applications import office
from applications import semi_supervised_signs
from applications import svhn_to_mnist
from applications import syn_numbers_to_svhn
from applications import syn_signs_to_gtsrb
from applications import usps_to_mnist
from applications.runner import domains
from applications.runner.settings import Domains
from applications.runner.settings import Options
from applications.runner.settings import Settings
from applications.runner.settings import Split
from keras_grl.datasets import gtsrb
from keras_grl.datasets import office31

SETTINGS = Settings(images=6)
SYNTHETIC = syn_signs_to_gtsrb.SignSettings(images=6)
OFFICE = office.OfficeOptions(weights="random")


@pytest.fixture
def asked(monkeypatch):
    """Sets whose pixels and labels are known; which ones were loaded."""
    found = []

    def load(name, split, data_dir, manual_dir):
        found.append((name, split))
        value = {"mnist": 1, "mnist_m": 2, "svhn_cropped": 3}.get(name, 4)
        value += 10 * split.startswith("test")
        channels, size = (1, 28) if name == "mnist" else (3, 32)
        size = 28 if name == "mnist_m" else size
        rows = int(split[7:-1]) if split.startswith("train[:") else 8
        return (
            np.full((rows, size, size, channels), value, "uint8"),
            np.arange(rows) + 100 * value,
        )

    monkeypatch.setattr(domains, "_load", load)
    monkeypatch.setattr(domains, "_size", lambda name: 1000)
    return found


def values(split):
    """The brightest pixel and the first label, of training and test images."""
    return (
        (split.x.max(), split.y[0], len(split.x)),
        (split.x_test.max(), split.y_test[0], len(split.x_test)),
    )


MNIST = ((1, 100, 6), (11, 1100, 8))
MNIST_M = ((2, 200, 6), (12, 1200, 8))
SVHN = ((3, 300, 6), (13, 1300, 8))
NUMBERS = ((4, 400, 6), (14, 1400, 8))


@pytest.mark.parametrize(
    ("program", "source", "target", "size", "tests"),
    [
        (mnist_to_mnist_m, MNIST, MNIST_M, 28, ["test", "test"]),
        (mnist_to_svhn, MNIST, SVHN, 32, ["test", "test"]),
        (svhn_to_mnist, SVHN, MNIST, 32, ["test", "test[:2000]"]),
        (syn_numbers_to_svhn, NUMBERS, SVHN, 32, ["test[:2000]", "test"]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_which_set_is_which_domain(program, source, target, size, tests, asked):
    found = program.load(Options(), SYNTHETIC, seed=0)
    assert values(found.source) == source
    assert values(found.target) == target
    for split in (found.source, found.target):
        assert split.x.shape == (len(split.y), size, size, 3)
        assert split.x_test.shape == (len(split.y_test), size, size, 3)
    # Of the source's test images a part is enough, of the target's none.
    assert [split for _, split in asked if "test" in split] == tests


@pytest.mark.parametrize("version", ["1.0.0", "2.0.0"])
def test_the_version_of_the_synthetic_images(version, asked):
    settings = dataclasses.replace(SYNTHETIC, drawings=version)
    syn_numbers_to_svhn.load(Options(), settings, seed=0)
    name = f"syn_numbers/small:{version}"
    assert asked[:2] == [(name, "train[:6]"), (name, "test[:2000]")]


@pytest.mark.parametrize(
    ("program", "sizes"),
    [(mnist_to_usps, (6, 5)), (usps_to_mnist, (5, 6))],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_usps_in_both_directions(program, sizes, monkeypatch):
    def load(name, split, *folders):
        count, size, value = {"mnist": (6, 28, 1), "usps": (5, 16, 2)}[name]
        images = np.full((count, size, size, 1), value, "uint8")
        return images, np.full(count, 10 * value + (split == "test"))

    monkeypatch.setattr(domains, "_load", load)
    found = program.load(Options(), SETTINGS, seed=0)
    assert (len(found.source.x), len(found.target.x)) == sizes
    for split, count in zip((found.source, found.target), sizes, strict=True):
        value = 1 if count == 6 else 2
        assert split.x.shape == split.x_test.shape == (count, 28, 28, 1)
        assert (split.x == value).all() and (split.x_test == value).all()
        assert set(split.y) == {10 * value}
        assert set(split.y_test) == {10 * value + 1}


def test_images_of_another_size():
    x = np.zeros((2, 2, 2, 3), "uint8")
    x[1, :, 1, 2] = 100
    found = domains.resized(Split(x, np.array([5, 6]), x[1:], x[1:]), 4)
    assert found.x.shape == (2, 4, 4, 3) and found.x_test.shape == (1, 4, 4, 3)
    # Halfway and a quarter between two pixels.
    assert found.x[1, :, :, 2].tolist() == [[0, 25, 75, 100]] * 4
    assert not found.x[0].any() and not found.x[1, ..., :2].any()
    np.testing.assert_array_equal(found.x_test, found.x[1:])
    assert found.y.tolist() == [5, 6]


def test_gray_images_in_color_with_a_margin():
    image = np.arange(1, 5, dtype="uint8").reshape(1, 2, 2, 1)
    split = Split(image, np.array([7]), image + 10, np.array([8]))
    found = domains.padded(domains.in_color(split), 4)
    assert found.x.shape == found.x_test.shape == (1, 4, 4, 3)
    for channel in range(3):
        np.testing.assert_array_equal(
            found.x[0, ..., channel],
            [[0, 0, 0, 0], [0, 1, 2, 0], [0, 3, 4, 0], [0, 0, 0, 0]],
        )
    assert found.x_test[0, 1, 1].tolist() == [11, 11, 11]
    assert (found.y.tolist(), found.y_test.tolist()) == ([7], [8])


def test_shuffled_images_keep_their_labels():
    x = np.arange(50)
    split = Split(x, 2 * x, x[:3], x[:3]).shuffled()
    assert sorted(split.x) == x.tolist() and split.x.tolist() != x.tolist()
    np.testing.assert_array_equal(split.y, 2 * split.x)
    np.testing.assert_array_equal(split.x_test, x[:3])


def test_whole_tracks_of_photographs_are_tested(monkeypatch):
    x = np.arange(60)
    tracks = x // 6
    tested = np.isin(tracks, (2, 5))
    monkeypatch.setattr(
        gtsrb, "load_with_tracks", lambda *a: (x, 2 * x, tracks)
    )
    monkeypatch.setattr(gtsrb, "validation_split", lambda tracks: tested)
    syn_signs_to_gtsrb.photographs.cache_clear()
    split = syn_signs_to_gtsrb.photographs(None, None)
    syn_signs_to_gtsrb.photographs.cache_clear()
    assert set(split.x_test // 6) == {2, 5} and len(split.x_test) == 12
    assert set(split.x // 6) == set(range(10)) - {2, 5}
    np.testing.assert_array_equal(split.y_test, 2 * split.x_test)
    np.testing.assert_array_equal(split.y, 2 * split.x)


def test_as_in_the_paper_single_photographs_are_tested(monkeypatch, asked):
    x, tracks = np.arange(60), np.arange(60) // 6
    monkeypatch.setattr(
        gtsrb, "load_with_tracks", lambda *a: (x, 2 * x, tracks)
    )
    by_image = dataclasses.replace(SYNTHETIC, images=0, split="images")
    syn_signs_to_gtsrb.photographs.cache_clear()
    split = syn_signs_to_gtsrb.load(Options(), by_image, 0).target
    whole = syn_signs_to_gtsrb.load(Options(), SYNTHETIC, 0).target
    syn_signs_to_gtsrb.photographs.cache_clear()
    assert len(split.x_test) == 12 and len(split.x) == 48
    assert sorted([*split.x, *split.x_test]) == x.tolist()
    # Photographs of one sign are on both sides.
    assert set(split.x_test // 6) & set(split.x // 6)
    assert len(set(whole.x_test // 6)) == 2 and len(whole.x_test) == 12
    assert syn_signs_to_gtsrb.EXPERIMENT.presets["paper"].split == "images"
    assert syn_signs_to_gtsrb.EXPERIMENT.presets["tuned"].split == "tracks"


def test_so_many_photographs_have_labels(monkeypatch):
    x = np.arange(2000)
    part = Split(x, 2 * x, x[:5], x[:5])
    loaded = Domains(part, part)
    monkeypatch.setattr(
        syn_signs_to_gtsrb, "load", lambda options, settings, seed: loaded
    )
    found = [
        semi_supervised_signs.load(Options(), SETTINGS, seed)
        for seed in (0, 0, 1)
    ]
    for each in found:
        chosen, labels = each.labeled
        assert len(set(chosen.tolist())) == 1280
        np.testing.assert_array_equal(labels, 2 * chosen)
        # They stay among the images without labels.
        assert each.target is part and each.source is part
    assert found[0].labeled[0].tolist() == found[1].labeled[0].tolist()
    assert set(found[0].labeled[0]) != set(found[2].labeled[0])
    few = dataclasses.replace(loaded, target=part.first(1279))
    monkeypatch.setattr(
        syn_signs_to_gtsrb, "load", lambda options, settings, seed: few
    )
    with pytest.raises(ValueError, match=r"at least 1280, .* received 1279"):
        semi_supervised_signs.load(Options(), SETTINGS, 0)


def test_the_older_name_of_the_labeled_photographs():
    with pytest.warns(DeprecationWarning, match="use `LABELED`"):
        assert office31.LABELLED is office31.LABELED


@pytest.mark.parametrize(
    ("pair", "labeled"),
    [("amazon_webcam", 20), ("dslr_webcam", 8), ("webcam_dslr", 8)],
)
def test_the_splits_of_office(pair, labeled, monkeypatch):
    assert office31.LABELED == {"amazon": 20, "dslr": 8, "webcam": 8}
    source, target = pair.split("_")
    # Of each domain 25 photographs of two classes, the 3rd and the 7th.
    first = {"amazon": 0, "dslr": 1000, "webcam": 2000}

    def inputs(network, weights, data_dir, manual_dir, domain):
        return first[domain] + np.arange(50), np.repeat([3, 7], 25)

    monkeypatch.setattr(office, "_inputs", inputs)
    found = [office.load(pair, OFFICE, SETTINGS, seed) for seed in (0, 1)]
    for each in found:
        chosen, rest = each.source.x.tolist(), each.source.x_test.tolist()
        assert len(chosen) == 2 * labeled
        assert sorted(chosen + rest) == list(
            range(first[source], first[source] + 50)
        )
        assert np.bincount(each.source.y).tolist() == [labeled, labeled]
        for x, y in (
            (each.source.x, each.source.y),
            (each.source.x_test, each.source.y_test),
            (each.target.x, each.target.y),
            (each.target.x_test, each.target.y_test),
        ):
            np.testing.assert_array_equal(y, x % 1000 >= 25)
        # All of the target is trained on without labels, and tested on.
        assert each.target.x.tolist() == each.target.x_test.tolist()
        assert each.target.x[0] == first[target] and len(each.target.x) == 50
    assert set(found[0].source.x) != set(found[1].source.x)


def test_office_wants_the_same_classes_in_both_domains(monkeypatch):
    def inputs(network, weights, data_dir, manual_dir, domain):
        return np.arange(20), np.repeat([3, 7 + (domain == "dslr")], 10)

    monkeypatch.setattr(office, "_inputs", inputs)
    with pytest.raises(ValueError, match=r"\[3, 7\] and \[3, 8\]"):
        office.load("webcam_dslr", OFFICE, SETTINGS, 0)
