import csv
import dataclasses
import json

import keras
import numpy as np
import pytest

from applications import demo
from applications import demo_training
from applications import figures
from applications import progress
from applications.demo_training import digits

TINY = ["--epochs", "2", "--images", "64", "--batch-size", "64"]


def test_a_tiny_run_writes_everything(
    tmp_path, capsys, no_embedding, monkeypatch
):
    load = digits.load

    def load_few(name, split, count, seed):
        return load(name, split, min(count, 64), seed)

    monkeypatch.setattr(digits, "load", load_few)
    metrics = demo.main([*TINY, "--output", str(tmp_path), "--name", "tiny"])
    run = tmp_path / "tiny"
    printed = capsys.readouterr().out
    assert "| DANN | 0." in printed
    config = json.loads((run / "config.json").read_text())
    assert config["images"] == 64 and config["seeds"] == 1
    assert config["name"] == "tiny"
    assert json.loads((run / "metrics.json").read_text()) == metrics
    assert [row["seed"] for row in metrics["test_accuracy"]] == [0]
    with open(run / "history.csv") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3 * 2  # methods, epochs
    dann = [row for row in rows if row["method"] == "DANN"]
    # Two steps an epoch; λ of the second, of four in all.
    assert float(dann[0]["adaptation_factor"]) == pytest.approx(np.tanh(5 / 4))
    assert {p.name for p in (run / "figures").iterdir()} == {
        "examples.png",
        "training.png",
        "features.png",
    }
    model = keras.models.load_model(run / "model.keras")
    data = demo_training.load(demo.Config(images=64), seed=0)
    accuracy = metrics["test_accuracy"][0]["DANN"]
    assert demo_training.test_accuracy(model, data) == pytest.approx(accuracy)


def runs(seed, source_only, dann=None, train_on_target=None):
    found = {
        "source_only": source_only,
        "dann": dann,
        "train_on_target": train_on_target,
    }
    return [
        {
            "method": method,
            "seed": seed,
            "accuracy": accuracy,
            "history": {"loss": [2.0, 1.0], "val_accuracy": [0.1, accuracy]},
        }
        for method, accuracy in found.items()
        if accuracy is not None
    ]


def test_the_table_of_accuracies_that_are_known():
    found = runs(3, 0.5, 0.7, 0.9) + runs(4, 0.6, 0.8, 0.9)
    assert demo_training.table(found) == (
        "| method | target test accuracy | share of the gap covered |\n"
        "|---|---|---|\n"
        "| source only | 0.550 ± 0.050 |  |\n"
        "| DANN | 0.750 ± 0.050 | 57.1 % |\n"
        "| train on target | 0.900 ± 0.000 |  |"
    )
    # Where the bounds cross there is no gap to cover.
    crossed = demo_training.table(runs(0, 0.209, 0.202, 0.185))
    assert crossed.splitlines()[2:] == [
        "| source only | 0.209 |  |",
        "| DANN | 0.202 |  |",
        "| train on target | 0.185 |  |",
    ]


def test_the_metrics_of_accuracies_that_are_known():
    found = runs(3, 0.5, 0.7, 0.9) + runs(4, 0.6, 0.5, 0.6) + runs(5, 0.4)
    metrics = demo_training.summary(found, seconds=12.345)
    assert metrics == {
        "backend": keras.backend.backend(),
        "keras": keras.version(),
        "seconds": 12.3,
        "test_accuracy": [
            {
                "seed": 3,
                "source only": 0.5,
                "DANN": 0.7,
                "train on target": 0.9,
            },
            {
                "seed": 4,
                "source only": 0.6,
                "DANN": 0.5,
                "train on target": 0.6,
            },
            {"seed": 5, "source only": 0.4},
        ],
        "gap_covered": [pytest.approx(0.5), None, None],
    }


def test_the_rows_of_a_history_that_is_known():
    found = runs(3, 0.5, 0.7)
    assert demo_training.history_rows(found) == [
        {
            "seed": 3,
            "method": method,
            "epoch": epoch,
            "loss": loss,
            "val_accuracy": accuracy,
        }
        for method, last in (("source only", 0.5), ("DANN", 0.7))
        for epoch, loss, accuracy in ((1, 2.0, 0.1), (2, 1.0, last))
    ]


class Recorder:
    """In place of a network: remembers what it was trained on."""

    def __init__(self):
        self.classifier, self.fitted = self, None

    def compile(self, **kwargs):
        self.compiled = kwargs

    def fit(self, *data, **kwargs):
        self.fitted = data, kwargs
        return keras.callbacks.History()

    def predict(self, images, **kwargs):
        return np.eye(3)[images]


@pytest.fixture
def data():
    """Sixteen images of each domain, whose pixels tell what they are."""

    def images(value, count):
        return np.full((count, 28, 28, 1), value, "uint8")

    return demo_training.Domains(
        x_source=images(1, 16),
        y_source=np.full(16, 1),
        x_target=images(2, 16),
        y_target=np.full(16, 2),
        validation=(images(3, 4), np.full(4, 3)),
        test=(np.array([0, 1, 2, 2]), np.array([0, 1, 2, 0])),
    )


@pytest.mark.parametrize("method", demo_training.COMPARED)
def test_each_network_learns_from_its_own_domain(method, data, monkeypatch):
    network = Recorder()
    monkeypatch.setattr(
        demo_training.keras_grl.architectures, "LeNet", lambda **_: network
    )
    config = demo.Config(batch_size=8, epochs=5, domain_loss_weight=0.25)
    demo_training.train(config, method, data, seed=0)
    (*learnt,), options = network.fitted
    assert options["validation_data"] is data.validation
    assert options["epochs"] == 5
    if method == "dann":
        assert network.compiled["domain_loss_weight"] == 0.25
        x, y = learnt[0][0][:2]
        assert len(x["source"]) == len(x["target"]) == 4
        assert np.all(keras.ops.convert_to_numpy(x["source"]) == 1)
        assert np.all(keras.ops.convert_to_numpy(x["target"]) == 2)
        assert np.all(keras.ops.convert_to_numpy(y) == 1)
    else:
        x, y = learnt
        value = {"source_only": 1, "train_on_target": 2}[method]
        assert np.all(x == value) and np.all(y == value)
        # As many labeled images in a step as with DANN.
        assert options["batch_size"] == 4
    # It is tested on the test images: three of four are right.
    assert demo_training.test_accuracy(network, data) == 0.75


def test_no_written_digit_is_in_two_parts(monkeypatch):
    asked = []

    def load(name, split, count, seed):
        asked.append((name, split, count, seed))
        return np.zeros((1, 28, 28, 1), "uint8"), np.zeros(1)

    monkeypatch.setattr(digits, "load", load)
    demo_training.load(demo.Config(images=99), seed=7)
    assert asked == [
        ("digits", "train", 99, 7),
        ("digits_cluttered", "train", 99, 7),
        ("digits_cluttered", "validation", 600, 7),
        ("digits_cluttered", "test", 1188, 7),
    ]


def quickly(monkeypatch, interrupted_at=None):
    """Networks that know their accuracy; Ctrl-C while one of them trains."""
    accuracies = {"source_only": 0.5, "dann": 0.75, "train_on_target": 1.0}

    class Known:
        def __init__(self, method):
            self.accuracy = accuracies[method]

        def save(self, path):
            path.write_text(f"{self.accuracy}")

    def train(config, method, data, seed):
        if (method, seed) == interrupted_at:
            raise KeyboardInterrupt
        return Known(method), {"loss": [1.0], "val_accuracy": [0.1]}

    for name, value in (
        ("train", train),
        ("load", lambda config, seed: None),
        ("test_accuracy", lambda model, data: model.accuracy),
        ("draw", lambda folder, *rest: folder.mkdir()),
    ):
        monkeypatch.setattr(demo_training, name, value)


def test_ctrl_c_keeps_what_was_trained(tmp_path, capsys, monkeypatch):
    quickly(monkeypatch, interrupted_at=("dann", 1))
    with pytest.raises(SystemExit) as stopped:
        demo.main(["--seeds", "3", "--output", str(tmp_path)])
    (run,) = tmp_path.iterdir()
    assert stopped.value.code == 130
    message = f"\nInterrupted. What is done is in {run}/\n"
    assert capsys.readouterr().err == message
    metrics = json.loads((run / "metrics.json").read_text())
    assert metrics["test_accuracy"] == [
        {"seed": 0, "source only": 0.5, "DANN": 0.75, "train on target": 1.0},
        {"seed": 1, "source only": 0.5},
    ]
    assert metrics["gap_covered"] == [0.5, None]
    assert {file.name for file in run.iterdir()} == {
        "config.json",
        "figures",
        "history.csv",
        "metrics.json",
        "model.keras",
    }
    assert len((run / "history.csv").read_text().splitlines()) == 1 + 4
    assert (run / "model.keras").read_text() == "0.75"  # DANN's


def test_without_scikit_learn_there_is_one_line(tmp_path, monkeypatch):
    def load(config, seed):
        raise ImportError("The embedded digits come with scikit-learn.")

    monkeypatch.setattr(demo_training, "load", load)
    with pytest.raises(SystemExit, match="error: The embedded digits come"):
        demo.main(["--output", str(tmp_path)])


def test_of_two_seeds_the_model_is_the_first_ones(tmp_path, monkeypatch):
    quickly(monkeypatch)
    saved = []
    monkeypatch.setattr(
        demo_training,
        "train",
        lambda config, method, data, seed: (
            type(
                "Model",
                (),
                {
                    "accuracy": 0.5,
                    "save": lambda _, path: (
                        saved.append((method, seed)),
                        path.touch(),
                    ),
                },
            )(),
            {"loss": [1.0], "val_accuracy": [0.5]},
        ),
    )
    demo.main(["--seed", "4", "--seeds", "2", "--output", str(tmp_path)])
    assert saved == [("dann", 4)]


def test_figures_show_each_domain_under_its_name(tmp_path, data, monkeypatch):
    shown = {}
    monkeypatch.setattr(
        figures, "examples", lambda domains, path: shown.update(domains)
    )
    monkeypatch.setattr(
        figures,
        "training_curves",
        lambda histories, path: shown.update(histories),
    )
    monkeypatch.setattr(
        figures, "embeddings", lambda found, path: shown.update(features=found)
    )
    monkeypatch.setattr(
        demo_training, "features", lambda model, images: (model, images.max())
    )
    models = {"source_only": "plain", "dann": "adapted"}
    demo_training.draw(tmp_path, data, models, runs(0, 0.5, 0.7, 0.9))
    assert np.all(shown["source: labeled"] == 1)
    assert np.all(shown["target: unlabeled"] == 2)
    assert shown["features"] == {
        "source only": (("plain", 1), ("plain", 2)),
        "DANN": (("adapted", 1), ("adapted", 2)),
    }
    last = {
        n: h["val_accuracy"][-1] for n, h in shown.items() if "val" in str(h)
    }
    assert last == {"source only": 0.5, "DANN": 0.7, "train on target": 0.9}


def test_a_second_default_run_gets_a_number(tmp_path):
    config = demo.Config(output=str(tmp_path))
    assert demo.new_folder(config, "jax") == tmp_path / "demo-jax"
    # It is there at once: another process takes another one.
    assert demo.new_folder(config, "jax") == tmp_path / "demo-jax-2"
    assert demo.new_folder(config, "jax") == tmp_path / "demo-jax-3"
    named = dataclasses.replace(config, name="mine")
    assert demo.new_folder(named, "jax") == tmp_path / "mine"
    with pytest.raises(SystemExit, match="another one: --name mine-2"):
        demo.new_folder(named, "jax")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--epochs", "0"], "--epochs: expected a whole number, at least 1"),
        (["--seed", "x"], "--seed: expected a whole number"),
        (["--seed", "9" * 23], "--seed: expected a whole number"),
        (["--epoch", "1"], "unrecognized arguments: --epoch 1"),
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


def test_the_figures_of_an_epoch_are_told(capsys):
    told = progress.Progress("DANN, seed 0", epochs=2)
    told.on_epoch_end(
        1,
        {
            "loss": 1.5,
            "accuracy": 0.25,
            "domain_loss": 0.693,
            "adaptation_factor": 0.5,
            "target_accuracy": 0.125,
            "source_accuracy": 0.75,
        },
    )
    assert capsys.readouterr().out.split("epoch", 1)[1] == (
        "   2/2  loss 1.500  accuracy 0.250  domain loss 0.693  λ 0.500  "
        "target 0.125  0 s\n"
    )
