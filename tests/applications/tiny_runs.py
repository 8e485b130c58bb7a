"""Experiments that take seconds, and what they have written."""

import csv
import dataclasses
from pathlib import Path
from typing import Any

TINY = ["--batch-size", "32", "--network", "small"]


@dataclasses.dataclass(frozen=True)
class Finished:
    """An experiment that was run once for all tests of a session."""

    command: list[str]
    output: Path
    path: Path
    metrics: list[dict[str, Any]]
    printed: str


def history(folder):
    with open(folder / "history.csv") as file:
        return list(csv.DictReader(file))
