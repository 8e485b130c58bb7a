"""The card of a result: what was trained on what, and how good it is."""

import re
import textwrap
from pathlib import Path
from typing import Any

from applications import markdown
from applications.runner import comparison
from applications.runner import report
from applications.runner.job import Job
from applications.runner.names import BOUNDS
from applications.runner.names import METHODS
from applications.runner.names import SETS
from applications.runner.settings import AnySettings
from applications.runner.settings import Experiment
from applications.runner.settings import Options
from keras_grl.datasets.catalog import VARIANTS


def settings(experiment: Experiment, trained: dict[str, Any]) -> AnySettings:
    """The settings of runs, from their `config.json`."""
    kind = type(experiment.presets[trained["preset"]])
    return kind(**trained["settings"])


def of_runs(
    experiment: Experiment,
    trained: dict[str, Any],
    metrics: list[dict[str, Any]],
    run: str,
) -> dict[str, Any]:
    """What a card says of one run, and of those that it is compared with.

    Args:
        experiment: Which one.
        trained: The `config.json` of the runs.
        metrics: Of all runs.
        run: Method and seed, as in "dann_mcc-0".
    """
    method, _, seed = run.rpartition("-")
    compared = ("source_only", method, "train_on_target")
    these = [m for m in metrics if m["method"] in compared]
    of_settings = settings(experiment, trained)
    job = Job(experiment, Options(preset=trained["preset"]), of_settings)
    return {
        "experiment": experiment.name,
        "title": experiment.title,
        "network": experiment.network_in_words(of_settings),
        "method": method,
        "seed": int(seed),
        "drawings": trained["settings"].get("drawings"),
        "images": next(m["images"] for m in these if m["method"] == method),
        "runs": [
            {
                name: each[name]
                for name in ("method", "seed", "accuracy", "date", "keras")
            }
            for each in these
        ],
        "command": report.command(job, these),
        "backend": trained["backend"],
    }


def text(facts: dict[str, Any]) -> str:
    """The card, in Markdown.

    Args:
        facts: Those of `of_runs`, and what was measured of the `file`.
    """
    file, method = facts["file"], METHODS[facts["method"]].title
    stem = Path(file["name"]).stem
    run = f"{facts['method']}-{facts['seed']}"
    images = facts["images"]["target"]["test"]
    parts = [
        f"# {facts['title']}: {method}",
        _wrapped(
            f"[{file['name']}]({file['name']}) holds a network, "
            f"{facts['network']}, adapted by {method} with seed "
            f"{facts['seed']}: {file['weights']:,} weights in {file['dtype']}, "
            f"{file['bytes']:,} bytes, without domain classifier. It takes "
            f"images of {' x '.join(map(str, file['shape']))} with values from "
            "0 to 255 and returns the probabilities of "
            f"{file['classes']} classes, on every backend: "
            "[how to load it](../../model_cards.md)."
        ),
        markdown.table(_accuracies(facts)),
        _wrapped(
            "Accuracies on the target's test images after the last epoch; mean "
            "± standard deviation where there are several seeds. "
            f"{_not_run(facts)}The file itself has {file['accuracy']:.4f} on "
            f"all {images:,} test images and {file['accuracy_of_part']:.4f} on "
            f"the first {file['part']:,}."
        ),
        "## Data",
        markdown.table(_data(facts)),
        _wrapped(
            "The [gallery](../../gallery.md) shows the sets. Training used no "
            "label of the target, except for train on target. The sets belong "
            "to their authors, and these terms are theirs: check them before "
            "you use the file for anything but research."
        ),
        "## Command",
        f"""```console
$ {_continued(facts["command"])}
$ python -m applications.result_card --results FOLDER --run {run}
```""",
        _wrapped(
            f"{report.made(facts['runs'], facts['backend'])} All numbers are "
            f"from [{stem}.json]({stem}.json)."
        ),
    ]
    return "\n\n".join(parts) + "\n"


def row(facts: dict[str, Any]) -> list[str]:
    """The line of a card in a table of several, under `HEADER`."""
    file = facts["file"]
    page = f"results/cards/{Path(file['name']).with_suffix('.md')}"
    return [
        f"[{facts['title']}]({page})",
        METHODS[facts["method"]].title,
        *(
            _of_seed(facts, name)
            for name in (BOUNDS[0], facts["method"], BOUNDS[1])
        ),
        f"{file['bytes'] / 1e6:.2f} MB",
    ]


HEADER = [
    "pair",
    "method",
    "source only",
    "adapted",
    "train on target",
    "file",
]


def _wrapped(text: str) -> str:
    # A link must not be broken at the hyphen of a word.
    return textwrap.fill(text, 80, break_on_hyphens=False)


def _continued(command: str) -> str:
    """A command on lines that a shell reads as one."""
    # No break between an option and its value.
    held = re.sub(r"(--\S+) ", "\\1\N{NO-BREAK SPACE}", command)
    lines = textwrap.wrap(held, 76, break_on_hyphens=False)
    return " \\\n    ".join(lines).replace("\N{NO-BREAK SPACE}", " ")


def _of_seed(facts: dict[str, Any], method: str) -> str:
    """The accuracy of a method, with the seed of the card's model."""
    runs = [m for m in facts["runs"] if m["seed"] == facts["seed"]]
    return comparison.cell(comparison.accuracies(runs, method))


def _accuracies(facts: dict[str, Any]) -> list[list[str]]:
    rows = [["method", f"seed {facts['seed']}", "all seeds", "seeds"]]
    for name in (BOUNDS[0], facts["method"], BOUNDS[1]):
        found = comparison.accuracies(facts["runs"], name)
        title = METHODS[name].title
        rows.append(
            [
                f"**{title}**" if name == facts["method"] else title,
                _of_seed(facts, name),
                comparison.cell(found),
                str(len(found)),
            ]
        )
    return rows


def _not_run(facts: dict[str, Any]) -> str:
    run = {each["method"] for each in facts["runs"]}
    missing = [METHODS[name].title for name in BOUNDS if name not in run]
    return f"Not run: {' and '.join(missing)}. " if missing else ""


def _data(facts: dict[str, Any]) -> list[list[str]]:
    rows = [["domain", "set", "training images", "test images", "terms"]]
    names = facts["experiment"].split("_to_")
    for domain, part in zip(("source", "target"), names, strict=True):
        dataset, _ = VARIANTS[SETS.get(part, part)]
        of = f" {facts['drawings']}" if dataset.generator else ""
        images = facts["images"][domain]
        rows.append(
            [
                domain,
                f"`{dataset.name}`{of}",
                f"{images['train']:,}",
                f"{images['test']:,}",
                dataset.terms,
            ]
        )
    return rows
