"""Reverse validation, which trains a classifier for each candidate."""

import json
import time
from pathlib import Path

import numpy as np

import keras_grl
from applications.files import write_json
from applications.selection.candidates import CANDIDATES
from applications.selection.candidates import folder_of
from applications.selection.domains import Shift


def add(output: Path, name: str, shift: Shift) -> None:
    """Adds the score to the runs of seed 0 of one shift that do not have it.

    Args:
        output: Folder of the results.
        name: Of the shift.
        shift: Its images.
    """
    for candidate in CANDIDATES:
        folder = folder_of(output, name, candidate, 0, 0)
        figures = json.loads((folder / "run.json").read_text())
        if "reverse_validation" in figures:
            continue
        with np.load(folder / "arrays.npz") as arrays:
            predicted = arrays["probabilities"]
        began = time.process_time()
        score = keras_grl.scores.reverse_validation(
            shift.x_test, predicted, shift.x_held_out, shift.y_held_out
        )
        figures["reverse_validation"] = score
        figures["reverse_seconds"] = time.process_time() - began
        write_json(folder / "run.json", figures)
        print(
            f"{name:20} {candidate:22} reverse validation {score:.3f}",
            flush=True,
        )
