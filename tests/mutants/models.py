"""Mutants of `keras_grl/models/` and `keras_grl/methods/`."""

from tests.mutants import mutants

DANN = "tests/models/test_dann.py"
TWO_DOMAINS = "tests/models/test_two_domains.py"
ADAPTATION = "tests/models/test_adaptation.py"
TARGET_LOSS = "tests/models/test_target_loss.py"
CHECKS = "tests/models/test_checks.py"
LABELS = "tests/models/test_labels.py"
LOGITS = "tests/models/test_logits.py"
BY_HAND = "test_one_step_makes_the_updates_of_equations_4_to_6"

MUTANTS = [
    *mutants(
        "keras_grl/methods/rows.py",
        DANN,
        (
            'ops.full((size,), domain, dtype="float32")',
            'ops.full((size,), 1 - domain, dtype="float32")',
            BY_HAND,
            "test_losses_and_metrics_in_the_logs",
        ),
        (
            "return [name for name in _in_order(x) if is_labeled(name)]",
            "return sources_in(x)",
            "test_labeled_target_is_learned_from_and_counts_as_target",
        ),
        (
            "for name in (LABELED_TARGET, TARGET) if name in x)",
            "for name in (TARGET, LABELED_TARGET) if name in x)",
            "test_labeled_target_is_learned_from_and_counts_as_target",
        ),
        (
            "_joined_by_name(sample_weight, names)",
            "None",
            "test_each_labeled_stream_has_its_own_weights",
        ),
    ),
    *mutants(
        "keras_grl/methods/dann.py",
        "tests/methods/test_dann.py",
        (
            "domains * (1.0 - smoothing) + 0.5 * smoothing",
            "domains * (1.0 - smoothing)",
            "test_domain_label_smoothing[2-0.2]",
        ),
        (
            '"domain_label_smoothing": self.domain_label_smoothing,',
            "",
            "test_in_fit_and_after_loading",
        ),
    ),
    *mutants(
        "keras_grl/methods/dann.py",
        DANN,
        (
            "logits = logits[:, 1:] - logits[:, :1]",
            "logits = logits[:, :1] - logits[:, 1:]",
            "test_two_domain_logits_equal_one_that_is_their_difference",
        ),
        (
            "ops.equal(_single_logit(logits) > 0, domains > 0.5)",
            "ops.equal(_single_logit(logits) > 0.5, domains > 0.5)",
            "test_domain_accuracy_uses_the_sign_of_the_logit",
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
    ),
    *mutants(
        "keras_grl/methods/discrepancy.py",
        "tests/baselines/test_discrepancy_model.py",
        (
            "features[: rows.source], features[rows.source :]",
            "features[: rows.labeled], features[rows.labeled :]",
            "test_labeled_target_counts_as_target",
        ),
    ),
    *mutants(
        "keras_grl/methods/domain_classifier.py",
        LOGITS,
        (
            'keras.layers.Dense(1024, activation="relu", name="domain_fc2")',
            'keras.layers.Dense(1024, name="domain_fc2")',
            f"{DANN}::test_default_domain_classifier_is_the_papers",
        ),
        (
            "self._warns = loading()",
            "self._warns = False",
            "test_a_model_that_is_loaded_warns",
        ),
        (
            "    keras.layers.ELU,\n",
            "",
            "test_activations_by_their_type",
        ),
    ),
    *mutants(
        "keras_grl/methods/logits.py",
        LOGITS,
        (
            "for sign in (1, -1):",
            "for sign in (1,):",
            "test_a_linear_output_of_a_bounded_layer_changes_its_sign",
        ),
        ("0 <= low < high", "low <= high", "test_logits"),
    ),
    *mutants(
        "keras_grl/models/adaptation.py",
        DANN,
        (
            "self._domain_loss_weight * value / replicas",
            "value / replicas",
            BY_HAND,
        ),
        (
            "_domain_loss_tracker.update_state(value, batch_rows.total)",
            "_domain_loss_tracker.update_state(2.0 * value, batch_rows.total)",
            "test_losses_and_metrics_in_the_logs",
        ),
        (
            "y_pred = tree.map_structure(lambda t: t[:source], "
            'y_pred["label"])',
            'y_pred = y_pred["label"]',
            "test_labeled_target_is_learned_from_and_counts_as_target",
        ),
        (
            "            if not any(metric is each for each in own):",
            "            if False:",
            f"{ADAPTATION}::test_metric_names_of_the_model_are_refused",
        ),
        (
            "*self.method.metrics,",
            "",
            f"{ADAPTATION}::test_metrics_of_a_method_need_paired_data",
        ),
    ),
    *mutants(
        "keras_grl/models/target_term.py",
        TARGET_LOSS,
        (
            "lambda each: each[batch_rows.labeled :]",
            "lambda each: each[batch_rows.source :]",
            "test_the_loss_is_of_the_unlabeled_target_rows_alone",
        ),
        (
            "return sum(losses[1:], start=losses[0])",
            "return losses[0] * 2",
            "test_several_outputs_have_losses_by_name",
        ),
        (
            "of_classes and logits != loss.from_logits",
            "False",
            "test_from_logits_is_that_of_the_label_loss",
        ),
        (
            '    check_registered("target_loss", each)',
            "    pass",
            "test_a_function_that_is_not_registered_is_refused_before_saving",
        ),
    ),
    *mutants(
        "keras_grl/callbacks/target_loss_weight.py",
        TARGET_LOSS,
        (
            "None if resumed else step",
            "None",
            "test_a_scheduled_weight_follows_p",
        ),
        (
            "return self.model.step_counter.given_total_steps is None",
            "return False",
            "test_an_unknown_length_is_refused",
        ),
    ),
    *mutants(
        "keras_grl/models/forward.py",
        ADAPTATION,
        (
            "features, predictions if by_method else label, training=training",
            "features, label, training=training",
            f"{TARGET_LOSS}::test_a_method_gets_the_rows_that_it_asked_for",
        ),
        (
            "features, predictions if by_method else label, training=training",
            "features, predictions, training=training",
            f"{TARGET_LOSS}::test_a_method_gets_the_rows_that_it_asked_for",
        ),
        (
            "by_method or self._target is not None,",
            "self._target is not None,",
            "test_a_method_gets_target_predictions_if_it_uses_them",
        ),
        (
            "by_method or self._target is not None,",
            "True,",
            f"{TARGET_LOSS}::"
            "test_without_it_the_label_predictor_sees_labeled_rows_only",
        ),
        (
            "            self._create_weights(known_shape)\n"
            "        self.built = True",
            "            self.build(known_shape)",
            "test_a_subclass_adds_state_after_init",
        ),
    ),
    *mutants(
        "keras_grl/models/dann.py",
        DANN,
        (
            '"total_steps",\n            "domain_label_smoothing",',
            '"total_steps",',
            "test_a_configuration_has_every_argument",
            "tests/methods/test_dann.py::test_in_fit_and_after_loading",
        ),
    ),
    *mutants(
        "keras_grl/models/running_statistics.py",
        TWO_DOMAINS,
        (
            "source_of.get(id(variable), variable).assign(value)",
            "variable.assign(value)",
            "test_domain_specific_by_hand",
        ),
        (
            "[loss + 0.0 for loss in scope.losses]",
            "[]",
            "test_losses_of_layers_count_once_per_domain",
        ),
    ),
    *mutants(
        "keras_grl/models/label_kinds.py",
        LABELS,
        (
            "(part < 0) | (part >= classes)",
            "part >= classes",
            "test_classes_that_do_not_exist",
        ),
        (
            "low >= 0 and high < classes",
            "high <= classes",
            "test_classes_that_do_not_exist",
        ),
    ),
    *mutants(
        "keras_grl/models/label_values.py",
        LABELS,
        (
            "range(0, len(values), rows)",
            "range(0, rows, rows)",
            "test_all_parts_of_a_large_array_are_checked",
        ),
    ),
    *mutants(
        "keras_grl/models/checks.py",
        CHECKS,
        ("if not self._known:", "if False:", "test_labels_of_arrays"),
        (
            "    if loss is None:",
            "    if loss is None and not model.losses:",
            "test_a_regularized_model_without_loss",
        ),
    ),
    *mutants(
        "keras_grl/models/class_weights.py",
        "tests/models/test_class_weights.py",
        (
            "get(int(each), 1.0)",
            "get(int(each), 0.0)",
            "test_all_labeled_samples_are_weighted",
        ),
    ),
    *mutants(
        "keras_grl/models/batch.py",
        "tests/models/test_input_specs.py",
        (
            "return {name: x[name] for name in",
            "return {name: x[TARGET] for name in",
            "test_an_encoder_for_each_domain",
        ),
    ),
    *mutants(
        "keras_grl/models/fitting.py",
        "tests/models/test_freed.py",
        (
            "            lent(batches) as batches,\n",
            "",
            "test_models_and_data_are_freed",
        ),
        (
            '            lent(kwargs["validation_data"]) as '
            'kwargs["validation_data"],\n',
            "",
            "test_models_and_data_are_freed",
        ),
    ),
    *mutants(
        "keras_grl/streams/wrapped.py",
        "tests/models/test_freed.py",
        (
            "dataset.take_back()",
            "pass",
            "test_it_is_taken_back_after_an_error",
        ),
        (
            "return self._dataset[index]",
            "return self._dataset[0 * index - 1]",
            "test_a_dataset_is_read_only_while_it_is_lent",
        ),
    ),
    *mutants(
        "keras_grl/models/fitting.py",
        "tests/models/test_checks.py",
        (
            'check_shares(self, kwargs.get("validation_data"), training=False)',
            "",
            "test_validation_pairs_that_the_devices_do_not_divide",
        ),
        (
            "checks.check_batch(self, x, y)\n        if self.train_function",
            "if self.train_function",
            "test_labels_of_one_batch",
        ),
    ),
    *mutants(
        "keras_grl/models/fitting.py",
        "tests/models/test_evaluation_data.py",
        (
            'x = self._in_order("x", x)\n        check_shares',
            "check_shares",
            "test_columns_are_matched_by_name_after_training",
        ),
        (
            'x = self._in_order("x", x)\n        checks.check_pred',
            "checks.check_pred",
            "test_columns_are_matched_by_name_after_training",
        ),
        (
            "kwargs = self._prepare_validation(kwargs)",
            "pass",
            "test_columns_are_matched_by_name_after_training",
        ),
    ),
    *mutants(
        "keras_grl/models/checks.py",
        "tests/models/test_evaluation_data.py",
        (
            "\n    _build(model, x)\n    check = LabelCheck(model)",
            "\n    check = LabelCheck(model)",
            "test_labels_in_evaluate_before_the_model_is_built",
        ),
    ),
    *mutants(
        "keras_grl/models/batch_checks.py",
        "tests/models/test_evaluation_data.py",
        (
            "self.data.read_first()",
            "pass",
            "test_labels_of_a_validation_dataset[Batches]",
        ),
    ),
    *mutants(
        "keras_grl/models/validation_data.py",
        "tests/models/test_evaluation_data.py",
        (
            "_warn_if_not_finite(x)",
            "pass",
            "test_validation_inputs_that_are_not_finite",
        ),
    ),
    *mutants(
        "keras_grl/models/saving.py",
        "tests/models/test_crossings.py",
        (
            'if str(module).startswith("keras.")',
            "if str(module)",
            "test_a_custom_optimizer_is_kept",
        ),
        (
            'for name in ("jit_compile", "auto_scale_loss")',
            'for name in ("auto_scale_loss",)',
            "test_jit_compile_is_saved_as_passed",
        ),
        (
            'return saved or "auto"',
            "return saved",
            "test_old_files_of_torch_compile_as_this_backend_does",
        ),
        (
            'answer == "y"',
            'answer != "y"',
            "tests/models/test_failed_saves.py::test_overwrite_false_prompts",
        ),
        (
            " or _share_variables(parts)",
            "",
            "tests/models/test_shared_layers.py::"
            "test_loads_and_trains_on[within_wrappers]",
        ),
    ),
    *mutants(
        "keras_grl/files.py",
        "tests/test_files.py",
        (
            'path.suffix == ".json"',
            'path.suffix != ".json"',
            "test_the_file_that_lists_the_others_comes_last",
        ),
        ("realpath", "abspath", "test_a_link_stays_a_link"),
    ),
    *mutants(
        "keras_grl/models/split.py",
        "tests/models/test_split.py",
        (
            "keras.Model(inputs, calls[-1].inputs)",
            "keras.Model(inputs, calls[0].inputs)",
            "test_the_part_before_a_layer[twice]",
        ),
        (
            "Call(called, (*args, *kwargs.values())[0], outputs)",
            "Call(called, args[0], outputs)",
            "test_the_part_before_a_layer[keyword]",
        ),
        (
            "if len(calls) != 1:",
            "if not calls:",
            "test_cuts_that_cannot_be_made[twice]",
        ),
    ),
]
