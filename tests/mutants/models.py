"""Mutants of `keras_grl/models/` and `keras_grl/callbacks/`."""

from tests.mutants import mutants

DANN = "tests/models/test_dann.py"
TWO_DOMAINS = "tests/models/test_two_domains.py"
BY_HAND = "test_one_step_makes_the_updates_of_equations_4_to_6"

MUTANTS = [
    *mutants(
        "keras_grl/models/dann.py",
        DANN,
        (
            "[ops.zeros((source,)), ops.ones((target,))]",
            "[ops.ones((source,)), ops.zeros((target,))]",
            "test_losses_and_metrics_in_the_logs",
            "test_two_domain_logits_equal_one_that_is_their_difference",
            BY_HAND,
        ),
        (
            "return self._domain_loss_weight * loss",
            "return loss",
            BY_HAND,
        ),
        (
            "self._domain_loss_tracker.update_state(loss, samples)",
            "self._domain_loss_tracker.update_state(2.0 * loss, samples)",
            "test_losses_and_metrics_in_the_logs",
        ),
        (
            "logits = logits[:, 1:] - logits[:, :1]",
            "logits = logits[:, :1] - logits[:, 1:]",
            "test_two_domain_logits_equal_one_that_is_their_difference",
        ),
        (
            "correct = ops.equal(logits > 0, domains > 0.5)",
            "correct = ops.equal(logits > 0.5, domains > 0.5)",
            "test_domain_accuracy_goes_by_the_sign_of_the_logit",
        ),
        (
            "self.domain_classifier(reversed_, training=training)",
            "self.domain_classifier(features, training=training)",
            BY_HAND,
        ),
        (
            "adaptation_factor = schedules.SigmoidRamp()",
            "adaptation_factor = schedules.LinearRamp()",
            "test_fit_logs_everything",
            "test_schedule_and_momentum_over_several_steps",
        ),
        (
            '"total_steps": reversal["total_steps"],',
            "",
            "test_a_configuration_has_every_argument",
        ),
    ),
    *mutants(
        "keras_grl/models/batch.py",
        DANN,
        (
            "return [name for name in (SOURCE, LABELED_TARGET) if name in x]",
            "return [name for name in (SOURCE,) if name in x]",
            "test_labelled_target_is_learnt_from_and_seen_as_target",
        ),
        (
            "for name in (LABELED_TARGET, TARGET) if name in x]",
            "for name in (TARGET, LABELED_TARGET) if name in x]",
            "test_labelled_target_is_learnt_from_and_seen_as_target",
        ),
        (
            "sample_weight = concatenate([sample_weight[name] for name in "
            "names])",
            "sample_weight = None",
            "test_the_weights_of_labeled_streams_weigh_their_own_samples",
        ),
    ),
    *mutants(
        "keras_grl/models/running_statistics.py",
        TWO_DOMAINS,
        (
            "                source.assign(own.value)",
            "                pass",
            "test_domain_specific_by_hand",
        ),
        (
            "                own.assign(values)",
            "                pass",
            "test_domain_specific_by_hand",
            "test_statistics_survive_a_failure",
        ),
    ),
    *mutants(
        "keras_grl/models/domain_classifier.py",
        DANN,
        (
            'keras.layers.Dense(1024, activation="relu", name="domain_fc2")',
            'keras.layers.Dense(1024, name="domain_fc2")',
            "test_default_domain_classifier_is_the_papers",
        ),
        (
            "for last in reversed(operations):",
            "for last in operations:",
            "test_activated_functional_domain_classifier",
        ),
    ),
]
