"""Mutants of `keras_grl/selection/`."""

from tests.mutants import mutants

SELECT = "tests/selection/test_select.py"
COPIES = "tests/selection/test_copies.py"
BORDERS = "tests/selection/test_borders.py"
MODELS = "tests/selection/test_models.py"

MUTANTS = [
    *mutants(
        "keras_grl/selection/choosing.py",
        SELECT,
        (
            "if 1 - values[best] > disagreement + 1e-12:",
            "if values[best] < values[reference] + (margin or 0):",
            "test_the_margin_to_the_reference",
        ),
        ("_MARGIN = 0.2", "_MARGIN = 0.15", "test_the_default_margin"),
        (
            "(values[name], name == reference)",
            "(values[name], name != reference)",
            "test_of_equal_candidates_the_reference_is_kept",
        ),
        (
            "classes = average_of(of_all)",
            "classes = average_of(runs)",
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
        "keras_grl/selection/copies.py",
        COPIES,
        (
            "(name != reference, name)",
            "(name == reference, name)",
            "test_near_copies_of_source_only_do_not_outvote_the_others",
        ),
        (
            "if other != name and near_copies(run.known, one.known)",
            "if near_copies(run.known, one.known)",
            "test_which_runs_are_near_copies",
        ),
        (
            "if (name, number) not in copies",
            "if True",
            "test_near_copies_of_source_only_do_not_outvote_the_others",
        ),
        (
            "if all(key in copies for key in keys)",
            "if any(key in copies for key in keys)",
            "test_which_runs_are_near_copies",
        ),
        (
            "(name != reference, name)",
            "name != reference",
            "test_the_order_of_the_candidates_does_not_matter",
        ),
    ),
    *mutants(
        "keras_grl/scores/ensemble.py",
        COPIES,
        (
            "bool(max(distance, others) < _NEAR_COPY)",
            "bool(distance < _NEAR_COPY)",
            "test_flat_probabilities_of_other_classes_are_no_copies",
        ),
    ),
    *mutants(
        "keras_grl/selection/choosing.py",
        BORDERS,
        (
            "disagreement + 1e-12",
            "disagreement",
            "test_what_is_just_enough_is_enough",
        ),
        (
            "sorted(values), key=",
            "values, key=",
            "test_of_equal_candidates_the_first_by_name_is_kept",
        ),
        (
            'hint = f" {_SECOND_SEED}" if single else ""',
            'hint = f" {_SECOND_SEED}"',
            "test_a_second_seed_is_recommended_where_one_is_missing",
        ),
    ),
    *mutants(
        "keras_grl/selection/vetoes.py",
        BORDERS,
        (
            "if finite else None",
            "if finite == runs[reference] else None",
            "test_a_reference_with_a_run_of_nan_still_shows_what_has_collapsed",
        ),
        (
            "rtol=0, atol=1e-6",
            "rtol=0, atol=0",
            "test_the_same_run_twice_is_refused",
        ),
    ),
    *mutants(
        "keras_grl/selection/scoring.py",
        COPIES,
        (
            "len({name for name, _ in averaged}) < _FEWEST_FOR_ENSV",
            "len(runs) < _FEWEST_FOR_ENSV",
            "test_source_only_and_its_near_copies_are_one_candidate",
        ),
    ),
    *mutants(
        "keras_grl/selection/choosing.py",
        COPIES,
        (
            "list(averaged.values())",
            "[run for name in eligible for run in runs[name]]",
            "test_the_run_is_chosen_without_near_copies",
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
