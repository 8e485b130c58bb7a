"""How a program that uses Keras starts and ends.

Importing Keras imports its backend, which takes seconds. So the programs read
the command line first: `--help` and a wrong option are handled at once.
"""

import contextlib
import importlib.util
import logging
import os
import re
import sys
import tempfile
from collections.abc import Callable
from collections.abc import Iterator

from applications.options import stop

BACKENDS = ("tensorflow", "jax", "torch")
_INTERRUPTED = 130  # the status of a program that Ctrl-C has ended
_NOISE = re.compile(r"WARNING: All log messages before absl::|[IW]\d{4} ")


def load_keras() -> None:
    """Imports Keras on the backend that `KERAS_BACKEND` names.

    A backend that cannot train, or is not installed, ends the program with
    one line.
    """
    if "keras" in sys.modules:
        return
    name = os.environ.get("KERAS_BACKEND")  # Keras ignores an empty one
    if name:
        check_backend(name)
    with _without_noise():
        try:
            import keras
        except ImportError as error:
            installed = [b for b in BACKENDS if importlib.util.find_spec(b)]
            stop(
                "KERAS_BACKEND: expected a backend that is installed "
                f"({', '.join(installed) or 'none is'}), received "
                f"{name or 'nothing: Keras takes its default'}. {error}"
            )
        # On every backend this imports TensorFlow if it is installed.
        keras.utils.set_random_seed(0)
    check_backend(keras.backend.backend())
    # TensorFlow warns of every model beyond the fourth that it compiles.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)


def check_backend(name: str) -> None:
    """Ends the program if networks cannot be trained on this backend."""
    if name not in BACKENDS:
        stop(
            f"KERAS_BACKEND: expected one of {', '.join(BACKENDS)}, received "
            f"{name!r}"
        )


@contextlib.contextmanager
def _without_noise() -> Iterator[None]:
    """Drops the lines that TensorFlow logs while it is imported.

    TensorFlow 2.21 writes these lines to the process's standard error before
    it reads `TF_CPP_MIN_LOG_LEVEL` (tensorflow/tensorflow#100442).
    Everything else is passed on.
    """
    sys.stderr.flush()
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as written:
        os.dup2(written.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(stderr, 2)
            os.close(stderr)
            written.seek(0)
            for line in written.read().decode(errors="replace").splitlines():
                if not _NOISE.match(line):
                    print(line, file=sys.stderr)


@contextlib.contextmanager
def interruptible(message: str) -> Iterator[None]:
    """Ctrl-C within the block ends the program with this line."""
    try:
        yield
    except KeyboardInterrupt:
        print(f"\n{message}", file=sys.stderr)
        sys.exit(_INTERRUPTED)


def program(main: Callable[[], object]) -> None:
    """Runs a program from the command line."""
    with interruptible("Interrupted."):
        main()
