"""The command line of every experiment."""

from typing import Any
from typing import TypeVar

from applications import start
from applications.options import parse_with_presets
from applications.runner.job import Job
from applications.runner.settings import CommonOptions
from applications.runner.settings import Experiment
from applications.runner.settings import Options

AnyOptions = TypeVar("AnyOptions", bound=CommonOptions)


def main(
    experiment: Experiment,
    arguments: list[str] | None = None,
    configuration: type[CommonOptions] = Options,
) -> list[dict[str, Any]]:
    """Runs an experiment from the command line.

    Args:
        experiment: Which one.
        arguments: Of the command line.
        configuration: The dataclass of its options.

    Returns:
        The metrics of every run in the folder.
    """
    options, settings = parse(
        configuration,
        experiment.presets,
        experiment.description,
        experiment.methods,
        arguments,
        experiment.more_methods,
    )
    return run(Job(experiment, options, settings))


def parse(
    configuration: type[AnyOptions],
    presets: dict[str, Any],
    description: str,
    methods: tuple[str, ...],
    arguments: list[str] | None,
    more_methods: tuple[str, ...] = (),
) -> tuple[AnyOptions, Any]:
    """Options and settings from the command line; `--help` has the methods."""
    text = f"{description}\nMethods by default: {', '.join(methods)}."
    if more_methods:
        text += f"\nOnly if named: {', '.join(more_methods)}."
    return parse_with_presets(configuration, presets, text, arguments)


def run(job: Job) -> list[dict[str, Any]]:
    """Runs what is not done yet, once the options are known to be right."""
    _ = job.methods
    start.load_keras()
    # Here and not above, for it imports Keras.
    from applications.runner import running

    return running.run(job)
