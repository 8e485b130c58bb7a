"""What check and adapt say about unusual folders."""

import numpy as np
import pytest

from keras_grl.commands import check
from keras_grl.commands.adapt import _predicted
from keras_grl.commands.main import main
from tests.commands.generated import write_source

pytestmark = pytest.mark.backend_free


def checked(source, target, capsys):
    words = ["check", str(source), str(target), "--image-size", "16"]
    status = main(words)
    return status, capsys.readouterr().out


def refused(capsys, *words):
    assert main(["adapt", *words]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and len(error.splitlines()) == 1
    return error


def test_check_says_which_batch_size_adapt_needs(data, capsys):
    """The default one is larger than these folders: adapt would refuse them."""
    status, said = checked(data / "source", data / "target", capsys)
    assert status == 0
    assert "Needed: --batch-size 24, or a smaller one: SOURCE has 24" in said
    for path in sorted((data / "target").rglob("*.png"))[5:]:
        path.unlink()
    _, said = checked(data / "source", data / "target", capsys)
    assert "Needed: --batch-size 5, or a smaller one: TARGET has 5" in said


@pytest.mark.parametrize(("images", "needed"), [(1, 0), (63, 1), (64, 0)])
def test_only_folders_smaller_than_a_batch_need_it(images, needed):
    class Folder:
        def __init__(self, name, images):
            self.name, self.files = name, (None,) * images

    found = list(check.needed(Folder("SOURCE", 80), Folder("TARGET", images)))
    assert len(found) == needed


def test_a_single_target_image(data, capsys):
    """No batch of a domain has fewer than two."""
    for path in sorted((data / "target").rglob("*.png"))[1:]:
        path.unlink()
    expected = "TARGET: expected at least two images, received 1"
    status, said = checked(data / "source", data / "target", capsys)
    assert status == 1 and f"Wrong: {expected}" in said
    source, target = str(data / "source"), str(data / "target")
    assert expected in refused(capsys, source, target, "--batch-size", "2")


def test_an_empty_argument_is_not_this_folder(data, capsys, monkeypatch):
    """As a shell passes a variable that is not set."""
    monkeypatch.chdir(data)
    write_source(data / "test")
    expected = "expected a folder, received '' (there is none)"
    for words in (("", "target"), ("source", "")):
        assert expected in refused(capsys, *words)
    rest = ("source", "target", "--batch-size", "8")
    error = refused(capsys, *rest, "--target-test", "")
    assert f"--target-test: {expected}" in error
    error = refused(capsys, *rest, "--output", "")
    assert "--output: expected a folder that can be written, rec" in error


def test_output_that_is_a_folder_of_images(data, capsys):
    """It has files already, but --resume would be the wrong advice."""
    words = (str(data / "source"), str(data / "target"), "--batch-size", "8")
    for domain in ("source", "target"):
        error = refused(capsys, *words, "--output", str(data / domain))
        assert f"is inside {domain.upper()}" in error
    (data / "link").symlink_to(data / "target")
    error = refused(capsys, *words, "--output", str(data / "link" / "new"))
    assert "is inside TARGET" in error


def test_classes_one_folder_too_high(data, tmp_path, capsys):
    """The parts of a set would be its classes, without an error."""
    write_source(data / "set" / "train", seed=4)
    write_source(data / "set" / "valid", seed=5)
    status, said = checked(data / "set", data / "target", capsys)
    assert status == 0
    assert "Note: SOURCE: no image lies directly in a class folder." in said
    assert "set/train/across, pass the folder above them" in said
    # One image is enough to know that they are classes.
    image = next((data / "source" / "down").iterdir())
    (data / "set" / "train" / "one.png").write_bytes(image.read_bytes() + b"\0")
    _, said = checked(data / "set", data / "target", capsys)
    assert "lies directly" not in said
    _, said = checked(data / "source", data / "target", capsys)
    assert "lies directly" not in said


def test_of_many_classes_those_that_are_predicted_are_printed():
    names = tuple(f"c{n}" for n in range(300))
    counts = np.zeros(300, int)
    counts[[7, 250]] = 3, 40
    assert _predicted(counts, names) == "c250 40, c7 3; 298 other classes 0"
    counts[:30] = 1
    text = _predicted(counts, names)
    assert text.startswith("c250 40, c0 1, ")
    assert text.endswith("; 280 other classes 11")
    assert _predicted(np.array([0, 2]), ("a", "b")) == "b 2, a 0"
