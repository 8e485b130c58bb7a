"""The share of each batch that one of several processes reads."""

from dataclasses import dataclass

from keras import tree

from keras_grl.types import Batch
from keras_grl.validation import invalid


@dataclass(frozen=True)
class Shard:
    """Part `index` of `count` equal parts of every batch.

    Example:

    >>> Shard(1, 2).rows(64)
    slice(32, 64, None)
    """

    index: int = 0
    count: int = 1

    def rows(self, size: int) -> slice:
        """The rows of a batch of `size` that are in this part."""
        share = size // self.count
        return slice(self.index * share, (self.index + 1) * share)

    def cut(self, name: str, batch: Batch) -> Batch:
        """This part of a batch of one stream.

        Raises:
            ValueError: If the batch has no such equal parts.
        """
        if self.count == 1:
            return batch
        size = len(tree.flatten(batch)[0])
        check_divisible(name, size, self.count, "processes")
        rows = self.rows(size)
        return tree.map_structure(lambda array: array[rows], batch)


# A process by itself reads all.
WHOLE = Shard()


def as_shard(shard: object) -> Shard:
    """The argument `shard` of `pair`.

    Raises:
        ValueError: If it is not a part of a batch.
    """
    if (
        isinstance(shard, (tuple, list))
        and len(shard) == 2
        and all(type(each) is int for each in shard)
        and 0 <= shard[0] < shard[1]
    ):
        return Shard(*shard)
    raise ValueError(
        invalid(
            "shard",
            "a tuple of two integers, `(index, count)`, with 0 <= index < "
            "count",
            shard,
            "With two processes pass (0, 2) in the first and (1, 2) in the "
            "second.",
        )
    )


def check_divisible(name: str, size: int, parts: int, whose: str) -> None:
    """Refuses a batch that has no equal parts.

    Args:
        name: Of the stream.
        size: Integer, the samples of the batch.
        parts: Integer, how many devices or processes share it.
        whose: "devices" or "processes".
    """
    if size % parts:
        raise ValueError(
            f"The {name} stream has a batch that the {whose} cannot share "
            f"equally. Expected: sizes that are multiples of {parts}. "
            f"Received: batch_size={size} on {parts} {whose}\n"
            "Pass a multiple for each stream: `pair(…, batch_size="
            f"{{{name!r}: {32 * parts}, …}})`, and drop a smaller last batch: "
            "`drop_remainder=True`."
        )
