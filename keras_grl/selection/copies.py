"""Candidates that are nearly copies of others, and count once."""

from keras_grl.scores.ensemble import near_copies
from keras_grl.selection.runs import Run

# The candidate and the number of a run, to the candidate that it nearly copies.
Copies = dict[tuple[str, int], str]


def copies_of(runs: dict[str, list[Run]], reference: str) -> Copies:
    """The runs that are nearly copies of a run of another candidate.

    Of a group of near-copies one counts, the reference or else the first by
    name: the group would outvote the others in an average. Runs of the same
    candidate all count, since the runs of a good one are alike.

    Args:
        runs: Name of each candidate that is not vetoed to its runs.
        reference: The candidate that was not adapted.
    """
    found: Copies = {}
    counted: list[tuple[str, Run]] = []
    for name in sorted(runs, key=lambda name: (name != reference, name)):
        for number, run in enumerate(runs[name]):
            originals = [
                other
                for other, one in counted
                if other != name and near_copies(run.known, one.known)
            ]
            if originals:
                found[name, number] = originals[0]
            else:
                counted.append((name, run))
    return found


def counted(
    runs: dict[str, list[Run]], copies: Copies
) -> dict[tuple[str, int], Run]:
    """The runs that are averaged, by candidate and number."""
    return {
        (name, number): run
        for name, of_candidate in runs.items()
        for number, run in enumerate(of_candidate)
        if (name, number) not in copies
    }


def by_candidate(runs: dict[str, list[Run]], copies: Copies) -> dict[str, str]:
    """The candidates all of whose runs are near-copies, and of which others."""
    found = {}
    for name, of_candidate in runs.items():
        keys = [(name, number) for number in range(len(of_candidate))]
        if all(key in copies for key in keys):
            found[name] = " and ".join(sorted({copies[key] for key in keys}))
    return found
