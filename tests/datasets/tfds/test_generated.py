"""Builders of the synthetic sets."""

import numpy as np
import pytest

pytest.importorskip("tensorflow_datasets")

from keras_grl.datasets import syn_numbers
from keras_grl.datasets import syn_signs
from keras_grl.datasets.tfds import generated
from keras_grl.datasets.tfds import reading

both = pytest.mark.parametrize("module", [syn_numbers, syn_signs])


@both
@pytest.mark.parametrize(
    ("kwargs", "argument"),
    [
        ({"images": 0}, "images"),
        ({"seed": -1}, "seed"),
        ({"seed": 0.5}, "seed"),
        ({"processes": 0}, "processes"),
        ({"drawing": None}, "drawing"),
        ({"drawing": "thin"}, "drawing"),
    ],
)
def test_a_bad_set(module, kwargs, argument):
    names = {syn_numbers: "SynNumbersConfig", syn_signs: "SynSignsConfig"}
    with pytest.raises(ValueError, match=f"`{argument}`.*: {argument}="):
        getattr(module, names[module])(name="tiny", **kwargs)


def test_the_drawing_of_another_set():
    with pytest.raises(ValueError, match=r"`drawing`.*`syn_signs\.Config`"):
        syn_signs.SynSignsConfig(name="tiny", drawing=syn_numbers.Config())


def test_few_of_many_images_are_in_memory(tmp_path, monkeypatch):
    """TFDS would keep all of them, to shuffle them: here they go to files."""
    monkeypatch.setattr(generated, "TEST", 5)
    monkeypatch.setattr(generated, "_MEMORY", 2**20)
    random = np.random.default_rng(0)
    noise = random.integers(0, 256, size=(64, 40, 40, 3), dtype="uint8")
    on_disk = []

    def draw(indices, config, seed):
        files = tmp_path.rglob("bucket_*")
        on_disk.append(sum(file.stat().st_size for file in files))
        indices = np.asarray(indices)
        return noise[indices % 64], indices % 43

    monkeypatch.setattr(syn_signs.SynSigns, "_draw", staticmethod(draw))
    config = syn_signs.SynSignsConfig(name="tiny", images=3000, processes=1)
    builder = syn_signs.SynSigns(data_dir=tmp_path, config=config)
    builder.download_and_prepare()
    # 500 are generated at a time, of 4.9 kB each.
    train = on_disk[:6]
    assert train == sorted(train) and train[-1] > 11 * 2**20
    labels = reading.read(builder, "train")["label"]
    assert sorted(labels) == sorted(i % 43 for i in range(3000)) != list(labels)
    assert not list(tmp_path.rglob("bucket_*"))
