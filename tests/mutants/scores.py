"""Mutants of `keras_grl/scores/` and of the callback that logs them."""

from tests.mutants import mutants

PROBABILITIES = "tests/scores/test_probabilities.py"
FEATURES = "tests/scores/test_features.py"
MIXVAL = "tests/scores/test_mixval.py"
CALLBACK = "tests/callbacks/test_target_scores.py"

MUTANTS = [
    *mutants(
        "keras_grl/scores/entropy.py",
        PROBABILITIES,
        (
            "entropy(p.mean(axis=0)) - entropy(p).mean()",
            "entropy(p).mean()",
            "test_two_rows_by_hand",
        ),
    ),
    *mutants(
        "keras_grl/scores/nuclear_norm.py",
        PROBABILITIES,
        (
            "len(p) * min(p.shape)",
            "len(p) * p.shape[1]",
            "test_formulas",
        ),
    ),
    *mutants(
        "keras_grl/scores/arrays.py",
        PROBABILITIES,
        (
            'p = array.astype("float64")',
            'p = array.astype("float32")',
            "test_low_precision_is_summed_in_float64",
        ),
    ),
    *mutants(
        "keras_grl/scores/ensemble.py",
        PROBABILITIES,
        (
            "np.mean(list(probabilities.values()), axis=0)",
            "np.median(list(probabilities.values()), axis=0)",
            "test_ensv_averages_probabilities_and_not_votes",
        ),
    ),
    *mutants(
        "keras_grl/scores/clusters.py",
        FEATURES,
        (
            "np.all(predicted == predicted[0])",
            "False",
            "test_one_predicted_class_is_zero",
        ),
    ),
    *mutants(
        "keras_grl/scores/importance.py",
        FEATURES,
        (
            "return len(source) / len(target) * ratio",
            "return ratio",
            "test_the_numbers_of_samples_do_not_bias_the_weights",
        ),
        (
            "eta * (weights - 1.0)",
            "eta * (weights - weights.mean())",
            "test_weights_are_not_normalized",
        ),
    ),
    *mutants(
        "keras_grl/scores/mixing.py",
        MIXVAL,
        (
            "np.flatnonzero(classes != classes[partner])",
            "np.arange(len(classes))",
            "test_values_by_hand",
        ),
        (
            '"float64" if values.dtype == "float64" else "float32"',
            "values.dtype",
            "test_mixtures_are_not_in_uint8_or_float16",
        ),
    ),
    *mutants(
        "keras_grl/backend/__init__.py",
        MIXVAL,
        (
            "            seed.assign(value)",
            "            pass",
            "test_random_numbers_continue_as_if_it_had_not_been",
        ),
    ),
    *mutants(
        "keras_grl/callbacks/target_samples.py",
        CALLBACK,
        (
            "            generator.set_state(state)",
            "            pass",
            "test_a_dataset_is_read_once_and_training_reads_the_same",
        ),
    ),
    *mutants(
        "keras_grl/callbacks/defaults.py",
        CALLBACK,
        (
            "[*schedulers, *scores, *monitors, *others]",
            "[*schedulers, *others, *scores, *monitors]",
            "test_others_monitor_it_wherever_it_stands",
        ),
    ),
]
