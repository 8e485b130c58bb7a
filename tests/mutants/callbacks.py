"""Mutants of `keras_grl/callbacks/` and of p in `keras_grl/models/`."""

from tests.mutants import mutants

PROGRESS = "tests/callbacks/test_progress.py"
ENDING = "tests/callbacks/test_ending.py"
HORIZON = "tests/callbacks/test_horizon.py"
BACKUP = "tests/callbacks/test_backup.py"
DAMAGED = "tests/callbacks/test_damaged_backups.py"
OTHER_RUN = "tests/callbacks/test_backup_of_another_run.py"
CHECKPOINT = "tests/callbacks/test_checkpoint.py"

MUTANTS = [
    *mutants(
        "keras_grl/models/progress.py",
        PROGRESS,
        (
            "steps = applied - was_applied",
            "steps = applied * 0 + 1",
            "test_skipped_steps_do_not_count",
        ),
        (
            "first_step = steps_taken(optimizer) - counted",
            "first_step = 0",
            "test_a_new_optimizer_continues_at_the_models_step",
        ),
    ),
    *mutants(
        "keras_grl/callbacks/ending.py",
        ENDING,
        (
            "if p >= 0.5 and value >= 0.5 * end:",
            "if p >= 0.5:",
            "test_early_end_warns",
        ),
    ),
    *mutants(
        "keras_grl/callbacks/adaptation_factor.py",
        ENDING,
        (
            'elif self.model.stop_training or last < self.params["epochs"]:',
            'elif last < self.params["epochs"]:',
            "test_early_end_warns",
        ),
        (
            "if counted == 0 and applied > 0 and not is_full:",
            "if counted == 0:",
            f"{PROGRESS}::test_no_step_applied",
        ),
    ),
    *mutants(
        "keras_grl/callbacks/horizon.py",
        PROGRESS,
        (
            "if total_steps not in (None, of_model):",
            "if False:",
            "test_two_horizons_are_refused",
        ),
    ),
    *mutants(
        "keras_grl/callbacks/defaults.py",
        HORIZON,
        (
            "any(isinstance(callback, kind) for callback in schedulers)",
            "any(type(callback) is kind for callback in schedulers)",
            "test_subclasses_of_the_callbacks_take_their_place",
        ),
    ),
    *mutants(
        "keras_grl/callbacks/learning_rate.py",
        HORIZON,
        (
            "first_step = steps_taken(optimizer) - step",
            "first_step = 0",
            "test_second_fit_is_a_separate_run",
        ),
        (
            "save_horizon(optimizer, horizon)",
            "pass",
            "test_an_optimizer_is_configured_as_the_user_wrote_it_until_a_fit",
        ),
    ),
    *mutants(
        "keras_grl/schedules/fitted.py",
        HORIZON,
        (
            "and schedule.total_steps is None",
            "and schedule is not None",
            "test_an_optimizer_is_configured_as_the_user_wrote_it_until_a_fit",
        ),
    ),
    *mutants(
        "keras_grl/schedules/fitted.py",
        "tests/callbacks/test_older_files.py",
        (
            'return WithHorizon(**{**config, "schedule": schedule})',
            'return cls(**{**config, "schedule": schedule})',
            "test_a_model_saved_again_loads_in_full[plain]",
        ),
    ),
    *mutants(
        "keras_grl/callbacks/learning_rate.py",
        CHECKPOINT,
        (
            "if not (resumed and known):",
            "if True:",
            "test_resumes_to_the_bit[scaled]",
        ),
    ),
    *mutants(
        "keras_grl/callbacks/adaptation_factor.py",
        CHECKPOINT,
        (
            "layer.set_horizon(total_steps, None if resumed else step)",
            "layer.set_horizon(total_steps, step)",
            "test_resumes_to_the_bit[scaled]",
        ),
    ),
    *mutants(
        "keras_grl/callbacks/backup.py",
        BACKUP,
        (
            "self._write_record(epoch + 1)",
            "self._write_record(epoch)",
            "test_files_that_a_kill_can_leave[complete-False]",
        ),
        (
            "self.resumed = True",
            "self.resumed = False",
            "test_other_optimizers_and_models[scaled]",
        ),
    ),
    *mutants(
        "keras_grl/callbacks/backup.py",
        OTHER_RUN,
        (
            "self._record.check(self._run())",
            "pass",
            "test_another_run_is_refused[epoch]",
        ),
        (
            '"steps per epoch": self.params.get("steps"),',
            '"steps per epoch": None,',
            "test_another_run_is_refused[1]",
        ),
    ),
    *mutants(
        "keras_grl/callbacks/backup_record.py",
        OTHER_RUN,
        (
            "return name if inner is None",
            "return name if True",
            "test_another_inner_optimizer_is_refused",
        ),
        (
            "not in (None, now)",
            "not in (now,)",
            "test_folders_without_these_facts_are_resumed",
        ),
    ),
    *mutants(
        "keras_grl/callbacks/backup_record.py",
        DAMAGED,
        (
            "and all(type(step) is int for step in steps.values())",
            "and True",
            "test_a_damaged_record",
        ),
        (
            "and all(epoch.isdecimal() for epoch in steps)",
            "and True",
            "test_a_damaged_record",
        ),
        (
            "for e, s in self.step_of_epoch.items() if e < epoch",
            "for e, s in ()",
            "test_a_record_comes_back",
        ),
    ),
    *mutants(
        "keras_grl/callbacks/backup.py",
        DAMAGED,
        (
            "self._check_no_epoch()",
            "pass",
            "test_a_damaged_folder_is_refused_before_training",
        ),
    ),
    *mutants(
        "keras_grl/callbacks/resuming.py",
        OTHER_RUN,
        (
            "return dataset.seed if given and dataset.shuffle else None",
            "return dataset.seed",
            "test_a_seed_that_was_not_passed_is_not_compared[True]",
        ),
    ),
    *mutants(
        "keras_grl/callbacks/checkpoint.py",
        OTHER_RUN,
        (
            '("optimizer", facts.get("optimizer", optimizer), optimizer),',
            "",
            "test_a_checkpoint_of_another_optimizer_is_refused",
        ),
    ),
    *mutants(
        "keras_grl/callbacks/checkpoint.py",
        CHECKPOINT,
        (
            "self._write(epoch + 1)",
            "self._write(epoch)",
            "test_plain_model",
        ),
        (
            '_set_random_state(facts["random"])',
            "pass",
            "test_the_random_state_of_python_and_numpy",
        ),
    ),
    *mutants(
        "keras_grl/callbacks/resuming.py",
        BACKUP,
        (
            "if expected in (None, epoch) or",
            "if expected is None or",
            "test_a_fit_that_keras_begins_with_an_earlier_epoch",
        ),
    ),
]
