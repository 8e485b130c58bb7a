"""Mutants of `keras_grl/callbacks/` and of p in `keras_grl/models/`."""

from tests.mutants import mutants

PROGRESS = "tests/callbacks/test_progress.py"
ENDING = "tests/callbacks/test_ending.py"
HORIZON = "tests/callbacks/test_horizon.py"
BACKUP = "tests/callbacks/test_backup.py"
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
            "self._record(epoch + 1)",
            "self._record(epoch)",
            "test_files_that_a_kill_can_leave[complete-False]",
        ),
        (
            "self.resumed = True",
            "self.resumed = False",
            "test_other_optimizers_and_models[scaled]",
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
