"""Distances between two batches of features, to be minimized."""

from collections.abc import Sequence

import keras
from keras import ops

from keras_grl.types import Config
from keras_grl.types import DiscrepancyLike
from keras_grl.types import FeatureDistance
from keras_grl.types import Tensor
from keras_grl.validation import check_choice
from keras_grl.validation import check_number
from keras_grl.validation import invalid


class Discrepancy:
    """Base class of the distances between the features of two domains.

    Subclass it and implement `distance(source, target)` with `keras.ops`. A
    distance with arguments also needs a `get_config()`. To save it with a
    model, register it with `keras.saving.register_keras_serializable`.

    Call arguments:
        source: Features of the source, shape `(n, ...)`, any rank and dtype.
            They are flattened and cast to float32.
        target: Features of the target, shape `(m, ...)`. n and m may differ.

    Returns of a call:
        A float32 scalar tensor.

    Raises:
        ValueError: If the features of the domains differ in shape.
    """

    def __call__(self, source: Tensor, target: Tensor) -> Tensor:
        source = ops.convert_to_tensor(source)
        target = ops.convert_to_tensor(target)
        if tuple(source.shape[1:]) != tuple(target.shape[1:]):
            raise ValueError(
                "The features of both domains must have the same shape, except "
                "for the number of samples. Received: "
                f"source of shape {tuple(source.shape)}, "
                f"target of shape {tuple(target.shape)}"
            )
        return self.distance(_as_rows(source), _as_rows(target))

    def distance(self, source: Tensor, target: Tensor) -> Tensor:
        """The distance of float32 features of shapes `(n, d)` and `(m, d)`."""
        raise NotImplementedError(
            f"`{type(self).__name__}` must implement "
            "`distance(source, target)`."
        )

    def get_config(self) -> Config:
        return {}

    @classmethod
    def from_config(cls, config: Config) -> "Discrepancy":
        return cls(**config)


@keras.saving.register_keras_serializable(package="keras_grl")
class MeanDistance(Discrepancy):
    """Squared Euclidean distance between the mean features of the domains.

    `‖mean(source) − mean(target)‖²`, with source and target features as rows:
    the squared maximum mean discrepancy with a linear kernel. DDC adds it to
    the label loss with weight 0.25. It is a sum over features, not a mean.

    Example:

    >>> source = np.array([[0.0, 0.0], [2.0, 0.0]])
    >>> target = np.array([[1.0, 3.0]])
    >>> float(MeanDistance()(source, target))
    9.0

    Reference:
        Tzeng et al. (2014), "Deep Domain Confusion: Maximizing for Domain
        Invariance", section 3, equations 1 and 2.
    """

    def distance(self, source: Tensor, target: Tensor) -> Tensor:
        difference = ops.mean(source, axis=0) - ops.mean(target, axis=0)
        return ops.sum(ops.square(difference))


@keras.saving.register_keras_serializable(package="keras_grl")
class MaximumMeanDiscrepancy(Discrepancy):
    """Squared maximum mean discrepancy with a sum of Gaussian kernels.

    `mean k(s, s') + mean k(t, t') − 2 mean k(s, t)` with
    `k(a, b) = Σ_i exp(−‖a − b‖² / (bandwidths[i] · scale))`

    over all pairs of source samples s and target samples t, including the pair
    of a sample with itself: the biased estimate, which is never negative
    (except for rounding) and 0 for equal samples.

    Args:
        bandwidths: Float or sequence of floats, greater than 0. Defaults to
            the five bandwidths in the code of Long et al. Ghifary et al. use a
            single kernel: `bandwidths=1.0`.
        relative: Boolean. If True (the default), `scale` is the mean squared
            distance between two different samples of the batch, from either
            domain; no gradient flows through it. Multiplying all features by
            one number then does not change the discrepancy. If False, `scale`
            is 1, and bandwidths are squared distances: a kernel with standard
            deviation σ has the bandwidth 2σ².

    Raises:
        ValueError: If an argument is invalid.

    Example:

    >>> mmd = MaximumMeanDiscrepancy(bandwidths=2.0, relative=False)
    >>> source, target = np.array([[0.0]]), np.array([[1.0]])
    >>> round(float(mmd(source, target)), 4)  # 2 - 2 exp(-1 / 2)
    0.7869

    Reference:
        Ghifary et al. (2014), "Domain Adaptive Neural Networks for Object
        Recognition"; Long et al. (2015), "Learning Transferable Features with
        Deep Adaptation Networks".
    """

    def __init__(
        self,
        bandwidths: float | Sequence[float] = (0.25, 0.5, 1.0, 2.0, 4.0),
        relative: bool = True,
    ):
        self.bandwidths = _check_bandwidths(bandwidths)
        if not isinstance(relative, bool):
            raise ValueError(invalid("relative", "a boolean", relative))
        self.relative = relative

    def distance(self, source: Tensor, target: Tensor) -> Tensor:
        squared = _squared_distances(ops.concatenate([source, target]))
        if self.relative:
            squared = squared / ops.stop_gradient(_mean_of_pairs(squared))
        kernel = sum(
            ops.exp(-squared / bandwidth) for bandwidth in self.bandwidths
        )
        n = ops.shape(source)[0]
        return (
            ops.mean(kernel[:n, :n])
            + ops.mean(kernel[n:, n:])
            - 2.0 * ops.mean(kernel[:n, n:])
        )

    def get_config(self) -> Config:
        return {"bandwidths": self.bandwidths, "relative": self.relative}


@keras.saving.register_keras_serializable(package="keras_grl")
class Coral(Discrepancy):
    """CORAL: squared distance between the covariances of the domains.

    `‖C_s − C_t‖²_F / (4 d²)`, where C_s and C_t are the covariance matrices
    `(d, d)` of the d features, divided by n − 1. Means make no difference.
    The covariance of a single sample counts as 0.

    Example:

    >>> source = np.array([[1.0], [3.0]])  # variance 2
    >>> target = np.array([[5.0], [5.0], [5.0]])  # variance 0
    >>> float(Coral()(source, target))
    1.0

    Reference:
        Sun & Saenko (2016), "Deep CORAL: Correlation Alignment for Deep
        Domain Adaptation", equations 1 to 3.
    """

    def distance(self, source: Tensor, target: Tensor) -> Tensor:
        difference = _covariance(source) - _covariance(target)
        return 0.25 * ops.mean(ops.square(difference))


_BY_NAME: dict[str, type[Discrepancy]] = {
    "mmd": MaximumMeanDiscrepancy,
    "mean": MeanDistance,
    "coral": Coral,
}


def discrepancy_of(value: DiscrepancyLike) -> FeatureDistance:
    """The distance for a name, or the one that was passed."""
    if isinstance(value, str):
        return _BY_NAME[check_choice("discrepancy", value, _BY_NAME)]()
    if isinstance(value, type) or not callable(value):
        names = ", ".join(f'"{name}"' for name in _BY_NAME)
        raise ValueError(
            invalid(
                "discrepancy",
                f"{names}, a `Discrepancy` or a function of source and target "
                "features",
                value,
            )
        )
    return value


def _as_rows(features: Tensor) -> Tensor:
    # In float16 the square of 256 is infinite already.
    features = ops.cast(features, "float32")
    return ops.reshape(features, (ops.shape(features)[0], -1))


def _squared_distances(rows: Tensor) -> Tensor:
    """`(n, n)` squared Euclidean distances, by one matrix product."""
    # Rows near 0 have small squares and small rounding errors. Subtracting the
    # first row, and not the mean, makes equal rows exactly 0.
    rows = rows - ops.stop_gradient(rows[:1])
    products = ops.matmul(rows, ops.transpose(rows))
    # Taken from the product, they cancel exactly on the diagonal.
    squares = ops.diagonal(products)
    squared = squares[:, None] + squares[None, :] - 2.0 * products
    return ops.maximum(squared, 0.0)


def _mean_of_pairs(squared: Tensor) -> Tensor:
    """Mean over the pairs of different samples; 1 if all samples are equal."""
    n = ops.cast(ops.shape(squared)[0], "float32")
    mean = ops.sum(squared) / (n * (n - 1.0))
    return ops.where(mean > 0.0, mean, 1.0)


def _covariance(rows: Tensor) -> Tensor:
    centered = rows - ops.mean(rows, axis=0, keepdims=True)
    n = ops.cast(ops.shape(rows)[0], "float32")
    products = ops.matmul(ops.transpose(centered), centered)
    return products / ops.maximum(n - 1.0, 1.0)


def _check_bandwidths(bandwidths: float | Sequence[float]) -> list[float]:
    expected = "a number or several, greater than 0"
    if isinstance(bandwidths, str):
        raise ValueError(invalid("bandwidths", expected, bandwidths))
    try:
        values = list(bandwidths)  # type: ignore[arg-type]
    except TypeError:
        values = [bandwidths]  # type: ignore[list-item]
    if not values:
        raise ValueError(invalid("bandwidths", expected, bandwidths))
    return [check_number("bandwidths", value, above=0.0) for value in values]
