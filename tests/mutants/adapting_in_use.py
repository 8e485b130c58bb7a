"""Mutants of `adapt` and its command as a user breaks them."""

from tests.mutants import mutants

REFUSALS = "tests/adapting/test_refusals.py"
RESUME = "tests/adapting/test_resume.py"

MUTANTS = [
    *mutants(
        "keras_grl/locking.py",
        REFUSALS,
        (
            "            alone = False",
            "            alone = True",
            "test_two_calls_in_one_folder",
        ),
    ),
    *mutants(
        "keras_grl/adapting/domains.py",
        RESUME,
        (
            "for start in range(0, len(array), _HASHED_ROWS):",
            "for start in range(0, 1):",
            "test_one_changed_sample_is_other_data",
        ),
    ),
    *mutants(
        "keras_grl/adapting/summary.py",
        RESUME,
        (
            "if key not in _NAMES",
            "if True",
            "test_the_same_network_has_the_same_digest",
        ),
        (
            "return [policy, type(layer).__name__, config]",
            "return [policy, type(layer).__name__]",
            "test_settings_without_weights_are_part_of_the_network",
        ),
    ),
    *mutants(
        "keras_grl/adapting/arguments.py",
        REFUSALS,
        ("if seed > _MOST_SEED:", "if False:", "test_refuses_before_training"),
    ),
    *mutants(
        "keras_grl/adapting/training.py",
        REFUSALS,
        (
            "if topic not in _SCALES",
            "if True",
            "test_a_run_does_not_repeat_what_was_reported_before",
        ),
    ),
    *mutants(
        "keras_grl/adapting/budget.py",
        REFUSALS,
        (
            "if minutes is None or plan.steps >= _FEWEST_STEPS:",
            "if True:",
            "test_too_little_time_is_reported",
        ),
    ),
    *mutants(
        "keras_grl/adapting/report_settings.py",
        "tests/adapting/test_repeating.py",
        (
            'if settings.get("runs_each") == 1:',
            "if False:",
            "test_one_run_of_each_cannot_be_repeated",
        ),
    ),
    *mutants(
        "keras_grl/commands/images.py",
        "tests/commands/test_upright.py",
        (
            "    6: lambda image: np.rot90(image, 3),",
            "    6: np.rot90,",
            "test_pixels_are_turned_as_pillow_does",
        ),
    ),
    *mutants(
        "keras_grl/commands/folders.py",
        "tests/commands/test_small_folders.py",
        (
            "if path and root.is_dir():",
            "if root.is_dir():",
            "test_an_empty_argument_is_not_this_folder",
        ),
    ),
    *mutants(
        "keras_grl/commands/files.py",
        "tests/commands/test_processes.py",
        (
            "if name in before and before[name] != value:",
            "if False:",
            "test_what_must_be_the_same_to_resume",
        ),
    ),
    *mutants(
        "keras_grl/commands/backbones.py",
        "tests/commands/test_printing.py",
        (
            'keras.config.set_image_data_format("channels_last")',
            "pass",
            "test_images_have_their_channels_last",
        ),
    ),
]
