import json
import re

import pytest

pytest.importorskip("matplotlib")

from PIL import Image

from applications import domain_gap


def test_two_sets_by_their_names(tmp_path, capsys):
    gap = domain_gap.main(
        [
            "--source=digits",
            "--target=digits_cluttered",
            "--images=60",
            "--shown=2",
            f"--output={tmp_path}",
        ]
    )
    # Strokes are ink.
    brighter = next(each for each in gap if each.statistic == "brightness")
    assert brighter.auc > 0.9 and brighter.target > brighter.source
    printed = capsys.readouterr().out
    assert str(gap) in printed and "domain error 0.0" in printed
    (folder,) = tmp_path.iterdir()
    assert folder.name == "digits_to_digits_cluttered"
    written = json.loads((folder / "gap.json").read_text())
    assert written["images"] == [60, 60]
    assert written["statistics"] == gap.to_dict()
    with Image.open(folder / "images.png") as sheet:
        assert sheet.width == 720 and sheet.height == 416  # two rows


def test_a_synthetic_set_is_generated_and_not_prepared(tmp_path):
    gap = domain_gap.main(
        [
            "--source=syn_numbers",
            "--target=syn_numbers/small:1.0.0",
            "--images=8",
            f"--data-dir={tmp_path / 'none'}",
            f"--output={tmp_path / 'results'}",
        ]
    )
    assert {each.auc for each in gap} == {0.5}
    assert not (tmp_path / "none").exists()
    (folder,) = (tmp_path / "results").iterdir()
    assert folder.name == "syn_numbers_to_syn_numbers-small-1.0.0"


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--source=minst", "--source: expected one of digits.*received minst"),
        ("--target=minst", "--target: expected one of digits.*received minst"),
        ("--target=syn_signs:3", "expected version 1.0.0 or 2.0.0, received s"),
        ("--images=7", "--images: expected at least 8, received 7"),
        ("--target=", "--target: expected the name of a set"),
    ],
)
def test_wrong_options(flag, message, tmp_path, capsys):
    with pytest.raises(SystemExit) as error:
        domain_gap.main(["--source=digits", flag, f"--output={tmp_path}"])
    assert re.search(message, f"{error.value}{capsys.readouterr().err}")
