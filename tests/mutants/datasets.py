"""Mutants of `keras_grl/datasets/`."""

from tests.mutants import mutants

DAMAGE = "tests/datasets/test_damage.py"
RECORDS = "tests/datasets/test_tfrecords.py"

MUTANTS = [
    *mutants(
        "keras_grl/datasets/tfrecords.py",
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
        "keras_grl/datasets/crc32c.py",
        "tests/datasets/test_crc32c.py",
        ("0xA282EAD8", "0xA282EAD9", "test_published_values"),
        (
            "of_blocks[after[has] - left]",
            "of_blocks[after[has] - 1]",
            "test_records_of_many_lengths",
        ),
    ),
    *mutants(
        "keras_grl/datasets/reading.py",
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
        "keras_grl/datasets/formats.py",
        DAMAGE,
        (
            "if count != part.examples_in_shard:",
            "if count < part.examples_in_shard:",
            "test_another_number_of_records",
        ),
        (
            "(OSError, RuntimeError)",
            "OSError",
            "tests/datasets/test_formats.py::"
            "test_a_second_format_that_cannot_be_written",
        ),
    ),
    *mutants(
        "keras_grl/datasets/archives.py",
        "tests/datasets/test_archives.py",
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
        "keras_grl/datasets/images.py",
        "tests/datasets/test_images.py",
        (
            "Image.open(file, formats=formats)",
            "Image.open(file)",
            "test_images_of_another_format",
        ),
    ),
    *mutants(
        "keras_grl/datasets/builders.py",
        "tests/datasets/test_builders.py",
        (
            '".." in path.parts',
            'path.parts[:1] == ("..",)',
            "test_the_name_of_a_configuration_leads_out",
        ),
    ),
    *mutants(
        "keras_grl/datasets/gtsrb_archives.py",
        "tests/datasets/test_gtsrb.py",
        (
            "if key not in missing:",
            "if False:",
            "test_a_photograph_that_is_in_the_archive_twice",
        ),
    ),
]
