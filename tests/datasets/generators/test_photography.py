import numpy as np
import pytest

pytest.importorskip("PIL")

from keras_grl.datasets.generators import photography


def test_light_eats_into_thin_strokes():
    # Of the same blur, more than the half-way level is white when overexposed.
    image = np.full((40, 40, 3), 240.0)
    image[:, 19:21] = 10
    dark = {}
    for light in (1.0, 2.0):
        seen = photography.photograph(
            light * image, np.random.default_rng(0), blur=1.0
        )
        dark[light] = (seen[20, :, 0] < 200).sum()
    assert 0 < dark[2.0] < dark[1.0]
