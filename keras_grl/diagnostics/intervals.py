"""Intervals of error rates that are measured on held-out samples."""

import math
from statistics import NormalDist
from typing import NamedTuple

from keras_grl.validation import check_number


class Errors(NamedTuple):
    """The errors of a classifier on held-out samples of one domain.

    Args:
        wrong: Integer, how many samples are classified wrong.
        samples: Integer, how many samples there are.
    """

    wrong: int
    samples: int

    @property
    def rate(self) -> float:
        return self.wrong / self.samples


def mean_rate(domains: list[Errors]) -> float:
    """The mean of the error rates: every domain counts the same."""
    return sum(errors.rate for errors in domains) / len(domains)


def rate_interval(errors: Errors, confidence: float) -> tuple[float, float]:
    """Wilson's score interval of an error rate.

    Unlike `rate ± z · standard error`, it is not empty when no sample is
    wrong: for 0 of n it is `[0, z² / (n + z²)]`.

    Args:
        errors: Of one domain.
        confidence: Float in (0, 1).

    Example:

    >>> low, high = rate_interval(Errors(0, 10), 0.95)
    >>> low, round(high, 3)
    (0.0, 0.278)

    Reference:
        Wilson (1927), "Probable Inference, the Law of Succession, and
        Statistical Inference".
    """
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    n, rate = errors.samples, errors.rate
    center = (rate + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * math.sqrt(rate * (1 - rate) / n + z**2 / (4 * n**2))
    half /= 1 + z**2 / n
    # Exactly 0 or 1 if none or all are wrong, without rounding errors.
    low = 0.0 if errors.wrong == 0 else center - half
    high = 1.0 if errors.wrong == n else center + half
    return low, high


def mean_rate_interval(
    domains: list[Errors], confidence: float
) -> tuple[float, float]:
    """An interval of the mean of independent error rates.

    The distances from each rate to the ends of its own interval are added as
    standard errors are: by their squares.

    Args:
        domains: The errors of each domain.
        confidence: Float in (0, 1).

    Reference:
        Newcombe (1998), "Interval Estimation for the Difference between
        Independent Proportions", method 10.
    """
    mean = mean_rate(domains)
    intervals = [rate_interval(errors, confidence) for errors in domains]
    below, above = (
        math.hypot(
            *(
                each[end] - errors.rate
                for errors, each in zip(domains, intervals, strict=True)
            )
        )
        / len(domains)
        for end in (0, 1)
    )
    return mean - below, mean + above


def check_confidence(confidence: object) -> float:
    """`confidence`, if it is a number between 0 and 1."""
    return check_number("confidence", confidence, above=0.0, below=1.0)
