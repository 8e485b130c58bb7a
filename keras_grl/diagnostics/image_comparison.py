"""image_gap: which statistics of images distinguish the domains."""

import math
from typing import NamedTuple

import numpy as np

from keras_grl.diagnostics.image_measures import IMAGE_STATISTICS
from keras_grl.diagnostics.image_measures import as_images
from keras_grl.diagnostics.image_measures import image_statistics
from keras_grl.diagnostics.optional import optional
from keras_grl.diagnostics.samples import random_rows
from keras_grl.types import Array
from keras_grl.types import Images
from keras_grl.validation import check_integer
from keras_grl.validation import invalid

_MINIMUM = 8  # images of a domain


class StatisticGap(NamedTuple):
    """One statistic in both domains.

    Args:
        statistic: Its name, one of `IMAGE_STATISTICS`.
        source: Float, the median of the source images.
        target: Float, the median of the target images.
        auc: Float, 0 to 1: the probability that a target image has a higher
            value than a source image. 0.5 if the domains are the same.
    """

    statistic: str
    source: float
    target: float
    auc: float

    @property
    def separation(self) -> float:
        """How well it tells which domain an image is of: 0.5 to 1."""
        return max(self.auc, 1.0 - self.auc)


class ImageGap(tuple[StatisticGap, ...]):
    """All statistics in both domains, the most telling one first.

    `print` shows it as a table.

    Args:
        gaps: Of the statistics.
        standard_error: Float, of an area between domains that do not differ.
    """

    standard_error: float

    def __new__(
        cls, gaps: tuple[StatisticGap, ...], standard_error: float
    ) -> "ImageGap":
        self = super().__new__(
            cls, sorted(gaps, key=lambda gap: -gap.separation)
        )
        self.standard_error = standard_error
        return self

    def __getnewargs__(self) -> tuple[tuple[StatisticGap, ...], float]:
        return tuple(self), self.standard_error

    def to_dict(self) -> dict[str, dict[str, float]]:
        """Name of each statistic to its figures."""
        return {
            gap.statistic: {
                "source": gap.source,
                "target": gap.target,
                "auc": gap.auc,
            }
            for gap in self
        }

    def __str__(self) -> str:
        width = max(len(name) for name in IMAGE_STATISTICS)
        lines = [f"{'statistic':{width}}   source   target    AUC"]
        lines += [
            f"{gap.statistic:{width}}  {gap.source:7.4g}  {gap.target:7.4g}  "
            f"{gap.auc:5.3f}"
            for gap in self
        ]
        lines.append(
            "Medians; AUC: how often a target image has the higher value. "
            f"Domains that do\nnot differ: 0.500 ± {self.standard_error:.3f}."
        )
        return "\n".join(lines)


def image_gap(
    source: Images, target: Images, *, samples: int = 3000, seed: int = 0
) -> ImageGap:
    """How well single statistics of images distinguish the domains.

    For each of `image_statistics` the area under the ROC curve:

    `AUC = P(target > source) + ½ P(target = source)`

    It needs neither labels nor a network. What it names can be corrected in
    the source: by what generates it, by augmentation or by preprocessing.

    It does not see what is in an image. Domains whose statistics are all equal
    can still differ, and a statistic that distinguishes them may not matter
    for the labels. Several statistics together can tell more than one:
    `domain_error` of them as features is for that.

    Args:
        source: Array of images `(n, height, width, channels)`, n at least 8,
            as `image_statistics` takes them.
        target: The same of the target. Its size may be another, but sharpness
            and detail are per pixel: compare images as the network gets them.
        samples: Integer, the most images of each domain, chosen at random.
        seed: Integer, of that choice.

    Returns:
        An `ImageGap`: a tuple of one `StatisticGap` for each statistic.

    Raises:
        ImportError: If scikit-learn is not installed.
        ValueError: If an argument is invalid.

    Example:

    >>> random = np.random.default_rng(0)
    >>> source, target = random.integers(0, 200, (2, 50, 8, 8, 3))
    >>> found = image_gap(source, target + 55)
    >>> found[0].statistic, found[0].auc
    ('brightness', 1.0)

    Reference:
        Hanley & McNeil (1982), "The Meaning and Use of the Area under a
        Receiver Operating Characteristic (ROC) Curve".
    """
    samples = check_integer("samples", samples, minimum=_MINIMUM)
    seed = check_integer("seed", seed, minimum=0)
    images = [
        _chosen(name, x, samples, seed)
        for name, x in (("source", source), ("target", target))
    ]
    if len({each.shape[-1] for each in images}) > 1:
        raise ValueError(
            invalid(
                "target",
                f"{images[0].shape[-1]} channels, as many as the source has",
                images[1].shape,
                "Gray images in color: `np.repeat(x, 3, axis=-1)`.",
            )
        )
    metrics = optional("sklearn.metrics", "image_gap")
    domains = np.repeat([0, 1], [len(each) for each in images])
    of_source, of_target = (image_statistics(each) for each in images)
    gaps = tuple(
        StatisticGap(
            name,
            float(np.median(of_source[name])),
            float(np.median(of_target[name])),
            float(
                metrics.roc_auc_score(
                    domains, np.concatenate([of_source[name], of_target[name]])
                )
            ),
        )
        for name in of_source
    )
    n, m = (len(each) for each in images)
    # Of Mann and Whitney's U between equal distributions, over n m.
    return ImageGap(gaps, math.sqrt((n + m + 1) / (12 * n * m)))


def _chosen(name: str, x: Images, samples: int, seed: int) -> Array:
    images = as_images(name, x, _MINIMUM)
    return images[random_rows(len(images), samples, seed)]
