import json
import math
import threading

import pytest

from applications import files
from tests.testing import run_python


def test_json_has_no_nan(tmp_path):
    path = tmp_path / "metrics.json"
    content = {
        "gap": [math.nan, 0.5, (math.inf, -math.inf)],
        "nested": {"accuracy": math.nan, "epoch": 3, "selected": None},
    }
    files.write_json(path, content)
    assert json.loads(path.read_text(), parse_constant=pytest.fail) == {
        "gap": [None, 0.5, [None, None]],
        "nested": {"accuracy": None, "epoch": 3, "selected": None},
    }


def test_a_table_has_a_column_for_each_name(tmp_path):
    path = tmp_path / "new" / "history.csv"
    files.write_csv(path, [{"epoch": 1, "loss": 0.5}, {"epoch": 2, "λ": 1.0}])
    assert path.read_text() == "epoch,loss,λ\n1,0.5,\n2,,1.0\n"
    files.write_csv(path, [])
    assert path.read_text() == "\n"


def test_what_fails_leaves_the_file_of_before(tmp_path):
    path = tmp_path / "model.keras"
    path.write_text("good")
    with pytest.raises(OSError, match="disk full"):
        with files.whole(path) as unfinished:
            assert unfinished.suffix == ".keras"
            unfinished.write_text("half")
            raise OSError("disk full")
    assert path.read_text() == "good"
    with pytest.raises(TypeError):
        files.write_json(path, {"not": object()})
    assert [file.name for file in tmp_path.iterdir()] == ["model.keras"]


def test_two_writers_of_one_file_and_a_reader(tmp_path):
    path = tmp_path / "metrics.json"
    problems = []

    def write(number):
        try:
            for count in range(100):
                files.write_json(path, [number] * (50 * count % 977))
                files.write_csv(tmp_path / "h.csv", [{"epoch": count}] * count)
        except OSError as error:
            problems.append(error)

    writers = [threading.Thread(target=write, args=(n,)) for n in (1, 2)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        if path.exists():
            assert len(set(json.loads(path.read_text()))) <= 1
    assert problems == []
    assert {file.name for file in tmp_path.iterdir()} == {
        "metrics.json",
        "h.csv",
    }


def test_a_lock_ends_with_its_block_or_its_process(tmp_path):
    path = tmp_path / "run" / ".lock"
    with files.locked(path) as alone:
        assert alone
        with files.locked(path) as second:
            assert not second
    killed = run_python(
        "import os\n"
        "from pathlib import Path\n"
        "from applications import files\n"
        f"with files.locked(Path({str(path)!r})) as alone:\n"
        "    print(alone, flush=True)\n"
        "    os._exit(9)\n"
    )
    assert killed.stdout == "True\n" and killed.returncode == 9
    with files.locked(path) as alone:
        assert alone
