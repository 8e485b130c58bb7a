"""keras-grl adapt from end to end: one small run, shared by all tests."""

import contextlib
import csv
import io
import json
import shlex
import types

import keras
import numpy as np
import pytest

from keras_grl.adapting import training
from keras_grl.commands import arguments
from keras_grl.commands import folders
from keras_grl.commands.main import main
from tests.commands.generated import write_source
from tests.commands.generated import write_target

OPTIONS = (
    "--steps 6 --image-size 16 --batch-size 8 --methods mcc "
    "--max-candidates 2 --seed 3"
).split()


def command(folder, output, *options):
    """Exit status, and what is printed."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        status = main(
            [
                "adapt",
                str(folder / "source"),
                str(folder / "target"),
                *OPTIONS,
                "--output",
                str(output),
                *options,
            ]
        )
    return status, printed.getvalue()


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("command")
    write_source(folder / "source")
    write_target(folder / "target")
    # The second class alone: its number differs from that in the source.
    write_source(folder / "test", images=9, seed=7, names=("down",))
    return folder


@pytest.fixture(scope="module")
def done(data):
    """A run that was not interrupted."""
    output = data / "output"
    status, printed = command(data, output, "--target-test", str(data / "test"))
    assert status == 0
    return types.SimpleNamespace(
        output=output,
        printed=printed,
        result=json.loads((output / "adaptation.json").read_text()),
        model=keras.models.load_model(output / "model.keras"),
    )


def predictions(output):
    with open(output / "predictions.csv", newline="") as file:
        return list(csv.DictReader(file))


def test_all_files_are_written(done):
    files = {"model.keras", "predictions.csv", "report.html", "adaptation.json"}
    assert files <= {path.name for path in done.output.iterdir()}


def test_the_result_is_printed(done):
    result = done.result
    assert f"\nKept: {result['choice']}\n{result['reason']}\n" in done.printed
    assert "source_only" in done.printed and "mcc" in done.printed
    assert "SOURCE: " in done.printed and "classes: across 12" in done.printed
    counts = {name: 0 for name in ("across", "down")}
    for row in predictions(done.output):
        counts[row["class"]] += 1
    line = next(
        line
        for line in done.printed.splitlines()
        if line.startswith("Predicted: ")
    )
    for name, count in counts.items():
        assert f"{name} {count}" in line
    assert f"Written to {done.output}: model.keras" in done.printed


def test_predictions_are_those_of_the_saved_model(data, done):
    rows = predictions(done.output)
    files = [row["file"] for row in rows]
    images = [
        keras.utils.img_to_array(
            keras.utils.load_img(data / "target" / name), "channels_last"
        )
        for name in files
    ]
    probabilities = done.model.predict(np.stack(images), verbose=0)
    assert len(files) == 24 and files == sorted(files)
    assert files[0] == "part_0/000.png"
    assert [row["class"] for row in rows] == [
        ("across", "down")[number] for number in probabilities.argmax(1)
    ]
    np.testing.assert_allclose(
        [float(row["probability"]) for row in rows],
        probabilities.max(axis=1),
        atol=2e-5,
    )


def test_the_test_is_reported_after_the_choice(data, done):
    images = [
        keras.utils.img_to_array(keras.utils.load_img(path), "channels_last")
        for path in sorted((data / "test" / "down").iterdir())
    ]
    found = done.model.predict(np.stack(images), verbose=0).argmax(1)
    test = done.result["test"]
    assert test["images"] == 9
    assert test["accuracy"] == pytest.approx(np.mean(found == 1))
    weights = np.load(done.output / "runs" / "source_only-3" / "arrays.npz")
    reference = keras.models.clone_model(done.model)
    reference.set_weights(
        [weights[f"weight_{n}"] for n in range(len(reference.weights))]
    )
    found = reference.predict(np.stack(images), verbose=0).argmax(1)
    assert test["source_only"] == pytest.approx(np.mean(found == 1))
    assert "Accuracy on 9 labeled target images" in done.printed
    text = (done.output / "report.html").read_text(encoding="utf-8")
    assert "Accuracy on 9 labeled target images" in text


def test_the_report_has_classes_files_and_the_command(done):
    text = (done.output / "report.html").read_text(encoding="utf-8")
    assert "part_1/" in text and "across" in text
    assert "keras-grl adapt " in text
    assert text.count("data:image/png;base64,") >= 24 // 6


def test_the_command_that_repeats_it(data, done):
    words = shlex.split(done.result["command"])
    assert words[0] == "keras-grl"
    again = vars(arguments.parse(words[1:]))
    assert again["steps"] == 6 and again["max_candidates"] == 2
    assert again["methods"] == ("mcc",) and again["seed"] == 3
    assert again["image_size"] == 16 and again["batch_size"] == 8
    assert again["learning_rate"] == done.result["settings"]["learning_rate"]
    assert again["source"] == str(data / "source")
    assert again["output"] == f"{done.output}-again"


@pytest.mark.backend_free
def test_labels_of_the_test(tmp_path):
    source = write_source(tmp_path / "source", 1, names=("a", "b", "c"))
    test = write_source(tmp_path / "test", 2, names=("c", "b"))
    labels = folders.numbered(
        folders.labeled("--target-test", str(test)),
        folders.labeled("SOURCE", str(source)),
    )
    assert labels.tolist() == [1, 1, 2, 2]


@pytest.fixture(scope="module")
def interrupted(data):
    """A run that Ctrl-C ended after the first of its trainings."""
    output = data / "interrupted"
    run = training.Trainer.run
    calls = []

    def interrupt(trainer, name, seed, steps):
        calls.append(name)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return run(trainer, name, seed, steps)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training.Trainer, "run", interrupt)
        status, _ = command(data, output)
    assert status == 130 and len(calls) == 2
    return output


def test_a_run_with_other_options_is_not_resumed(data, interrupted, capsys):
    before = sorted(interrupted.rglob("*"))
    for option, value, started in (
        ("--steps", "7", "--steps 6, received 7"),
        ("--seed", "4", "--seed 3, received 4"),
        ("--methods", "mcc,dann", "--methods mcc, received mcc,dann"),
        ("--image-size", "20", "--image-size 16, received 20"),
    ):
        status, _ = command(data, interrupted, "--resume", option, value)
        error = capsys.readouterr().err
        assert status == 2 and len(error.splitlines()) == 1
        assert f"--resume: the run was started with {started}." in error
    assert sorted(interrupted.rglob("*")) == before


@pytest.mark.parametrize("domain", ["source", "target"])
def test_a_run_on_other_images_is_not_resumed(
    data, interrupted, domain, capsys
):
    path = next((data / domain).rglob("000.png"))
    content = path.read_bytes()
    # The same image, in a file with other bytes.
    path.write_bytes(content + b"\0")
    try:
        status, _ = command(data, interrupted, "--resume")
    finally:
        path.write_bytes(content)
    assert status == 2
    assert (
        f"--resume: the images of {domain.upper()} are not those"
        in capsys.readouterr().err
    )


def test_a_killed_run_resumes_as_if_it_had_not_been(data, done, interrupted):
    status, _ = command(data, interrupted, "--resume")
    result = json.loads((interrupted / "adaptation.json").read_text())
    assert status == 0
    # The first training was loaded, the rest trained.
    assert [run["resumed"] for run in result["runs"]].count(True) == 1
    assert result["choice"] == done.result["choice"]
    assert [row["file"] for row in predictions(interrupted)] == [
        row["file"] for row in predictions(done.output)
    ]
    np.testing.assert_allclose(
        [float(row["probability"]) for row in predictions(interrupted)],
        [float(row["probability"]) for row in predictions(done.output)],
        atol=2e-5,
    )


def test_no_model_that_can_be_kept_gets_one_line(data, monkeypatch, capsys):
    def collapsed(trainer, name, seed, steps):
        p = np.full((24, 2), 0.5, "float32")
        figures = {"candidate": name, "seconds": 0.0, "seed": seed}
        return training.Trained([], p, {**figures, "resumed": False})

    monkeypatch.setattr(training.Trainer, "run", collapsed)
    status, _ = command(data, data / "collapsed")
    error = capsys.readouterr().err
    assert status == 2 and len(error.splitlines()) == 1
    assert "error: no model can be kept (source_only: predicts the" in error
    assert "Train longer (--steps or --minutes)" in error
