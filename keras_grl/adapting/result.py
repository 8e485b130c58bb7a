"""What `adapt` returns."""

import dataclasses
import math
from collections.abc import Mapping

import keras
import numpy as np

from keras_grl.selection import Selection
from keras_grl.types import JSON
from keras_grl.types import Array
from keras_grl.types import Images
from keras_grl.types import PathLike

_SCORES = ("classes", "consensus", "agreement", "ensv", "bnm")


class NoModelError(ValueError):
    """Every candidate failed."""


@dataclasses.dataclass(frozen=True, eq=False)
class Adaptation:
    """A chosen model, the reason for the choice, and further results.

    `print` shows the candidates as a table, and the reason.

    Attributes:
        model: The chosen `keras.Model`, inputs to class probabilities. It has
            no layers of this package: its file loads without it.
        reference_model: The same network as source only has trained it; the
            chosen model, if that is source only.
        selection: The `Selection` among the candidates with two runs; of one
            run each, if a second one did not fit.
        first_selection: The `Selection` among the first runs of all
            candidates, which named those that got a second run.
        domains: Dict, whether the domains differ in the features of source
            only: "distance", the proxy A-distance, 0 to 2; "low" and "high",
            its interval; "null_high", the largest distance of random halves of
            the source; "differ", boolean. All of them are None if there is no
            distance, and "reason" says why.
        predictions: Array `(n_target, classes)`: probabilities of the chosen
            model for the target.
        reference_predictions: Those of source only.
        embedding: Dict of "before", features of source only, and "after",
            those of the chosen model. Each is a dict: "source" and "target",
            arrays `(n, d)` of at most 500 rows; "source_labels" and
            "target_predicted", classes of these rows.
        runs: List of dicts, one for each run: "candidate", "seed", "steps",
            "seconds", "resumed" (whether it was loaded and not trained),
            "history" (name to last value), "warnings".
        warnings: List of strings: what `AdaptationMonitor` found, each after
            the name of its run, and whether source only has collapsed.
        settings: Dict of the arguments and the resulting settings: "steps",
            "candidates", "runs_each", "minutes", "batch_size",
            "learning_rate", "seed", "classes", "source_samples",
            "target_samples", "backend", "keras", "keras_grl".
    """

    model: keras.Model
    reference_model: keras.Model
    selection: Selection
    first_selection: Selection
    domains: dict[str, JSON]
    predictions: Array
    reference_predictions: Array
    embedding: dict[str, dict[str, Array]]
    runs: list[dict[str, JSON]]
    warnings: list[str]
    settings: dict[str, JSON]

    @property
    def choice(self) -> str:
        """The name of the candidate that is kept, such as "dann_mcc"."""
        return self.selection.choice

    @property
    def reason(self) -> str:
        """Why, in a sentence."""
        return self.selection.reason

    @property
    def table(self) -> str:
        """The candidates, aligned: runs, seconds, scores and vetoes."""
        rows = [["candidate", "runs", "seconds", *_SCORES, ""]]
        rows += [self._row(name) for name in self.first_selection.scores]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join(
            "  ".join(
                cell.ljust(width)
                if number in (0, len(row) - 1)
                else cell.rjust(width)
                for number, (cell, width) in enumerate(
                    zip(row, widths, strict=True)
                )
            ).rstrip()
            for row in rows
        )

    def selection_of(self, name: str) -> Selection:
        """The last selection that a candidate took part in."""
        of_final = name in self.selection.scores
        return self.selection if of_final else self.first_selection

    def remark(self, name: str) -> str:
        """What the tables say of a candidate."""
        selection = self.selection_of(name)
        role = "" if selection is self.selection else "no second run"
        if name == self.choice:
            role = "kept"
        return selection.remark(name, role)

    def _row(self, name: str) -> list[str]:
        selection, remark = self.selection_of(name), self.remark(name)
        runs = [run for run in self.runs if run["candidate"] == name]
        seconds = sum(run["seconds"] for run in runs)
        scores = [_cell(selection.scores[name][score]) for score in _SCORES]
        return [name, str(len(runs)), f"{seconds:.1f}", *scores, remark]

    def to_dict(self) -> dict[str, JSON]:
        """All but the model and the large arrays, as JSON can hold it.

        Numbers that are not finite are None. "frequencies" are the shares of
        the target that the chosen model and source only predict as each class.
        """
        return plain(
            {
                "choice": self.choice,
                "reason": self.reason,
                "selection": self.selection.to_dict(),
                "first_selection": self.first_selection.to_dict(),
                "domains": self.domains,
                "frequencies": {
                    "chosen": _frequencies(self.predictions),
                    "source_only": _frequencies(self.reference_predictions),
                },
                "runs": self.runs,
                "warnings": self.warnings,
                "settings": self.settings,
            }
        )

    def report(
        self,
        path: PathLike,
        *,
        images: Images | None = None,
        class_names: list[str] | None = None,
        files: list[str] | None = None,
        test: Mapping[str, float] | None = None,
    ) -> None:
        """Writes a report, one HTML file with its figures.

        Args:
            path: Of the file.
            images: Target images to show as examples, `(n_target, height,
                width, channels)`, in the order of the predictions.
            class_names: Name of each class; by default its number.
            files: Name of the file of each target image.
            test: Accuracies on labeled target samples, which the choice did not
                use: "accuracy" of the chosen model, and "source_only".

        Raises:
            ImportError: If matplotlib is not installed.
        """
        from keras_grl.adapting.report import write_report

        write_report(
            self,
            path,
            images=images,
            class_names=class_names,
            files=files,
            test=test,
        )

    def __str__(self) -> str:
        return f"{self.table}\n{self.reason}"


def _cell(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _frequencies(probabilities: Array) -> list[float]:
    if not np.isfinite(probabilities).all():
        return []
    classes = probabilities.shape[1]
    counts = np.bincount(probabilities.argmax(axis=1), minlength=classes)
    return (counts / len(probabilities)).tolist()


def plain(value: JSON) -> JSON:
    """`value` with Python's numbers, and None for those not finite."""
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
