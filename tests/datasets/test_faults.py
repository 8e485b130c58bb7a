"""Preparations that are killed, or run into a full disk, for real."""

import os
import resource
import subprocess
import sys

import numpy as np
import pytest

tfds = pytest.importorskip("tensorflow_datasets")

from keras_grl import datasets
from tests.datasets import official
from tests.testing import ROOT

pytestmark = official.not_official

# Comes to a halt where it has begun to write the set's file.
HALTING = """
import sys
import time

from tensorflow_datasets.core.file_adapters import TfRecordFileAdapter

from keras_grl import datasets

write = TfRecordFileAdapter.write_examples


def halting(path, examples):
    def some():
        for number, example in enumerate(examples):
            if number == 5:
                print("halted", flush=True)
                time.sleep(600)
            yield example

    return write(path, some())


TfRecordFileAdapter.write_examples = halting
datasets.load("gtsrb/training", "train", *sys.argv[1:])
"""


def test_killed_while_it_writes(tmp_path):
    manual, data = tmp_path / "manual", tmp_path / "data"
    manual.mkdir()
    official.write_gtsrb(manual)
    with subprocess.Popen(
        [sys.executable, "-c", HALTING, str(data), str(manual)],
        cwd=ROOT,
        env={**os.environ, "KERAS_BACKEND": "tensorflow"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert any("halted" in line for line in process.stdout)
        process.kill()  # SIGKILL: no `finally` is run
    (left,) = data.glob("gtsrb/training/incomplete.*")
    assert list(left.glob("gtsrb-train.tfrecord*"))
    assert not list(data.rglob("dataset_info.json"))
    # What another process may be writing now is left alone.
    other = left.with_name("incomplete.OTHER_1.0.0")
    other.mkdir()
    for path in (left, *left.iterdir()):
        os.utime(path, (0, 0))
    x, y = datasets.load("gtsrb/training", "train", data, manual)
    want = [(c, t, f) for c in (0, 7) for t in range(2) for f in range(3)]
    assert x[:, 0, 0].tolist() == [list(each) for each in want]
    assert (x == x[:, :1, :1]).all()
    assert y.tolist() == [label for label, _, _ in want]
    assert not left.exists() and other.exists()


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 64 kB, and a function that makes it larger."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(options):
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        try:
            done = subprocess.run(command, capture_output=True, text=True)
        except OSError as error:
            pytest.skip(f"nothing can be mounted: {error}")
        if done.returncode:
            pytest.skip(f"nothing can be mounted: {done.stderr}")

    mount("size=64k")
    try:
        yield folder, lambda: mount("remount,size=8m")
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def small_files(tmp_path):
    """A folder where no file can have more than 64 kB, and what ends that."""
    folder = tmp_path / "folder"
    folder.mkdir()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def end():
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    resource.setrlimit(resource.RLIMIT_FSIZE, (2**16, limits[1]))
    try:
        yield folder, end
    finally:
        end()


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("small_disk", "No space left on device"),
        ("small_files", "File too large"),
    ],
)
def test_the_disk_is_full(tmp_path, request, kind, reason):
    manual = tmp_path / "manual"
    manual.mkdir()
    noise = [official.photograph()]  # which takes much space
    official.write_bsds500(manual, {"train": noise, "val": noise})
    data, enlarge = request.getfixturevalue(kind)
    official.write_mnist(data, train=100)
    with pytest.raises(OSError, match="cannot be written") as raised:
        datasets.load("mnist_m", "train", data, manual)
    message = str(raised.value)
    for part in ("mnist_m", str(data), reason, "Make room", "data_dir="):
        assert part in message
    assert message.count("\n") == 1
    left = [path for path in data.glob("mnist_m/**/*") if path.is_file()]
    assert not left
    enlarge()
    x, y = datasets.load("mnist_m", "train", data, manual)
    assert len(x) == 100
    np.testing.assert_array_equal(y, np.arange(100) % 10)
