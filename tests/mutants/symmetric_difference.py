"""Mutants of `keras_grl/models/symmetric_difference.py`."""

from tests.mutants import mutants

FAMILY = "tests/models/test_symmetric_difference.py"
IN_USE = "tests/models/test_symmetric_difference_in_use.py"

MUTANTS = [
    *mutants(
        "keras_grl/models/symmetric_difference.py",
        FAMILY,
        (
            "for number in (1, 2))",
            "for number in (1, 1))",
            "test_fixed_seeds_do_not_make_replicas_equal",
        ),
        (
            'fresh["seed"] = (3 * fresh["seed"] + number) % 2**31',
            'fresh["seed"] = fresh["seed"]',
            "test_fixed_seeds_do_not_make_replicas_equal",
        ),
        (
            'fresh["trainable"] = True',
            "pass",
            "test_replicas_of_a_frozen_predictor_learn",
        ),
        (
            "one = not sizes or sizes[-1] == 1",
            "one = False",
            "test_it_contains_the_xor_of_one_sigmoid",
        ),
        (
            "tree.flatten(replica(inputs, training=training))",
            "tree.flatten(replica(inputs, training=False))",
            "test_training_reaches_dropout_and_batch_normalization",
        ),
        (
            "if self.from_logits:",
            "if not self.from_logits:",
            "test_logits_are_made_decisions",
        ),
        (
            "if _pieces(replica) & _pieces(label_predictor):",
            "if False:",
            f"{IN_USE}::test_a_configuration_that_holds_the_layers_themselves",
        ),
        (
            '"from_logits": self.from_logits,',
            "",
            f"{IN_USE}::test_round_trip",
        ),
        (
            "if None in predictions.shape[1:]:",
            "if False:",
            f"{IN_USE}::test_predictions_of_no_fixed_size",
        ),
    ),
]
