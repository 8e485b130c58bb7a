"""Mutants of `applications/selection/`."""

from tests.mutants import mutants

STUDY = "tests/applications/test_selection_study.py"
ORDERS = "tests/applications/test_selection_orders.py"

MUTANTS = [
    *mutants(
        "applications/selection/running.py",
        STUDY,
        (
            "pairs = _pairs(candidate, shift, order)",
            "pairs = _pairs(candidate, shift, seed)",
            "test_a_model_that_is_trained_again_begins_from_nothing",
        ),
    ),
    *mutants(
        "applications/selection_study.py",
        STUDY,
        (
            "[(0, 1)] if options.other_order else []",
            "[(0, 1)]",
            "test_what_is_done_is_not_trained_again",
        ),
    ),
    *mutants(
        "applications/selection/candidates.py",
        STUDY,
        (
            'f"{seed}" if order == seed else f"{seed}-order-{order}"',
            'f"{seed}"',
            "test_what_is_done_is_not_trained_again",
        ),
    ),
    *mutants(
        "applications/selection/orders.py",
        ORDERS,
        (
            '"order": ((0, 0), (0, 1))',
            '"order": ((0, 0), (1, 1))',
            "test_what_differs_between_the_runs",
        ),
        (
            "== len(pool.eligible)",
            ">= 0",
            "test_reverse_validation_of_first_runs",
        ),
    ),
    *mutants(
        "applications/selection/results.py",
        ORDERS,
        (
            "np.fill_diagonal(likeness, -np.inf)",
            "pass",
            "test_soft_neighborhood_density",
        ),
        (
            "            return None\n",
            "            return 0.0\n",
            "test_reverse_validation_of_first_runs",
        ),
        (
            'features("source_features"), target',
            "target, target",
            "test_scores_that_need_features",
        ),
    ),
    *mutants(
        "applications/selection/reverse.py",
        ORDERS,
        (
            'if "reverse_validation" in figures:',
            "if False:",
            "test_reverse_validation_of_first_runs",
        ),
    ),
    *mutants(
        "applications/selection/tables.py",
        ORDERS,
        (
            "return 1 - values[name] <= (1 - margin)",
            "return 1 - values[name] <= (1 + margin)",
            "test_how_many_candidates_pass",
        ),
    ),
]
