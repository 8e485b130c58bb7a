"""Sets of a few images under the names of the real ones, for experiments."""

import numpy as np

from keras_grl import datasets


def load(name, split="train", data_dir=None, manual_dir=None, image_size=227):
    """Stands in for `keras_grl.datasets.load`.

    Each class is a bright row of pixels. The domains differ in the color of
    the rest.
    """
    if name.startswith("office31/"):
        # Ten photographs of each of two classes, which are the 3rd and 7th.
        random = np.random.default_rng(len(name))
        labels = np.repeat([3, 7], 10)
        images = random.integers(0, 200, size=(20, 227, 227, 3), dtype="uint8")
        images[:10] //= 2
        return images, labels
    name = name.partition(":")[0]
    shape = {
        "mnist": (28, 28, 1),
        "mnist_m": (28, 28, 3),
        "usps": (16, 16, 1),
        "svhn_cropped": (32, 32, 3),
        "syn_numbers": (32, 32, 3),
        "syn_signs": (40, 40, 3),
        "gtsrb": (40, 40, 3),
    }[name.split("/")[0]]
    classes = datasets.info(name).num_classes
    part, _, rest = split.partition("[:")
    known = {"train": 4 * classes + 56, "test": classes + 38}
    count = known[part]
    if rest:
        count = min(count, int(rest.rstrip("]")))
    # Other images for each set and split, the same in every process.
    random = np.random.default_rng([len(name), known[part]])
    labels = np.arange(count) % classes
    images = random.integers(0, 90, size=(count, *shape), dtype="uint8")
    if name in ("mnist_m", "svhn_cropped", "gtsrb"):
        images += 60
    images[np.arange(count), labels * shape[0] // classes] += 100
    return images, labels


def load_with_tracks(name, data_dir=None, manual_dir=None):
    """Stands in for `keras_grl.datasets.gtsrb.load_with_tracks`."""
    images, labels = load("gtsrb")
    return images, labels, np.arange(len(labels)) // 6


def put_in_place(monkeypatch):
    """The small sets for all that is loaded in one test."""
    from applications import syn_signs_to_gtsrb
    from applications.runner import domains
    from keras_grl.datasets import gtsrb

    monkeypatch.setattr(datasets, "load", load)
    monkeypatch.setattr(gtsrb, "load_with_tracks", load_with_tracks)
    domains._load.cache_clear()
    syn_signs_to_gtsrb.photographs.cache_clear()


def few_labeled(monkeypatch):
    """As many labeled photographs as the small sets have."""
    from applications import semi_supervised_signs

    monkeypatch.setattr(semi_supervised_signs, "LABELED", 128)
