"""Whether the horizon of the schedules is that of the run."""

from keras_grl.monitor.findings import Finding


def horizon(
    first_step: int, last_step: int, total_steps: int
) -> Finding | None:
    """The run was much shorter or longer than its schedules expect.

    Args:
        first_step: Integer, the steps counted before the run. A run that
            continues another one is part of a longer one: no finding.
        last_step: Integer, the steps counted at its end.
        total_steps: Integer, the horizon; 0 if there is none.
    """
    if first_step > 0 or total_steps <= 0:
        return None
    fix = (
        "Leave out `total_steps`, so that `fit` sets it, or pass the number of "
        f"steps of the whole run: `total_steps={last_step}` for this one."
    )
    if last_step < 0.5 * total_steps:
        return Finding(
            "horizon-and-run-differ",
            f"The run ended at step {last_step} of `total_steps={total_steps}` "
            f"(p = {last_step / total_steps:.2g}), when the schedules of the "
            "adaptation factor and the learning rate had hardly begun. (If "
            f"another `fit` continues it, ignore this warning.) {fix}",
        )
    if last_step > 2 * total_steps:
        return Finding(
            "horizon-and-run-differ",
            f"The run had {last_step} steps, and `total_steps={total_steps}`: "
            "the schedules of the adaptation factor and the learning rate had "
            "ended before half of it, so that the domain classifier met its "
            f"full gradient early. {fix}",
        )
    return None
