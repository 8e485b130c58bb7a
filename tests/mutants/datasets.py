"""Mutants of `keras_grl/datasets/`."""

from tests.mutants import mutants

DAMAGE = "tests/datasets/tfds/test_damage.py"
RECORDS = "tests/datasets/tfds/test_tfrecords.py"

MUTANTS = [
    *mutants(
        "keras_grl/datasets/tfds/tfrecords.py",
        RECORDS,
        (
            "if wrong.any():",
            "if False:",
            f"{DAMAGE}::test_one_wrong_byte_of_a_label",
        ),
        (
            "if _checksum(header[:8]) != checksum:",
            "if False:",
            "test_every_flipped_byte_is_found",
        ),
        (
            "if length + _FOOTER <= left:",
            "if length <= left:",
            "test_every_place_at_which_it_is_cut",
        ),
        (
            "yield from data[:first]",
            "pass",
            "test_every_flipped_byte_is_found",
        ),
    ),
    *mutants(
        "keras_grl/datasets/tfds/crc32c.py",
        "tests/datasets/tfds/test_crc32c.py",
        ("0xA282EAD8", "0xA282EAD9", "test_published_values"),
        (
            "of_blocks[after[has] - left]",
            "of_blocks[after[has] - 1]",
            "test_records_of_many_lengths",
        ),
    ),
    *mutants(
        "keras_grl/datasets/tfds/reading.py",
        DAMAGE,
        (
            "take = None if to_end else part.take",
            "take = part.take",
            "test_a_description_of_fewer",
        ),
        (
            "images.check(example[name])",
            "pass",
            "test_images_that_tfds_never_writes",
        ),
    ),
    *mutants(
        "keras_grl/datasets/tfds/formats.py",
        DAMAGE,
        (
            "if count != part.examples_in_shard:",
            "if count < part.examples_in_shard:",
            "test_another_number_of_records",
        ),
        (
            "(OSError, RuntimeError)",
            "OSError",
            "tests/datasets/tfds/test_formats.py::"
            "test_a_second_format_that_cannot_be_written",
        ),
    ),
    *mutants(
        "keras_grl/datasets/tfds/archives.py",
        "tests/datasets/tfds/test_archives.py",
        (
            '_check_size("one of its headers", size, self.limit)',
            "pass",
            "test_a_tar_that_unpacks_to_too_much[name-65536]",
        ),
        (
            "_check_size(member.name, member.size, FILE_LIMIT)",
            "pass",
            "test_a_tar_that_unpacks_to_too_much[holes-1048576]",
        ),
    ),
    *mutants(
        "keras_grl/datasets/tfds/images.py",
        "tests/datasets/tfds/test_images.py",
        (
            "Image.open(file, formats=formats)",
            "Image.open(file)",
            "test_images_of_another_format",
        ),
    ),
    *mutants(
        "keras_grl/datasets/tfds/builders.py",
        "tests/datasets/tfds/test_builders.py",
        (
            '".." in path.parts',
            'path.parts[:1] == ("..",)',
            "test_the_name_of_a_configuration_leads_out",
        ),
    ),
    *mutants(
        "keras_grl/datasets/tfds/gtsrb_archives.py",
        "tests/datasets/tfds/test_gtsrb_archives.py",
        (
            "if key not in missing:",
            "if False:",
            "test_a_photograph_that_is_in_the_archive_twice",
        ),
    ),
    *mutants(
        "keras_grl/datasets/tfds/registration.py",
        "tests/datasets/test_catalog.py",
        (
            'images["images"] = variant.splits["train"]',
            'images["images"] = 100_000',
            "test_facts_and_the_builder_agree[syn_numbers]",
        ),
        (
            '"__module__": module,\n        "__doc__": dataset.details',
            '"__module__": __name__,\n        "__doc__": dataset.details',
            "tests/datasets/tfds/test_builders.py::"
            "test_tfds_build_finds_the_builder_of_a_file",
        ),
    ),
    *mutants(
        "keras_grl/datasets/tfds/sources.py",
        "tests/datasets/tfds/test_sources.py",
        (
            "if wrong := archive.mismatch(path):",
            "if False:",
            "test_downloads",
        ),
        (
            "each.unlink()",
            "pass",
            "test_downloads",
        ),
        (
            "return path if path.is_file() else None",
            "return path",
            "test_a_file_that_is_not_in_the_folder_is_downloaded",
        ),
    ),
    *mutants(
        "keras_grl/datasets/tfds/generated.py",
        "tests/datasets/test_syn_signs.py",
        (
            "2 * config.seed + 1",
            "2 * config.seed",
            "test_as_a_set_of_tfds",
        ),
        (
            "{**off, **json.loads(before)} == json.loads(drawing)",
            "bool(off)",
            "tests/datasets/test_syn_numbers.py::test_as_a_set_of_tfds",
        ),
    ),
    *mutants(
        "keras_grl/datasets/tfds/generated.py",
        "tests/datasets/tfds/test_with_beam.py",
        (
            "bool(config.beam_runner or config.beam_options)",
            "bool(config.beam_runner)",
            "test_beam_generates_where_it_is_asked_to",
        ),
    ),
    *mutants(
        "keras_grl/datasets/tfds/with_beam.py",
        "tests/datasets/tfds/test_with_beam.py",
        (
            "*draw(indices)",
            "*draw(range(len(indices)))",
            "test_what_beam_gets",
        ),
    ),
    *mutants(
        "keras_grl/datasets/generators/knobs.py",
        "tests/datasets/generators/test_knobs.py",
        (
            "if low < least or high > most:",
            "if low < least:",
            "test_within_its_limits_every_knob_can_be_turned",
        ),
    ),
    *mutants(
        "keras_grl/datasets/generators/generation.py",
        "tests/datasets/generators/test_generation.py",
        (
            "if len(waiting) > 2 * processes:",
            "if len(waiting) > 20 * processes:",
            "test_no_more_is_made_than_is_taken_and_no_process_stays",
        ),
    ),
    *mutants(
        "keras_grl/datasets/catalog.py",
        "tests/datasets/test_catalog.py",
        (
            '    "svhn_cropped",\n',
            "",
            "test_no_set_is_left_out",
        ),
    ),
    *mutants(
        "keras_grl/datasets/gtsrb.py",
        "tests/datasets/test_gtsrb.py",
        (
            "label * 100_000 + int(track[1])",
            "int(track[1])",
            "test_official_archives",
        ),
    ),
]
