"""OFFICE's whole protocol, on generated folders of its 31 classes."""

import numpy as np
import pytest

pytest.importorskip("tensorflow_datasets")

from applications import office
from applications.runner import measures
from keras_grl import architectures
from keras_grl.datasets import office31
from tests.applications.test_office import tiny
from tests.datasets import official

OF_EACH = {"dslr": 9, "webcam": 10}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Prepared sets, and photographs whose color is their class."""
    data, manual = tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("m")
    for domain, count in OF_EACH.items():
        for number, name in enumerate(office31.CLASSES):
            images = manual / "office31" / domain / "images" / name
            images.mkdir(parents=True)
            image = np.full((24, 24, 3), 8 * number, "uint8")
            content = official.encoded(image, "jpeg")
            for frame in range(count):
                (images / f"frame_{frame + 1:04}.jpg").write_bytes(content)
    return data, manual


@pytest.fixture
def options(folders, monkeypatch):
    monkeypatch.setattr(architectures, "SqueezeNet", tiny)
    office._inputs.cache_clear()
    yield office.OfficeOptions(
        weights="random", data_dir=str(folders[0]), manual_dir=str(folders[1])
    )
    office._inputs.cache_clear()


def test_five_splits_of_31_classes(options):
    settings = office.PRESETS["tuned"]
    splits = [
        office.load("dslr_webcam", options, settings, n) for n in range(5)
    ]
    for each in splits:
        # Eight labeled photographs of each class; the rest is held out.
        assert np.bincount(each.source.y).tolist() == [8] * 31
        assert np.bincount(each.source.y_test).tolist() == [1] * 31
        # The whole target, without labels in training.
        assert np.bincount(each.target.y).tolist() == [10] * 31
        assert each.target.x is each.target.x_test
    one, other = splits[0].source, splits[1].source
    assert len(one.x) == 248 and one.x.shape == other.x.shape
    reverse = office.load("webcam_dslr", options, settings, 0)
    assert np.bincount(reverse.source.y_test).tolist() == [2] * 31


def test_the_papers_network_has_31_classes(options, monkeypatch):
    built = []
    monkeypatch.setattr(
        architectures,
        "AlexNetBottleneck",
        lambda *args, **kwargs: built.append((args, kwargs)),
    )
    settings = office.PRESETS["paper"]
    data = office.load("dslr_webcam", options, settings, 0)
    assert data.source.x.shape == (248, 227, 227, 3)
    # The color of a photograph is that of its class.
    color = data.source.x[:, 100, 100].mean(axis=-1) / 8
    np.testing.assert_allclose(color, data.source.y, atol=0.5)
    office.network(options, settings, data)
    ((args, kwargs),) = built
    assert 31 in (*args, *kwargs.values())


@pytest.mark.usefixtures("eager", "no_figures")
def test_from_folders_to_the_accuracies(
    options, folders, tmp_path, monkeypatch
):
    # On so many equal images LIBLINEAR takes long; test_measures.py has it.
    monkeypatch.setattr(measures, "svm_accuracy", lambda *arguments: 0.5)
    found = office.main(
        [
            *("--pairs", "dslr_webcam", "--methods", "dann", "--seeds", "2"),
            *("--epochs", "1", "--batch-size", "128", "--weights", "random"),
            *("--data-dir", str(folders[0]), "--manual-dir", str(folders[1])),
            *("--output", str(tmp_path)),
        ]
    )["dslr_webcam"]
    assert [(m["method"], m["seed"]) for m in found] == [
        ("dann", 0),
        ("dann", 1),
    ]
    for each in found:
        # Of 310 photographs.
        right = 310 * each["accuracy"]
        assert right == pytest.approx(round(right), abs=1e-3)
