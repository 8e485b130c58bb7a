"""Synthetic images by Apache Beam: those of the builder's own processes."""

import sys
import types

import numpy as np
import pytest

pytest.importorskip("tensorflow_datasets")

import tensorflow_datasets as tfds

from keras_grl.datasets import syn_signs
from keras_grl.datasets.tfds import generated
from keras_grl.datasets.tfds import reading
from keras_grl.datasets.tfds import with_beam

# More than one range of indices, the last one shorter.
IMAGES, TEST = 1100, 7


def draw(indices, config=None, seed=0):
    """Images that tell their index, without the work of generating them."""
    indices = np.asarray(indices)
    images = np.zeros((len(indices), 40, 40, 3), "uint8")
    images[:, 0, 0] = (
        np.stack([indices // 256, indices % 256, indices], 1) % 256
    )
    images[:, 1] = seed + 1
    return images, indices % 43


def prepared(folder, download_config=None):
    config = syn_signs.SynSignsConfig(name="tiny", images=IMAGES, processes=1)
    builder = syn_signs.SynSigns(data_dir=folder, config=config)
    builder.download_and_prepare(download_config=download_config)
    return builder


@pytest.fixture
def drawn(monkeypatch):
    monkeypatch.setattr(generated, "TEST", TEST)
    monkeypatch.setattr(syn_signs.SynSigns, "_draw", staticmethod(draw))


@pytest.mark.filterwarnings("ignore")
def test_the_files_are_those_of_the_builder_s_own_processes(drawn, tmp_path):
    """In a process by itself Beam runs with `DirectRunner`."""
    beam = pytest.importorskip(
        "apache_beam", reason="`make test-beam` installs Apache Beam"
    )
    options = beam.options.pipeline_options.PipelineOptions(
        runner="DirectRunner"
    )
    by_beam = prepared(
        tmp_path / "beam", tfds.download.DownloadConfig(beam_options=options)
    )
    own = prepared(tmp_path / "own")
    for split, count in (("train", IMAGES), ("test", TEST)):
        got, want = (reading.read(each, split) for each in (by_beam, own))
        assert len(want["label"]) == count
        for key in ("image", "label"):
            np.testing.assert_array_equal(got[key], want[key])
    files = [*(tmp_path / "beam").rglob("drawing.json")]
    assert len(files) == 1  # Prepared as usual otherwise.


def test_what_beam_gets(monkeypatch):
    """Ranges that cover all indices, and what makes their examples."""

    class Transform(list):
        def __or__(self, other):
            return Transform([*self, *other])

    fake = types.ModuleType("apache_beam")
    fake.Create = lambda ranges: Transform([ranges])
    fake.FlatMap = lambda function: Transform([function])
    monkeypatch.setitem(sys.modules, "apache_beam", fake)
    ranges, function = with_beam.examples(draw, IMAGES)
    assert ranges == [range(500), range(500, 1000), range(1000, 1100)]
    found = dict(function(ranges[1]))
    assert list(found) == list(range(500, 1000))
    np.testing.assert_array_equal(found[513]["image"], draw([513])[0][0])
    assert found[513]["label"] == 513 % 43


@pytest.mark.parametrize(
    ("given", "by_beam"),
    [
        ({}, False),
        ({"beam_options": object()}, True),
        ({"beam_runner": "DirectRunner"}, True),
    ],
)
def test_beam_generates_where_it_is_asked_to(
    drawn, tmp_path, monkeypatch, given, by_beam
):
    asked = []

    def examples(draw, count):
        asked.append(count)
        return [(0, {"image": np.zeros((40, 40, 3), "uint8"), "label": 0})]

    monkeypatch.setattr(with_beam, "examples", examples)
    prepared(tmp_path, tfds.download.DownloadConfig(**given))
    assert asked == ([IMAGES, TEST] if by_beam else [])
