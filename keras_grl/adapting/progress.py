"""The messages of `adapt` while it trains."""

from collections.abc import Callable
from collections.abc import Sequence

from keras_grl.adapting.budget import Plan
from keras_grl.adapting.training import Trained
from keras_grl.types import JSON


class Progress:
    """Reports each run.

    Args:
        plan: What is trained.
        verbose: As in `adapt`.
        on_progress: As in `adapt`.
        notes: Notes to print before training.
    """

    def __init__(
        self,
        plan: Plan,
        verbose: int,
        on_progress: Callable[[dict[str, JSON]], None] | None,
        notes: Sequence[str] = (),
    ):
        self._runs, self._verbose = plan.runs, verbose
        self._tell = on_progress
        self._ended, self._seconds = 0, [0.0]
        if verbose:
            again = ", the best again with another seed"
            print(
                f"Training {plan.candidates} candidates, {plan.steps:,} steps "
                f"each{again if plan.runs_each == 2 else ''}",
                flush=True,
            )
            for note in notes:
                print(f"Warning: {note}", flush=True)

    def ended(self, trained: Trained) -> None:
        """Called after each run."""
        figures = trained.figures
        self._ended += 1
        self._seconds.append(figures["seconds"])
        mean = sum(self._seconds) / self._ended
        left = mean * max(0, self._runs - self._ended)
        if self._verbose:
            how = "loaded" if figures["resumed"] else "trained"
            print(
                f"Run {self._ended} of {self._runs}: {figures['candidate']}, "
                f"seed {figures['seed']}, {how} in {figures['seconds']:.1f} s; "
                f"about {left:.0f} s left",
                flush=True,
            )
        if self._tell is not None:
            keys = ("candidate", "seed", "seconds", "resumed")
            self._tell(
                {
                    **{key: figures[key] for key in keys},
                    "run": self._ended,
                    "runs": self._runs,
                    "seconds_left": left,
                }
            )
