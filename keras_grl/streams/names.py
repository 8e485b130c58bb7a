"""The names of the streams, and of the parts of a batch."""

SOURCE = "source"
TARGET = "target"
LABELED_TARGET = "labeled_target"
STREAMS = (SOURCE, TARGET, LABELED_TARGET)

# The parts of `(x, y, sample_weight)`, in the words of an error.
INPUTS = "inputs"
LABELS = "labels"
WEIGHTS = "sample weights"
PARTS = (INPUTS, LABELS, WEIGHTS)


def wrong(name: str, expected: str, received: str, hint: str = "") -> str:
    """The message about the data of one stream."""
    message = (
        f"Invalid value received for argument `{name}`. Expected {expected}. "
        f"Received: {received}"
    )
    return f"{message}\n{hint}" if hint else message
