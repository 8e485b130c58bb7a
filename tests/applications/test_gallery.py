import re
import shutil

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
    for name, source in (("mnist_m", "downloads"), ("office31/dslr", "manual")):
        reason = (
            rf"{name}: no sheet.*not prepared in .*load\('{name}'.*{source}"
        )
        assert re.search(reason, printed)
    # Asking for a sheet prepares nothing.
    (prepared,) = data.rglob("dataset_info.json")
    assert prepared.parent.parent.name == "mnist"


def test_an_unknown_set():
    with pytest.raises(SystemExit, match=r"--sets: expected .*received minst"):
        gallery.main(["--sets", "mnist,minst"])


@pytest.mark.parametrize("page", ["datasets.md", "gallery.md"])
def test_the_tables_of_the_pages_are_the_facts(page, tmp_path, capsys):
    """`python -m applications.gallery --tables docs` has nothing to change."""
    for name in ("datasets.md", "gallery.md"):
        shutil.copy(ROOT / "docs" / name, tmp_path)
    gallery.main(["--tables", str(tmp_path)])
    assert page in capsys.readouterr().out
    assert (tmp_path / page).read_text() == (ROOT / "docs" / page).read_text()


def test_a_table_that_is_out_of_date_is_replaced(tmp_path):
    text = (ROOT / "docs" / "gallery.md").read_text()
    (tmp_path / "gallery.md").write_text(text.replace("500,000", "500,001"))
    shutil.copy(ROOT / "docs" / "datasets.md", tmp_path)
    gallery.write_tables(tmp_path)
    assert (tmp_path / "gallery.md").read_text() == text


def test_a_folder_without_pages(tmp_path):
    with pytest.raises(SystemExit, match=r"--tables: expected .*datasets\.md"):
        gallery.main(["--tables", str(tmp_path)])


def test_the_tables_have_a_row_for_every_set():
    rows = re.findall(r"(?m)^\| `(.*?)` \| (.*) \|$", gallery.gallery_table())
    assert [name for name, _ in rows] == datasets.names()
    for name, cells in rows:
        shape, classes, splits, source, setup, terms = cells.split(" | ")
        info = datasets.info(name)
        assert f"{name}: {shape}, {classes} classes" == gallery.title(name)
        assert splits == ", ".join(
            f"{split} {count:,}" for split, count in info.splits.items()
        )
        assert source and setup and terms
    for name in datasets.names():
        assert f"| `{name}` | {datasets.info(name).description} |" in (
            gallery.datasets_table()
        )


def test_the_sheets_of_the_page():
    """No photographs of others are among them, and none is large."""
    images = {path.name for path in (ROOT / "docs/images").glob("*.png")}
    shown = set(re.findall(r"\(images/(.*?)\)", GALLERY.read_text()))
    ours = "digits digits_cluttered syn_numbers syn_signs signs".split()
    assert shown == {f"{name}.png" for name in ours} <= images
    for name in shown:
        assert (ROOT / "docs/images" / name).stat().st_size < 200_000
