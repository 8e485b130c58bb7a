"""Mutants of `keras_grl/diagnostics/`."""

from tests.mutants import mutants

MUTANTS = mutants(
    "keras_grl/diagnostics/distances.py",
    "tests/diagnostics/test_distances.py",
    (
        "return float(np.mean(errors))",
        "return float(np.max(errors))",
        "test_the_larger_domain_counts_no_more_than_the_smaller",
    ),
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
        "2.0 * (1.0 - 2.0 * domain_error(source, target, seed))",
        "2.0 * (1.0 - domain_error(source, target, seed))",
        "test_equal_domains_have_the_error_of_guessing",
    ),
    (
        "2.0 * (1.0 - 2.0 * domain_error(source, target, seed))",
        "1.0 - 2.0 * domain_error(source, target, seed)",
        "test_separable_and_constant_features",
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
)
