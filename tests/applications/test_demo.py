import dataclasses
import json

import keras
import numpy as np
import pytest

import keras_grl
from applications import demo
from applications import markdown
from applications.runner import comparison
from applications.runner import pictures
from applications.runner import results
from applications.runner import running
from applications.runner.job import Job
from applications.runner.job import Run
from applications.runner.settings import Domains
from applications.runner.settings import Split
from applications.runner.training import Trained
from keras_grl.datasets import digits
from tests.applications import tiny_runs
from tests.applications.tiny_runs import history

TINY = ["--epochs", "2", "--images", "64", "--batch-size", "64"]


@pytest.fixture
def few(monkeypatch, no_embedding):
    """Few images of each part, and a network that compiles in a moment."""
    load = digits.load

    def load_few(name, split, count, seed):
        return load(name, split, min(count, 64), seed)

    monkeypatch.setattr(digits, "load", load_few)
    tiny_runs.put_in_place(monkeypatch)


@pytest.mark.usefixtures("eager")
def test_a_tiny_run_writes_everything(tmp_path, capsys, few):
    metrics = demo.main([*TINY, "--output", str(tmp_path), "--name", "tiny"])
    run = tmp_path / "tiny"
    printed = capsys.readouterr().out
    assert "| DANN | 1 | 0." in printed
    config = json.loads((run / "config.json").read_text())
    assert config["settings"]["images"] == 64
    assert json.loads((run / "metrics.json").read_text()) == metrics
    assert [(m["method"], m["seed"]) for m in metrics] == [
        ("source_only", 0),
        ("dann", 0),
        ("train_on_target", 0),
    ]
    rows = history(run)
    assert len(rows) == 3 * 2  # methods, epochs
    assert all(0 <= float(row["val_accuracy"]) <= 1 for row in rows)
    dann = [row for row in rows if row["method"] == "dann"]
    # Two steps an epoch; λ of the second, of four in all.
    assert float(dann[0]["adaptation_factor"]) == pytest.approx(np.tanh(5 / 4))
    assert {p.name for p in (run / "figures").iterdir()} == {
        "examples.png",
        "training.png",
        "features_feature_extractor.png",
        "features_last_hidden_layer.png",
    }
    page = (run / "report.html").read_text()
    assert page.count("data:image/png;base64,") == 4
    assert "python -m applications.demo --preset demo --epochs 2" in page
    model = keras.models.load_model(run / "model.keras")
    images, labels = digits.load("digits_cluttered", "test", 64, 0)
    found = model.predict(images, verbose=0).argmax(axis=1)
    assert np.mean(found == labels) == pytest.approx(metrics[1]["accuracy"])
    # The same command again trains nothing.
    written = (run / "runs" / "dann-0" / "metrics.json").stat().st_mtime_ns
    again = demo.main([*TINY, "--output", str(tmp_path), "--name", "tiny"])
    assert again == metrics
    now = (run / "runs" / "dann-0" / "metrics.json").stat().st_mtime_ns
    assert now == written


def test_the_network_is_the_papers():
    data = Domains(Split(*np.zeros((4, 1, 28, 28, 1))), None)
    model = demo.EXPERIMENT.network(demo.Settings(gamma=5.0), data)
    lenet = keras_grl.architectures.LeNet(num_classes=10)
    names = [layer.name for layer in lenet.feature_extractor.layers]
    assert [x.name for x in model.feature_extractor.layers] == names
    assert "'gamma': 5.0" in str(model.get_config()["adaptation_factor"])


def runs(seed, source_only, dann=None, train_on_target=None):
    found = {
        "source_only": source_only,
        "dann": dann,
        "train_on_target": train_on_target,
    }
    return [
        {"method": method, "seed": seed, "accuracy": accuracy}
        for method, accuracy in found.items()
        if accuracy is not None
    ]


def table(metrics):
    return markdown.table(comparison.table(demo.EXPERIMENT, metrics))


def test_the_table_of_accuracies_that_are_known():
    metrics = [
        found
        for seeds in zip(
            runs(3, 0.5, 0.7, 0.9), runs(4, 0.6, 0.8, 0.9), strict=True
        )
        for found in seeds
    ]
    assert table(metrics) == (
        "| method | seeds | last epoch | share of the gap |\n"
        "|---|---|---|---|\n"
        "| source only | 2 | 0.5500 ± 0.0500 |  |\n"
        "| DANN | 2 | 0.7500 ± 0.0500 | 57.1 % |\n"
        "| train on target | 2 | 0.9000 ± 0.0000 |  |"
    )
    # Where the bounds cross there is no gap to cover.
    assert table(runs(0, 0.209, 0.202, 0.185)) == (
        "| method | seeds | last epoch |\n"
        "|---|---|---|\n"
        "| source only | 1 | 0.2090 |\n"
        "| DANN | 1 | 0.2020 |\n"
        "| train on target | 1 | 0.1850 |"
    )


class Recorder:
    """In place of a network: remembers what it was trained on."""

    def __init__(self):
        self.classifier, self.fitted = self, None

    def compile(self, **kwargs):
        self.compiled = kwargs

    def fit(self, *data, **kwargs):
        self.fitted = data, kwargs
        history = keras.callbacks.History()
        history.history = {"loss": [2.0, 1.0], "val_accuracy": [0.1, 0.2]}
        return history

    def predict(self, images, **kwargs):
        return np.eye(3)[images]


@pytest.fixture
def data():
    """Sixteen images of each domain, whose pixels tell what they are."""

    def images(value, count):
        return np.full((count, 28, 28, 1), value, "uint8")

    return Domains(
        source=Split(images(1, 16), np.full(16, 1), [], []),
        target=Split(
            images(2, 16),
            np.full(16, 2),
            np.array([0, 1, 2, 2]),
            np.array([0, 1, 2, 0]),
        ),
        validation=(images(3, 4), np.full(4, 3)),
    )


@pytest.mark.parametrize("method", demo.EXPERIMENT.methods)
def test_each_network_learns_from_its_own_domain(method, data):
    network = Recorder()
    experiment = dataclasses.replace(
        demo.EXPERIMENT, build=lambda *args: network
    )
    settings = demo.Settings(batch_size=8, epochs=5, domain_loss_weight=0.25)
    job = Job(experiment, demo.Options(), settings)
    trained = demo.train(Run(job, data, method, 0, None))
    (*learned,), options = network.fitted
    assert options["validation_data"] is data.validation
    assert options["epochs"] == 5
    if method == "dann":
        assert network.compiled["domain_loss_weight"] == 0.25
        x, y = learned[0][0][:2]
        assert len(x["source"]) == len(x["target"]) == 4
        assert np.all(keras.ops.convert_to_numpy(x["source"]) == 1)
        assert np.all(keras.ops.convert_to_numpy(x["target"]) == 2)
        assert np.all(keras.ops.convert_to_numpy(y) == 1)
    else:
        x, y = learned
        value = {"source_only": 1, "train_on_target": 2}[method]
        assert np.all(x == value) and np.all(y == value)
        # As many labeled images in a step as with DANN.
        assert options["batch_size"] == 4
    # It is tested on the test images: three of four are right.
    assert trained.metrics == {"accuracy": 0.75}
    assert trained.rows == [
        {"loss": 2.0, "val_accuracy": 0.1},
        {"loss": 1.0, "val_accuracy": 0.2},
    ]


def test_no_written_digit_is_in_two_parts(monkeypatch):
    asked = []

    def load(name, split, count, seed):
        asked.append((name, split, count, seed))
        images = np.full((3, 28, 28, 1), len(asked), "uint8")
        return images, np.full(3, len(asked))

    monkeypatch.setattr(digits, "load", load)
    found = demo.load(demo.Options(), demo.Settings(images=99), seed=7)
    assert asked == [
        ("digits", "train", 99, 7),
        ("digits_cluttered", "train", 99, 7),
        ("digits_cluttered", "test", 1188, 7),
        ("digits_cluttered", "validation", 600, 7),
    ]
    assert np.all(found.source.x == 1) and np.all(found.source.y == 1)
    assert np.all(found.target.x == 2) and np.all(found.target.y == 2)
    assert np.all(found.target.x_test == 3) and np.all(found.target.y_test == 3)
    assert np.all(found.validation[0] == 4) and np.all(found.validation[1] == 4)
    assert len(found.source.x_test) == len(found.source.y_test) == 0


@pytest.fixture
def quickly(monkeypatch, data):
    """Networks that know their accuracy; Ctrl-C while one of them trains."""
    accuracies = {"source_only": 0.5, "dann": 0.75, "train_on_target": 1.0}
    interrupted_at = []

    class Known:
        def __init__(self, run):
            self.text = f"{run.method} {run.seed}"

        def save(self, path):
            path.write_text(self.text)

    def train(run):
        if (run.method, run.seed) in interrupted_at:
            raise KeyboardInterrupt
        accuracy = accuracies[run.method]
        rows = [{"loss": 1.0, "val_accuracy": 0.1}]
        return Trained(Known(run), rows, {"accuracy": accuracy}, 1.0)

    experiment = dataclasses.replace(
        demo.EXPERIMENT, train=train, load=lambda *args: data
    )
    monkeypatch.setattr(demo, "EXPERIMENT", experiment)
    monkeypatch.setattr(
        pictures, "_outputs", lambda *args: {"layer": np.eye(2)[None]}
    )
    monkeypatch.setattr(results.Folder, "model", lambda *args: None)
    for name in ("training_curves", "embeddings"):
        monkeypatch.setattr(pictures.figures, name, lambda *args: None)
    monkeypatch.setattr(
        running.report, "write", lambda job, folder, rows, note, figures: None
    )
    return interrupted_at


SMALL = ["--batch-size", "32"]


def test_ctrl_c_keeps_what_was_trained(tmp_path, capsys, quickly):
    quickly.append(("dann", 1))
    arguments = ["--seeds", "3", *SMALL, "--output", str(tmp_path)]
    with pytest.raises(SystemExit) as stopped:
        demo.main(arguments)
    (run,) = tmp_path.iterdir()
    assert run.name == f"demo-{keras.backend.backend()}"
    assert stopped.value.code == 130
    message = f"\nInterrupted. The same command resumes what is in {run}/\n"
    assert capsys.readouterr().err == message
    metrics = json.loads((run / "metrics.json").read_text())
    assert [(m["method"], m["seed"], m["accuracy"]) for m in metrics] == [
        ("source_only", 0, 0.5),
        ("source_only", 1, 0.5),
        ("dann", 0, 0.75),
        ("train_on_target", 0, 1.0),
    ]
    assert len(history(run)) == 4
    quickly.clear()
    assert len(demo.main(arguments)) == 9
    assert [each.name for each in tmp_path.iterdir()] == [run.name]


def test_without_scikit_learn_there_is_one_line(tmp_path, monkeypatch):
    def load(*args):
        raise ImportError("The embedded digits come with scikit-learn.")

    monkeypatch.setattr(digits, "load", load)
    with pytest.raises(SystemExit, match="error: demo: The embedded digits c"):
        demo.main(["--output", str(tmp_path)])


def test_of_two_seeds_the_model_is_the_first_ones(tmp_path, quickly):
    demo.main(
        ["--seed", "4", "--seeds", "2", *SMALL, "--output", str(tmp_path)]
    )
    (run,) = tmp_path.iterdir()
    assert (run / "model.keras").read_text() == "dann 4"


def test_a_second_default_run_gets_a_number(tmp_path, quickly):
    backend = keras.backend.backend()
    for epochs, name in (
        ("3", f"demo-{backend}"),
        ("4", f"demo-{backend}-2"),
        ("3", f"demo-{backend}"),  # resumed, not written again
        ("5", f"demo-{backend}-3"),
    ):
        demo.main(["--epochs", epochs, *SMALL, "--output", str(tmp_path)])
        config = json.loads((tmp_path / name / "config.json").read_text())
        assert config["settings"]["epochs"] == int(epochs)
    assert len(list(tmp_path.iterdir())) == 3
    named = ["--name", "mine", *SMALL, "--output", str(tmp_path)]
    demo.main(named)
    assert (tmp_path / "mine" / "metrics.json").exists()
    with pytest.raises(SystemExit, match="another name: --name mine-2"):
        demo.main([*named, "--epochs", "7"])


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
        (["--images", "0"], "--images: expected a whole number, at least 1"),
        (["--preset", "paper"], "--preset: expected one of demo"),
        (["--methods", "mmd"], "--methods: expected some of source_only, dann"),
        (["--name", "exists"], "has results of an earlier version"),
    ],
)
def test_a_wrong_option_gets_one_clear_line(
    arguments, message, tmp_path, capsys
):
    (tmp_path / "exists").mkdir()
    (tmp_path / "exists" / "metrics.json").write_text("{}")
    with pytest.raises(SystemExit) as stopped:
        demo.main([*arguments, "--output", str(tmp_path)])
    text = capsys.readouterr().err or str(stopped.value.code)
    assert stopped.value.code != 0
    assert message in text and len(text.strip().splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["exists"]
