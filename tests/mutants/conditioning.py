"""Mutants of CDAN and of the two losses of Appendix A."""

from tests.mutants import mutants

CDAN = "tests/methods/test_cdan.py"
ADVERSARIAL = "tests/methods/test_adversarial_loss.py"

MUTANTS = [
    *mutants(
        "keras_grl/methods/probabilities.py",
        CDAN,
        (
            'ops.stop_gradient(ops.cast(predictions, "float32"))',
            'ops.cast(predictions, "float32")',
            "test_one_step_by_hand",
        ),
        (
            "if binary and units > 1:",
            "if False:",
            "test_other_outputs_are_refused_by_fit",
        ),
    ),
    *mutants(
        "keras_grl/methods/cdan.py",
        CDAN,
        (
            " / math.sqrt(_RANDOM_PRODUCTS)",
            "",
            "test_one_step_by_hand",
        ),
        (
            "weights / ops.matmul(member, means)",
            "weights / ops.mean(weights)",
            "test_entropy_weights_have_the_mean_1_within_each_domain",
        ),
        (
            'keras.backend.result_type(f.dtype, "float32")',
            "f.dtype",
            "test_products_in_half_precision_do_not_overflow",
        ),
        (
            "> _MANY_PRODUCTS and self._hints:",
            "> _MANY_PRODUCTS:",
            "test_one_hint_where_there_are_many_products",
        ),
    ),
    *mutants(
        "keras_grl/methods/adversarial_loss.py",
        ADVERSARIAL,
        (
            "return loss - (against - ops.stop_gradient(against))",
            "return loss - against",
            "test_one_step_by_hand",
        ),
        (
            "_cross_entropy(1.0 - domains, logits)",
            "_cross_entropy(domains, logits)",
            "test_one_step_by_hand",
        ),
        (
            "[(v, ops.stop_gradient(value)) for v, value in weights]",
            "weights",
            "test_one_step_by_hand",
        ),
        (
            "if new is not value:",
            "if new is None:",
            "test_gradient_reversal_is_the_pair_of_a_loss_and_its_opposite",
        ),
    ),
    *mutants(
        "keras_grl/methods/dann.py",
        ADVERSARIAL,
        (
            "self.add_loss(loss)",
            "pass",
            "test_losses_of_the_layers_count_once",
        ),
        (
            'several_domains.check_two_domains("adversarial_loss", logits)',
            "pass",
            "test_several_sources_are_refused",
        ),
    ),
]
