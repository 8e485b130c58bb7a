import numpy as np

from applications import figures


def test_features_that_cannot_be_embedded_are_said_to_be_so(tmp_path):
    random = np.random.default_rng(0)
    spread = random.normal(size=(2, 20, 3))
    figures.embeddings(
        {
            "trained": (spread[0], spread[1]),
            "dead": (np.zeros((20, 3)), np.zeros((20, 3))),
            "diverged": (np.full((20, 3), np.nan), np.zeros((20, 3))),
        },
        tmp_path / "features.png",
    )
    assert (tmp_path / "features.png").read_bytes().startswith(b"\x89PNG")
