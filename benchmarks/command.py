"""What the commands have in common."""

import argparse
import os

import keras


def parser(name: str, description: str | None) -> argparse.ArgumentParser:
    """A parser whose help is the text at the top of a file.

    Args:
        name: Of the file.
        description: Its text, `__doc__`.
    """
    return argparse.ArgumentParser(
        f"benchmarks.{name}",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def machine() -> str:
    """The backend, and what the machine has and does."""
    return (
        f"{keras.backend.backend()}, {os.cpu_count()} processors, load "
        f"{os.getloadavg()[0]:.1f}"
    )
