"""Mutants of `keras_grl/commands/` and of the report of `adapting`."""

from tests.mutants import mutants

CHECK = "tests/commands/test_check.py"
BACKBONES = "tests/commands/test_backbones.py"
BEFOREHAND = "tests/commands/test_beforehand.py"
WRONG = "tests/commands/test_wrong_inputs.py"
REPORT = "tests/adapting/test_report.py"

MUTANTS = [
    *mutants(
        "keras_grl/commands/images.py",
        CHECK,
        (
            "pixels = np.repeat(pixels / 257.0, 3, axis=-1)",
            "pixels = np.repeat(pixels, 3, axis=-1)",
            "test_images_as_they_are_read",
        ),
        (
            "io.BytesIO(content), formats=_FORMATS",
            "io.BytesIO(content)",
            "test_files_that_cannot_be_read",
        ),
        (
            "if image.width * image.height > _MOST_PIXELS:",
            "if False:",
            "test_files_that_cannot_be_read",
        ),
        (
            "if not file.is_file():",
            "if file.is_dir():",
            "test_files_that_cannot_be_read",
        ),
    ),
    *mutants(
        "keras_grl/commands/folders.py",
        CHECK,
        (
            "elif other.is_relative_to(one):",
            "elif False:",
            "test_folders_that_are_wrong",
        ),
        (
            "return numbers[test.labels]",
            "return test.labels",
            "tests/commands/test_adapt.py::test_labels_of_the_test",
        ),
    ),
    *mutants(
        "keras_grl/commands/check.py",
        CHECK,
        (
            "return 1 if wrong else 0",
            "return 0",
            "test_duplicates",
        ),
    ),
    *mutants(
        "keras_grl/commands/files.py",
        WRONG,
        (
            "if taken and not resume:",
            "if False:",
            "test_output_that_has_files",
        ),
    ),
    *mutants(
        "keras_grl/adapting/report_html.py",
        REPORT,
        (
            "return html.escape(shown, quote=True)",
            "return shown",
            "test_everything_is_escaped",
        ),
    ),
    *mutants(
        "keras_grl/adapting/report.py",
        REPORT,
        (
            'rows = rows[np.argsort(-sure[rows], kind="stable")]',
            'rows = rows[np.argsort(sure[rows], kind="stable")]',
            "test_the_examples",
        ),
        (
            "if kept != REFERENCE:",
            "if True:",
            "test_source_only_is_not_compared_with_itself",
        ),
    ),
    *mutants(
        "keras_grl/__init__.py",
        BEFOREHAND,
        (
            "if not _is_command():",
            "if True:",
            "test_no_backend_is_imported",
        ),
        (
            'return words == ["-m", "keras_grl"] or (',
            'return "keras_grl" in words or (',
            "test_all_other_programs_get_every_class_registered",
        ),
    ),
    *mutants(
        "keras_grl/commands/beforehand.py",
        BEFOREHAND,
        (
            "if asked and asked not in _BACKENDS:",
            "if False:",
            "test_a_backend_that_cannot_train",
        ),
        (
            "    except ImportError as error:",
            "    except KeyError as error:",
            "test_a_backend_that_is_not_installed",
        ),
    ),
    *mutants(
        "keras_grl/commands/backbones.py",
        BACKBONES,
        (
            'warnings.simplefilter("ignore")',
            "pass",
            "test_weights_of_a_file_are_loaded_without_a_warning",
        ),
        (
            'message.partition(" List of objects")[0]',
            "message",
            "test_weights_of_another_network_get_one_short_error",
        ),
    ),
    *mutants(
        "keras_grl/commands/adapt.py",
        BACKBONES,
        (
            "_OF_PRETRAINED if weights else _LEARNING_RATE",
            "_OF_PRETRAINED if options.weights else _LEARNING_RATE",
            "test_pretrained_weights_change_slowly",
        ),
    ),
    *mutants(
        "keras_grl/adapting/adapt.py",
        "tests/adapting/test_adapt.py",
        (
            "chosen if final.choice == REFERENCE else runs[REFERENCE][0]",
            "runs[REFERENCE][0]",
            "test_what_is_compared_with_source_only",
        ),
    ),
]
