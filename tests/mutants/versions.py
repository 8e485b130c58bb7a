"""Mutants of the versions of synthetic sets, of their search, and of USPS."""

from tests.mutants import mutants

_GENERATORS = "keras_grl/datasets/generators/"
_TESTS = "tests/datasets/"

MUTANTS = [
    *mutants(
        f"{_GENERATORS}photography.py",
        f"{_TESTS}generators/test_photography.py",
        (
            'subsampling="4:2:0"',
            'subsampling="4:4:4"',
            "test_a_jpeg_has_its_colors_at_half_of_the_resolution",
        ),
        (
            "return quality if compressed < share else None",
            "return quality",
            "test_a_share_of_the_photographs_is_a_jpeg",
        ),
        (
            "small = _as_jpeg(small, round(quality))",
            "small = _as_jpeg(small, 75)",
            "test_a_jpeg_has_its_colors_at_half_of_the_resolution",
        ),
    ),
    *mutants(
        f"{_GENERATORS}house_numbers.py",
        f"{_TESTS}generators/test_house_numbers.py",
        (
            "newer = random.spawn(1)[0]",
            "newer = random",
            "test_fingerprint",
        ),
        (
            "image[within] += np.float32(change)",
            "image += np.float32(change)",
            "test_knobs_of_version_2",
        ),
    ),
    *mutants(
        "keras_grl/datasets/tfds/generated.py",
        f"{_TESTS}test_syn_numbers.py",
        (
            "return generator.versions[str(self.version)]",
            "return given",
            "test_each_version_has_its_images_and_its_folder",
        ),
        (
            "if given == generator.config:",
            "if True:",
            "test_each_version_has_its_images_and_its_folder",
        ),
        (
            "{**off, **json.loads(before)}",
            "json.loads(before)",
            "test_a_set_that_was_prepared_before_there_were_newer_knobs",
        ),
    ),
    *mutants(
        "keras_grl/datasets/loading.py",
        f"{_TESTS}test_loading.py",
        (
            "if colon and version not in versions:",
            "if version and version not in versions:",
            "test_bad_arguments",
        ),
    ),
    *mutants(
        "keras_grl/datasets/usps.py",
        f"{_TESTS}test_usps.py",
        (
            "int(labels[index]) - 1",
            "int(labels[index]) % 10",
            "test_files_in_the_official_format",
        ),
        (
            "np.rint((values + 1) * 127.5)",
            "((values + 1) * 127.5)",
            "test_files_in_the_official_format",
        ),
        (
            "(labels < 1) | (labels > 10)",
            "(labels < 0) | (labels > 10)",
            "test_another_file_of_that_format",
        ),
    ),
    *mutants(
        "keras_grl/datasets/tfds/libsvm.py",
        f"{_TESTS}tfds/test_libsvm.py",
        (
            "before < number <= features",
            "0 < number <= features",
            "test_a_damaged_line_is_named",
        ),
        (
            "row[number - 1], before",
            "row[number - 2], before",
            "test_labels_and_features",
        ),
        (
            "if len(line) == _LINE:",
            "if len(line) > _LINE:",
            "test_no_line_and_no_number_of_lines_is_endless",
        ),
    ),
    *mutants(
        "applications/generator_search.py",
        "tests/applications/test_generator_search.py",
        (
            "np.mean(distances**4) ** 0.25",
            "np.mean(distances**2) ** 0.5",
            "test_the_loss_by_hand",
        ),
        (
            "if told[-1][1] < best[0]:",
            "if True:",
            "test_the_best_configuration_is_written",
        ),
        (
            "low += width * low_in * (0.25 if low_in > 0 else 0.5)",
            "low += width * low_in * 0.5",
            "test_a_configuration_near_another",
        ),
    ),
    *mutants(
        "applications/runner/domains.py",
        "tests/applications/test_domains.py",
        (
            'f"{name}:{version}"',
            "name",
            "test_the_version_of_the_synthetic_images",
        ),
    ),
    *mutants(
        "applications/syn_signs_to_gtsrb.py",
        "tests/applications/test_domains.py",
        (
            'if split == "images":',
            'if split == "photographs":',
            "test_as_in_the_paper_single_photographs_are_tested",
        ),
    ),
    *mutants(
        "applications/runner/comparison.py",
        "tests/applications/test_comparison.py",
        (
            'text += f", printed as {printed}"',
            "text = printed",
            "test_the_journals_share_is_of_its_own_bounds",
        ),
        (
            "                    experiment.journal, name,",
            "                    experiment.published, name,",
            "test_the_whole_table",
        ),
    ),
]
