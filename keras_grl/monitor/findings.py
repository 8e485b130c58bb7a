"""What a check has found, as a warning that names its page."""

import warnings
from typing import NamedTuple

# In the repository. Each heading there is the `topic` of a finding.
PAGE = "docs/monitor.md"


class AdaptationWarning(UserWarning):
    """A warning of `AdaptationMonitor`: training may not work as intended.

    Example:

    >>> import warnings
    >>> warnings.simplefilter("ignore", AdaptationWarning)
    """


class Finding(NamedTuple):
    """A fault of a run.

    Attributes:
        topic: Its anchor in docs/monitor.md.
        message: What is seen, why, and the likely fix.
    """

    topic: str
    message: str

    def warn(self) -> None:
        """Raises the warning."""
        warnings.warn(
            f"{self.message} See {PAGE}#{self.topic}",
            AdaptationWarning,
            stacklevel=3,
        )
