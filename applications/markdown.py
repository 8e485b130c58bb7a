"""The one writer of Markdown tables."""


def table(rows: list[list[str]]) -> str:
    """A table of Markdown, without a line break at its end.

    Args:
        rows: The header, then the rows.
    """
    header, *others = rows
    lines = ["| " + " | ".join(header) + " |", "|---" * len(header) + "|"]
    lines += ["| " + " | ".join(row) + " |" for row in others]
    return "\n".join(lines)
