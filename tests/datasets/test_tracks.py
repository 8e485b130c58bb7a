import numpy as np
import pytest

from keras_grl.datasets.tracks import validation_split


def test_no_track_is_in_both_parts():
    tracks = np.repeat(np.arange(50), 30)
    chosen = validation_split(tracks, share=0.2, seed=1)
    assert chosen.sum() == 10 * 30
    assert not set(tracks[chosen]) & set(tracks[~chosen])
    other = validation_split(tracks, share=0.2, seed=2)
    assert set(tracks[chosen]) != set(tracks[other])


def test_the_same_tracks_from_now_on():
    """Results that were published are of these."""
    tracks = np.repeat(np.arange(10), 2)
    for seed, want in [(0, [4, 5, 8, 9, 12, 13]), (7, [0, 1, 14, 15, 16, 17])]:
        chosen = validation_split(tracks, share=0.3, seed=seed)
        assert np.flatnonzero(chosen).tolist() == want


@pytest.mark.parametrize(
    ("sizes", "share", "want"),
    [
        # 3.2 of 16; one of one track is none, one of few is one.
        ([1, 2, 3, 10], 0.2, [0, 1, 1, 2]),
        # One track of each stays.
        ([2, 3, 10], 0.9, [1, 2, 9]),
        # 14 of 70: four of ten classes round 1.4 up.
        ([7] * 10, 0.2, [2] * 4 + [1] * 6),
        # 5.2 of 26: 1.8 is rounded up, 1.4 is not.
        ([7, 9, 10], 0.2, [1, 2, 2]),
    ],
)
@pytest.mark.parametrize("seed", [0, 1])
def test_tracks_of_each_class(sizes, share, want, seed):
    labels = np.repeat(np.arange(len(sizes)), sizes)
    tracks = 100 + np.random.default_rng(5).permutation(len(labels))
    labels, tracks = np.repeat(labels, 3), np.repeat(tracks, 3)
    mixed = np.random.default_rng(6).permutation(len(labels))
    labels, tracks = labels[mixed], tracks[mixed]
    chosen = validation_split(tracks, share, seed, labels=labels)
    assert chosen.shape == tracks.shape and chosen.dtype == bool
    assert not set(tracks[chosen]) & set(tracks[~chosen])
    counts = [
        len(set(tracks[chosen & (labels == n)])) for n in range(len(want))
    ]
    assert counts == want
    assert chosen.sum() == 3 * sum(want)
    again = validation_split(tracks, share, seed, labels=labels)
    other = validation_split(tracks, share, seed + 2, labels=labels)
    assert (chosen == again).all() and (chosen != other).any()


def test_a_class_of_one_track_stays_in_training():
    tracks, labels = [5, 5, 8, 8, 9, 9], [3, 3, 4, 4, 4, 4]
    seen = set()
    for seed in range(20):
        chosen = validation_split(tracks, 0.9, seed, labels)
        seen.add(tuple(np.flatnonzero(chosen)))
    assert seen == {(2, 3), (4, 5)}


@pytest.mark.parametrize(
    ("tracks", "labels", "message"),
    [
        ([3, 3, 3], None, r"`tracks`.*two different tracks.*tracks=\[3\]"),
        ([3, 3, 3], [1, 1, 1], r"`tracks`.*two different tracks.*\[3\]"),
        ([], None, r"`tracks`.*two different tracks.*tracks=\[\]"),
        ([3, 4, 5], [1, 1], r"`labels`.*shape \(n,\).*\(2,\) for \(3,\)"),
        (
            [3, 4, 4],
            [1, 1, 2],
            r"(?s)`labels`.*one class for each.*\[1, 2\] for track 4.*separate",
        ),
        ([3, 4, 4], [1, 2, 2], r"`labels`.*two tracks.*2 classes for 2"),
    ],
)
def test_tracks_that_cannot_be_split(tracks, labels, message):
    with pytest.raises(ValueError, match=message):
        validation_split(tracks, labels=labels)


@pytest.mark.parametrize("share", [0.0, 1.0, "half"])
def test_bad_share(share):
    with pytest.raises(ValueError, match=r"`share`.*Received"):
        validation_split(np.arange(9), share)
