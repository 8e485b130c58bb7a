"""Mutants of `keras_grl/adapting/`."""

from tests.mutants import mutants

ADAPT = "tests/adapting/test_adapt.py"

MUTANTS = [
    *mutants(
        "keras_grl/adapting/result.py",
        "tests/adapting/test_report.py",
        (
            'role = "" if selection is self.selection else "no second run"',
            'role = "no second run"',
            "test_remarks_on_candidates",
        ),
        (
            "return self.selection if of_final else self.first_selection",
            "return self.first_selection",
            "test_the_candidates",
        ),
        (
            "return selection.remark(name, role)",
            "return self.selection.remark(name, role)",
            "test_remarks_on_candidates",
        ),
    ),
    *mutants(
        "keras_grl/adapting/training.py",
        ADAPT,
        (
            "keras.utils.set_random_seed(seed)",
            "pass",
            "test_killed_and_resumed_is_as_if_not",
        ),
        (
            '{**figures, "resumed": True}',
            "figures",
            "test_killed_and_resumed_is_as_if_not",
        ),
        (
            "if network.classifier is self.untrained:",
            "if False:",
            "test_a_builder_must_build",
        ),
        (
            "network.classifier.set_weights(trained.weights)",
            "pass",
            "test_the_result_is_complete",
        ),
    ),
    *mutants(
        "keras_grl/adapting/settings.py",
        ADAPT,
        ("if changed:", "if False:", "test_killed_and_resumed_is_as_if_not"),
        ("if not resume:", "if False:", "test_killed_and_resumed_is_as_if_not"),
    ),
    *mutants(
        "keras_grl/adapting/domains.py",
        ADAPT,
        (
            "if count(x) < batch_size:",
            "if False:",
            "test_refuses_before_training",
        ),
        (
            "if len(np.unique(y)) < 2:",
            "if False:",
            "test_refuses_before_training",
        ),
    ),
    *mutants(
        "keras_grl/adapting/budget.py",
        ADAPT,
        ("_RESERVE = 0.1", "_RESERVE = -0.1", "test_plans_fit"),
    ),
    *mutants(
        "keras_grl/adapting/summary.py",
        ADAPT,
        (
            "if found >= _FEW * expected:",
            "if True:",
            "test_a_collapsed_source_only_is_reported",
        ),
    ),
    *mutants(
        "keras_grl/adapting/adapt.py",
        ADAPT,
        (
            "train(name, seed + 1)",
            "train(name, seed + 2)",
            "test_the_result_is_complete",
        ),
        (
            "reference_model=networks[0].classifier",
            "reference_model=networks[1].classifier",
            "test_what_is_compared_with_source_only",
        ),
    ),
    *mutants(
        "keras_grl/adapting/arguments.py",
        ADAPT,
        (
            "if len(names) < 2:",
            "if False:",
            "test_refuses_before_training",
        ),
    ),
    *mutants(
        "keras_grl/adapting/splitting.py",
        ADAPT,
        (
            "copy.set_weights(model.get_weights())",
            "pass",
            "test_a_model_is_where_every_run_starts",
        ),
    ),
]
