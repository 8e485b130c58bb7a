"""What is printed, on any terminal and into any pipe."""

import io
import sys

import keras
import pytest

from keras_grl.commands import backbones
from keras_grl.commands.main import main
from tests.commands.generated import write_source
from tests.commands.generated import write_target


@pytest.fixture
def data(tmp_path):
    write_source(tmp_path / "source", names=("\u56fe", "\xfcber \u2013"))
    write_target(tmp_path / "target")
    return tmp_path


def words(data):
    folders = str(data / "source"), str(data / "target")
    return ["check", *folders, "--image-size", "16"]


@pytest.mark.backend_free
@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "utf-8"])
def test_letters_that_a_terminal_does_not_have(data, encoding, monkeypatch):
    written = io.BytesIO()
    stream = io.TextIOWrapper(written, encoding=encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    assert main(words(data)) == 0
    stream.flush()
    said = written.getvalue().decode(encoding)
    assert "12" in said and "No problems" in said
    assert ("\u56fe 12" in said) == (encoding == "utf-8")
    stream.detach()


class Closed(io.StringIO):
    """A pipe whose reader has ended."""

    def write(self, text):
        raise BrokenPipeError(32, "Broken pipe")


@pytest.mark.backend_free
@pytest.mark.parametrize("command", ["check", "adapt"])
def test_a_reader_that_ends_is_no_error(data, command, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdout", Closed())
    more = ["--batch-size", "8", "--output", str(data / "output")]
    more = more if command == "adapt" else []
    assert main([command, *words(data)[1:], *more]) == 141
    sys.stdout.close()
    monkeypatch.undo()
    assert "error" not in capsys.readouterr().err


@pytest.fixture
def channels_first():
    before = keras.config.image_data_format()
    keras.config.set_image_data_format("channels_first")
    yield
    keras.config.set_image_data_format(before)


@pytest.mark.parametrize("backbone", ["small", "MobileNetV2", "VGG16"])
def test_images_have_their_channels_last(backbone, channels_first):
    """Whatever the user's keras.json says."""
    model = backbones.builder(backbone, None, 32, 3)()
    assert keras.config.image_data_format() == "channels_first"
    layers = model.layers
    if backbone != "small":
        (network,) = (each for each in layers if hasattr(each, "layers"))
        layers = network.layers
    convolutions = [
        each for each in layers if isinstance(each, keras.layers.Conv2D)
    ]
    assert convolutions[0].kernel.shape[2] == 3
    assert {each.data_format for each in convolutions} == {"channels_last"}
