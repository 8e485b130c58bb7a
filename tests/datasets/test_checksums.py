import contextlib
import functools
import hashlib
import http.server
import threading

import pytest

pytest.importorskip("tensorflow_datasets")

from keras_grl import datasets
from keras_grl.datasets import bsds500
from keras_grl.datasets import checksums
from keras_grl.datasets import gtsrb
from tests.datasets import official


def test_a_checksum_of_every_archive():
    archives = [gtsrb.TRAINING, gtsrb.TEST, gtsrb.TEST_LABELS, bsds500.ARCHIVE]
    assert sorted(checksums.OFFICIAL) == sorted(archives)
    for algorithm, expected in checksums.OFFICIAL.values():
        size = hashlib.new(algorithm).digest_size
        assert len(bytes.fromhex(expected)) == size


def test_mismatch(tmp_path, monkeypatch):
    path = tmp_path / "download"
    path.write_bytes(b"abc")
    known = {"a.zip": ("md5", "900150983cd24fb0d6963f7d28e17f72")}
    monkeypatch.setattr(checksums, "OFFICIAL", known)
    assert checksums.mismatch(path, "a.zip") == ""
    assert checksums.mismatch(path, "b.zip") == ""  # not known
    path.write_bytes(b"abd")
    wrong = checksums.mismatch(path, "a.zip")
    for part in (str(path), "a.zip", "md5 9001", "Received: md5 4911"):
        assert part in wrong


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@contextlib.contextmanager
def served(folder):
    """The address of a web server that has the files of the folder."""
    handler = functools.partial(Quiet, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_downloads(tmp_path, monkeypatch):
    web, data = tmp_path / "web", tmp_path / "data"
    web.mkdir()
    official.write_gtsrb(web)
    archive = web / gtsrb.TRAINING
    md5 = hashlib.md5(archive.read_bytes()).hexdigest()
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with served(web) as address:
        monkeypatch.setattr(gtsrb, "_ROOT", address)
        with pytest.raises(ValueError, match="not the official") as raised:
            datasets.load("gtsrb/training", "train", data)
        # File, expected, received and the mend.
        message = str(raised.value)
        for part in (
            gtsrb.TRAINING,
            f"Expected: md5 {checksums.OFFICIAL[gtsrb.TRAINING][1]}",
            f"Received: md5 {md5}",
            f"from {address}{gtsrb.TRAINING}",
            "has been deleted. Try again",
            "manual_dir=",
        ):
            assert part in message
        assert not [each for each in data.rglob("*GTSRB*") if each.is_file()]
        # The right one is kept, and is not downloaded again.
        known = {gtsrb.TRAINING: ("md5", md5)}
        monkeypatch.setattr(checksums, "OFFICIAL", known)
        x, _ = datasets.load("gtsrb/training", "train", data)
        assert len(x) == 12
    kept = [each for each in data.rglob("*GTSRB*.zip") if each.is_file()]
    assert [each.read_bytes() for each in kept] == [archive.read_bytes()]


def test_a_part_put_there_by_hand_is_used_with_a_warning(tmp_path):
    official.write_gtsrb(tmp_path)
    path = tmp_path / gtsrb.TRAINING
    with pytest.warns(UserWarning, match="used all the same") as warned:
        x, _ = datasets.load(
            "gtsrb/training", "train", tmp_path / "data", tmp_path
        )
    assert len(x) == 12 and path.exists()
    assert f"{path} is not the official" in str(warned[0].message)
