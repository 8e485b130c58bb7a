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


def chroma_detail(image):
    """Standard deviation of R - B minus its 3 x 3 mean, by a loop."""
    difference = image[..., 0].astype(float) - image[..., 2]
    size = len(difference)
    left = [
        difference[i, j] - difference[i - 1 : i + 2, j - 1 : j + 2].mean()
        for i in range(1, size - 1)
        for j in range(1, size - 1)
    ]
    return np.std(left)


def test_a_jpeg_has_its_colors_at_half_of_the_resolution():
    # Stripes one pixel wide, of one luma: 0.299 · 114 = 0.114 · 299.
    image = np.full((32, 32, 3), 100.0)
    image[:, ::2, 0] += 57
    image[:, 1::2, 2] += 149.5
    sharp = photography.photograph(image, np.random.default_rng(0))
    saved = photography.photograph(
        image, np.random.default_rng(0), quality=95.0
    )
    assert chroma_detail(sharp) > 80 and chroma_detail(saved) < 5
    # What two pixels have in common stays.
    np.testing.assert_allclose(
        saved.mean(axis=(0, 1)), sharp.mean(axis=(0, 1)), atol=2.0
    )
    # Brightness keeps its resolution, the better the higher the quality.
    random = np.random.default_rng(1)
    gray = np.repeat(random.uniform(0, 255, (32, 32, 1)), 3, axis=-1)
    error = [
        np.abs(
            photography.photograph(gray, random, quality=quality) - gray
        ).mean()
        for quality in (20.0, 95.0)
    ]
    assert error[0] > 10 > 4 > error[1]


def test_it_is_the_cameras_pixels_that_are_compressed():
    random = np.random.default_rng(0)
    image = random.uniform(0, 255, (32, 32, 3))
    seen = photography.photograph(
        image, np.random.default_rng(0), pixels=8, quality=40.0
    )
    # Enlarged afterward, four by four pixels have no edges of their own.
    plain = photography.photograph(image, np.random.default_rng(0), pixels=8)
    assert np.abs(np.diff(seen.astype(int), axis=1)).max() <= 64
    assert (seen != plain).any()


def test_a_share_of_the_photographs_is_a_jpeg():
    random = np.random.default_rng(0)
    found = [
        photography.jpeg_quality(random, 0.25, (60.0, 90.0))
        for _ in range(2000)
    ]
    qualities = [each for each in found if each is not None]
    # Four standard deviations.
    assert len(qualities) == pytest.approx(500, abs=4 * np.sqrt(375))
    assert 60 <= min(qualities) < 61 and 89 < max(qualities) <= 90
    assert photography.jpeg_quality(random, 0.0, (60.0, 90.0)) is None
