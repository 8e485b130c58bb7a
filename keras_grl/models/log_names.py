"""The names of logs that the user's metrics must not have."""

LOGGED_BY_CALLBACKS = {
    "adaptation_factor",
    "learning_rate",
    "target_class_entropy",
    "target_label_shift",
    "target_largest_class",
    "target_loss_weight",
}


def refuse_names(names: set[str]) -> None:
    """Refuses names that the model's own logs use.

    Args:
        names: Those that occur twice.
    """
    for name in sorted(names):
        raise ValueError(
            f"The model itself logs a value as {name!r}. Expected other names "
            "of metrics and of outputs, whose losses are logged as "
            f"`<output>_loss`. Received: {name!r} twice\n"
            "Rename the metric, or the output of the label predictor."
        )
