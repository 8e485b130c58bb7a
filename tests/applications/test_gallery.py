import re

import numpy as np
import pytest

pytest.importorskip("tensorflow_datasets")
pytest.importorskip("matplotlib")

from PIL import Image

from applications import gallery
from keras_grl import datasets
from tests.datasets import official
from tests.testing import ROOT

GALLERY = ROOT / "docs" / "gallery.md"


def test_a_sheet_of_what_is_there(tmp_path, capsys):
    data = tmp_path / "data"
    official.write_mnist(data)
    names = ["digits", "mnist", "syn_signs/small", "mnist_m", "office31/dslr"]
    sheets = gallery.main(
        [
            f"--data-dir={data}",
            f"--output={tmp_path / 'sheets'}",
            f"--sets={','.join(names)}",
        ]
    )
    assert list(sheets) == names[:3]
    for file in sheets.values():
        with Image.open(file) as image:
            assert image.width > 600 and len(np.unique(image)) > 5
    printed = capsys.readouterr().out
    for name, mend in (("mnist_m", "downloads"), ("office31/dslr", "manual")):
        reason = rf"{name}: no sheet.*not prepared in .*load\('{name}'.*{mend}"
        assert re.search(reason, printed)
    # Asking for a sheet prepares nothing.
    (prepared,) = data.rglob("dataset_info.json")
    assert prepared.parent.parent.name == "mnist"


def test_an_unknown_set():
    with pytest.raises(SystemExit, match=r"--sets: expected .*received minst"):
        gallery.main(["--sets", "mnist,minst"])


def test_the_facts_of_the_page():
    rows = re.findall(
        r"^\| `(.*)` \| (.*?) \| (.*?) \| (.*?) \|",
        GALLERY.read_text(),
        flags=re.MULTILINE,
    )
    assert [row[0] for row in rows] == datasets.names()
    for name, shape, classes, splits in rows:
        info = datasets.info(name)
        assert f"{name}: {shape}, {classes} classes" == gallery.title(name)
        assert splits == ", ".join(
            f"{split} {count:,}" for split, count in info.splits.items()
        )


def test_the_sheets_of_the_page():
    """No photographs of others are among them, and none is large."""
    images = {path.name for path in (ROOT / "docs/images").glob("*.png")}
    shown = set(re.findall(r"\(images/(.*?)\)", GALLERY.read_text()))
    ours = "digits digits_cluttered syn_numbers syn_signs signs".split()
    assert shown == {f"{name}.png" for name in ours} <= images
    for name in shown:
        assert (ROOT / "docs/images" / name).stat().st_size < 200_000
