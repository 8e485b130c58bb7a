"""Files that are either not there or whole."""

import csv
import json
import os
from pathlib import Path
from typing import Any


def write_json(path: Path, content: Any) -> None:
    """Writes JSON."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.write_text(json.dumps(content, indent=2) + "\n")
    os.replace(unfinished, path)


def write_csv(path: Path, rows: list[dict[str, Any]]) -> None:
    """Writes rows, a column for each name that one of them has."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    unfinished = path.with_name(f"{path.name}.unfinished")
    with open(unfinished, "w", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
    unfinished.replace(path)
