import pytest

pytest.importorskip("tensorflow_datasets")
pytest.importorskip("matplotlib")

from keras_grl.datasets import syn_signs
from keras_grl.datasets.syn_signs import draw
from keras_grl.datasets.tfds import generated
from keras_grl.datasets.tfds import reading


def test_as_a_set_of_tfds(tmp_path, monkeypatch):
    monkeypatch.setattr(generated, "TEST", 5)
    small = syn_signs.SynSignsConfig(name="tiny", images=20, processes=1)
    builder = syn_signs.SynSigns(data_dir=tmp_path, config=small)
    assert builder.name == "syn_signs"
    builder.download_and_prepare(file_format="array_record")
    images, of_images = draw(range(20))
    arrays = reading.read(builder, "train")
    found = [image.tobytes() for image in arrays["image"]]
    of_image = {
        image.tobytes(): label
        for image, label in zip(images, of_images, strict=True)
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
