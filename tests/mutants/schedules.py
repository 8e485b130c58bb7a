"""Mutants of `keras_grl/schedules.py`."""

from tests.mutants import mutants

MUTANTS = mutants(
    "keras_grl/schedules.py",
    "tests/test_schedules.py",
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
        "return ops.clip(p, 0.0, 1.0)",
        "return p",
        "test_progress_is_clamped",
    ),
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
    (
        'ops.cast(step, "float32") - self.first_step',
        'ops.cast(step, "float32")',
        "test_the_schedule_of_one_fit_counts_from_its_first_step",
    ),
)
