"""How many candidates and steps fit into the time."""

from typing import NamedTuple

# Beside source only, with a second run.
FINALISTS = 3
# In fewer steps nothing is learned: rather fewer candidates.
_FEWEST_STEPS = 200
_MOST_STEPS = 10_000
# What measuring cannot see.
_RESERVE = 0.1


class Plan(NamedTuple):
    """What is trained.

    Args:
        candidates: Integer, how many of the ladder, source only included.
        steps: Integer, of each run.
        runs_each: 2, if source only and the finalists get a second run.
    """

    candidates: int
    steps: int
    runs_each: int

    @property
    def runs(self) -> int:
        """The most runs that may be needed."""
        return number_of_runs(self.candidates, self.runs_each)


def number_of_runs(candidates: int, runs_each: int) -> int:
    """The most runs of a plan.

    Example:

    >>> number_of_runs(5, 2), number_of_runs(3, 1)
    (9, 3)
    """
    if runs_each == 1:
        return candidates
    return candidates + 1 + min(FINALISTS, candidates - 1)


def few_steps(plan: Plan, minutes: float | None) -> list[str]:
    """A warning, if the time is too short to learn anything.

    Args:
        plan: What is trained.
        minutes: The time that was asked for; None if `steps` was.

    Example:

    >>> few_steps(Plan(3, 200, 1), 10), few_steps(Plan(3, 5, 2), None)
    ([], [])
    >>> few_steps(Plan(3, 5, 1), 0.1)[0][:38]
    'Only 5 steps of each run fit into 0.1 '
    """
    if minutes is None or plan.steps >= _FEWEST_STEPS:
        return []
    return [
        f"Only {plan.steps:,} {'step' if plan.steps == 1 else 'steps'} of each "
        f"run fit into {minutes:g} minutes: "
        f"in fewer than {_FEWEST_STEPS} little is learned, and the choice "
        "means little. Give more minutes, or compare fewer candidates."
    ]


def planned(
    candidates: int, seconds: float, step_seconds: float, run_seconds: float
) -> Plan:
    """As many candidates as can be trained long enough.

    Args:
        candidates: Integer, the most candidates.
        seconds: Float, for all runs.
        step_seconds: Float, for a training step.
        run_seconds: Float, what a run takes beside its steps.

    Example:

    >>> planned(5, seconds=600, step_seconds=0.01, run_seconds=10)
    Plan(candidates=5, steps=5000, runs_each=2)
    >>> planned(5, seconds=60, step_seconds=0.05, run_seconds=1)
    Plan(candidates=3, steps=340, runs_each=1)
    """
    fewest = min(3, candidates)
    plans = [(count, 2) for count in range(candidates, fewest - 1, -1)]
    for count, runs_each in [*plans, (fewest, 1)]:
        runs = number_of_runs(count, runs_each)
        of_run = (1 - _RESERVE) * seconds / runs - run_seconds
        steps = min(_MOST_STEPS, int(of_run / step_seconds))
        if steps >= _FEWEST_STEPS:
            break
    return Plan(count, max(steps, 1), runs_each)
