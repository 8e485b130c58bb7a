"""The findings at the end of a run: one for each cause."""

import dataclasses
from collections.abc import Sequence

from keras_grl.monitor import classes
from keras_grl.monitor import logs as of_logs
from keras_grl.monitor.findings import Finding
from keras_grl.monitor.horizon import horizon
from keras_grl.monitor.probe import Probe
from keras_grl.monitor.probe import learns_nothing
from keras_grl.monitor.run import Run
from keras_grl.types import Array
from keras_grl.types import Logs

# A run has at most one of them: what is wrong first explains the others.
OF_DOMAINS = {
    "collapsed-features",
    "domain-classifier-does-not-learn",
    "domain-loss-too-high",
    "domains-stay-separate",
    "horizon-and-run-differ",
    "zero-adaptation-factor",
}


@dataclasses.dataclass
class Ending:
    """A run that is over.

    Attributes:
        run: Its facts.
        epochs: The logs of its epochs.
        first_step: Integer, the steps counted before it.
        last_step: Integer, the steps counted at its end.
        horizon: Integer, the steps in which p goes to 1; 0 if there are none.
        given_horizon: Boolean, whether the user has given it.
        stopped: Boolean, whether it ended before its last epoch. The schedules
            have their own warning for that.
        probe: Outputs for a few samples; None if they are not known.
        predicted: How often each class is predicted for the target; None if it
            is not known.
        estimates: The estimated frequencies of the classes in the target, of
            the epochs in which the source was learned.
    """

    run: Run
    epochs: Sequence[Logs]
    first_step: int
    last_step: int
    horizon: int = 0
    given_horizon: bool = False
    stopped: bool = False
    probe: Probe | None = None
    predicted: Array | None = None
    estimates: Sequence[Array] = ()

    @property
    def steps(self) -> int:
        """The steps of the run."""
        return self.last_step - self.first_step

    @property
    def progress(self) -> float:
        """p at the end; 1 without a horizon."""
        return min(self.last_step / self.horizon, 1.0) if self.horizon else 1.0


def verdicts(ending: Ending) -> list[Finding]:
    """At most one finding about the domains, and one about the classes.

    Args:
        ending: The run.
    """
    of_domains = _of_domains(ending)
    of_classes = None
    if of_domains is None or of_domains.topic != "collapsed-features":
        of_classes = _of_classes(ending)
    return [each for each in (of_domains, of_classes) if each is not None]


def _of_domains(ending: Ending) -> Finding | None:
    """What is wrong first: the rest follows from it."""
    epochs, run = ending.epochs, ending.run
    finding = _of_schedule(ending) or _of_outputs(ending)
    finding = finding or of_logs.too_high(of_logs.last_third(epochs), run)
    # While λ is small the domains are separate as a matter of course.
    if (
        finding is None
        and ending.progress >= 0.5
        and ending.steps >= of_logs.STEPS_TO_ALIGN
    ):
        finding = of_logs.separate(epochs, run)
    return finding


def _of_schedule(ending: Ending) -> Finding | None:
    run = ending.run
    if not run.aligns or (ending.stopped and not run.constant_factor):
        return None
    if ending.given_horizon and not run.constant_factor:
        found = horizon(ending.first_step, ending.last_step, ending.horizon)
        if found is not None or ending.progress < 1.0:
            # Another `fit` may continue the schedule.
            return found
    return of_logs.zero_factor(ending.epochs, run)


def _of_outputs(ending: Ending) -> Finding | None:
    epochs, run = ending.epochs, ending.run
    found = of_logs.collapsed(epochs, run)
    if found is not None or ending.probe is None:
        return found
    last = of_logs.last_third(epochs)
    if of_logs.uninformed(last, run) and ending.probe.predictions_are_equal():
        return of_logs.collapsed_finding(last, run)
    if run.aligns and ending.probe.logits_are_constant():
        return learns_nothing("Its output is the same for all samples.")
    return None


def _of_classes(ending: Ending) -> Finding | None:
    shares = ending.run.class_shares
    if shares is None:
        return None
    found = None
    if ending.predicted is not None and of_logs.source_is_learned(
        ending.epochs[-1], shares
    ):
        found = classes.one_class(ending.predicted, shares)
    if found is not None:
        return found
    accuracy = ending.epochs[-1].get("domain_accuracy", 0.0)
    return classes.label_shift(
        ending.estimates, shares, accuracy, ending.run.largest_domain
    )
