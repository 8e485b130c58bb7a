"""What `select` returns."""

import dataclasses

from keras_grl.types import JSON


@dataclasses.dataclass(frozen=True)
class Selection:
    """Which candidate to keep, and why. `print` shows it as a table.

    Attributes:
        choice: The name of the candidate to keep.
        run: Integer, which of its runs to keep; 0 if there is one.
        reason: A sentence.
        rule: The score that decided; "reference" if none could.
        reference: The candidate that was not adapted.
        scores: Name of each candidate to name of each score to its value, the
            mean over its runs; None where there is none.
        vetoed: Name to reason, of the candidates that cannot be chosen.
        near_copies: Name to the name of another candidate that predicts nearly
            the same; the two count once in "ensv".
    """

    choice: str
    run: int
    reason: str
    rule: str
    reference: str
    scores: dict[str, dict[str, float | None]]
    vetoed: dict[str, str]
    near_copies: dict[str, str] = dataclasses.field(default_factory=dict)

    @property
    def table(self) -> str:
        """The candidates and their scores, aligned."""
        names = list(next(iter(self.scores.values())))
        rows = [["candidate", *names, ""]]
        for candidate, values in self.scores.items():
            cells = [_cell(values[name]) for name in names]
            role = "kept" if candidate == self.choice else ""
            rows.append([candidate, *cells, self.remark(candidate, role)])
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = []
        for first, *middle, last in rows:
            cells = [
                cell.rjust(width)
                for cell, width in zip(middle, widths[1:-1], strict=True)
            ]
            line = "  ".join([first.ljust(widths[0]), *cells, last])
            lines.append(line.rstrip())
        return "\n".join(lines)

    def remark(self, candidate: str, role: str = "") -> str:
        """What a table says of a candidate: its veto, or whose copy it is.

        Args:
            candidate: Its name.
            role: What has become of it, unless it is vetoed: "kept".
        """
        if candidate in self.vetoed:
            return f"vetoed: {self.vetoed[candidate]}"
        remarks = [role] if role else []
        if candidate in self.near_copies:
            original = self.near_copies[candidate]
            remarks.append(f"nearly the same as {original}")
        return ", ".join(remarks)

    def to_dict(self) -> dict[str, JSON]:
        """All of it as values that JSON can hold, without NaN."""
        return dataclasses.asdict(self)

    def __str__(self) -> str:
        return f"{self.table}\n{self.reason}"


def _cell(value: float | None) -> str:
    if value is None:
        return "–"
    return str(value) if isinstance(value, int) else f"{value:.3f}"
