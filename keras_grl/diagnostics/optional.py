"""Optional libraries, imported when they are used."""

import importlib
from types import ModuleType

# Matplotlib and scikit-learn are in this extra of pyproject.toml.
_EXTRA = "keras-grl[demo]"


def optional(module: str, needed_by: str) -> ModuleType:
    """A module of Matplotlib or scikit-learn.

    Args:
        module: Its name, such as "sklearn.manifold".
        needed_by: The function that needs it, for the error.

    Raises:
        ImportError: If it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = {"sklearn": "scikit-learn"}.get(
            module.split(".")[0], "matplotlib"
        )
        raise ImportError(
            f"`{needed_by}` needs {package}. Install it: "
            f'`pip install {package}`, or `pip install "{_EXTRA}"`.'
        ) from error
