"""Mutants of `keras_grl/selection/`."""

from tests.mutants import mutants

SELECT = "tests/selection/test_select.py"
MODELS = "tests/selection/test_models.py"

MUTANTS = [
    *mutants(
        "keras_grl/selection/choosing.py",
        SELECT,
        (
            "if 1 - values[best] > disagreement:",
            "if values[best] < values[reference] + (margin or 0):",
            "test_the_margin_to_the_reference",
        ),
        (
            "(values[name], name == reference)",
            "(values[name], name != reference)",
            "test_of_equal_candidates_the_reference_is_kept",
        ),
        (
            "average = np.mean([_known(run) for run in of_all], axis=0)",
            "average = np.mean([_known(run) for run in runs], axis=0)",
            "test_the_run_that_agrees_with_the_average_of_all_is_kept",
        ),
        (
            'return "reference" if reference in eligible else "infomax"',
            'return "infomax"',
            "test_two_candidates_with_one_run_each",
        ),
        (
            "check_runs_differ(name, runs[name])",
            "pass",
            "test_errors",
        ),
    ),
    *mutants(
        "keras_grl/selection/vetoes.py",
        SELECT,
        (
            "effective < _DIVERSITY * expected",
            "effective < _DIVERSITY",
            "test_what_is_vetoed",
        ),
        (
            "np.ptp(run.probabilities, axis=0).max() < 1e-6",
            "False",
            "test_what_is_vetoed",
        ),
    ),
    *mutants(
        "keras_grl/selection/scoring.py",
        SELECT,
        (
            "itertools.combinations(runs, 2)",
            "itertools.pairwise(runs)",
            "test_three_runs",
        ),
        (
            'both = [found[name]["agreement"], found[name]["ensv"]]',
            'both = [found[name]["agreement"]]',
            "test_the_candidate_whose_runs_agree_is_kept",
        ),
    ),
    *mutants(
        "keras_grl/selection/runs.py",
        MODELS,
        (
            "with kept_state(model):",
            "if True:",
            "test_candidates_are_not_changed",
        ),
        (
            'options["batch_size"] = self._batch_size',
            "pass",
            "test_batches",
        ),
    ),
    *mutants(
        "keras_grl/scores/models.py",
        MODELS,
        (
            "if not logits or tree.is_nested(predictions):",
            "if True:",
            "test_logits_of_a_model_that_says_so",
        ),
    ),
]
