"""A peer in an environment of its own, which `benchmarks.training` times."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np

from benchmarks.load import Took
from benchmarks.load import measured
from benchmarks.peers.protocol import ANSWER
from benchmarks.peers.protocol import Images

_ROOT = Path(__file__).resolve().parents[2]
_ENVIRONMENTS = _ROOT / "build" / "peers"
_CONSTRAINTS = _ROOT / "constraints.txt"


class Setup(NamedTuple):
    """What runs a peer.

    Args:
        backend: Whose table it stands in.
        requirements: What is installed, as the constraints of this project
            have it.
        alone: What is installed without what it asks for.
    """

    backend: str
    requirements: Sequence[str]
    alone: Sequence[str] = ()


SETUPS = {
    "adapt": Setup("tensorflow", ["adapt==0.4.5"]),
    # It asks for torchvision, which no CPU build of torch on the package index
    # has, and which is not used here.
    "pytorch_adapt": Setup(
        "torch",
        # torchmetrics 0.9.3 imports pkg_resources, gone from setuptools 81.
        [
            "torch",
            "numpy",
            "scikit-learn",
            "tqdm",
            "packaging",
            "setuptools<81",
        ],
        [
            "pytorch-adapt==0.0.83",
            "pytorch-metric-learning==1.6.3",
            "torchmetrics==0.9.3",
        ],
    ),
    "skada": Setup("torch", ["skada==0.6.0", "skorch", "torch"]),
}


def of_backend() -> list[str]:
    """The peers that train on the backend of this process."""
    backend = keras.backend.backend()
    return [name for name, setup in SETUPS.items() if setup.backend == backend]


class PeerError(Exception):
    """A peer cannot be installed or fails here, with the reason."""


def python_of(name: str) -> Path:
    """The interpreter of a peer's environment, which is made if need be.

    Args:
        name: A key of `SETUPS`.

    Raises:
        PeerError: If something cannot be installed.
    """
    folder = _ENVIRONMENTS / name
    python = folder / "bin" / "python"
    complete = folder / "complete"
    if complete.exists():
        return python
    setup = SETUPS[name]
    pip = [str(python), "-m", "pip", "install", "--quiet"]
    _call([sys.executable, "-m", "venv", "--clear", str(folder)])
    _call([*pip, "--constraint", str(_CONSTRAINTS), *setup.requirements])
    if setup.alone:
        _call([*pip, "--no-deps", *setup.alone])
    complete.touch()
    return python


def _call(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise PeerError(_last_line(done.stderr))


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["it says nothing"])[-1]


class Peer:
    """A process that trains with a peer.

    Args:
        name: A key of `SETUPS`.
        images: Source images, their labels, target images.
    """

    def __init__(self, name: str, images: Images):
        self.images = images
        self.name = name
        self.python = python_of(name)
        self.version = ""
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> Took:
        """One step, and what comes before the first one."""
        if self.process is not None:
            return self.chunk(1)
        with measured() as took, tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "images.npz")
            np.savez(file, *self.images)
            self.errors = tempfile.TemporaryFile("w+")
            self.process = subprocess.Popen(
                [
                    str(self.python),
                    "-m",
                    f"benchmarks.peers.{self.name}",
                    str(file),
                ],
                cwd=_ROOT,
                env={**os.environ, "KERAS_BACKEND": SETUPS[self.name].backend},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self.errors,
                text=True,
            )
            self.version = self._answer()
        first = self.chunk(1)
        return Took(took.wall + first.wall, first.processor, first.others)

    def chunk(self, steps: int) -> Took:
        assert self.process is not None
        assert self.process.stdin is not None
        with measured() as took:
            print(steps, file=self.process.stdin, flush=True)
            wall, processor = map(float, self._answer().split())
        if took.others is not None:
            # Its work is not that of others.
            took.others = max(took.others + took.processor - processor, 0.0)
        took.wall, took.processor = wall, processor
        return took

    def close(self) -> None:
        """Ends the process."""
        if self.process is not None:
            self.process.communicate()
            self.errors.close()

    def _answer(self) -> str:
        assert self.process is not None
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith(ANSWER):
                return line.removeprefix(ANSWER).strip()
        self.errors.seek(0)
        raise PeerError(_last_line(self.errors.read()))
