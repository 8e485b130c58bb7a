"""Preparations that are killed, or run into a full disk, for real."""

import concurrent.futures
import os
import resource
import signal
import subprocess
import sys

import numpy as np
import pytest

tfds = pytest.importorskip("tensorflow_datasets")

filelock = pytest.importorskip("filelock")
loky = pytest.importorskip("loky")

from tensorflow_datasets.core import file_adapters

from keras_grl import datasets
from keras_grl.datasets.tfds import formats
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


def started(arguments, env=None, **kwargs):
    """Another Python, of which what it prints can be read."""
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, "KERAS_BACKEND": "tensorflow", **(env or {})},
        stdout=subprocess.PIPE,
        text=True,
        **{"stderr": subprocess.DEVNULL, **kwargs},
    )


def test_killed_while_it_writes(tmp_path):
    manual, data = tmp_path / "manual", tmp_path / "data"
    manual.mkdir()
    official.write_gtsrb(manual)
    with started(["-c", HALTING, str(data), str(manual)]) as process:
        assert any("halted" in line for line in process.stdout)
        process.kill()  # SIGKILL: no `finally` is run
    (left,) = data.glob("gtsrb/training/incomplete.*")
    assert list(left.glob("gtsrb-train.tfrecord*"))
    assert not list(data.rglob("dataset_info.json"))
    # What another process is writing, or may be, is left alone.
    others = [left.with_name(f"incomplete.{n}_1.0.0") for n in range(3)]
    for other in others:
        other.mkdir()
    os.utime(others[2], (0, 0))
    with filelock.FileLock(others[0] / "preparing.lock"):
        x, y = datasets.load("gtsrb/training", "train", data, manual)
    want = [[c, t, f] for c in (0, 7) for t in range(2) for f in range(3)]
    assert sorted(x[:, 0, 0].tolist()) == want
    assert (x == x[:, :1, :1]).all()
    assert y.tolist() == x[:, 0, 0, 0].tolist()
    assert not left.exists()
    assert [other.exists() for other in others] == [True, True, False]


# Generates what takes ten minutes, and says which processes do. It is written
# as users do it, without `if __name__ == "__main__"`.
GENERATING = """
import os
import sys

from keras_grl import datasets
from keras_grl.datasets import syn_signs

print("runs", flush=True)


def telling(indices, config, seed):
    print("generates", os.getpid(), flush=True)
    return syn_signs.draw(indices, config, seed)


syn_signs.SynSigns._draw = staticmethod(telling)
datasets.load("syn_signs/small", "train", sys.argv[1])
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_killed_while_it_generates(tmp_path, number):
    """No process stays, and none of them runs the user's program again."""
    script = tmp_path / "generating.py"
    script.write_text(GENERATING)
    with started(
        [str(script), str(tmp_path / "data")],
        env={
            "PYTHONPATH": str(ROOT),
            "LOKY_MAX_CPU_COUNT": "2",
            "KERAS_BACKEND": "jax",  # imported the fastest
        },
    ) as process:
        generating, runs = set(), 0
        # On a machine with one processor it is one process that generates.
        processes = min(2, loky.cpu_count())
        while len(generating) < processes:
            line = process.stdout.readline()
            assert line, "ended before it was killed"
            words = line.split()
            runs += words == ["runs"]
            if words[:1] == ["generates"]:
                generating.add(words[1])
        assert runs == 1 and str(process.pid) not in generating
        process.send_signal(number)
        # The pipe is open as long as any of them is there.
        process.communicate(timeout=60)


def test_killed_while_it_writes_the_other_format(tmp_path, monkeypatch):
    manual, data = tmp_path / "manual", tmp_path / "data"
    manual.mkdir()
    official.write_gtsrb(manual)
    adapter = file_adapters.ADAPTER_FOR_FORMAT[formats.ARRAY_RECORD]

    class Killed(BaseException):
        """Nothing can be done against it."""

    def killed(path, examples):
        path.write_bytes(b"half")
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(adapter, "write_examples", killed)
        with pytest.raises(Killed):
            datasets.load("gtsrb/training", "train", data, manual)
    x, _ = datasets.load("gtsrb/training", "train", data)
    source = tfds.data_source("gtsrb/training", split="train", data_dir=data)
    assert [source[i]["image"].tolist() for i in range(12)] == x.tolist()
    names = {path.name for path in data.glob("gtsrb/training/1.0.0/*")}
    assert names - {"metadata.json"} == {  # which TFDS writes, or does not
        "dataset_info.json",
        "features.json",
        "gtsrb-train.tfrecord-00000-of-00001",
        "gtsrb-train.array_record-00000-of-00001",
    }


def test_two_that_prepare_one_set(tmp_path):
    """The second waits for the first, and reads what that has prepared."""
    manual, data = tmp_path / "manual", tmp_path / "data"
    manual.mkdir()
    official.write_gtsrb(manual)
    script = HALTING.replace("time.sleep(600)", "input()")
    with (
        started(
            ["-c", script, str(data), str(manual)],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as first,
        concurrent.futures.ThreadPoolExecutor() as pool,
    ):
        try:
            assert any("halted" in line for line in first.stdout)
            second = pool.submit(
                datasets.load, "gtsrb/training", "train", data, manual
            )
            with pytest.raises(TimeoutError):
                second.result(timeout=3)
            (unfinished,) = data.glob("gtsrb/training/incomplete.*")
            _, errors = first.communicate("\n", timeout=60)
            x, _ = second.result(timeout=60)
        finally:
            first.kill()  # or the second would wait forever
    assert first.returncode == 0, errors
    assert len(x) == 12 and not unfinished.exists()


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
    for part in ("mnist_m", str(data), reason, "Free some space", "data_dir="):
        assert part in message
    assert message.count("\n") == 1
    left = [path for path in data.glob("mnist_m/**/*") if path.is_file()]
    assert not left
    enlarge()
    x, y = datasets.load("mnist_m", "train", data, manual)
    assert len(x) == 100
    np.testing.assert_array_equal(y, np.arange(100) % 10)
