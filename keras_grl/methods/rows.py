"""The order of the rows in the joint batch. No other module depends on it."""

import dataclasses
from collections.abc import Collection

from keras import ops
from keras import tree

from keras_grl.layers.rows import FirstRows
from keras_grl.layers.rows import JoinedRows
from keras_grl.streams import LABELED_TARGET
from keras_grl.streams import TARGET
from keras_grl.streams import domain_of
from keras_grl.streams import is_labeled
from keras_grl.streams import sources_in
from keras_grl.types import Domain
from keras_grl.types import Inputs
from keras_grl.types import Labels
from keras_grl.types import PairedInputs
from keras_grl.types import SampleWeight
from keras_grl.types import Tensor

# Shared by all models: they have no state, and do not show up in a model. Not
# created in `call`, which may be compiled.
_FIRST_ROWS = FirstRows()
_JOINED_ROWS = JoinedRows()


@dataclasses.dataclass(frozen=True)
class Rows:
    """Which rows of a joint batch belong to which stream.

    Source samples come first, one source after the other, then labeled target
    samples, then target samples. So the labeled samples, and each domain, are
    a slice.

    Attributes:
        source: Number of source samples: rows `[:source]`.
        labeled: Number of labeled samples: rows `[:labeled]`.
        total: Number of all samples. Rows `[source:]` are of the target
            domain, rows `[labeled:]` its unlabeled samples.
        sources: The number of samples of each source. Defaults to `(source,)`.
    """

    source: int | Tensor
    labeled: int | Tensor
    total: int | Tensor
    sources: tuple[int | Tensor, ...] = ()

    def __post_init__(self) -> None:
        if not self.sources:
            object.__setattr__(self, "sources", (self.source,))

    @classmethod
    def of(cls, x: PairedInputs) -> "Rows":
        """The rows of a paired batch."""
        sources = tuple(_size(x[name]) for name in sources_in(x))
        labeled = sum(_size(x[name]) for name in labeled_streams(x))
        total = labeled + _size(x[TARGET])
        return cls(sum(sources), labeled, total, sources)

    @property
    def domain_sizes(self) -> tuple[int | Tensor, ...]:
        """The number of samples of each domain, the target's last."""
        return (*self.sources, self.total - self.source)

    def domains(self) -> Tensor:
        """The domain labels: float32 tensor, 0 source and 1 target.

        With several sources 0, 1, … are these, and the target has the last
        number.
        """
        return ops.concatenate(
            [
                ops.full((size,), domain, dtype="float32")
                for domain, size in enumerate(self.domain_sizes)
            ]
        )


def labeled_streams(x: Collection[str]) -> list[str]:
    """The names of the labeled streams, in the order of their rows."""
    return [name for name in _in_order(x) if is_labeled(name)]


def _in_order(x: Collection[str]) -> list[str]:
    """The names of the streams, in the order of their rows."""
    target = (name for name in (LABELED_TARGET, TARGET) if name in x)
    return [*sources_in(x), *target]


def joined(parts: list[Inputs]) -> Inputs:
    """One batch from several of the same structure, with their masks."""
    return tree.map_structure(lambda *each: _JOINED_ROWS(list(each)), *parts)


def by_domain(x: PairedInputs) -> dict[Domain, Inputs]:
    """The samples of each domain; `joined`, they are the joint batch."""
    parts: dict[Domain, list[Inputs]] = {}
    for name in _in_order(x):
        parts.setdefault(domain_of(name), []).append(x[name])
    return {
        domain: joined(each) if len(each) > 1 else each[0]
        for domain, each in parts.items()
    }


def labeled_rows(joint: Tensor, x: PairedInputs) -> Tensor:
    """The rows of the labeled samples, with their mask.

    Args:
        joint: Tensor with a row for each sample of the joint batch.
        x: The paired batch.
    """
    labeled = [tree.flatten(x[name])[0] for name in labeled_streams(x)]
    return _FIRST_ROWS([joint, *labeled])


def joined_labels(
    x: PairedInputs, y: Labels, sample_weight: SampleWeight | None
) -> tuple[Labels, SampleWeight | None]:
    """Labels and weights of the labeled samples, in the order of the rows."""
    return _joined_parts(x, y, sample_weight, labeled_streams(x))


def source_labels(
    x: PairedInputs, y: Labels, sample_weight: SampleWeight | None
) -> tuple[Labels, SampleWeight | None]:
    """Labels and weights of the source samples, in the order of the rows."""
    return _joined_parts(x, y, sample_weight, sources_in(x))


def _joined_parts(
    x: PairedInputs,
    y: Labels,
    sample_weight: SampleWeight | None,
    names: list[str],
) -> tuple[Labels, SampleWeight | None]:
    if len(labeled_streams(x)) == 1:
        # They have no names.
        return y, sample_weight
    return _joined_by_name(y, names), _joined_by_name(sample_weight, names)


def _joined_by_name(
    values: Labels | SampleWeight | None, names: list[str]
) -> Labels | SampleWeight | None:
    if values is None:
        return None
    if len(names) == 1:
        return values[names[0]]
    return tree.map_structure(
        lambda *each: ops.concatenate(each, axis=0),
        *(values[name] for name in names),
    )


def _size(x: Inputs) -> int | Tensor:
    """The number of samples."""
    return ops.shape(tree.flatten(x)[0])[0]
