"""scikit-learn, an optional dependency of some scores."""

import importlib
from types import ModuleType


def scikit_learn(module: str, needed_by: str) -> ModuleType:
    """A module of scikit-learn.

    Args:
        module: Its name, such as "cluster".
        needed_by: The function that needs it, for the error.

    Raises:
        ImportError: If scikit-learn is not installed.
    """
    try:
        return importlib.import_module(f"sklearn.{module}")
    except ImportError as error:
        raise ImportError(
            f"`{needed_by}` needs scikit-learn. Install it: "
            "`pip install scikit-learn`."
        ) from error
