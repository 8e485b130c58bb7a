import pytest

pytest.importorskip("PIL")

from keras_grl.datasets.tfds import bsds500
from tests.datasets import official


def test_an_archive_with_far_too_many_photographs(tmp_path, monkeypatch):
    official.write_bsds500(tmp_path)
    path = tmp_path / "BSR_bsds500.tgz"
    assert len(bsds500.photographs(path, "https://…")["train"]) == 2
    monkeypatch.setattr(bsds500, "LIMIT", 3 * 40 * 50 * 3)  # of four
    with pytest.raises(ValueError, match=r"BSR.*at most 18000 B of photogr"):
        bsds500.photographs(path, "https://…")
