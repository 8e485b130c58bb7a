"""Which images, networks and rows each figure shows."""

import types

import numpy as np
import pytest

from applications import mnist_to_mnist_m
from applications.runner import pictures
from applications.runner.job import Job
from applications.runner.names import METHODS
from applications.runner.results import Folder
from applications.runner.settings import Domains
from applications.runner.settings import Options
from applications.runner.settings import Split


def images(value, count=600):
    return np.full((count, 2, 2, 1), value, "uint8")


DOMAINS = Domains(
    Split(images(1), None, images(11), None),
    Split(images(2, 40), None, images(12), None),
)


@pytest.fixture
def shown(monkeypatch):
    """What each figure was given."""
    found = types.SimpleNamespace(examples={}, history=[], embedded={})

    monkeypatch.setattr(
        pictures.figures,
        "examples",
        lambda domains, path: found.examples.update(domains),
    )
    for name in ("errors", "training_curves"):
        monkeypatch.setattr(
            pictures.figures,
            name,
            lambda rows, methods, path, name=name: found.history.append(
                (name, [(row["method"], row["seed"]) for row in rows])
            ),
        )
    monkeypatch.setattr(
        pictures.figures,
        "embeddings",
        lambda each, path, title: found.embedded.update({path.stem: each}),
    )
    monkeypatch.setattr(
        pictures, "_outputs", lambda model, samples, layers: {"a b": model}
    )
    monkeypatch.setattr(Folder, "model", lambda self, *run: run)
    return found


def folder_with(tmp_path, *runs, **logs):
    for method, seed in runs:
        run = tmp_path / "runs" / f"{method}-{seed}"
        run.mkdir(parents=True)
        (run / "metrics.json").write_text(
            f'{{"method": "{method}", "seed": {seed}}}'
        )
        (run / "history.csv").write_text(
            f"method,seed,epoch,{','.join(logs)}\n"
            f"{method},{seed},1,{','.join(map(str, logs.values()))}\n"
        )
        (run / "model.keras").write_text(f"{method} {seed}")
    return Folder(tmp_path)


def draw(folder, domains=DOMAINS, seed=3):
    job = Job(mnist_to_mnist_m.EXPERIMENT, Options(seed=seed), None)
    drawn = pictures.draw(job, folder, pictures.samples(domains))
    return [path.relative_to(folder.path).as_posix() for _, path in drawn]


def test_samples_are_the_first_training_images():
    samples = pictures.samples(DOMAINS)
    assert {name: x.shape[0] for name, x in samples.items()} == {
        "source": pictures.EMBEDDED,
        "target": 40,
    }
    # Copies: the rest of the arrays need not stay in memory.
    assert all(x.base is None for x in samples.values())


def test_each_figure_shows_the_first_seed(tmp_path, shown):
    folder = folder_with(
        tmp_path,
        *(("source_only", 3), ("dann", 3), ("dann", 4), ("mmd", 3)),
        target_accuracy=0.5,
    )
    assert draw(folder) == [
        "figures/examples.png",
        "figures/training.png",
        "figures/features_a_b.png",
    ]
    source, target = shown.examples.values()
    assert list(shown.examples) == ["source: labeled", "target: unlabeled"]
    assert np.all(source == 1) and np.all(target == 2)
    assert len(source) == len(target) == pictures.SHOWN
    ((name, runs),) = shown.history
    assert name == "errors" and len(runs) == 4  # a mean of all seeds
    assert shown.embedded == {
        "features_a_b": {
            METHODS[name].title: (name, 3) for name in ("source_only", "dann")
        }
    }
    assert (tmp_path / "model.keras").read_text() == "dann 3"


def test_curves_of_validation_images_are_of_the_first_seed(tmp_path, shown):
    folder = folder_with(
        tmp_path, ("dann", 3), ("dann", 4), ("source_only", 3), val_accuracy=0.5
    )
    draw(folder)
    assert shown.history == [
        ("training_curves", [("source_only", 3), ("dann", 3)])
    ]


def test_features_are_no_images(tmp_path, shown):
    features = Domains(
        *(Split(np.zeros((40, 5)), None, None, None) for _ in range(2))
    )
    assert draw(folder_with(tmp_path), features) == []
    assert shown.examples == {} and not (tmp_path / "model.keras").exists()
