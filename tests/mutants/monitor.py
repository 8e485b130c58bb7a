"""Mutants of `keras_grl/monitor/` and of label shift."""

from tests.mutants import mutants

LOGS = "tests/monitor/test_logs.py"
SEEN = "tests/monitor/test_seen.py"
LABEL_SHIFT = "tests/scores/test_label_shift.py"

MUTANTS = [
    *mutants(
        "keras_grl/monitor/logs.py",
        LOGS,
        ("_SEPARATE = 0.99", "_SEPARATE = 0.98", "test_separate"),
        (
            "if not all(value >= run.chance_loss + _TOO_HIGH for value in "
            "values):",
            "if min(values) < run.chance_loss + _TOO_HIGH - 0.05:",
            "test_too_high",
        ),
    ),
    *mutants(
        "keras_grl/monitor/run.py",
        LOGS,
        (
            "shares = shares * (1 - smoothing) + smoothing / len(shares)",
            "pass",
            "test_what_a_classifier_that_chance_loss_costs",
        ),
    ),
    *mutants(
        "keras_grl/monitor/seen.py",
        SEEN,
        (
            "if index in self._indices:",
            "if False:",
            "test_a_batch_that_is_read_twice_counts_once",
        ),
        (
            "self.batches.append(tree.map_structure(_copied, x))",
            "self.batches.append(x)",
            "test_batches_are_copies",
        ),
    ),
    *mutants(
        "keras_grl/monitor/horizon.py",
        LOGS,
        (
            "if first_step > 0 or total_steps <= 0:",
            "if total_steps <= 0:",
            "test_horizon",
        ),
    ),
    *mutants(
        "keras_grl/scores/label_shift.py",
        LABEL_SHIFT,
        (
            "likelihood = p[:, known] / shares[known]",
            "likelihood = p[:, known]",
            "test_likelihood_by_hand",
        ),
        (
            "np.maximum(ratio, 0.0) * shares[known]",
            "np.maximum(ratio, 0.0)",
            "test_known_frequencies_of_overlapping_classes",
        ),
    ),
]
