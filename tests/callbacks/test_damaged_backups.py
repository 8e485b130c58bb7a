"""Backup folders that are damaged: one error, which says what to delete."""

import keras
import pytest

import keras_grl
from keras_grl.callbacks.backup_record import BackupRecord
from tests.testing import small_classifier
from tests.testing import small_data
from tests.testing import small_domain_classifier
from tests.testing import small_extractor
from tests.testing import to_numpy

DAMAGED = [
    b"",
    b"{",
    b"\xff\xfe\x00",
    b"null",
    b"3",
    b"[1,2]",
    b"{}",
    b'{"a":"b"}',
    b'{"step_of_epoch": null}',
    b'{"step_of_epoch": [0, 3]}',
    b'{"step_of_epoch": {"a":"b"}}',
    b'{"step_of_epoch": {"0":"0"}}',
    b'{"step_of_epoch": {"0":null}}',
    b'{"step_of_epoch": {"-1":0}}',
    b'{"step_of_epoch": {"1.5":0}}',
    b'{"step_of_epoch": {"0":0}, "run": null}',
    b'{"step_of_epoch": {"0":0}, "run": ["Adam"]}',
]


@pytest.mark.backend_free
@pytest.mark.parametrize("content", DAMAGED, ids=repr)
def test_a_damaged_record(tmp_path, content):
    path = tmp_path / "epochs.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=rf"{path}.* cannot be read") as error:
        BackupRecord(path)
    assert f"Delete the folder {str(tmp_path)!r}" in str(error.value)


@pytest.mark.backend_free
def test_a_record_that_is_a_folder(tmp_path):
    (tmp_path / "epochs.json").mkdir()
    with pytest.raises(ValueError, match="cannot be read"):
        BackupRecord(tmp_path / "epochs.json")


@pytest.mark.backend_free
def test_a_record_comes_back(tmp_path):
    path = tmp_path / "epochs.json"
    BackupRecord(path).write(0, 5, {"optimizer": "Adam"})
    BackupRecord(path).write(1, 8, {"optimizer": "SGD"})
    record = BackupRecord(path)
    assert record.step_of_epoch == {0: 5, 1: 8}
    assert record.run == {"optimizer": "SGD"}


def make():
    model = keras_grl.DANNModel(
        small_extractor(), small_classifier(), small_domain_classifier()
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


def fit(model, folder):
    x, y, x_target = small_data()
    return model.fit(
        keras_grl.pair((x, y), x_target, batch_size=8, seed=3),
        epochs=2,
        verbose=0,
        callbacks=[
            keras.callbacks.BackupAndRestore(folder, delete_checkpoint=False)
        ],
    )


def refused(folder, match):
    model = make()
    files = {p: p.read_bytes() for p in folder.iterdir()}
    with pytest.raises(ValueError, match=match) as error:
        fit(model, folder)
    assert "elete" in str(error.value)
    assert str(folder) in str(error.value)
    assert int(to_numpy(model.optimizer.iterations)) == 0
    assert {p: p.read_bytes() for p in folder.iterdir()} == files


def test_a_damaged_folder_is_refused_before_training(tmp_path):
    folder = tmp_path / "run"
    fit(make(), folder)
    record = (folder / "epochs.json").read_bytes()
    (folder / "epochs.json").write_text("[1,2]")
    refused(folder, "cannot be read")
    (folder / "epochs.json").write_bytes(record)
    (folder / "latest.weights.h5").unlink()
    for metadata in ('{"epoch": 2, "batch": 0}', '{"epoch": 0}', "", "[]"):
        (folder / "training_metadata.json").write_text(metadata)
        refused(folder, r"Expected: latest\.weights\.h5.*Received: no such")
    # Nothing was saved before the program ended.
    (folder / "training_metadata.json").unlink()
    assert fit(make(), folder).epoch == [0, 1]
