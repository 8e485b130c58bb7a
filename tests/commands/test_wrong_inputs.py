"""keras-grl adapt: what is wrong is said in one line, before any training."""

import os

import keras
import pytest

from keras_grl import adapting
from keras_grl.commands.main import main
from tests.commands.generated import write_source
from tests.commands.generated import write_target

pytestmark = pytest.mark.backend_free


@pytest.fixture
def data(tmp_path, monkeypatch):
    write_source(tmp_path / "source")
    write_target(tmp_path / "target")

    def adapt(*args, **kwargs):
        raise AssertionError("training started")

    monkeypatch.setattr(adapting, "adapt", adapt, raising=False)
    monkeypatch.setattr(keras, "Model", adapt)
    return tmp_path


def refused(folder, capsys, *options):
    """The error of a command that must write nothing."""
    before = sorted(folder.rglob("*"))
    arguments = {
        "--output": str(folder / "output"),
        "--batch-size": "8",
        "--image-size": "16",
        **dict(zip(options[::2], options[1::2], strict=True)),
    }
    resume = arguments.pop("--resume", None)
    words = [word for pair in arguments.items() for word in pair]
    words += ["--resume"] if resume else []
    source, target = str(folder / "source"), str(folder / "target")
    assert main(["adapt", source, target, *words]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and len(error.splitlines()) == 1
    assert sorted(folder.rglob("*")) == before
    return error


def test_no_folder(data, capsys):
    (data / "source").rename(data / "other")
    assert "SOURCE: expected a folder" in refused(data, capsys)


def test_no_target(data, capsys):
    (data / "target").rename(data / "other")
    (data / "target").mkdir()
    assert "TARGET: no images (JPEG, PNG" in refused(data, capsys)


def test_empty_class(data, capsys):
    (data / "source" / "empty").mkdir()
    (data / "source" / "empty" / "notes.txt").write_text("")
    error = refused(data, capsys)
    assert "SOURCE: no images" in error and "class folder 'empty'" in error


def test_target_inside_source(data, capsys):
    (data / "target").rename(data / "source" / "target")
    (data / "target").symlink_to(data / "source" / "target")
    assert "is inside SOURCE" in refused(data, capsys)


@pytest.mark.parametrize("domain", ["source/down", "target/part_0"])
def test_an_unreadable_image_is_named(data, domain, capsys):
    (data / domain / "a broken one.png").write_bytes(b"\x89PNG")
    (data / domain / "zero.jpg").write_bytes(b"")
    error = refused(data, capsys)
    assert f"{domain.split('/')[0].upper()}: cannot read " in error
    assert f"{domain}/a broken one.png (" in error
    assert ", and 1 other file. " in error


def test_an_unreadable_test_image_is_named(data, capsys):
    write_source(data / "test")
    (data / "test" / "down" / "broken.png").write_bytes(b"GIF89a")
    error = refused(data, capsys, "--target-test", str(data / "test"))
    assert "--target-test: cannot read" in error and "broken.png" in error


@pytest.mark.parametrize("domain", ["source", "target"])
def test_fewer_images_than_a_batch(data, domain, capsys):
    for path in list((data / domain).rglob("*.png"))[:3]:
        path.unlink()
    assert refused(data, capsys, "--batch-size", "22") == (
        f"error: --batch-size: expected at most the images of {domain.upper()},"
        " 21, received 22\n"
    )


def test_a_test_class_that_the_source_does_not_have(data, capsys):
    write_source(data / "test", names=("down", "up"))
    error = refused(data, capsys, "--target-test", str(data / "test"))
    assert (
        "--target-test: expected class folders that SOURCE has too, received "
        "'up'" in error
    )


@pytest.mark.parametrize("kind", ["missing", "empty", "flat", "source"])
def test_a_test_without_images_of_the_target(data, kind, capsys):
    folder = data / "test"
    if kind != "missing":
        (folder / "down").mkdir(parents=True)
    if kind == "flat":
        (folder / "down").rmdir()
        image = next((data / "target").rglob("*.png"))
        (folder / "image.png").write_bytes(image.read_bytes())
    if kind == "source":
        folder = data / "source"
    error = refused(data, capsys, "--target-test", str(folder))
    expected = {
        "missing": "--target-test: expected a folder",
        "empty": "--target-test: no images in class folders",
        "flat": "--target-test: no images in class folders",
        "source": "--target-test: expected images of the target",
    }
    assert expected[kind] in error


def test_output_inside_the_images(data, capsys):
    for domain in ("source", "target"):
        output = str(data / domain / "new" / "output")
        error = refused(data, capsys, "--output", output)
        assert f"is inside {domain.upper()}" in error


def test_output_that_has_files(data, capsys):
    (data / "output").mkdir()
    (data / "output" / "model.keras").write_text("of before")
    error = refused(data, capsys)
    assert "has files already" in error and "--resume" in error
    error = refused(data, capsys, "--resume", "yes")
    assert "no run of keras-grl adapt" in error
    assert (data / "output" / "model.keras").read_text() == "of before"


@pytest.mark.parametrize("kind", ["file", "below", "long", "none"])
def test_output_that_cannot_be_written(data, kind, capsys):
    (data / "file").write_text("kept")
    output = {
        "file": str(data / "file"),
        "below": str(data / "file" / "below"),
        "long": str(data / ("x" * 300)),
        "none": "/proc/output",
    }[kind]
    error = refused(data, capsys, "--output", output)
    assert "--output: expected a folder that can be written" in error
    assert (data / "file").read_text() == "kept"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--backbone", "MobileNetV9"), "expected small or one of ConvNeXt"),
        (("--backbone", "mobilenet_v2"), "received 'mobilenet_v2'"),
        (("--weights", "imagenet"), "small backbone is trained from scratch"),
        (
            ("--backbone", "MobileNetV2", "--weights", "no such.h5"),
            "--weights: expected imagenet, none or a file of weights, received "
            "'no such.h5'",
        ),
        (
            ("--backbone", "MobileNetV2", "--weights", os.sep),
            "there is no such file",
        ),
        (("--methods", "mcc,dan"), "--methods: expected names of "),
    ],
)
def test_options_that_name_nothing(data, options, expected, capsys):
    assert expected in refused(data, capsys, *options)


def test_a_backbone_that_needs_larger_images(data, capsys, monkeypatch):
    error = refused(
        data, capsys, "--backbone", "MobileNetV2", "--weights", "none"
    )
    assert "--image-size: MobileNetV2 cannot take 16 pixels" in error


def test_weights_of_another_network(data, capsys, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(adapting, "adapt", None, raising=False)
    file = data / "weights.h5"
    file.write_bytes(b"no weights")
    error = refused(
        data,
        capsys,
        "--backbone",
        "MobileNetV2",
        "--weights",
        str(file),
        "--image-size",
        "32",
    )
    assert f"--weights: {file} does not fit MobileNetV2" in error


def test_weights_that_cannot_be_downloaded(data, capsys, monkeypatch):
    def make(**arguments):
        assert arguments["weights"] == "imagenet"
        raise Exception("URL fetch failure on https://… : None -- [Errno -2]")

    monkeypatch.setattr(keras.applications, "MobileNetV2", make)
    error = refused(data, capsys, "--backbone", "MobileNetV2")
    assert "--weights FILE" in error and "--weights none" in error
