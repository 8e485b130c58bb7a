"""Validation splits of photographs that come in tracks."""

import numpy as np

from keras_grl.types import Array
from keras_grl.validation import check_number
from keras_grl.validation import invalid


def validation_split(
    tracks: Array,
    share: float = 0.2,
    seed: int = 0,
    labels: Array | None = None,
) -> Array:
    """Chooses whole tracks for validation.

    The about 30 photographs of a track show one physical sign, and resemble
    each other: a split by photograph would measure memorization.

    Args:
        tracks: Integer array of shape `(n,)`, the track of each photograph.
        share: Float between 0 and 1, of the tracks.
        seed: Integer.
        labels: Integer array of shape `(n,)`, the class of each photograph.
            With it tracks are chosen within each class: the share of them,
            rounded down or up so that the share of all tracks is as near as
            can be, and at least one. A class's last track is never chosen, so
            a class of one track has none for validation. By default classes are
            ignored, and with few tracks some are missing from validation.

    Returns:
        Boolean array of shape `(n,)`: whether a photograph is for validation.
        At least one track is, and one is not.

    Raises:
        ValueError: If `share` is not between 0 and 1, there are fewer than two
            tracks, or `labels` has another shape, two classes for one track,
            or one track for each class.

    Example:

    >>> tracks = np.repeat([4, 7, 9, 12], 30)
    >>> chosen = validation_split(tracks, share=0.25)
    >>> chosen.sum(), len(set(tracks[chosen]))
    (np.int64(30), 1)
    >>> labels = np.repeat([0, 0, 1, 1], 30)
    >>> chosen = validation_split(tracks, share=0.25, labels=labels)
    >>> np.bincount(labels[chosen]).tolist()
    [30, 30]
    """
    share = check_number("share", share, above=0.0, below=1.0)
    unique = np.unique(tracks)
    if len(unique) < 2:
        raise ValueError(
            invalid("tracks", "two different tracks or more", unique.tolist())
        )
    random = np.random.default_rng(seed)
    if labels is None:
        count = min(max(round(share * len(unique)), 1), len(unique) - 1)
        return np.isin(tracks, random.permutation(unique)[:count])
    of_track = _label_of_each_track(np.asarray(tracks), np.asarray(labels))
    classes, sizes = np.unique(of_track, return_counts=True)
    chosen = [
        random.permutation(unique[of_track == label])[:count]
        for label, count in zip(classes, _counts(sizes, share), strict=True)
    ]
    return np.isin(tracks, np.concatenate(chosen))


def _label_of_each_track(tracks: Array, labels: Array) -> Array:
    """Labels of the sorted tracks, if each has one and some share a class."""
    if tracks.ndim != 1 or labels.shape != tracks.shape:
        raise ValueError(
            invalid(
                "labels",
                "shape (n,), like `tracks`",
                f"array of shape {labels.shape} for {tracks.shape}",
            )
        )
    unique, first, inverse = np.unique(
        tracks, return_index=True, return_inverse=True
    )
    of_track = labels[first]
    if (other := labels != of_track[inverse]).any():
        track = tracks[other][0]
        found = np.unique(labels[tracks == track]).tolist()
        raise ValueError(
            invalid(
                "labels",
                "one class for each track",
                f"classes {found} for track {track}",
                "Number the tracks of each class separately, as "
                "`load_with_tracks` does.",
            )
        )
    if len(np.unique(of_track)) == len(unique):
        raise ValueError(
            invalid(
                "labels",
                "a class of two tracks or more",
                f"{len(unique)} classes for {len(unique)} tracks",
            )
        )
    return of_track


def _counts(sizes: Array, share: float) -> list[int]:
    """How many tracks of each class are for validation."""
    exact = share * sizes
    # The upper bound wins: none of a class that has but one track.
    counts = np.clip(np.floor(exact).astype(int), 1, sizes - 1)
    # Rounding each separately could add up to far more, or less.
    more = round(exact.sum()) - counts.sum()
    for index in np.argsort(counts - exact, kind="stable"):
        if more > 0 and counts[index] < min(exact[index], sizes[index] - 1):
            counts[index] += 1
            more -= 1
    return counts.tolist()
