"""The command line, before any folder is read."""

import pytest

from keras_grl.commands import arguments
from keras_grl.commands import main
from keras_grl.version import __version__

pytestmark = pytest.mark.backend_free


def test_defaults():
    options = arguments.parse(["adapt", "a", "b"])
    assert vars(options) == {
        "command": "adapt",
        "source": "a",
        "target": "b",
        "image_size": 64,
        "output": "adapted",
        "minutes": None,
        "max_candidates": None,
        "steps": None,
        "methods": None,
        "backbone": "small",
        "weights": None,
        "learning_rate": None,
        "batch_size": 64,
        "seed": 0,
        "resume": False,
        "target_test": None,
    }


def test_methods_are_words():
    options = arguments.parse(["adapt", "a", "b", "--methods", "mcc,dann"])
    assert options.methods == ("mcc", "dann")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", "adapt | check"),
        ("train a b", "invalid choice: 'train'"),
        ("adapt a", "TARGET"),
        ("check a", "TARGET"),
        ("adapt a b --step 5", "unrecognized arguments: --step 5"),
        ("check a b --steps 5", "unrecognized arguments: --steps 5"),
        ("adapt a b --steps 0", "--steps: expected a whole number"),
        ("adapt a b --steps 1e3", "received '1e3'"),
        ("adapt a b --steps " + "9" * 5000, "at most 2147483647"),
        ("adapt a b --steps ²", "received '²'"),
        ("adapt a b --minutes 0", "--minutes: expected a finite number"),
        ("adapt a b --minutes nan", "received 'nan'"),
        ("adapt a b --minutes inf", "received 'inf'"),
        ("adapt a b --minutes soon", "received 'soon'"),
        ("adapt a b --minutes 5 --steps 5", "--minutes: expected none with"),
        ("adapt a b --max-candidates -1", "--max-candidates"),
        ("adapt a b --max-candidates 1", "at least 2"),
        ("adapt a b --batch-size 1", "at least 2"),
        ("adapt a b --learning-rate 0", "finite number greater than 0"),
        ("adapt a b --image-size 4", "at least 8"),
        ("check a b --image-size 100000", "at most 1024"),
        ("adapt a b --seed 4294967295", "at most 4294967294"),
        ("adapt a b --methods mcc,mcc", "different names"),
        ("adapt a b --methods mcc,", "different names"),
    ],
)
def test_what_is_wrong_gets_one_line(line, expected, capsys):
    with pytest.raises(SystemExit) as stopped:
        main.main(line.split())
    written = capsys.readouterr()
    assert stopped.value.code == 2 and written.out == ""
    assert expected in written.err
    assert written.err.startswith("error: ")
    assert len(written.err.splitlines()) == 1


@pytest.mark.parametrize("command", ["adapt", "check"])
def test_help_has_every_option(command, capsys):
    with pytest.raises(SystemExit) as stopped:
        main.main([command, "--help"])
    text = capsys.readouterr().out
    assert stopped.value.code == 0
    for name in vars(arguments.parse([command, "a", "b"])):
        if name not in ("command", "source", "target"):
            assert "--" + name.replace("_", "-") in text


def test_version(capsys):
    with pytest.raises(SystemExit):
        main.main(["--version"])
    assert capsys.readouterr().out.strip() == __version__
