"""Model files and checkpoints that mean harm: see SECURITY.md.

Weights of other programs: tests/architectures/test_weight_files.py. Archives:
tests/datasets/tfds/test_archives.py. Images: tests/commands/test_check.py.
"""

import json
import os
import subprocess
import zipfile

import keras
import numpy as np
import pytest

import keras_grl

pytestmark = pytest.mark.backend_free

X = np.zeros((4, 3))


def model(*layers):
    extractor = keras.Sequential([keras.Input((3,)), *layers])
    model = keras_grl.DANNModel(extractor, keras.layers.Dense(2, "softmax"))
    model.predict(X, verbose=0)
    return model


def rewritten(path, part, config):
    """The model's file with another configuration of one part."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    content = json.loads(files["config.json"])
    assert part in content["config"]
    content["config"][part] = config
    files["config.json"] = json.dumps(content).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)


def test_code_in_a_model_file_is_refused(tmp_path):
    model(keras.layers.Lambda(lambda x: 2 * x)).save(tmp_path / "m.keras")
    with pytest.raises(ValueError, match="arbitrary code execution"):
        keras.models.load_model(tmp_path / "m.keras")


@pytest.mark.parametrize(
    "called",
    [
        lambda marker: {
            "module": "subprocess",
            "class_name": "Popen",
            "config": {"args": ["touch", marker]},
            "registered_name": None,
        },
        lambda marker: {
            "module": "os",
            "class_name": "function",
            "config": "system",
            "registered_name": "function",
        },
    ],
    ids=["class", "function"],
)
@pytest.mark.parametrize("part", ["feature_extractor", "label_predictor"])
def test_what_is_not_of_keras_is_not_called(tmp_path, part, called):
    path, marker = tmp_path / "m.keras", tmp_path / "marker"
    model().save(path)
    rewritten(path, part, called(str(marker)))
    with pytest.raises((TypeError, ValueError)):
        keras.models.load_model(path)
    assert not marker.exists()


class Bomb:
    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return subprocess.call, (["touch", str(self.marker)],)


def test_a_bomb_in_a_checkpoint_does_not_go_off(tmp_path):
    path, marker = tmp_path / "run.npz", tmp_path / "marker"
    bomb = np.empty((), dtype=object)
    bomb[()] = Bomb(marker)
    np.savez(path, facts=bomb)
    trained = model()
    trained.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.raises(ValueError, match="cannot be read"):
        trained.fit(
            keras_grl.pair((X, np.zeros(4)), X, batch_size=4),
            callbacks=[keras_grl.callbacks.TrainingCheckpoint(path)],
            verbose=0,
        )
    assert not marker.exists()
    with np.load(path, allow_pickle=True) as file:
        assert file["facts"] is not None
    assert os.path.exists(marker), "this was not a bomb"
