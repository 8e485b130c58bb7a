import struct

import pytest

from keras_grl.datasets.tfds import crc32c
from keras_grl.datasets.tfds import tfrecords

RECORDS = [b"", b"one", bytes(range(100)), b"four" * 9]


def stored(data):
    length = struct.pack("<Q", len(data))
    checksums = [struct.pack("<I", crc32c.masked(d)) for d in (length, data)]
    return length + checksums[0] + data + checksums[1]


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "set-train.tfrecord-00000-of-00001"
    path.write_bytes(b"".join(map(stored, RECORDS)))
    return path


@pytest.mark.parametrize("together", [1, 2**20])
def test_records(path, monkeypatch, together):
    monkeypatch.setattr(tfrecords, "_TOGETHER", together)
    assert list(tfrecords.records(path)) == RECORDS
    assert list(tfrecords.records(path, 1)) == RECORDS[1:]
    assert list(tfrecords.records(path, 1, 2)) == RECORDS[1:3]
    assert list(tfrecords.records(path, 3, 5)) == RECORDS[3:]
    assert list(tfrecords.records(path, 4)) == []
    assert list(tfrecords.records(path, 0, 0)) == []


@pytest.mark.parametrize("together", [1, 2**20])
def test_every_flipped_byte_is_found(path, monkeypatch, together):
    """The records before it are right; none of those with it is given."""
    monkeypatch.setattr(tfrecords, "_TOGETHER", together)
    content = path.read_bytes()
    assert len(content) == 16 * 4 + 139
    ends = [sum(map(len, map(stored, RECORDS[: n + 1]))) for n in range(4)]
    for place in range(len(content)):
        wrong = sum(end <= place for end in ends)
        for bits in (1, 0x80, 0xFF):
            damaged = bytearray(content)
            damaged[place] ^= bits
            path.write_bytes(damaged)
            found = []
            message = rf"record {wrong} of {path.name} .*checksum"
            with pytest.raises(ValueError, match=message):
                for record in tfrecords.records(path):
                    found.append(record)
            assert found == RECORDS[:wrong]


def test_every_place_at_which_it_is_cut(path):
    content = path.read_bytes()
    ends = [sum(map(len, map(stored, RECORDS[:n]))) for n in range(5)]
    for size in range(len(content)):
        path.write_bytes(content[:size])
        found = []
        if size in ends:
            found.extend(tfrecords.records(path))
        else:
            with pytest.raises(ValueError, match=r"record \d .*was cut short"):
                for record in tfrecords.records(path):
                    found.append(record)
        assert found == RECORDS[: sum(end <= size for end in ends) - 1]


def test_a_length_that_no_file_has(path):
    """It is not tried to read so much: the checksum is right by design."""
    length = struct.pack("<Q", 2**62)
    header = length + struct.pack("<I", crc32c.masked(length))
    path.write_bytes(stored(b"one") + header + b"rest")
    with pytest.raises(ValueError, match=r"record 1 of .* was cut short"):
        list(tfrecords.records(path))


def test_what_is_skipped_is_not_looked_at(path):
    content = bytearray(path.read_bytes())
    content[-5] ^= 1  # the last byte of the last record
    path.write_bytes(content)
    assert list(tfrecords.records(path, 0, 3)) == RECORDS[:3]
    with pytest.raises(ValueError, match=r"record 3 .*does not match"):
        list(tfrecords.records(path, 3))
