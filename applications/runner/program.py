"""The command line of every experiment."""

from typing import Any
from typing import TypeVar

from applications import start
from applications.options import parse_with_presets
from applications.options import stop
from applications.runner.names import METHODS
from applications.runner.settings import Experiment
from applications.runner.settings import Options
from applications.runner.settings import Settings

AnyOptions = TypeVar("AnyOptions", bound=Options)


def main(
    experiment: Experiment, arguments: list[str] | None = None
) -> list[dict[str, Any]]:
    """Runs an experiment from the command line.

    Args:
        experiment: Which one.
        arguments: Of the command line.

    Returns:
        The metrics of every run in the folder.
    """
    options, settings = parse(
        Options,
        experiment.presets,
        experiment.description,
        experiment.methods,
        arguments,
    )
    return run(experiment, options, settings)


def parse(
    configuration: type[AnyOptions],
    presets: dict[str, Settings],
    description: str,
    methods: tuple[str, ...],
    arguments: list[str] | None,
) -> tuple[AnyOptions, Settings]:
    """Options and settings from the command line; `--help` has the methods."""
    text = f"{description}\nMethods: {', '.join(methods)}."
    return parse_with_presets(configuration, presets, text, arguments)


def run(
    experiment: Experiment, options: Options, settings: Settings
) -> list[dict[str, Any]]:
    """Runs what is not done yet, once the options are known to be right."""
    methods = chosen_methods(experiment, options, settings)
    start.load_keras()
    # Here and not above, for it imports Keras.
    from applications.runner import running

    return running.run(experiment, options, settings, methods)


def chosen_methods(
    experiment: Experiment, options: Options, settings: Settings
) -> list[str]:
    """What is to be run, and before it what it needs."""
    asked = options.methods or tuple(
        name
        for name in experiment.methods
        # The paper's networks have no batch normalisation: it is the same as
        # "source only" with them.
        if name != "domain_statistics" or settings.network != "paper"
    )
    unknown = [name for name in asked if name not in experiment.methods]
    if unknown:
        stop(
            f"--methods: expected some of {', '.join(experiment.methods)}, "
            f"received {', '.join(unknown)}"
        )
    needed = {METHODS[name].after for name in asked}
    return [n for n in experiment.methods if n in asked or n in needed]
