import bz2

import numpy as np
import pytest

pytest.importorskip("tensorflow_datasets")

from keras_grl import datasets
from tests.datasets import official

pytestmark = official.not_official


@pytest.fixture
def manual(tmp_path):
    folder = tmp_path / "manual"
    folder.mkdir()
    official.write_usps(folder)
    return folder


def test_files_in_the_official_format(tmp_path, manual):
    x, y = datasets.load("usps", "train", tmp_path, manual)
    assert x.shape == (10, 16, 16, 1) and x.dtype == "uint8"
    assert sorted(y) == list(range(10)) and y.dtype == "int64"
    for image, label in zip(x, y, strict=True):
        values = (label - np.arange(256)) / 256  # from -1 to 1
        expected = np.rint(127.5 * (values + 1))
        np.testing.assert_array_equal(image.ravel(), expected)
    # The first pixels are the first row.
    nine = x[y == 9][0, ..., 0]
    assert nine[0, 0] == 132 and nine[0, 15] == 125 and nine[15, 0] == 12
    x, y = datasets.load("usps", "test", tmp_path, manual)
    assert len(x) == 2 and sorted(y) == [3, 7]
    assert datasets.info("usps").splits == {"train": 7291, "test": 2007}


@pytest.mark.parametrize(
    ("line", "received"),
    [
        (official.libsvm_line(11, np.zeros(256)), "classes .*11.0"),
        (official.libsvm_line(0, np.zeros(256)), r"classes \[0.0"),
        (official.libsvm_line(1, np.full(256, 255)), "values from .* to 255"),
        ("", "no line"),
    ],
)
def test_another_file_of_that_format(line, received, tmp_path, manual):
    (manual / "usps.bz2").write_bytes(bz2.compress(line.encode()))
    with pytest.raises(ValueError, match=f"(?s)is not USPS.*{received}"):
        datasets.load("usps", "train", tmp_path, manual)
