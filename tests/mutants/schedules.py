"""Mutants of `keras_grl/schedules/`."""

from tests.mutants import mutants

PROGRESS = "tests/callbacks/test_progress.py"
HORIZON = "tests/callbacks/test_horizon.py"
SCHEDULES = "tests/test_schedules.py"

MUTANTS = [
    *mutants(
        "keras_grl/schedules/ramps.py",
        SCHEDULES,
        (
            "ops.tanh(0.5 * self.gamma * p)",
            "ops.tanh(self.gamma * p)",
            "test_sigmoid_ramp_is_equation_14",
        ),
        (
            "return self.scale * ops.tanh",
            "return ops.tanh",
            "test_sigmoid_ramp_scales",
        ),
        (
            "gamma: float = 10.0, scale",
            "gamma: float = 5.0, scale",
            "test_the_defaults_are_the_papers",
        ),
        (
            "/ (1.0 - self.warmup), 0.0)",
            ", 0.0)",
            "test_linear_ramp_waits_then_climbs",
        ),
        (
            "(self.end - self.start) * climbed",
            "self.end * climbed",
            "test_linear_ramp_waits_then_climbs",
        ),
    ),
    *mutants(
        "keras_grl/schedules/learning_rates.py",
        SCHEDULES,
        (
            "1.0 + self.alpha * p, -self.beta",
            "1.0 + self.alpha * p, self.beta",
            "test_inverse_decay_is_appendix_c",
        ),
        (
            "beta: float = 0.75,",
            "beta: float = 1.0,",
            "test_the_defaults_are_the_papers",
        ),
    ),
    *mutants(
        "keras_grl/schedules/progress.py",
        SCHEDULES,
        (
            "return ops.clip(_float32(step) / _float32(total_steps), 0.0, 1.0)",
            "return _float32(step) / _float32(total_steps)",
            "test_progress_is_clamped",
        ),
        (
            "if reads.variables:",
            "if False:",
            "test_variables_are_refused",
        ),
        (
            "if not 0.0 <= number <= 3.4e38:",
            "if not number <= 3.4e38:",
            "test_values_are_checked_when_installed",
        ),
    ),
    *mutants(
        "keras_grl/schedules/horizon.py",
        PROGRESS,
        (
            "step = ops.minimum(step, most) - self.first_step",
            "step = ops.minimum(step, most)",
            f"{HORIZON}::test_second_fit_is_a_separate_run",
        ),
        (
            "if count == len(others):",
            "if False:",
            "tests/callbacks/test_older_files.py::"
            "test_a_model_loads_in_full_and_trains_on",
        ),
        (
            "return self.in_files and called_schedule(self._optimizer) is not "
            "None",
            "return self.in_files",
            "test_learning_rate_set_after_a_schedule",
        ),
        (
            "for variable in variables[len(others) :]:",
            "for variable in []:",
            "test_checkpoints_hold_the_horizon",
        ),
    ),
    *mutants(
        "keras_grl/schedules/composed.py",
        "tests/schedules/test_composed.py",
        (
            "q = ops.clip((p - begin) / (end - begin), 0.0, 1.0)",
            "q = p",
            "test_join_gives_each_its_own_part",
        ),
        (
            "ops.where(p < begin, value, own)",
            "ops.where(p <= begin, value, own)",
            "test_join_gives_each_its_own_part",
        ),
        (
            "warm = ops.minimum(p / self.until, 1.0)",
            "warm = p / self.until",
            "test_warm_up",
        ),
        (
            "if total_steps is not None:",
            "if False:",
            "test_bad_arguments",
        ),
    ),
    *mutants(
        "keras_grl/schedules/resolving.py",
        "tests/schedules/test_composed.py",
        (
            "return len(first) == len(second) and all(",
            "return all(",
            "test_another_part_is_another_schedule",
        ),
    ),
    *mutants(
        "keras_grl/schedules/resolving.py",
        "tests/schedules/test_composed.py",
        (
            "[step / 32 for step in range(33)]",
            "[0.0, 0.5, 1.0]",
            "test_negative_between_the_ends_and_the_middle",
        ),
    ),
]
