"""Mutants of the comparison of images by their statistics."""

from tests.mutants import mutants

_TESTS = "tests/diagnostics/"
_PACKAGE = "keras_grl/diagnostics/"

MUTANTS = [
    *mutants(
        f"{_PACKAGE}image_measures.py",
        f"{_TESTS}test_image_measures.py",
        ("(0.299, 0.587, 0.114)", "(0.114, 0.587, 0.299)", "test_by_hand"),
        ("(luma < 3) | (luma > 252)", "luma > 252", "test_by_hand"),
        ("_mean(one), _mean(other)", "_mean(one), 0.0", "test_by_hand"),
        ("rows[..., 2:]) / 9", "rows[..., 2:]) / 8", "test_by_hand"),
        ("- 4 * inner", "- 3 * inner", "test_by_hand"),
        ("np.sqrt(np.pi / 2) / 6", "np.sqrt(np.pi) / 6", "test_by_hand"),
        (
            "_mean(edges) ** 2 + _EPSILON",
            "_mean(edges) + _EPSILON",
            "test_by_hand",
        ),
        (
            "inside[rows:-rows, columns:-columns] = True",
            "inside[rows:-rows] = True",
            "test_by_hand",
        ),
        (
            "inside[:, columns:-columns] = True",
            "inside[:] = True",
            "test_by_hand",
        ),
        (
            "outside[rows:-rows, columns:-columns] = False",
            "outside[rows:-rows] = False",
            "test_by_hand",
        ),
        (
            "images[first : first + _TOGETHER]",
            "images[first : first + 1000]",
            "test_each_image_by_itself",
        ),
        (
            'or (images.dtype.kind == "f" and high <= 1)',
            "",
            "test_bad_input_gets_one_clear_error",
        ),
    ),
    *mutants(
        f"{_PACKAGE}image_comparison.py",
        f"{_TESTS}test_image_comparison.py",
        (
            "np.repeat([0, 1], [len(each) for each in images])",
            "np.repeat([1, 0], [len(each) for each in images])",
            "test_the_area_by_hand",
        ),
        (
            "return max(self.auc, 1.0 - self.auc)",
            "return self.auc",
            "test_the_area_by_hand",
        ),
        (
            "key=lambda gap: -gap.separation",
            "key=lambda gap: gap.separation",
            "test_the_most_telling_comes_first_and_is_named",
        ),
        (
            "math.sqrt((n + m + 1) / (12 * n * m))",
            "math.sqrt((n + m + 1) / (6 * n * m))",
            "test_the_area_by_hand",
        ),
        (
            "random_rows(len(images), samples, seed)",
            "random_rows(len(images), samples, 0)",
            "test_a_random_part_of_many",
        ),
    ),
    *mutants(
        f"{_PACKAGE}plots/telling_images.py",
        f"{_TESTS}plots/test_telling_images.py",
        (
            "sign = 1 if medians[0] <= medians[1] else -1",
            "sign = 1",
            "test_the_images_beyond_the_other_domain",
        ),
        (
            "(sign, -sign)",
            "(sign, sign)",
            "test_the_images_beyond_the_other_domain",
        ),
        (
            "missing = -len(lines) % columns",
            "missing = 0",
            "test_white_lines_and_places_without_an_image",
        ),
    ),
    *mutants(
        "applications/domain_gap.py",
        "tests/applications/test_domain_gap.py",
        (
            "if options.images < _LEAST:",
            "if options.images < 1:",
            "test_wrong_options",
        ),
        (
            "if dataset.generator is not None:",
            "if False:",
            "test_a_synthetic_set_is_generated_and_not_prepared",
        ),
    ),
]
