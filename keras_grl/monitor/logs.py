"""Findings about adversarial training in the logs of the epochs.

Each check takes the logs of the epochs so far, the oldest first, and returns a
`Finding` or None.
"""

import math
from collections.abc import Sequence

from keras_grl.monitor.findings import Finding
from keras_grl.monitor.run import Run
from keras_grl.scores.entropy import entropy
from keras_grl.types import Array
from keras_grl.types import Logs

# Before that many steps logs say nothing about training.
FEWEST_STEPS = 20
# In fewer even a good run hardly brings the domains together.
STEPS_TO_ALIGN = 50
# Below it the features hardly get any gradient of the domain classifier.
_NO_FACTOR = 1e-3
_SEPARATE = 0.99
# More than noise of the mean over an epoch: at ln 2 the loss of a classifier
# that is confidently wrong about 5 % of the samples.
_TOO_HIGH = 0.1
# How close a loss is to that of predictions that ignore their inputs.
_NEAR_LABEL_LOSS = 0.95
_NEAR_DOMAIN_LOSS = 0.05
_NEAR_ACCURACY = 0.02
# A label loss from which something was learned.
_LEARNED = 0.8


def last_third(epochs: Sequence[Logs]) -> Sequence[Logs]:
    """The last third of the epochs, at least one.

    Example:

    >>> last_third([{"loss": 2.0}, {"loss": 1.5}, {"loss": 1.0}])
    [{'loss': 1.0}]
    """
    return epochs[-math.ceil(len(epochs) / 3) :]


def last_half_of(planned: int, epochs: Sequence[Logs]) -> Sequence[Logs]:
    """As many of the last epochs as half of the run has; none before that.

    Args:
        planned: Integer, the epochs of the whole run.
        epochs: Those so far.
    """
    number = math.ceil(planned / 2)
    return epochs[-number:] if len(epochs) >= number else []


def zero_factor(epochs: Sequence[Logs], run: Run) -> Finding | None:
    """λ stayed 0, so that the features were not adapted."""
    factors = _factors(epochs)
    if not run.aligns or not factors or max(map(abs, factors)) > _NO_FACTOR:
        return None
    fix = (
        "Leave out `adaptation_factor` for the paper's ramp from 0 to 1. To "
        "train source only, use `keras_grl.AdaptationModel(feature_extractor"
        ", label_predictor)`, which has no domain classifier."
        if run.constant_factor
        else "Check the schedule: it must rise above 0 before training ends, "
        "as `keras_grl.schedules.SigmoidRamp()` does."
    )
    return Finding(
        "zero-adaptation-factor",
        f"The adaptation factor λ was {factors[-1]:.2g} at the end of every "
        "epoch: the reversed gradient of the domain classifier did not reach "
        f"the features, and the domains were not adapted to each other. {fix}",
    )


def separate(epochs: Sequence[Logs], run: Run) -> Finding | None:
    """The domain classifier knew the domain of nearly every sample."""
    values = _values(last_third(epochs), "domain_accuracy")
    if not run.aligns or run.largest_domain >= _SEPARATE or not values:
        return None
    if not all(value >= _SEPARATE for value in values):
        return None
    return Finding(
        "domains-stay-separate",
        f"The domain classifier was right for {_percent(min(values))} of the "
        "samples or more in the last third of the training: the features of "
        "the domains are still separate. Attach the domain classifier to a "
        "later layer (`DANNModel.from_classifier(classifier, at=…)`), put a "
        "dense layer between the features and it, or raise the adaptation "
        "factor or `domain_loss_weight`.",
    )


def too_high(epochs: Sequence[Logs], run: Run) -> Finding | None:
    """The domain loss is above that of a classifier at chance.

    Args:
        epochs: The logs of the epochs to check.
        run: The run.
    """
    values = _values(epochs, "domain_loss")
    if run.chance_loss is None or not values:
        return None
    if not all(value >= run.chance_loss + _TOO_HIGH for value in values):
        return None
    return Finding(
        "domain-loss-too-high",
        f"The domain loss is {values[-1]:.3g} and has been above "
        f"{run.chance_loss + _TOO_HIGH:.3g} for {_epochs(len(values))}. A "
        "domain classifier that cannot distinguish the domains has "
        f"{run.chance_loss:.3g}: the feature extractor has outrun it, so "
        "that it is confidently wrong and its gradients do not align the "
        "domains. Lower `domain_loss_weight`, the adaptation factor "
        "(`SigmoidRamp(scale=0.3)`) or the learning rate, or use a larger "
        "domain classifier.",
    )


def collapsed(epochs: Sequence[Logs], run: Run) -> Finding | None:
    """Both losses are back at those of uninformative features."""
    last = last_third(epochs)
    if not uninformed(last, run):
        return None
    learned = any(
        value <= _LEARNED * (run.uninformed or 0.0)
        for value in _values(epochs, "label_loss")
    )
    return collapsed_finding(last, run) if learned else None


def uninformed(epochs: Sequence[Logs], run: Run) -> bool:
    """Whether both losses are those of predictions that ignore the inputs.

    So they are before anything is learned, too.
    """
    label = _values(epochs, "label_loss")
    domain = _values(epochs, "domain_loss")
    if not run.uninformed or run.chance_loss is None or not label or not domain:
        return False
    return all(
        value >= _NEAR_LABEL_LOSS * run.uninformed for value in label
    ) and all(
        abs(value - run.chance_loss) <= _NEAR_DOMAIN_LOSS for value in domain
    )


def may_ignore_inputs(epochs: Sequence[Logs], run: Run) -> bool:
    """Whether to check the outputs for some samples.

    A domain classifier with one output for all samples is right for those of
    the largest domain. A good run ends near that, too.
    """
    last = last_third(epochs)
    accuracy = _values(last, "domain_accuracy")
    constant = all(
        abs(value - run.largest_domain) <= _NEAR_ACCURACY for value in accuracy
    )
    return uninformed(last, run) or (run.aligns and bool(accuracy) and constant)


def collapsed_finding(epochs: Sequence[Logs], run: Run) -> Finding:
    """What `collapsed` returns, for predictions that are known to be equal."""
    label = _values(epochs, "label_loss")[-1]
    domain = _values(epochs, "domain_loss")[-1]
    return Finding(
        "collapsed-features",
        f"The label loss is {label:.3g} and the domain loss {domain:.3g}. "
        "Predictions that ignore their inputs have "
        f"{run.uninformed or 0:.3g} and {run.chance_loss or 0:.3g}: the "
        "features have collapsed to a constant. Lower the learning rate, the "
        "adaptation factor (`SigmoidRamp(scale=0.3)`) or `domain_loss_weight`, "
        "and train again from the beginning.",
    )


def source_is_learned(
    logs: Logs, class_shares: Array, share: float = _LEARNED
) -> bool:
    """Whether the label loss is below that of a guess.

    Args:
        logs: Of an epoch.
        class_shares: How often each class occurs in the source.
        share: Float, the largest share of the loss of a guess.
    """
    loss = logs.get("label_loss", math.inf)
    return bool(loss <= share * entropy(class_shares))


def _factors(epochs: Sequence[Logs]) -> list[float]:
    return [
        logs[name]
        for logs in epochs
        for name in logs
        if name.endswith("adaptation_factor")
    ]


def _values(epochs: Sequence[Logs], name: str) -> list[float]:
    """The values of a log, if all epochs have it."""
    found = [logs[name] for logs in epochs if name in logs]
    return found if len(found) == len(epochs) else []


def _percent(share: float) -> str:
    # Not rounded up to 100 %.
    return f"{math.floor(1000 * share) / 10:g} %"


def _epochs(number: int) -> str:
    return "the last epoch" if number == 1 else f"{number} epochs"
