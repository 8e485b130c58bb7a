"""How each method trains the one network of an experiment."""

import dataclasses
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np

import keras_grl
from applications.progress import Progress
from applications.runner import measures
from applications.runner.names import METHODS
from applications.runner.settings import Domains
from applications.runner.settings import Experiment
from applications.runner.settings import Settings
from applications.runner.training import Batches
from applications.runner.training import Checkpoint
from applications.runner.training import TellEpoch

SVM_IMAGES = 10_000  # that a linear SVM and subspace alignment learn from


@dataclasses.dataclass(frozen=True)
class Task:
    """One network to be trained: a method and a seed."""

    experiment: Experiment
    settings: Settings
    domains: Domains
    method: str
    seed: int
    folder: Path  # for checkpoints


@dataclasses.dataclass(frozen=True)
class Trained:
    """What came out.

    Args:
        network: Has the weights.
        rows: The logs of every epoch.
        metrics: Accuracies.
        seconds: That training took.
    """

    network: keras.Model
    rows: list[dict[str, float]]
    metrics: dict[str, Any]
    seconds: float


def source_only(task: Task) -> Trained:
    """Source labels, no adaptation: what adaptation is to improve."""
    source = task.domains.source
    return _plain(task, "source", source.x, source.y)


def train_on_target(task: Task) -> Trained:
    """Target labels: the upper bound."""
    target = task.domains.target
    return _plain(task, "target", target.x, target.y)


def domain_statistics(task: Task) -> Trained:
    """Source labels, and batch statistics of each domain (Li et al., 2016).

    What of a network with batch normalisation is not owed to the domain loss.
    """
    return _paired(task, _network(task), 0.0)


def labelled_target_only(task: Task) -> Trained:
    """The few target samples that have labels, and nothing else."""
    return _plain(task, "target", *_labelled(task))


def source_and_labelled_target(task: Task) -> Trained:
    """Both, without adaptation."""
    # A paired model for the sake of its preprocessing of each domain; one
    # unlabelled sample in a batch, of no weight.
    return _paired(task, _network(task), 0.0, _labelled(task), unlabelled=1)


def dann(task: Task) -> Trained:
    """The paper's: source labels and unlabelled target samples."""
    network = _network(task)
    weight = task.settings.domain_loss_weight
    return _paired(task, network, weight)


def semi_supervised_dann(task: Task) -> Trained:
    """DANN with a third stream, of labelled target samples."""
    network = _network(task)
    weight = task.settings.domain_loss_weight
    return _paired(task, network, weight, _labelled(task))


def mmd(task: Task) -> Trained:
    """Maximum mean discrepancy with RBF kernels (Ghifary et al., 2014)."""
    return _discrepancy(task, "mmd", task.settings.mmd_weight)


def ddc(task: Task) -> Trained:
    """The distance of the domains' means (Tzeng et al., 2014)."""
    return _discrepancy(task, "mean", task.settings.ddc_weight)


def coral(task: Task) -> Trained:
    """The distance of the domains' covariances (Sun & Saenko, 2016)."""
    return _discrepancy(task, "coral", task.settings.coral_weight)


def subspace_alignment(task: Task, trained: Trained) -> Trained:
    """A linear SVM on aligned subspaces (Fernando et al., 2013)."""
    transformer = keras_grl.baselines.SubspaceAlignment(standardize=True)
    return _on_features(task, trained, transformer)


def gfk(task: Task, trained: Trained) -> Trained:
    """A linear SVM on the geodesic flow kernel (Gong et al., 2012)."""
    transformer = keras_grl.baselines.GeodesicFlowKernel(standardize=True)
    return _on_features(task, trained, transformer)


# By the names of `runner.names`.
TRAIN: dict[str, Callable[..., Trained]] = {
    each.__name__: each
    for each in (
        source_only,
        subspace_alignment,
        gfk,
        domain_statistics,
        ddc,
        mmd,
        coral,
        dann,
        train_on_target,
        labelled_target_only,
        source_and_labelled_target,
        semi_supervised_dann,
    )
}


def _network(task: Task, **kwargs: Any) -> keras_grl.DANNModel:
    """The untrained network: the same weights for every method."""
    keras.utils.set_random_seed(task.seed)
    return task.experiment.network(task.settings, task.domains, **kwargs)


def _optimizer(settings: Settings) -> keras.optimizers.Optimizer:
    rate: Any = settings.learning_rate
    if settings.annealing:
        rate = keras_grl.schedules.InverseDecay(settings.learning_rate)
    if settings.optimizer == "adam":
        return keras.optimizers.Adam(rate)
    return keras.optimizers.SGD(rate, momentum=0.9)


def _labelled(task: Task) -> tuple[Any, Any]:
    if task.domains.labelled is None:
        raise ValueError(f"{task.experiment.name} has no labelled target.")
    return task.domains.labelled


def _steps(task: Task) -> int:
    """Steps of an epoch, equal for all methods: the larger domain, once."""
    source, target = task.domains.source, task.domains.target
    larger = max(len(source.x), len(target.x))
    return max(larger // (task.settings.batch_size // 2), 1)


def _plain(task: Task, domain: str, x: Any, y: Any) -> Trained:
    """Trains the label path alone, on half a batch in every step."""
    # One domain is seen: no batch statistics of two.
    network = _network(task, batch_normalization="joint")
    preprocessing = getattr(network, f"{domain}_preprocessing")
    inputs = keras.Input(x.shape[1:])
    outputs = inputs if preprocessing is None else preprocessing(inputs)
    outputs = network.label_predictor(network.feature_extractor(outputs))
    classifier = keras.Model(inputs, outputs)
    classifier.compile(
        optimizer=_optimizer(task.settings),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    batches = Batches(
        x, y, task.settings.batch_size // 2, _steps(task), task.seed
    )
    before = [keras_grl.callbacks.LearningRateAnnealing(), TellEpoch(batches)]
    return _fit(task, classifier, network, batches, before, {domain: (x, y)})


def _discrepancy(task: Task, discrepancy: str, weight: float) -> Trained:
    """Of the last hidden layer: these methods were made for a late one."""
    network = _network(task)
    weighted = [
        layer.name
        for layer in getattr(network.label_predictor, "layers", [])
        if layer.weights
    ]
    # A label predictor of one layer sees the features themselves.
    at = weighted[-2] if len(weighted) > 1 else None
    network = keras_grl.baselines.DiscrepancyModel.from_model(
        network, discrepancy, at
    )
    return _paired(task, network, weight)


def _on_features(task: Task, trained: Trained, transformer: Any) -> Trained:
    """A linear SVM on what a transformer makes of the last hidden layer.

    Args:
        task: What is to be done.
        trained: The network of the method "source_only".
        transformer: Of `keras_grl.baselines`.
    """
    domains = task.domains
    hidden = measures.Hidden(trained.network)
    rows = keras_grl.baselines.sample_rows(domains.source.y, SVM_IMAGES)
    # The target's images are in random order, and have no labels to go by.
    source = hidden("source", domains.source.x[rows])
    target = hidden("target", domains.target.x[:SVM_IMAGES])
    test = hidden("target", domains.target.x_test)
    if not all(
        np.isfinite(each).all() and (each != each[0]).any()
        for each in (source, target, test)
    ):
        # "source only" has diverged, or all its hidden units are dead.
        nothing = {"selected": None, "oracle": None, "svm_accuracy": None}
        return Trained(trained.network, [], nothing, 0.0)
    print(f"{METHODS[task.method].title}: 2 to 60 components", flush=True)
    began = time.monotonic()
    choice = keras_grl.baselines.choose_components(
        source,
        domains.source.y[rows],
        target,
        test=(test, domains.target.y_test),
        transformer=transformer,
    )
    by_source, by_target = choice.by_cross_validation, choice.by_test_accuracy
    assert by_target is not None  # there is a test set
    metrics = {
        "selected": {
            "accuracy": choice.test_accuracy[by_source],
            "components": by_source,
        },
        "oracle": {
            "accuracy": choice.test_accuracy[by_target],
            "components": by_target,
        },
        # The paper's: a linear SVM, and the best number of components.
        "svm_accuracy": choice.test_accuracy[by_target],
    }
    seconds = time.monotonic() - began
    return Trained(trained.network, [], metrics, seconds)


def _paired(
    task: Task,
    network: Any,
    weight: float,
    labelled: Any = None,
    unlabelled: int | None = None,
) -> Trained:
    """Trains on both domains.

    Args:
        task: What is to be trained.
        network: A paired model.
        weight: Of its domain loss.
        labelled: Images and labels of the target, which take half of the
            target's place in a batch.
        unlabelled: Target samples in a batch without labels; by default what
            is left of the target's half.
    """
    network.compile(
        optimizer=_optimizer(task.settings),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        domain_loss_weight=weight,
    )
    source, target = task.domains.source, task.domains.target
    half = task.settings.batch_size // 2
    size = {"source": half, "target": unlabelled or half}
    if labelled is not None:
        size["labeled_target"] = max(half // 2, 1)
        size["target"] = unlabelled or max(half - size["labeled_target"], 1)
    dataset = keras_grl.pair(
        (source.x, source.y),
        target.x,
        labelled,
        batch_size=size,
        seed=task.seed,
    ).with_steps(_steps(task))
    learnt = {"source": (source.x, source.y)}
    if labelled is not None:
        learnt["target"] = labelled
    return _fit(task, network, network, dataset, [], learnt)


def _fit(
    task: Task,
    trained: keras.Model,
    network: keras.Model,
    dataset: Any,
    before: list[keras.callbacks.Callback],
    learnt: dict[str, tuple[Any, Any]],
) -> Trained:
    """Trains, goes on where a killed run was, and measures.

    Args:
        task: What is to be trained.
        trained: The model whose `fit` is called.
        network: The paired model that has its weights.
        dataset: For `fit`.
        before: Callbacks that come first.
        learnt: Domain to images and labels that the linear SVM learns from.
    """
    checkpoint = Checkpoint(task.folder)
    epochs = task.settings.epochs
    title = f"{METHODS[task.method].title}, seed {task.seed}"
    if checkpoint.epoch:
        print(f"{title}: goes on after epoch {checkpoint.epoch}", flush=True)
    measured = measures.Measures(network, task.domains)
    trained.fit(
        dataset,
        epochs=epochs,
        initial_epoch=checkpoint.epoch,
        # The datasets shuffle, by their seed; Keras would do so by the state of
        # Python's random numbers, which a run that goes on has not.
        shuffle=False,
        callbacks=[
            *before,
            measured,
            Progress(title, epochs),
            checkpoint,
        ],
        verbose=0,
    )
    metrics = measures.summary(checkpoint.rows)
    metrics["svm_accuracy"] = measures.svm_accuracy(
        measured.hidden, learnt, task.domains.target, SVM_IMAGES
    )
    return Trained(network, checkpoint.rows, metrics, checkpoint.seconds)
