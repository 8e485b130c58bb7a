"""Puts each fault into a copy of the tree and runs the tests that must fail.

python -m tests.mutants              # all
python -m tests.mutants pairing      # those with the word in file or tests
"""

import importlib
import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from tests.mutants import Mutant
from tests.mutants import all_mutants

ROOT = Path(__file__).resolve().parent.parent.parent
# Read by what is imported. With one thread a process can be forked safely.
ENVIRONMENT = {
    "KERAS_BACKEND": "torch",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}
# What takes long to import and is not mutated: imported once, then forked.
IMPORTED_ONCE = (
    "numpy",
    "torch",
    "tensorflow",  # `keras.utils.set_random_seed` imports it on any backend.
    "keras",
    "sklearn.svm",
    "sklearn.decomposition",
    "sklearn.linear_model",
    "sklearn.model_selection",
    "h5py",
    "pytest",
)
# No mutant of a healthy list takes so long.
SECONDS_AT_MOST = 300
OURS = ("keras_grl", "applications", "benchmarks", "tests")
# Exit statuses: pytest's, and our own.
GREEN, RED, OTHER_TREE = 0, 1, 70


def main(words: list[str]) -> int:
    chosen = [
        mutant
        for mutant in all_mutants()
        if not words
        or any(
            w in text for w in words for text in (mutant.path, *mutant.tests)
        )
    ]
    if not chosen:
        print(f"No mutant has one of the words {words} in its file or tests.")
        return 2
    os.environ.update(ENVIRONMENT)
    for name in IMPORTED_ONCE:
        importlib.import_module(name)
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(
            ROOT,
            tree,
            ignore=shutil.ignore_patterns(
                ".git",
                ".venv*",
                ".*_cache",
                "__pycache__",
                "*.egg-info",
                "results",
                "build",
                "dist",
            ),
        )
        log = Path(folder) / "log"
        tests = sorted({test for mutant in chosen for test in mutant.tests})
        print(f"{len(tests)} tests without a mutant: ", end="", flush=True)
        start = time.monotonic()
        if run(tree, tests, log, first=False) != GREEN:
            print("not green\n", log.read_text(errors="replace")[-4000:])
            return 2
        print(f"green, {time.monotonic() - start:.0f} s")
        return report([survived(tree, mutant, log) for mutant in chosen])


def survived(tree: Path, mutant: Mutant, log: Path) -> bool:
    """Runs one mutant, prints its row; returns whether it was not caught."""
    path = tree / mutant.path
    text = path.read_text()
    start = time.monotonic()
    message = ""
    if text.count(mutant.original) != 1:
        result = "BROKEN"
        message = f"the text is found {text.count(mutant.original)} times"
    else:
        try:
            path.write_text(text.replace(mutant.original, mutant.mutated))
            status = run(tree, list(mutant.tests), log, first=True)
        finally:
            path.write_text(text)
        result = {GREEN: "SURVIVED", RED: "killed"}.get(status, "BROKEN")
        if result == "BROKEN":
            message = (
                f"status {status}: {log.read_text(errors='replace')[-2000:]}"
            )
    seconds = time.monotonic() - start
    lines = [
        " ".join(text.split()) for text in (mutant.original, mutant.mutated)
    ]
    print(f"{result:8} {seconds:5.1f} s  {mutant.path}")
    print(f"{'':18}- {lines[0]}\n{'':18}+ {lines[1]}", flush=True)
    if result != "killed":
        print(f"{'':18}{message or ', '.join(mutant.tests)}", flush=True)
    return result != "killed"


def report(not_caught: list[bool]) -> int:
    killed = len(not_caught) - sum(not_caught)
    print(f"{killed} of {len(not_caught)} mutants killed")
    return int(any(not_caught))


def run(tree: Path, tests: list[str], log: Path, first: bool) -> int:
    """The exit status of pytest in a forked process.

    Args:
        tree: Where the mutated package is.
        tests: Node ids.
        log: Where the output goes.
        first: Whether to stop at the first failure.

    Returns:
        Pytest's status, or the negative number of a signal.
    """
    sys.stdout.flush()
    process = os.fork()
    if process == 0:
        status = OTHER_TREE
        try:
            status = run_here(tree, tests, log, first)
        finally:
            os._exit(status)
    _, status = os.waitpid(process, 0)
    return os.waitstatus_to_exitcode(status)


def run_here(tree: Path, tests: list[str], log: Path, first: bool) -> int:
    if first:
        signal.alarm(SECONDS_AT_MOST)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    # Nothing of ours from the original tree, and no compiled files, which
    # cannot distinguish two mutants of one second and size.
    sys.dont_write_bytecode = True
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    for name in list(sys.modules):
        if name.partition(".")[0] in OURS:
            del sys.modules[name]
    os.chdir(tree)
    sys.path[0] = str(tree)
    import pytest

    options = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    status = int(pytest.main([*options, *(["-x"] if first else []), *tests]))
    package = sys.modules.get("keras_grl")
    if package is not None and not str(package.__file__).startswith(str(tree)):
        print(f"{package.__file__} was tested")
        status = OTHER_TREE
    sys.stdout.flush()
    sys.stderr.flush()
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
