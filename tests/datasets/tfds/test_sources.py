"""Archives that are downloaded, or put into a folder by hand."""

import contextlib
import functools
import hashlib
import http.server
import threading

import pytest

tfds = pytest.importorskip("tensorflow_datasets")

from keras_grl import datasets
from keras_grl.datasets import gtsrb
from tests.datasets import official


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
        here = gtsrb._ARCHIVES[gtsrb.TRAINING]._replace(
            url=address + gtsrb.TRAINING
        )
        monkeypatch.setitem(gtsrb._ARCHIVES, gtsrb.TRAINING, here)
        with pytest.raises(ValueError, match="not the official") as raised:
            datasets.load("gtsrb/training", "train", data)
        # File, expected, received and how to fix it.
        message = str(raised.value)
        for part in (
            gtsrb.TRAINING,
            "Expected: md5 f33fd80ac59bff73c82d25ab499e03a3",
            f"Received: md5 {md5}",
            f"from {address}{gtsrb.TRAINING}",
            "has been deleted. Try again",
            "manual_dir=",
        ):
            assert part in message
        assert not [each for each in data.rglob("*GTSRB*") if each.is_file()]
        # The right one is kept, and is not downloaded again.
        right = here._replace(checksum=md5)
        monkeypatch.setitem(gtsrb._ARCHIVES, gtsrb.TRAINING, right)
        x, _ = datasets.load("gtsrb/training", "train", data)
        assert len(x) == 12
    kept = [each for each in data.rglob("*GTSRB*.zip") if each.is_file()]
    assert [each.read_bytes() for each in kept] == [archive.read_bytes()]


def test_a_part_put_there_by_hand_is_used_with_a_warning(tmp_path):
    official.write_gtsrb(tmp_path)
    path = tmp_path / gtsrb.TRAINING
    with pytest.warns(UserWarning, match="used anyway") as warned:
        x, _ = datasets.load(
            "gtsrb/training", "train", tmp_path / "data", tmp_path
        )
    assert len(x) == 12 and path.exists()
    assert f"{path} is not the official" in str(warned[0].message)


def test_a_file_that_is_not_in_the_folder_is_downloaded(tmp_path, monkeypatch):
    """A folder may have one archive of two."""
    official.write_gtsrb(tmp_path)
    (tmp_path / gtsrb.TEST).unlink()
    asked = []

    def no_network(self, url):
        asked.append(url)
        raise ConnectionError("no network")

    monkeypatch.setattr(tfds.download.DownloadManager, "download", no_network)
    with (
        pytest.warns(UserWarning, match="used anyway"),
        pytest.raises(OSError, match=r"cannot be downloaded.*no network"),
    ):
        datasets.load("gtsrb", "train", tmp_path / "data", tmp_path)
    assert asked == [gtsrb._ROOT + gtsrb.TEST]
