"""The files of an experiment.

results/mnist_to_mnist_m/paper-tensorflow/
    config.json      the settings
    metrics.json     the accuracies of every run
    history.csv      every epoch of every run
    figures/         PNG
    model.keras      DANN, of the first seed
    report.html      all of this on one page
    runs/dann-0/     metrics.json, history.csv, model.keras of one run
"""

import csv
import dataclasses
import datetime
import json
from pathlib import Path
from typing import Any

import keras

from applications.files import whole
from applications.files import write_csv
from applications.files import write_json
from applications.options import stop
from applications.runner.job import Job
from applications.runner.job import Run
from applications.runner.names import METHODS
from applications.runner.settings import Domains
from applications.runner.training import Trained

_COLUMNS: dict[str, Any] = {"method": str, "seed": int, "epoch": int}


@dataclasses.dataclass(frozen=True)
class Folder:
    """The folder of one experiment with one preset.

    Args:
        path: The folder.
        config: The experiment and its settings.
        defaults: The settings that a run had if its `config.json` does not
            name them: they did not exist yet.
    """

    path: Path
    config: dict[str, Any] = dataclasses.field(default_factory=dict)
    defaults: dict[str, Any] = dataclasses.field(default_factory=dict)

    @classmethod
    def of(cls, job: Job) -> "Folder":
        """The folder that the options name, new or to be continued.

        A folder with results of other settings is left as it is. The program
        ends if there is no other one.
        """
        experiment, settings = job.experiment, job.settings
        backend = keras.backend.backend()
        config = {
            "experiment": experiment.name,
            "title": experiment.title,
            "preset": job.options.preset,
            "backend": backend,
            **experiment.files,
            "settings": dataclasses.asdict(settings),
        }
        defaults = dataclasses.asdict(type(settings)())
        conflict = ""
        for path in job.options.folders(experiment.name, backend):
            folder = cls(path, config, defaults)
            conflict = folder._conflict()
            if not conflict:
                folder._write_config()
                return folder
        stop(conflict)

    def _write_config(self) -> None:
        # Without runs, something stopped the program before the first one.
        if (self.path / "runs").exists():
            return
        try:
            write_json(self.path / "config.json", self.config)
        except OSError as error:
            stop(
                "--output and --name: expected a folder that can be written, "
                f"received {self.path} ({error.strerror})"
            )

    def _conflict(self) -> str:
        """Why nothing may be written here; empty if it may."""
        other = f"Pass another name: --name {self.path.name}-2"
        if not (self.path / "runs").exists():
            if (self.path / "metrics.json").exists():
                return (
                    f"--name: {self.path} has results of an earlier version "
                    f"and is not overwritten. {other}"
                )
            return ""
        file = self.path / "config.json"
        try:
            before = json.loads(file.read_text())
        except (OSError, ValueError) as error:
            return f"--name: {file} cannot be read ({error}). {other}"
        changed = _differences(before, self.config, self.defaults)
        if not changed:
            return ""
        return (
            f"--name: {self.path} has results of other settings "
            f"({', '.join(changed)}) and is not overwritten. {other}"
        )

    def claim(self) -> None:
        """Before a run: ends if another process has put other settings here."""
        (self.path / "runs").mkdir(exist_ok=True)
        conflict = self._conflict()
        if conflict:
            stop(conflict)

    def run(self, method: str, seed: int) -> Path:
        """The folder of one run."""
        return self.path / "runs" / f"{method}-{seed}"

    def done(self, method: str, seed: int) -> bool:
        return (self.run(method, seed) / "metrics.json").exists()

    def model(self, method: str, seed: int) -> keras.Model:
        return keras.models.load_model(self.run(method, seed) / "model.keras")

    def write_run(self, run: Run, trained: Trained) -> None:
        """Writes one finished run; `metrics.json` last: then it is done."""
        run.folder.mkdir(parents=True, exist_ok=True)
        # What has learned nothing has no weights of its own.
        if trained.rows:
            with whole(run.folder / "model.keras") as file:
                trained.network.save(file)
        which = {"method": run.method, "seed": run.seed}
        rows = [
            {**which, "epoch": epoch, **row}
            for epoch, row in enumerate(trained.rows, start=1)
        ]
        write_csv(run.folder / "history.csv", rows)
        write_json(
            run.folder / "metrics.json",
            {
                **which,
                **trained.metrics,
                "epochs": len(trained.rows),
                "images": _images(run.domains),
                "seconds": round(trained.seconds, 1),
                "backend": keras.backend.backend(),
                "keras": keras.version(),
                "date": datetime.date.today().isoformat(),
            },
        )

    def check_images(self, domains: Domains) -> None:
        """Ends the program if the folder's runs had other images."""
        now = _images(domains)
        for metrics in self.metrics():
            before = metrics.get("images", now)
            if before != now:
                stop(
                    f"--name: {self.path} has results of other images "
                    f"({before}, now {now}) and is not continued. Pass another "
                    "name, or the previous --data-dir"
                )

    def metrics(self) -> list[dict[str, Any]]:
        """Of every run that is done, in the order of methods and seeds."""
        found = [
            json.loads(file.read_text())
            for file in (self.path / "runs").glob("*/metrics.json")
        ]
        order = list(METHODS)
        return sorted(
            found, key=lambda m: (order.index(m["method"]), m["seed"])
        )

    def history(self) -> list[dict[str, Any]]:
        """Every epoch of every run that is done."""
        rows = []
        for metrics in self.metrics():
            run = self.run(metrics["method"], metrics["seed"])
            with open(run / "history.csv", newline="") as file:
                for row in csv.DictReader(file):
                    rows.append(
                        {
                            name: _COLUMNS.get(name, float)(value)
                            for name, value in row.items()
                            if value != ""
                        }
                    )
        return rows

    def write_summary(self) -> list[dict[str, Any]]:
        """Writes `metrics.json` and `history.csv` of all runs."""
        metrics = None
        # Another process may have finished a run in the meantime.
        while metrics != (found := self.metrics()):
            metrics = found
            write_json(self.path / "metrics.json", metrics)
            write_csv(self.path / "history.csv", self.history())
        return metrics


def _images(domains: Domains) -> dict[str, dict[str, int]]:
    """How many images each domain has: it may be a subset."""
    return {
        name: {"train": len(split.x), "test": len(split.x_test)}
        for name, split in (
            ("source", domains.source),
            ("target", domains.target),
        )
    }


def _differences(
    before: dict[str, Any], now: dict[str, Any], defaults: dict[str, Any]
) -> list[str]:
    """Which settings have changed, as in "epochs: 5, now 7"."""
    flat = [
        {
            **{k: v for k, v in c.items() if k not in ("settings", "title")},
            **defaults,
            **c["settings"],
        }
        for c in (before, now)
    ]
    names = dict.fromkeys(name for each in flat for name in each)
    return [
        f"{name}: {flat[0].get(name)}, now {flat[1].get(name)}"
        for name in names
        if flat[0].get(name) != flat[1].get(name)
    ]
