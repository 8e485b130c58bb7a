"""keras-grl check: what it finds, and its exit status."""

import os
import struct
import sys
import zlib

import numpy as np
import pytest
from PIL import Image

from keras_grl.commands import images
from keras_grl.commands.main import main
from tests.commands.generated import write_image

pytestmark = pytest.mark.backend_free


def check(folder, capsys, *options):
    """Exit status and what is printed."""
    status = main(
        ["check", str(folder / "source"), str(folder / "target"), *options]
    )
    written = capsys.readouterr()
    assert written.err == ""
    return status, written.out


def test_nothing_is_wrong(data, capsys):
    (data / "source" / "down" / "notes.txt").write_text("of the source")
    (data / "source" / ".hidden").mkdir()
    status, said = check(data, capsys, "--image-size", "16")
    assert status == 0
    assert "24 images in 2 classes; 1 other file left out" in said
    assert "classes: across 12, down 12" in said
    assert said.count("sizes: 16x16 to 16x16, median 16x16") == 2
    assert said.count("modes: 24 gray") == 2
    assert "Fine: all images can be read\n" in said
    assert "Fine: every class has enough images" in said
    assert "Wrong" not in said and "Note" not in said
    assert said.endswith("`keras-grl adapt` can use these folders.\n")


def png_of(width, height):
    """A file of a few bytes whose header has this size."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    )


def truncated(path):
    random = np.random.default_rng(0)
    write_image(path, random.integers(0, 256, (64, 64, 3)))
    path.write_bytes(path.read_bytes()[:2000])


def pipe(path):
    os.mkfifo(path)


@pytest.mark.parametrize(
    ("name", "write", "reason"),
    [
        ("text.png", lambda p: p.write_text("text"), "not a JPEG, PNG, BMP"),
        ("empty.jpg", lambda p: p.write_bytes(b""), "the file is empty"),
        ("program.png", lambda p: p.write_bytes(b"%!PS-Adobe"), "not a JPEG"),
        (
            "9000.png",
            lambda p: p.write_bytes(png_of(9000, 9000)),
            "9000 x 9000",
        ),
        ("60000.png", lambda p: p.write_bytes(png_of(60000, 60000)), "pixels"),
        ("part.jpg", truncated, "truncated"),
        ("part.png", truncated, "broken"),
        ("link.gif", lambda p: p.symlink_to("nowhere"), "broken link"),
        ("pipe.bmp", pipe, "not a regular file"),
        (
            "tiff.png",
            lambda p: Image.new("L", (8, 8)).save(p, format="TIFF"),
            "not a JPEG",
        ),
    ],
)
def test_files_that_cannot_be_read(data, name, write, reason, capsys):
    write(data / "target" / name)
    status, said = check(data, capsys)
    line = next(line for line in said.splitlines() if "cannot read" in line)
    assert status == 1
    assert line.startswith("Wrong: TARGET: ") and name in line
    assert reason in line
    assert "Fine: all images can be read" not in said


def test_duplicates(data, capsys):
    source = data / "source"
    image = (source / "down" / "003.png").read_bytes()
    (data / "target" / "same.png").write_bytes(image)
    (source / "across" / "same.png").write_bytes(image)
    (source / "down" / "same.png").write_bytes(image)
    status, said = check(data, capsys)
    assert status == 1
    assert (
        "Wrong: images of TARGET that are in SOURCE too (the same bytes): 1, "
        "such as same.png and across/same.png\n" in said
    )
    assert "Wrong: images of SOURCE that are in several classes (the" in said
    assert "SOURCE: copies of images of the same folder (the same" in said
    assert "2 problems" in said


def test_notes(data, capsys):
    random = np.random.default_rng(0)
    for index in range(60):
        pixels = random.integers(0, 256, (16, 40, 3))
        write_image(data / "source" / "wide" / f"{index}.png", pixels)
    write_image(data / "target" / "flat.png", np.full((20, 20, 3), (9, 8, 7)))
    write_image(data / "target" / "clear.png", np.ones((40, 40, 4)) * 99)
    write_image(data / "source" / "rare" / "one.png", pixels[:, :16])
    status, said = check(data, capsys, "--image-size", "40")
    assert status == 0
    assert "'wide' has 60 images, 'rare' 1. " in said
    assert "1 class with less than 10 images, such as 'rare' with 1" in said
    assert "SOURCE: images more than 2 times as long as wide" in said
    assert "much smaller than the 40 pixels of --image-size: 24, such" in said
    assert "images of one color only: 2, such as clear.png, flat.png" in said
    assert "images with transparent parts, which" in said
    assert "SOURCE is mostly color, TARGET mostly gray" in said
    assert "Fine: every class" not in said


def test_gray_and_color(data, capsys):
    random = np.random.default_rng(0)
    for path in (data / "target").rglob("*.png"):
        write_image(path, random.integers(0, 256, (16, 16, 3)))
    status, said = check(data, capsys, "--image-size", "16")
    assert status == 0
    assert "Note: SOURCE is mostly gray, TARGET mostly color. Gray" in said


def empty_class(folder):
    (folder / "source" / "none").mkdir()


def one_class(folder):
    for each in (folder / "source" / "down").iterdir():
        each.unlink()
    (folder / "source" / "down").rmdir()


def nested(folder):
    (folder / "source").rename(folder / "images")
    (folder / "source").mkdir()
    (folder / "images").rename(folder / "source" / "images")


def no_classes(folder):
    for each in (folder / "source").rglob("*.png"):
        each.rename(folder / "source" / f"{each.parent.name}-{each.name}")
    for each in ("down", "across"):
        (folder / "source" / each).rmdir()


def no_target(folder):
    for each in (folder / "target").rglob("*.png"):
        each.unlink()


def target_inside(folder):
    (folder / "target").rename(folder / "source" / "target")
    (folder / "target").symlink_to(folder / "source" / "target")


def same(folder):
    no_target(folder)
    for each in ("part_0", "part_1"):
        (folder / "target" / each).rmdir()
    (folder / "target").rmdir()
    (folder / "target").symlink_to("source")


FAULTS = {
    empty_class: "SOURCE: no images (JPEG, PNG, BMP, GIF or WebP) in class "
    "folder 'none'",
    one_class: "SOURCE: one class only, 'across', in ",
    nested: "/source/images?",
    no_classes: "SOURCE: no class folders in ",
    no_target: "TARGET: no images",
    target_inside: "is inside SOURCE",
    same: "TARGET: it is the same folder as SOURCE",
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_folders_that_are_wrong(data, fault, capsys):
    fault(data)
    status, said = check(data, capsys)
    assert status == 1
    assert FAULTS[fault] in said
    assert said.count("Wrong: ") >= 1


def test_source_inside_target(data, capsys):
    (data / "target" / "below").mkdir()
    (data / "source").rename(data / "target" / "below" / "source")
    (data / "source").symlink_to(data / "target" / "below" / "source")
    status, said = check(data, capsys)
    assert status == 1 and "is inside TARGET" in said


@pytest.mark.parametrize("argument", ["source", "target"])
@pytest.mark.parametrize("kind", ["missing", "file"])
def test_what_is_not_a_folder_is_an_error(data, argument, kind, capsys):
    paths = {"source": data / "source", "target": data / "target"}
    paths[argument] = data / "other"
    if kind == "file":
        paths[argument].write_text("")
    assert main(["check", str(paths["source"]), str(paths["target"])]) == 2
    written = capsys.readouterr()
    reason = {"missing": "there is none", "file": "it is a file"}[kind]
    assert written.out == ""
    assert written.err == (
        f"error: {argument.upper()}: expected a folder, received "
        f"'{paths[argument]}' ({reason})\n"
    )


@pytest.mark.skipif(sys.platform != "linux", reason="names are text elsewhere")
def test_names_that_a_terminal_would_obey_or_cannot_show(data, capsys):
    folder = os.fsencode(data / "target")
    for name in (b"\xff\xfe.png", b"\x1b[31m.png"):
        with open(os.path.join(folder, name), "wb") as file:
            file.write(b"broken")
    status, said = check(data, capsys)
    assert status == 1
    assert "\x1b" not in said and "�[31m.png" in said
    said.encode("utf-8")


@pytest.mark.parametrize(
    ("command", "module", "package"),
    [
        ("check", "PIL", "Pillow"),
        ("adapt", "PIL", "Pillow"),
        ("adapt", "matplotlib", "Matplotlib"),
        ("adapt", "sklearn", "scikit-learn"),
    ],
)
def test_what_is_not_installed_gets_one_line(
    command, module, package, data, monkeypatch, capsys
):
    monkeypatch.setitem(sys.modules, module, None)
    paths = str(data / "source"), str(data / "target")
    assert main([command, *paths]) == 2
    written = capsys.readouterr()
    assert written.out == ""
    assert written.err == (
        f"error: keras-grl {command} needs {package}. Install it: pip install "
        f"{package.lower()}\n"
    )


def test_images_as_they_are_read(tmp_path):
    color = np.random.default_rng(0).integers(0, 256, (6, 6, 3), "uint8")
    write_image(tmp_path / "color.png", color)
    gray = color[..., 0]
    write_image(tmp_path / "gray.bmp", gray)
    Image.fromarray(gray).convert("P").save(tmp_path / "gray.gif")
    deep = gray.astype("uint16") * 257
    Image.fromarray(deep).save(tmp_path / "deep.png")
    names = ("color.png", "gray.bmp", "gray.gif", "deep.png")
    loaded = images.load(tuple(tmp_path / name for name in names), 6)
    np.testing.assert_array_equal(loaded.images[0], color)
    for each in loaded.images[1:]:
        np.testing.assert_array_equal(each, np.repeat(gray[..., None], 3, 2))
    modes = [header.mode for header in loaded.headers]
    assert modes == ["color", "gray", "gray", "16-bit gray"]
    assert loaded.images.dtype == np.uint8 and not loaded.unreadable


def test_images_are_resized_without_being_cropped(tmp_path):
    left, right = np.full((8, 8), 40), np.full((8, 8), 200)
    write_image(tmp_path / "wide.png", np.concatenate([left, right], axis=1))
    loaded = images.load((tmp_path / "wide.png",), 4)
    np.testing.assert_array_equal(loaded.images[0, :, 0, 0], [40] * 4)
    np.testing.assert_array_equal(loaded.images[0, :, 3, 0], [200] * 4)
