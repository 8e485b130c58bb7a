"""Programs on a backend other than that of the tests.

A process can have one backend, and importing one takes longer than what the
tests do there. So there is one process for each other backend, which runs all
programs one after the other.
"""

import atexit
import contextlib
import functools
import io
import json
import os
import subprocess
import sys
import threading
import traceback
from pathlib import Path
from typing import IO
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def run(
    code: str, backend: str, timeout: float
) -> subprocess.CompletedProcess[str]:
    """Runs a program in the process that has the backend.

    Raises:
        subprocess.TimeoutExpired: After `timeout` seconds.
    """
    server = _server(backend)
    try:
        answer = server.ask(code, timeout)
    except (subprocess.TimeoutExpired, OSError, ValueError) as error:
        # The next program gets a new process.
        _server.cache_clear()
        server.stop()
        if isinstance(error, subprocess.TimeoutExpired):
            raise
        answer = {"returncode": server.process.returncode, "stderr": str(error)}
    return subprocess.CompletedProcess(
        [backend],
        answer["returncode"],
        answer.get("stdout", ""),
        answer["stderr"],
    )


class _Server:
    """The other process, as seen from here."""

    def __init__(self, backend: str):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.other_backends"],
            cwd=ROOT,
            env={**os.environ, "KERAS_BACKEND": backend},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        atexit.register(self.stop)

    def ask(self, code: str, timeout: float) -> dict[str, Any]:
        assert self.process.stdin and self.process.stdout
        print(json.dumps(code), file=self.process.stdin, flush=True)
        # Reading cannot be interrupted, but ends when the process does.
        late = threading.Event()

        def end() -> None:
            late.set()
            self.process.kill()

        timer = threading.Timer(timeout, end)
        timer.start()
        try:
            line = self.process.stdout.readline()
        finally:
            timer.cancel()
        if late.is_set():
            raise subprocess.TimeoutExpired(code, timeout)
        if not line:
            raise ValueError("the process ended within the program")
        return json.loads(line)

    def stop(self) -> None:
        self.process.kill()
        self.process.communicate()


_server = functools.cache(_Server)


def serve(programs: IO[str], answers: IO[str]) -> None:
    """Runs in the other process: programs as lines of JSON, and answers."""
    import keras

    policy = keras.config.dtype_policy()
    data_format = keras.config.image_data_format()
    for line in programs:
        stdout, stderr = io.StringIO(), io.StringIO()
        status = 0
        with (
            contextlib.redirect_stdout(stdout),
            contextlib.redirect_stderr(stderr),
        ):
            try:
                exec(compile(json.loads(line), "<program>", "exec"), {})
            except BaseException:
                traceback.print_exc()
                status = 1
        keras.config.set_dtype_policy(policy)
        keras.config.set_image_data_format(data_format)
        keras.utils.clear_session(free_memory=False)
        answer = {
            "returncode": status,
            "stdout": stdout.getvalue(),
            "stderr": stderr.getvalue(),
        }
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    # What the frameworks print goes elsewhere than the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    sys.path.insert(0, str(ROOT))
    serve(sys.stdin, answers)
