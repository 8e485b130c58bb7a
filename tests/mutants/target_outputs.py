"""Mutants of the checks of what `target_loss` sees."""

from tests.mutants import mutants

VALUES = "tests/models/test_target_loss_values.py"

MUTANTS = [
    *mutants(
        "keras_grl/models/target_outputs.py",
        VALUES,
        (
            "if received is not None:",
            "if False:",
            "test_outputs_that_are_no_probabilities_are_refused_before_training",
        ),
        (
            "if units > 1 else None",
            "if units > 9 else None",
            "test_logits_of_classes_that_do_not_exclude_each_other",
        ),
        (
            "        predictor, features, name\n",
            "        predictor, features\n",
            "test_each_output_by_its_name",
        ),
    ),
    *mutants(
        "keras_grl/models/target_term.py",
        VALUES,
        (
            "if isinstance(loss, TargetLoss) and tree.is_nested(predictions):",
            "if False:",
            "test_one_loss_for_several_outputs",
        ),
    ),
    *mutants(
        "keras_grl/methods/logits.py",
        VALUES,
        (
            "or (each.shape[-1] > 1 and not _rows_add_up(each))",
            "",
            "test_outputs_that_are_no_probabilities_are_refused_before_training",
        ),
    ),
    *mutants(
        "keras_grl/monitor/classes.py",
        "tests/callbacks/test_monitor.py",
        (
            "if not takes_most and found >= _LITTLE_ENTROPY * expected:",
            "if not takes_most:",
            "test_far_less_entropy_than_the_source",
        ),
    ),
]
