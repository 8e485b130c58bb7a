"""Mutants of `keras_grl/baselines/`."""

from tests.mutants import mutants

MODEL = "tests/baselines/test_discrepancy_model.py"
COMPONENTS = "tests/baselines/test_components.py"

MUTANTS = [
    *mutants(
        "keras_grl/distances.py",
        "tests/baselines/test_discrepancies.py",
        (
            "return ops.sum(ops.square(difference))",
            "return ops.mean(ops.square(difference))",
            "test_mean_distance",
            "test_gradient_of_the_mean_distance",
        ),
        (
            "- 2.0 * ops.mean(kernel[:n, n:])",
            "- ops.mean(kernel[:n, n:])",
            "test_mmd_by_a_loop_over_pairs",
        ),
        (
            "squared / ops.stop_gradient(_mean_of_pairs(squared))",
            "squared / _mean_of_pairs(squared)",
            "test_gradient_of_mmd",
        ),
        (
            "mean = ops.sum(squared) / (n * (n - 1.0))",
            "mean = ops.sum(squared) / (n * n)",
            "test_mmd_by_a_loop_over_pairs",
        ),
        (
            "return 0.25 * ops.mean(ops.square(difference))",
            "return ops.mean(ops.square(difference))",
            "test_coral",
        ),
        (
            "return products / ops.maximum(n - 1.0, 1.0)",
            "return products / n",
            "test_coral",
            "test_gradient_of_coral",
        ),
        (
            "rows = rows - ops.stop_gradient(rows[:1])",
            "pass",
            "test_mmd_far_from_the_origin",
        ),
        (
            'features = ops.cast(features, "float32")',
            "pass",
            "test_float16_is_computed_in_float32",
        ),
        (
            "return ops.where(mean > 0.0, mean, 1.0)",
            "return mean",
            "test_constant_features_have_finite_gradients",
        ),
    ),
    *mutants(
        "keras_grl/baselines/subspaces.py",
        "tests/baselines/test_subspace_alignment.py",
        (
            "return (samples - self.target_mean_) / self.target_scale_",
            "return (samples - self.source_mean_) / self.target_scale_",
            "test_two_lines",
        ),
        (
            "standardize & (deviation > 0), deviation, 1.0",
            "deviation > 0, deviation, 1.0",
            "test_bases_and_alignment",
        ),
        (
            "return min(len(source) - 1, len(target) - 1, source.shape[1])",
            "return min(len(source), len(target), source.shape[1])",
            "test_bad_number_of_components",
        ),
        (
            "        fewer._relate()\n",
            "",
            "tests/baselines/test_geodesic_flow_kernel.py::test_fewer_components_equal_a_new_fit",
        ),
    ),
    *mutants(
        "keras_grl/baselines/subspace_alignment.py",
        "tests/baselines/test_subspace_alignment.py",
        (
            "return samples @ self.source_basis_ @ self.alignment_",
            "return samples @ self.source_basis_",
            "test_two_lines",
        ),
    ),
    *mutants(
        "keras_grl/baselines/geodesic_flow_kernel.py",
        "tests/baselines/test_geodesic_flow_kernel.py",
        (
            "np.sin(self.angles_) * np.sinc(self.angles_ / np.pi) / 2",
            "np.sin(self.angles_) * np.sinc(self.angles_ / np.pi)",
            "test_it_is_the_integral_over_the_flow",
        ),
        (
            "blocks /= np.sqrt(1 + 2 * root)",
            "pass",
            "test_it_is_the_integral_over_the_flow",
        ),
        ("np.where(sines > 0, sines, 1.0)", "sines", "test_one_line_twice"),
    ),
    *mutants(
        "keras_grl/baselines/components.py",
        COMPONENTS,
        (
            "clone(svm).fit(aligned, y_source)",
            "clone(svm).fit(aligned[halves[0][0]], y_source[halves[0][0]])",
            "test_each_accuracy_is_that_of_its_own_alignment",
        ),
        (
            ".score(aligned[held_out], y_source[held_out])",
            ".score(aligned[fitted], y_source[fitted])",
            "test_each_accuracy_is_that_of_its_own_alignment",
        ),
        (
            "_FEWEST, _MOST = 2, 60",
            "_FEWEST, _MOST = 1, 60",
            "test_the_best_and_smallest_is_chosen_in_both_ways",
        ),
        (
            "return max(accuracies, key=lambda k: accuracies[k])",
            "return max(reversed(accuracies), key=lambda k: accuracies[k])",
            "test_the_best_and_smallest_is_chosen_in_both_ways",
        ),
    ),
    *mutants(
        "keras_grl/baselines/linear_svm.py",
        "tests/baselines/test_linear_svm.py",
        ("LinearSVC(C=c,", "LinearSVC(C=1.0,", "test_two_points"),
        (
            "make_pipeline(StandardScaler(), svm) if self.standardize else svm",
            "svm",
            "test_features_are_standardized_with_training_statistics",
        ),
    ),
    *mutants(
        "keras_grl/baselines/samples.py",
        "tests/baselines/test_linear_svm.py",
        (
            "np.arange(len(rows)) / len(rows)",
            "np.arange(len(rows))",
            "test_max_samples_is_stratified",
        ),
        (
            "np.random.default_rng(seed).permutation",
            "np.random.default_rng(0).permutation",
            "test_max_samples_is_stratified",
        ),
    ),
    *mutants(
        "keras_grl/baselines/last_hidden.py",
        "tests/baselines/test_last_hidden.py",
        (
            "self.model.extract_features({self.domain: inputs})",
            "self.model.extract_features(inputs)",
            "test_domains_have_their_own_preprocessing",
            "test_domains_have_their_own_statistics",
        ),
        (
            "last = weighted[-1]",
            "last = weighted[0]",
            "test_features_of_a_builders_model",
        ),
    ),
    *mutants(
        "keras_grl/baselines/discrepancy_model.py",
        MODEL,
        (
            '"batch_normalization": model.batch_normalization,',
            "",
            "test_from_model",
        ),
    ),
]
