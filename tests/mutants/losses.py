"""Mutants of `keras_grl/losses/`."""

from tests.mutants import mutants

CONFUSION = "tests/losses/test_minimum_class_confusion.py"
ENTROPY = "tests/losses/test_entropy.py"
NUCLEAR = "tests/losses/test_nuclear_norm.py"
SHARED = "tests/losses/test_target_loss.py"

MUTANTS = [
    *mutants(
        "keras_grl/losses/minimum_class_confusion.py",
        CONFUSION,
        (
            "        logits = ops.log(ops.maximum(rows, _TINY))",
            "        logits = rows",
            "test_values_and_gradients_from_probabilities",
        ),
        (
            "_TINY = 1e-30",
            "_TINY = 1e-7",
            "test_no_epsilon_where_classes_are_far_from_each_other",
        ),
        (
            "ops.where(rows == 0.0, zero, logits)",
            "logits",
            "test_exact_zeros_count_as_zero_at_any_temperature",
        ),
        (
            "ops.stop_gradient(ops.log1p(ops.exp(-entropy)))",
            "ops.log1p(ops.exp(-entropy))",
            "test_no_gradient_through_the_weights",
            "test_values_and_gradients_from_logits",
        ),
    ),
    *mutants(
        "keras_grl/losses/entropy.py",
        ENTROPY,
        (
            "- entropy(ops.mean(p, axis=0))",
            "+ entropy(ops.mean(p, axis=0))",
            "test_values_and_gradients",
        ),
        (
            "_TINY = 1e-30",
            "_TINY = 0.0",
            "test_exact_zeros_have_the_sign_of_the_gradient_of_small_numbers",
        ),
    ),
    *mutants(
        "keras_grl/losses/nuclear_norm.py",
        NUCLEAR,
        (
            "ops.matmul(u * kept, vt)",
            "ops.matmul(u, vt)",
            "test_values_and_gradients",
        ),
        (
            "    p = ops.where(ops.isfinite(p), p, ops.zeros_like(p))\n",
            "",
            f"{SHARED}::test_nan_is_not_hidden",
        ),
    ),
    *mutants(
        "keras_grl/losses/target_loss.py",
        SHARED,
        (
            "other = ops.zeros_like(rows) if from_logits else 1.0 - rows",
            "other = 1.0 - rows",
            "test_one_sigmoid_unit_is_two_classes",
        ),
        (
            'rows = ops.cast(rows, "float32")',
            "rows = ops.convert_to_tensor(rows)",
            "test_half_precision_is_computed_in_float32",
        ),
    ),
]
