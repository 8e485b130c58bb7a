import json

import pytest

pytest.importorskip("tensorflow_datasets")
pytest.importorskip("matplotlib")

from keras_grl.datasets import syn_numbers
from keras_grl.datasets.syn_numbers import Config
from keras_grl.datasets.syn_numbers import draw
from keras_grl.datasets.tfds import generated
from keras_grl.datasets.tfds import reading


def test_as_a_set_of_tfds(tmp_path, monkeypatch):
    monkeypatch.setattr(generated, "TEST", 5)
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
    # Its folder is not that of another configuration of the same name.
    syn_numbers.SynNumbers(data_dir=tmp_path, config=small)
    for other in ({"seed": 1}, {"drawing": Config(noise=(0.0, 0.0))}):
        config = syn_numbers.SynNumbersConfig(name="tiny", images=20, **other)
        with pytest.raises(
            ValueError, match=r"(?s)images of another config.*another name"
        ):
            syn_numbers.SynNumbers(data_dir=tmp_path, config=config)


def test_each_version_has_its_images_and_its_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(generated, "TEST", 2)
    small = syn_numbers.SynNumbersConfig(name="tiny", images=4, processes=1)
    for version, config in syn_numbers.VERSIONS.items():
        builder = syn_numbers.SynNumbers(
            data_dir=tmp_path, config=small, version=version
        )
        assert builder.data_dir.endswith(version)
        builder.download_and_prepare(file_format="array_record")
        found = reading.read(builder, "train")["image"]
        expected, _ = draw(range(4), config)
        assert sorted(image.tobytes() for image in found) == sorted(
            image.tobytes() for image in expected
        )
    assert syn_numbers.SynNumbers(config=small).version == "1.0.0"
    # What was asked for is in every version.
    mine = syn_numbers.SynNumbersConfig(
        name="mine", images=4, drawing=Config(noise=(0.0, 0.0))
    )
    builder = syn_numbers.SynNumbers(
        data_dir=tmp_path, config=mine, version="2.0.0"
    )
    assert json.loads(builder._drawing())["noise"] == [0.0, 0.0]
    assert json.loads(builder._drawing())["compressed"] == 0.0


def test_a_set_that_was_prepared_before_there_were_newer_knobs(tmp_path):
    small = syn_numbers.SynNumbersConfig(name="tiny", images=4)
    builder = syn_numbers.SynNumbers(data_dir=tmp_path, config=small)
    known = json.loads(builder._drawing())
    for name in ("compressed", "quality", "clutter", "clutter_contrast"):
        del known[name]
    folder = tmp_path / "syn_numbers" / "tiny" / "1.0.0"
    folder.mkdir(parents=True)
    (folder / "drawing.json").write_text(json.dumps(known))
    syn_numbers.SynNumbers(data_dir=tmp_path, config=small)
    (folder / "drawing.json").write_text(json.dumps({**known, "seed": 1}))
    with pytest.raises(ValueError, match="another configuration"):
        syn_numbers.SynNumbers(data_dir=tmp_path, config=small)
