import numpy as np
import pytest

from keras_grl.datasets.tfds import crc32c


def masked(checksum):
    return ((checksum >> 15 | checksum << 17) + 0xA282EAD8) & 0xFFFFFFFF


@pytest.mark.parametrize(
    ("data", "checksum"),
    [  # RFC 3720, appendix B.4
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (bytes(reversed(range(32))), 0x113FDB5C),
        # The usual check, and nothing at all.
        (b"123456789", 0xE3069283),
        (b"", 0),
    ],
)
def test_published_values(data, checksum):
    assert crc32c.masked(data) == masked(checksum)
    assert crc32c.masked_of_each([data]).tolist() == [masked(checksum)]


@pytest.mark.parametrize("largest", [0, 70, 5_000, 300_000])
def test_records_of_many_lengths(largest):
    """One block of a record, some, and many, at all borders of blocks."""
    random = np.random.default_rng(0)
    sizes = [*range(largest - 5, largest + 5), *range(130), 4091, 4092, 4093]
    records = [random.bytes(max(size, 0)) for size in sizes]
    found = crc32c.masked_of_each(records)
    assert found.dtype == "uint32"
    assert found.tolist() == [crc32c.masked(record) for record in records]
