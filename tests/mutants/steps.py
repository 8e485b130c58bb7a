"""Mutants of what is compiled once and followed later."""

from tests.mutants import mutants

MUTANTS = [
    *mutants(
        "keras_grl/models/target_term.py",
        "tests/models/test_target_loss_values.py",
        (
            "if is_number(value):\n        return value",
            "if True:\n        return value",
            "test_anything_but_a_scalar_is_refused",
        ),
    ),
    *mutants(
        "keras_grl/layers/following_step.py",
        "tests/callbacks/test_replaced_schedules.py",
        (
            "if each is layer:\n                return schedule",
            "if each is layer:\n                return layer.schedule",
            "test_the_log_is_that_of_the_step_and_not_of_the_next",
        ),
    ),
    *mutants(
        "keras_grl/callbacks/learning_rate_check.py",
        "tests/callbacks/test_learning_rates.py",
        (
            "counter.assign(begin)",
            "pass",
            "test_the_check_changes_no_step",
        ),
    ),
    *mutants(
        "keras_grl/callbacks/learning_rate.py",
        "tests/callbacks/test_learning_rates.py",
        (
            "ahead = (total_steps or 0) - (step or 0)",
            "ahead = total_steps or 0",
            "test_a_resumed_run_is_read_to_its_end_only",
        ),
    ),
    *mutants(
        "keras_grl/models/one_output.py",
        "tests/models/test_one_output.py",
        (
            "return not part.layers or _has_one_output(part.layers[-1])",
            "return not part.layers",
            "test_losses_of_one_output",
        ),
    ),
    *mutants(
        "keras_grl/layers/step_counter.py",
        "tests/layers/test_most_steps.py",
        (
            "return ops.minimum(step, MOST_STEPS - steps) + steps",
            "return step + steps",
            "test_the_layer",
        ),
    ),
    *mutants(
        "keras_grl/schedules/horizon.py",
        "tests/layers/test_most_steps.py",
        (
            "most = MOST_STEPS + ops.minimum(self.first_step, 0)",
            "most = MOST_STEPS",
            "test_a_model",
        ),
    ),
    *mutants(
        "keras_grl/models/per_domain.py",
        "tests/models/test_shapes_per_domain.py",
        (
            "own = _Traced(self.feature_extractor)(inputs)",
            "own = self.feature_extractor(inputs)",
            "test_a_network_for_any_length",
        ),
    ),
]
