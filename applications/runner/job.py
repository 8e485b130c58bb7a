"""`Job`: all that a program is to do. `Run`: one network of it."""

import dataclasses
from pathlib import Path

from applications.options import stop
from applications.runner.names import METHODS
from applications.runner.names import RENAMED
from applications.runner.settings import AnySettings
from applications.runner.settings import CommonOptions
from applications.runner.settings import Domains
from applications.runner.settings import Experiment


@dataclasses.dataclass(frozen=True)
class Job:
    """All that one call of a program is to do.

    Args:
        experiment: Which one.
        options: Of the command line.
        settings: Of the preset, with the changes of the command line.
    """

    experiment: Experiment
    options: CommonOptions
    settings: AnySettings

    @property
    def seeds(self) -> range:
        return range(self.options.seed, self.options.seed + self.options.seeds)

    @property
    def methods(self) -> list[str]:
        """The methods to run, after those they need."""
        known = self.experiment.known_methods
        given = self.options.methods or self.all_methods
        asked = [RENAMED.get(name, name) for name in given]
        unknown = [name for name in asked if name not in known]
        if unknown:
            stop(
                f"--methods: expected some of {', '.join(known)}, received "
                f"{', '.join(unknown)}"
            )
        needed = {METHODS[name].after for name in asked}
        return [name for name in known if name in asked or name in needed]

    @property
    def all_methods(self) -> tuple[str, ...]:
        """The methods to run by default."""
        return tuple(
            name
            for name in self.experiment.methods
            # The paper's networks have no batch normalization: it is the same
            # as "source only" with them.
            if name != "domain_statistics" or self.settings.network != "paper"
        )


@dataclasses.dataclass(frozen=True)
class Run:
    """One network of a job: a method and a seed.

    Args:
        job: The job.
        domains: The data of this seed.
        method: Name of the method.
        seed: Of the initial weights and of the order of the data.
        folder: For its files.
    """

    job: Job
    domains: Domains
    method: str
    seed: int
    folder: Path

    @property
    def experiment(self) -> Experiment:
        return self.job.experiment

    @property
    def settings(self) -> AnySettings:
        return self.job.settings

    @property
    def title(self) -> str:
        """As in "DANN, seed 0"."""
        return f"{METHODS[self.method].title}, seed {self.seed}"
