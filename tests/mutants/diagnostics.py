"""Mutants of `keras_grl/diagnostics/`."""

from tests.mutants import mutants

_TESTS = "tests/diagnostics/"
_PACKAGE = "keras_grl/diagnostics/"

MUTANTS = [
    *mutants(
        f"{_PACKAGE}distances.py",
        f"{_TESTS}test_distances.py",
        (
            "2.0 * (1.0 - 2.0 * domain_error(source, target, seed))",
            "2.0 * (1.0 - domain_error(source, target, seed))",
            "test_equal_domains_have_the_error_of_guessing",
        ),
        (
            "2.0 * (1.0 - 2.0 * domain_error(source, target, seed))",
            "1.0 - 2.0 * domain_error(source, target, seed)",
            "test_separable_and_constant_features",
        ),
    ),
    *mutants(
        f"{_PACKAGE}domain_classifiers.py",
        f"{_TESTS}test_distances.py",
        (
            ', class_weight="balanced"',
            "",
            "test_the_larger_domain_counts_no_more_than_the_smaller",
        ),
        (
            "for domain, each in enumerate(tested)",
            "for domain, each in enumerate(trained)",
            "test_the_classifier_is_tested_on_held_out_samples",
        ),
        (
            "return array.reshape(len(array), -1)",
            "return array.reshape(len(array), -1)[:, ::2]",
            "test_one_feature_suffices_to_separate_domains",
        ),
        (
            "return samples[order[:middle]], samples[order[middle:]]",
            "return samples[order], samples[order]",
            "test_the_classifier_is_tested_on_held_out_samples",
        ),
    ),
    *mutants(
        f"{_PACKAGE}domain_classifiers.py",
        f"{_TESTS}test_distance_test.py",
        (
            'fit = _mlp if classifier == "mlp" else _linear',
            "fit = _linear",
            "test_an_mlp_finds_what_no_hyperplane_separates",
        ),
        (
            "rows = [each[np.arange(most) % len(each)] for each in trained]",
            "rows = [np.resize(each[:9], (most, *each.shape[1:])) for each in "
            "trained]",
            "test_gaussians_of_known_bayes_error",
        ),
    ),
    *mutants(
        f"{_PACKAGE}intervals.py",
        f"{_TESTS}test_intervals.py",
        (
            "return sum(errors.rate for errors in domains) / len(domains)",
            "return max(errors.rate for errors in domains)",
            "test_the_interval_of_a_mean_adds_squares",
        ),
        (
            "z = NormalDist().inv_cdf((1 + confidence) / 2)",
            "z = NormalDist().inv_cdf(confidence)",
            "test_wilsons_interval_is_that_of_published_examples",
        ),
        (
            "math.sqrt(rate * (1 - rate) / n + z**2 / (4 * n**2))",
            "math.sqrt(rate * (1 - rate) / n)",
            "test_wilsons_interval_is_that_of_published_examples",
        ),
        (
            "        math.hypot(\n",
            "        max(\n",
            "test_the_interval_of_a_mean_adds_squares",
        ),
    ),
    *mutants(
        f"{_PACKAGE}distance_test.py",
        f"{_TESTS}test_distance_test.py",
        (
            "found = errors(*halves(random, x_source), seed=seed + repeat + 1)",
            "found = errors(x_source, x_target, seed=seed + repeat + 1)",
            "test_the_null_is_of_the_source_alone",
        ),
        (
            "        _distance(high),\n        _distance(low),\n",
            "        _distance(low),\n        _distance(high),\n",
            "test_equal_domains_are_at_distance_0_within_the_interval",
        ),
    ),
    *mutants(
        f"{_PACKAGE}layer_outputs.py",
        f"{_TESTS}test_choose_layer.py",
        (
            "for layer, _, output in calls[weighted[0] : last]",
            "for layer, _, output in calls[:last]",
            "test_it_points_to_the_layer_in_which_the_domains_are_alike",
        ),
        (
            "last = len(calls) if whole else weighted[-1]",
            "last = len(calls)",
            "test_it_points_to_the_layer_in_which_the_domains_are_alike",
        ),
        (
            "if times.count(layer.name) == 1",
            "if times.count(layer.name) >= 1",
            "test_branches_several_inputs_and_layers_that_are_called_twice",
        ),
    ),
    *mutants(
        f"{_PACKAGE}layer_choice.py",
        f"{_TESTS}test_choose_layer.py",
        (
            "outputs.of(chosen[0], domain, batch_size)",
            "outputs.of(chosen[0], TARGET, batch_size)",
            "test_both_parts_and_the_statistics_of_each_domain",
        ),
        (
            "min(reversed(self), key=lambda row: row.a_distance).layer",
            "min(self, key=lambda row: row.a_distance).layer",
            "test_all_separable_layers_point_to_the_last",
        ),
        (
            "mean_distance=float(difference @ difference)",
            "mean_distance=float(abs(difference).sum())",
            "test_it_points_to_the_layer_in_which_the_domains_are_alike",
        ),
    ),
    *mutants(
        f"{_PACKAGE}bound.py",
        f"{_TESTS}test_bound.py",
        (
            "return max(0.0, 1.0 - 2.0 * error)",
            "return max(0.0, 2.0 - 4.0 * error)",
            "test_two_intervals_that_overlap_by_half",
        ),
        (
            "return float(np.mean(predicted != y[rows]))",
            "return float(np.mean(predicted != y[: len(rows)]))",
            "test_labels_stay_with_their_samples_when_some_are_chosen",
        ),
        (
            "threshold = 0.0 if from_logits else 0.5",
            "threshold = 0.5",
            "test_the_source_error_is_added",
        ),
    ),
    *mutants(
        f"{_PACKAGE}plots/embeddings.py",
        f"{_TESTS}plots/test_embeddings.py",
        (
            "points[: len(domains[0])], points[len(domains[0]) :]",
            "points[len(domains[1]) :], points[: len(domains[1])]",
            "test_the_domains_have_their_points_colors_and_markers",
        ),
        (
            "np.median(everything[numbers == number], axis=0)",
            "np.median(everything, axis=0)",
            "test_classes_have_a_panel_of_their_own",
        ),
    ),
    *mutants(
        f"{_PACKAGE}plots/training_curves.py",
        f"{_TESTS}plots/test_training_curves.py",
        (
            'check_integer("num_sources", num_sources) + 1',
            "2",
            "test_the_line_of_a_classifier_that_cannot_distinguish",
        ),
        (
            'named.pop("loss", None)',
            "None",
            "test_the_dashboard_has_each_series_once_in_its_panel",
        ),
    ),
    *mutants(
        f"{_PACKAGE}plots/predictions.py",
        f"{_TESTS}plots/test_predictions.py",
        (
            "np.add.at(counts, (true, found), 1)",
            "np.add.at(counts, (found, true), 1)",
            "test_a_row_of_the_confusion_is_a_true_class",
        ),
        (
            "np.clip(np.ceil(sure * bins).astype(int) - 1, 0, bins - 1)",
            "np.clip((sure * bins).astype(int), 0, bins - 1)",
            "test_calibration_by_hand",
        ),
        (
            "np.sum(counts * np.abs(accuracy - confidence)) / len(y)",
            "np.mean(np.abs(accuracy - confidence))",
            "test_calibration_by_hand",
        ),
    ),
]
