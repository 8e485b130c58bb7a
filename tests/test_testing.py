"""Tests of the tests' helpers."""

import subprocess

import pytest

from tests.testing import BACKEND
from tests.testing import run_python

# The quickest to start, for a process that ends starts again.
ANOTHER_BACKEND = "torch" if BACKEND == "jax" else "jax"


@pytest.mark.backend_free
def test_programs_on_another_backend():
    """Independent programs, though they share a process."""
    done = run_python(
        "import keras, os\n"
        "keras.config.set_dtype_policy('mixed_bfloat16')\n"
        "print(keras.backend.backend(), os.getpid())\n"
        "x = 1",
        ANOTHER_BACKEND,
    )
    backend, first = done.stdout.split()
    assert (done.returncode, backend) == (0, ANOTHER_BACKEND)
    done = run_python("print(x)", ANOTHER_BACKEND)
    assert done.returncode == 1
    assert "NameError: name 'x' is not defined" in done.stderr
    code = "import keras, os\nprint(keras.config.dtype_policy().name)"
    done = run_python(code + "\nprint(os.getpid())", ANOTHER_BACKEND)
    assert done.stdout.split() == ["float32", first]
    # One that ends the process does not end those that follow.
    done = run_python("import os; os._exit(3)", ANOTHER_BACKEND)
    assert done.returncode != 0
    with pytest.raises(subprocess.TimeoutExpired):
        run_python("import time; time.sleep(600)", ANOTHER_BACKEND, 0.1)
    assert run_python("print(1)", ANOTHER_BACKEND).stdout == "1\n"
