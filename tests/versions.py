"""Which versions are installed, asked without importing them."""

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version


def at_least(package: str, *numbers: int) -> bool:
    """Whether a package has at least this version; True if it is absent."""
    try:
        found = version(package).split(".")[: len(numbers)]
    except PackageNotFoundError:
        return True
    return tuple(int(number) for number in found) >= numbers
