"""CRC32C of many records at once, in NumPy.

Each step of a checksum needs the one before it: one record alone would be a
slow loop in Python. Here the loop runs over the bytes of a block, and each of
its steps advances all blocks of all records: a few nanoseconds a byte.
"""

import functools
from collections.abc import Sequence

import numpy as np

from keras_grl.types import Array

_POLYNOMIAL = 0x82F63B78  # Castagnoli's, the lowest bit first
_ONES = 0xFFFFFFFF
# From state 0, these bytes lead to the state that a checksum starts with. A
# checksum that starts with 0 does not change with zeros in front, by which
# records of many lengths fit into blocks of one length.
_START = bytes.fromhex("54641f64")
_BLOCKS = 8  # of a record, about: more make longer rows, and more zeros
_SMALLEST, _LARGEST = 64, 4096  # bytes of a block


def masked(data: bytes) -> int:
    """The checksum of a few bytes, as TFRecord files store it.

    Args:
        data: Bytes. For many of them use `masked_of_each`.

    Example:

    >>> hex(masked(b"123456789"))
    '0xc78ab0e5'
    """
    table, state = _of_bytes(), _ONES
    for byte in data:
        state = table[(state ^ byte) & 255] ^ (state >> 8)
    return int(_mask(np.array([state ^ _ONES], "uint32"))[0])


def masked_of_each(records: Sequence[bytes]) -> Array:
    """The checksums of many records, as TFRecord files store them.

    Args:
        records: Sequence of bytes, one or more.

    Returns:
        uint32 of shape `(n,)`.

    Example:

    >>> masked_of_each([b"", b"123456789"]).tolist() == [
    ...     masked(b""),
    ...     masked(b"123456789"),
    ... ]
    True
    """
    mean = sum(map(len, records)) // len(records)
    block = _SMALLEST
    while block < _LARGEST and block * _BLOCKS < mean:
        block *= 2
    started = [_START + record for record in records]
    counts = np.array([-(-len(each) // block) for each in started])
    padded = [
        each.rjust(count * block, b"\0")
        for each, count in zip(started, counts.tolist(), strict=True)
    ]
    blocks = np.frombuffer(b"".join(padded), "<u4").reshape(-1, block // 4)
    of_blocks, after = _of_blocks(blocks), np.cumsum(counts)
    states = np.zeros(len(records), "uint32")
    for left in range(int(counts.max()), 0, -1):
        has = counts >= left
        states[has] = _after_zeros(states[has], block)
        states[has] ^= of_blocks[after[has] - left]
    return _mask(states ^ np.uint32(_ONES))


def _mask(checksums: Array) -> Array:
    """Masks checksums, as TFRecord files do: data may contain checksums."""
    rotated = (checksums >> np.uint32(15)) | (checksums << np.uint32(17))
    return rotated + np.uint32(0xA282EAD8)  # uint32 wraps around


def _of_blocks(blocks: Array) -> Array:
    """The states after blocks, from 0: uint32 of shape `(n, words)` in."""
    low, high = _of_words()
    states = np.zeros(len(blocks), "uint32")
    for words in np.ascontiguousarray(blocks.T):
        states ^= words
        states = low.take(states & 0xFFFF) ^ high.take(states >> 16)
    return states


@functools.cache
def _of_bytes() -> list[int]:
    """The state after one byte, from 0."""
    states = []
    for state in range(256):
        for _ in range(8):
            state = (state >> 1) ^ (_POLYNOMIAL if state & 1 else 0)
        states.append(state)
    return states


@functools.cache
def _of_words() -> tuple[Array, Array]:
    """What the low and the high half of four bytes add to a state."""
    table = np.array(_of_bytes(), "uint32")
    high = np.arange(2**16, dtype="uint32")
    for _ in range(2):
        high = table[high & 255] ^ (high >> 8)
    low = high  # and two bytes more, of zeros
    for _ in range(2):
        low = table[low & 255] ^ (low >> 8)
    return low, high


def _after_zeros(states: Array, count: int) -> Array:
    """The states after `count` bytes of zeros, a power of two."""
    tables = _zeros(count)
    after = tables[0][states & 255]
    for number in (1, 2, 3):
        after = after ^ tables[number][(states >> (8 * number)) & 255]
    return after


@functools.cache
def _zeros(count: int) -> Array:
    """What each byte of a state adds to the state after `count` zeros."""
    if count == 1:
        values = np.arange(256, dtype="uint32")
        states = np.stack([values << np.uint32(8 * each) for each in range(4)])
        return np.array(_of_bytes(), "uint32")[states & 255] ^ (states >> 8)
    half = _zeros(count // 2)
    return _after_zeros(half, count // 2)
