"""The names of the streams, and of the parts of a batch."""

from typing import Final

SOURCE: Final = "source"
TARGET: Final = "target"
LABELED_TARGET: Final = "labeled_target"
STREAMS = (SOURCE, TARGET, LABELED_TARGET)

# The parts of `(x, y, sample_weight)`, as errors name them.
INPUTS = "inputs"
LABELS = "labels"
WEIGHTS = "sample weights"
PARTS = (INPUTS, LABELS, WEIGHTS)


def wrong(name: str, expected: str, received: str, hint: str = "") -> str:
    """The message for invalid data of one stream."""
    message = (
        f"Invalid value received for argument `{name}`. Expected {expected}. "
        f"Received: {received}"
    )
    return f"{message}\n{hint}" if hint else message
