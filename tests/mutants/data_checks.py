"""Mutants of the checks of data that `pair` has not made."""

from tests.mutants import mutants

LABELS = "tests/models/test_dataset_labels.py"
BEFORE = "tests/models/test_data_before_training.py"

MUTANTS = [
    *mutants(
        "keras_grl/streams/checked.py",
        LABELS,
        (
            "            self._check(batch)",
            "            pass",
            "test_evaluation[Batches]",
        ),
        (
            "batch, self._first = self._first, None",
            "batch = self._first",
            "test_a_first_batch_is_of_its_epoch",
        ),
    ),
    *mutants(
        "keras_grl/streams/values.py",
        BEFORE,
        (
            "array.min() >= 0",
            "array.min() >= -1",
            "test_negative_weights_of_a_stream",
        ),
    ),
    *mutants(
        "keras_grl/models/class_weights.py",
        BEFORE,
        (
            "or not 0 <= float(label) < most",
            "or not 0 <= float(label)",
            "test_class_weights_of_no_class",
        ),
    ),
    *mutants(
        "keras_grl/models/label_kinds.py",
        BEFORE,
        ("and low < -_ROUNDING:", "and low < -9:", "test_negative_labels"),
    ),
    *mutants(
        "keras_grl/models/batch_checks.py",
        BEFORE,
        (
            "if num_batches(data) == 0:",
            "if False:",
            "test_validation_datasets_of_other_libraries",
        ),
    ),
    *mutants(
        "keras_grl/models/fitting.py",
        "tests/models/test_saved_columns.py",
        (
            "return {COLUMNS: config} if config else {}",
            "return {}",
            "test_columns_are_matched_in_another_order",
        ),
    ),
    *mutants(
        "keras_grl/models/inputs.py",
        BEFORE,
        (
            "if max(ranks) == lowest - 1:",
            "if False:",
            "test_validation_datasets_of_other_libraries",
        ),
    ),
]
