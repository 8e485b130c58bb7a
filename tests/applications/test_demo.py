import csv
import json

import keras
import numpy as np
import pytest

from applications import demo
from applications import progress
from tests.testing import run_python

TINY = ["--epochs", "2", "--images", "128", "--batch-size", "64"]


def test_a_tiny_run_writes_everything(tmp_path, capsys):
    metrics = demo.main(
        [*TINY, "--output", str(tmp_path), "--name", "tiny", "--seeds", "2"]
    )
    run = tmp_path / "tiny"
    printed = capsys.readouterr().out
    assert "| DANN | 0." in printed and "±" in printed
    config = json.loads((run / "config.json").read_text())
    assert config["images"] == 128 and config["seeds"] == 2
    assert json.loads((run / "metrics.json").read_text()) == metrics
    assert [row["seed"] for row in metrics["test_accuracy"]] == [0, 1]
    with open(run / "history.csv") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * 3 * 2  # seeds, methods, epochs
    dann = [row for row in rows if row["method"] == "DANN"]
    # Four steps an epoch; λ of the fourth and of the eighth and last.
    assert float(dann[0]["adaptation_factor"]) == pytest.approx(
        np.tanh(5 * 3 / 8)
    )
    assert {p.name for p in (run / "figures").iterdir()} == {
        "examples.png",
        "training.png",
        "features.png",
    }
    model = keras.models.load_model(run / "model.keras")
    data = demo.load(demo.Config(images=128), seed=0)
    accuracy = metrics["test_accuracy"][0]["DANN"]
    assert demo.test_accuracy(model, data) == pytest.approx(accuracy)


def test_share_of_the_gap():
    accuracy = {"source only": 0.5, "DANN": 0.7, "train on target": 0.9}
    assert demo.gap_covered(accuracy) == pytest.approx(0.5)
    accuracy = {"source only": 0.5, "DANN": 0.7, "train on target": 0.5}
    assert np.isnan(demo.gap_covered(accuracy))


def test_a_second_default_run_gets_a_number(tmp_path):
    config = demo.Config(output=str(tmp_path))
    assert demo.run_folder(config) == tmp_path / demo.DEFAULT_NAME
    (tmp_path / demo.DEFAULT_NAME).mkdir()
    assert demo.run_folder(config).name == f"{demo.DEFAULT_NAME}-2"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--epochs", "0"], "--epochs: expected a whole number, at least 1"),
        (["--seed", "x"], "--seed: expected a whole number"),
        (["--learning-rate", "nan"], "--learning-rate: expected a finite"),
        (["--name", "a/b"], "--name: expected a name without a path"),
        (["--batch-size", "7"], "--batch-size: expected an even number"),
        (["--images", "60"], "--images: expected at least 64"),
        (["--images", "9", "--batch-size", "2"], "expected at least 36"),
        (["--lambda", "1"], "unrecognized arguments: --lambda"),
        (["--name", "exists"], "exists already and is not overwritten"),
    ],
)
def test_a_wrong_option_gets_one_clear_line(
    arguments, message, tmp_path, capsys
):
    (tmp_path / "exists").mkdir()
    with pytest.raises(SystemExit) as stopped:
        demo.main([*arguments, "--output", str(tmp_path)])
    text = capsys.readouterr().err or str(stopped.value.code)
    assert stopped.value.code != 0
    assert message in text and len(text.strip().splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["exists"]


def test_help_lists_every_option():
    done = run_python(
        "import sys; sys.argv = ['demo', '--help']\n"
        "import runpy; runpy.run_module('applications.demo', "
        "run_name='__main__')"
    )
    assert done.returncode == 0, done.stderr
    for name in demo.Config.__dataclass_fields__:
        assert "--" + name.replace("_", "-") in done.stdout


def test_within_a_long_epoch_the_step_is_told(capsys, monkeypatch):
    told = progress.Progress("DANN, seed 0", epochs=3)
    told.set_params({"steps": 7812})
    told.on_epoch_begin(1)
    told.on_train_batch_end(0)
    assert capsys.readouterr().out == ""
    monkeypatch.setattr(progress, "SECONDS", -1)
    told.on_train_batch_end(4999)
    printed = capsys.readouterr().out
    assert "DANN, seed 0" in printed
    assert "epoch   2/3  step 5000/7812  0 s" in printed
