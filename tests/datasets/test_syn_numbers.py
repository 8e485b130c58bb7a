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
