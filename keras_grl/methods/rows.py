"""The order of the rows in the joint batch: nobody else knows it."""

import dataclasses
from typing import Any

from keras import ops
from keras import tree

from keras_grl.layers.rows import FirstRows
from keras_grl.layers.rows import JoinedRows
from keras_grl.streams import LABELED_TARGET
from keras_grl.streams import SOURCE
from keras_grl.streams import TARGET

# One for all models: they have no state, and are no part of a model to be
# shown. Not made in `call`, where `torch.compile` allows no new layer.
_FIRST_ROWS = FirstRows()
_JOINED_ROWS = JoinedRows()


@dataclasses.dataclass(frozen=True)
class Rows:
    """Which rows of a joint batch are whose.

    Source samples come first, then labeled target samples, then target
    samples. So the labeled samples, and each domain, are a slice.

    Attributes:
        source: Number of source samples: rows `[:source]`.
        labeled: Number of labeled samples: rows `[:labeled]`.
        total: Number of all samples. Rows `[source:]` are of the target
            domain, rows `[labeled:]` its unlabeled samples.
    """

    source: Any
    labeled: Any
    total: Any

    @classmethod
    def of(cls, x: dict[str, Any]) -> "Rows":
        """The rows of a paired batch."""
        labeled = sum(_size(x[name]) for name in labeled_streams(x))
        return cls(_size(x[SOURCE]), labeled, labeled + _size(x[TARGET]))

    def domains(self) -> Any:
        """The domain labels: float32 tensor, 0 source and 1 target."""
        return ops.concatenate(
            [ops.zeros((self.source,)), ops.ones((self.total - self.source,))]
        )


def labeled_streams(x: dict[str, Any]) -> list[str]:
    """The names of the labeled streams, in the order of their rows."""
    return [name for name in (SOURCE, LABELED_TARGET) if name in x]


def joined(parts: list[Any]) -> Any:
    """One batch of several of the same structure, with their masks."""
    return tree.map_structure(lambda *each: _JOINED_ROWS(list(each)), *parts)


def source_and_target(x: dict[str, Any]) -> tuple[Any, Any]:
    """The samples of each domain; `joined` they are the joint batch."""
    target = [x[name] for name in (LABELED_TARGET, TARGET) if name in x]
    return x[SOURCE], joined(target)


def labeled_rows(joint: Any, x: dict[str, Any]) -> Any:
    """The rows of the labeled samples, with their mask.

    Args:
        joint: Tensor with a row for each sample of the joint batch.
        x: The paired batch.
    """
    labeled = [tree.flatten(x[name])[0] for name in labeled_streams(x)]
    return _FIRST_ROWS([joint, *labeled])


def joined_labels(x: Any, y: Any, sample_weight: Any) -> tuple[Any, Any]:
    """Labels and weights of the labeled samples, in the order of the rows."""
    names = labeled_streams(x)
    if len(names) == 1:
        return y, sample_weight
    return _joined_by_name(y, names), _joined_by_name(sample_weight, names)


def _joined_by_name(values: Any, names: list[str]) -> Any:
    if values is None:
        return None
    return tree.map_structure(
        lambda *each: ops.concatenate(each, axis=0),
        *(values[name] for name in names),
    )


def _size(x: Any) -> Any:
    """The number of samples."""
    return ops.shape(tree.flatten(x)[0])[0]
