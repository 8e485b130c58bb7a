"""Runs an experiment: trains what is not done yet, then reports."""

import shutil
from typing import Any

import keras

from applications import markdown
from applications.files import locked
from applications.options import stop
from applications.runner import comparison
from applications.runner import methods
from applications.runner import pictures
from applications.runner import report
from applications.runner.job import Job
from applications.runner.job import Run
from applications.runner.names import METHODS
from applications.runner.results import Folder
from applications.runner.settings import Domains
from applications.start import interruptible


def run(job: Job) -> list[dict[str, Any]]:
    """Runs what is not done yet, then writes tables, figures and report.

    Args:
        job: What to run.

    Returns:
        The metrics of every run in the folder.
    """
    folder = Folder.of(job)
    print(
        f"{job.experiment.title}, preset {job.options.preset}, "
        f"{keras.backend.backend()}, Keras {keras.version()}: {folder.path}/",
        flush=True,
    )
    with interruptible(
        f"Interrupted. The same command resumes what is in {folder.path}/"
    ):
        samples = _train_all(job, folder)
        return _write(job, folder, samples)


def _train_all(job: Job, folder: Folder) -> pictures.Samples:
    """Trains what is not done yet. Returns images of the first seed."""
    samples: pictures.Samples = {}
    for seed in job.seeds:
        todo = [name for name in job.methods if not folder.done(name, seed)]
        # The figures are of the first seed.
        if not todo and samples:
            continue
        domains = _load(job, seed)
        folder.check_images(domains)
        if not samples:
            _check_layers(job, domains)  # those of all seeds are the same
            samples = pictures.samples(domains)
        for name in todo:
            run = Run(job, domains, name, seed, folder.run(name, seed))
            _train_alone(run, folder)
            folder.write_summary()
    return samples


def _train_alone(run: Run, folder: Folder) -> None:
    """Trains unless another process does so, or has done so."""
    folder.claim()
    with locked(run.folder / ".lock") as alone:
        if not alone:
            stop(
                f"--name: another process trains {run.title}, in "
                f"{folder.path}. Wait for it, or pass another --name, other "
                "--methods or another --seed"
            )
        if not folder.done(run.method, run.seed):
            _train(run, folder)


def _train(run: Run, folder: Folder) -> None:
    train = run.experiment.train or methods.TRAIN[run.method]
    after = METHODS[run.method].after
    if after is None:
        trained = train(run)
    else:
        trained = train(run, folder.model(after, run.seed))
    folder.write_run(run, trained)
    shutil.rmtree(run.folder / "checkpoint", ignore_errors=True)
    metrics = [{"method": run.method, **trained.metrics}]
    accuracy = comparison.cell(comparison.headline(metrics, run.method))
    print(
        f"{run.title}: target accuracy {accuracy}, {trained.seconds:.0f} s",
        flush=True,
    )


def _write(
    job: Job, folder: Folder, samples: pictures.Samples
) -> list[dict[str, Any]]:
    """Writes tables, figures and report of all that is in the folder."""
    metrics = folder.write_summary()
    figures = pictures.draw(job, folder, samples)
    rows, note = comparison.result(job, metrics)
    report.write(job, folder, rows, note, figures)
    print("\nAccuracy on the target's test images:\n")
    print(f"{markdown.table(rows)}\n")
    if note:
        print(f"{note}\n")
    print(f"Written to {folder.path}/")
    return metrics


def _load(job: Job, seed: int) -> Domains:
    """The data of a seed; without them the program ends with one line."""
    try:
        domains = job.experiment.load(job.options, job.settings, seed)
    except (ImportError, OSError, ValueError) as error:
        return stop(f"{job.experiment.name}: {error}")
    fewest = min(len(domains.source.x), len(domains.target.x))
    batch_size = job.settings.batch_size
    if fewest < batch_size // 2:
        stop(
            f"--batch-size: expected at most {2 * fewest}, twice the "
            f"{fewest} training images of a domain, received {batch_size}"
        )
    return domains


def _check_layers(job: Job, domains: Domains) -> None:
    """Ends the program if a layer is unknown, before hours of training."""
    if not job.options.layers:
        return
    network = job.experiment.network(job.settings, domains)
    known = [
        layer.name
        for part in (network.feature_extractor, network.label_predictor)
        for layer in part.layers
    ]
    unknown = [name for name in job.options.layers if name not in known]
    if unknown:
        stop(
            f"--layers: expected some of {', '.join(known)}, received "
            f"{', '.join(unknown)}"
        )
