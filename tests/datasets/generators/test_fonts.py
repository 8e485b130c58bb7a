from pathlib import Path

import pytest

pytest.importorskip("matplotlib")

from keras_grl.datasets.generators import fonts
from keras_grl.datasets.generators.house_number_config import Config
from keras_grl.datasets.generators.house_numbers import draw


def test_fonts_are_sorted_and_have_ten_digits():
    paths = fonts.bundled()
    assert len(paths) >= 10 and paths == sorted(paths)
    for path in paths:
        masks = {fonts.glyph(path, digit).mask.tobytes() for digit in range(10)}
        assert len(masks) == 10
        assert abs(fonts.glyph(path, 0).mask.shape[0] - fonts.HEIGHT) <= 2


def test_fonts_of_the_system_that_are_left_out(tmp_path, monkeypatch):
    import shutil

    import matplotlib
    from matplotlib import font_manager

    good = tmp_path / "good.ttf"
    shutil.copy(fonts.bundled()[0], good)
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    symbols = folder / "cmsy10.ttf"  # other signs where digits are
    whole = good.read_bytes()
    broken = {
        "empty.ttf": b"",
        "text.ttf": b"no font at all",
        "cut.ttf": whole[: len(whole) // 20],
        # The header is right, and all that it points to is not.
        "zeros.ttf": whole[:400] + bytes(len(whole) - 400),
    }
    for name, content in broken.items():
        (tmp_path / name).write_bytes(content)
    found = [str(tmp_path / name) for name in broken]
    found += [str(good), str(symbols), str(tmp_path / "missing.ttf")]
    monkeypatch.setattr(
        font_manager, "findSystemFonts", lambda **_: list(reversed(found))
    )
    assert fonts.system() == [str(good)]
    assert fonts.named("system") == [*fonts.bundled(), str(good)]
    images, _ = draw(range(3), Config(stroked=0.0, fonts="system"))
    assert images.shape == (3, 32, 32, 3)
