"""The files of an experiment.

results/mnist_to_mnist_m/paper-tensorflow/
    config.json      what was asked for
    metrics.json     the accuracies of every run
    history.csv      every epoch of every run
    figures/         PNG
    model.keras      DANN, of the first seed
    report.html      all of it on one page
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
from applications.runner.methods import Trained
from applications.runner.names import METHODS
from applications.runner.settings import Domains
from applications.runner.settings import Experiment
from applications.runner.settings import Options
from applications.runner.settings import Settings

_COLUMNS: dict[str, Any] = {"method": str, "seed": int, "epoch": int}


@dataclasses.dataclass(frozen=True)
class Folder:
    """The folder of one experiment with one preset.

    Args:
        path: The folder.
        config: What was asked for.
    """

    path: Path
    config: dict[str, Any] = dataclasses.field(default_factory=dict)

    @classmethod
    def of(
        cls, experiment: Experiment, options: Options, settings: Settings
    ) -> "Folder":
        """The folder that the options name, new or to be continued.

        A folder of other settings is left as it is: the program ends.
        """
        name = options.name or f"{options.preset}-{keras.backend.backend()}"
        path = Path(options.output) / experiment.name / name
        config = {
            "experiment": experiment.name,
            "title": experiment.title,
            "preset": options.preset,
            "backend": keras.backend.backend(),
            **experiment.files,
            "settings": dataclasses.asdict(settings),
        }
        folder = cls(path, config)
        if (path / "runs").exists():
            folder._check_config()
        else:
            # Whatever stopped the program before its first run.
            folder._write_config()
        return folder

    def _write_config(self) -> None:
        try:
            write_json(self.path / "config.json", self.config)
        except OSError as error:
            stop(
                "--output and --name: expected a folder that can be written, "
                f"received {self.path} ({error.strerror})"
            )

    def _check_config(self) -> None:
        file = self.path / "config.json"
        try:
            before = json.loads(file.read_text())
        except (OSError, ValueError) as error:
            stop(f"--name: {file} cannot be read ({error}). Pass another name")
        others = _differences(before, self.config)
        if others:
            stop(
                f"--name: {self.path} has results of other settings "
                f"({', '.join(others)}) and is not overwritten. Pass "
                f"another name: --name {self.path.name}-2"
            )

    def claim(self) -> None:
        """Before the first run: no other process has other settings here."""
        (self.path / "runs").mkdir(exist_ok=True)
        self._check_config()

    def run(self, method: str, seed: int) -> Path:
        """The folder of one run."""
        return self.path / "runs" / f"{method}-{seed}"

    def done(self, method: str, seed: int) -> bool:
        return (self.run(method, seed) / "metrics.json").exists()

    def model(self, method: str, seed: int) -> keras.Model:
        return keras.models.load_model(self.run(method, seed) / "model.keras")

    def write_run(
        self, method: str, seed: int, trained: Trained, domains: Domains
    ) -> None:
        """Writes one finished run; `metrics.json` last: then it is done."""
        run = self.run(method, seed)
        run.mkdir(parents=True, exist_ok=True)
        # What has learnt nothing has no weights of its own.
        if trained.rows:
            with whole(run / "model.keras") as file:
                trained.network.save(file)
        rows = [
            {"method": method, "seed": seed, "epoch": epoch, **row}
            for epoch, row in enumerate(trained.rows, start=1)
        ]
        write_csv(run / "history.csv", rows)
        write_json(
            run / "metrics.json",
            {
                "method": method,
                "seed": seed,
                **trained.metrics,
                "epochs": len(trained.rows),
                "images": _images(domains),
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
                    f"({before}, now {now}) and is not gone on with. Pass "
                    "another name, or the --data-dir of before"
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
    """How many there are of each domain: a subset may have been found."""
    return {
        name: {"train": len(split.x), "test": len(split.x_test)}
        for name, split in (
            ("source", domains.source),
            ("target", domains.target),
        )
    }


def _differences(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """What was other before, as "epochs: 5, now 7"."""
    # A setting that did not exist yet was what is its default now.
    defaults = dataclasses.asdict(Settings())
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
