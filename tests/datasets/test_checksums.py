import hashlib

from keras_grl.datasets import checksums
from keras_grl.datasets import gtsrb
from keras_grl.datasets import mnist_m


def test_a_checksum_of_every_archive():
    archives = [gtsrb.TRAINING, gtsrb.TEST, gtsrb.TEST_LABELS]
    assert sorted(checksums.OFFICIAL) == sorted(
        [*archives, mnist_m.BSDS500.name, "usps.bz2", "usps.t.bz2"]
    )
    for algorithm, expected in checksums.OFFICIAL.values():
        size = hashlib.new(algorithm).digest_size
        assert len(bytes.fromhex(expected)) == size


def test_mismatch(tmp_path):
    path = tmp_path / "download"
    path.write_bytes(b"abc")
    assert checksums.mismatch(path, "b.zip") == ""  # not known
    wrong = checksums.mismatch(path, gtsrb.TEST)
    for part in (str(path), gtsrb.TEST, "md5 c7e4", "Received: md5 9001"):
        assert part in wrong
