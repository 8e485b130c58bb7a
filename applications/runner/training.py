"""Trains one network; a killed run resumes where it was."""

import dataclasses
from collections.abc import Sequence
from typing import Any
from typing import TypeAlias

import keras
import numpy as np

import keras_grl
from applications.options import stop
from applications.progress import Progress
from applications.runner import measures
from applications.runner.job import Run

SVM_IMAGES = 10_000  # that a linear SVM and subspace alignment learn from
CHECKPOINT_SECONDS = 20.0  # between two checkpoints, at least


# `target_loss` and `target_loss_weight` of `compile`.
TargetLoss: TypeAlias = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Trained:
    """The result of training.

    Args:
        network: Has the weights.
        rows: The logs of every epoch.
        metrics: Accuracies.
        seconds: The time that training took.
    """

    network: keras.Model
    rows: list[dict[str, float]]
    metrics: dict[str, Any]
    seconds: float


class Batches(keras.utils.PyDataset):
    """Batches of labeled samples, the same in a resumed run.

    `keras_grl.pair` has such batches of two domains; this is its counterpart
    for a plain classifier.

    Args:
        x: Images.
        y: Labels.
        batch_size: Integer.
        steps: Batches in an epoch, which may be several passes.
        seed: Of the order, which changes in every epoch.
    """

    def __init__(
        self,
        x: np.ndarray,
        y: np.ndarray,
        batch_size: int,
        steps: int,
        seed: int,
    ):
        super().__init__()
        self._x, self._y = x, y
        self._batch_size = batch_size
        self._steps = steps
        self._seed = seed
        self._next_epoch = 0
        self._order = self._shuffled(0)

    def _shuffled(self, epoch: int) -> np.ndarray:
        random = np.random.default_rng((self._seed, epoch))
        passes = -(-self._steps * self._batch_size // len(self._x))
        return np.concatenate(
            [random.permutation(len(self._x)) for _ in range(passes)]
        )

    def set_epoch(
        self, epoch: int, logs: dict[str, float] | None = None
    ) -> None:
        """Sets the epoch that begins next. Also a callback's function."""
        self._next_epoch = epoch

    def on_epoch_begin(self) -> None:
        self._order = self._shuffled(self._next_epoch)
        self._next_epoch += 1

    @property
    def num_batches(self) -> int:
        return self._steps

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        start = index * self._batch_size
        rows = self._order[start : start + self._batch_size]
        return self._x[rows], self._y[rows]


def initial_network(run: Run, **kwargs: Any) -> keras_grl.DANNModel:
    """The untrained network: the same weights for every method."""
    keras.utils.set_random_seed(run.seed)
    return run.experiment.network(run.settings, run.domains, **kwargs)


def train_plain(run: Run, domain: str, x: np.ndarray, y: np.ndarray) -> Trained:
    """Trains only the label path, on half a batch in every step.

    Args:
        run: What to train.
        domain: Of the images.
        x: Images.
        y: Labels.
    """
    # One domain is seen: no batch statistics of two.
    network = initial_network(run, batch_normalization="joint")
    preprocessing = getattr(network, f"{domain}_preprocessing")
    inputs = keras.Input(x.shape[1:])
    outputs = inputs if preprocessing is None else preprocessing(inputs)
    outputs = network.label_predictor(network.feature_extractor(outputs))
    classifier = keras.Model(inputs, outputs)
    classifier.compile(**_compiled(run))
    batches = Batches(x, y, run.settings.batch_size // 2, _steps(run), run.seed)
    callbacks = [
        keras_grl.callbacks.LearningRateAnnealing(),
        keras.callbacks.LambdaCallback(on_epoch_begin=batches.set_epoch),
    ]
    learned = {domain: (x, y)}
    return _fit(run, network, classifier, batches, learned, callbacks)


def train_paired(
    run: Run,
    network: keras.Model,
    weight: float,
    labeled: tuple[np.ndarray, np.ndarray] | None = None,
    unlabeled: int | None = None,
    of_target: TargetLoss | None = None,
) -> Trained:
    """Trains on both domains.

    Args:
        run: What to train.
        network: A paired model.
        weight: Of its domain loss.
        labeled: Images and labels of the target, which take half of the
            target's place in a batch.
        unlabeled: Target samples in a batch without labels; by default what
            is left of the target's half.
        of_target: The loss of the target's predictions, and its weight.
    """
    network.compile(
        **_compiled(run), domain_loss_weight=weight, **(of_target or {})
    )
    source, target = run.domains.source, run.domains.target
    half = run.settings.batch_size // 2
    size = {"source": half, "target": unlabeled or half}
    learned = {"source": (source.x, source.y)}
    if labeled is not None:
        size["labeled_target"] = max(half // 2, 1)
        size["target"] = unlabeled or max(half - size["labeled_target"], 1)
        learned["target"] = labeled
    dataset = keras_grl.pair(
        (source.x, source.y),
        target.x,
        labeled,
        batch_size=size,
        seed=run.seed,
    ).with_steps(_steps(run))
    return _fit(run, network, network, dataset, learned)


def _compiled(run: Run) -> dict[str, Any]:
    """Arguments of `compile`."""
    settings = run.settings
    rate: Any = settings.learning_rate
    if settings.annealing:
        rate = keras_grl.schedules.InverseDecay(settings.learning_rate)
    if settings.optimizer == "adam":
        optimizer = keras.optimizers.Adam(rate)
    else:
        optimizer = keras.optimizers.SGD(rate, momentum=0.9)
    return {
        "optimizer": optimizer,
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy"],
    }


def _steps(run: Run) -> int:
    """Steps of an epoch, equal for all methods: the larger domain, once."""
    larger = max(len(run.domains.source.x), len(run.domains.target.x))
    return max(larger // (run.settings.batch_size // 2), 1)


def _fit(
    run: Run,
    network: keras.Model,
    model: keras.Model,
    dataset: keras.utils.PyDataset,
    learned: dict[str, tuple[np.ndarray, np.ndarray]],
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> Trained:
    """Trains, from the beginning or where a killed run was, and measures.

    Args:
        run: What to train.
        network: The paired model that has the weights.
        model: The model whose `fit` is called.
        dataset: For `fit`.
        learned: Domain to images and labels that the linear SVM learns from.
        callbacks: Those that come first.
    """
    checkpoint = keras_grl.callbacks.TrainingCheckpoint(
        run.folder / "checkpoint" / "training.npz",
        CHECKPOINT_SECONDS,
        # Only once the run is measured and written.
        delete_checkpoint=False,
    )
    measured = measures.Measures(network, run.domains)
    epochs = run.settings.epochs
    model.fit(
        dataset,
        epochs=epochs,
        initial_epoch=_initial_epoch(run, checkpoint),
        # `Batches` shuffles by its seed, and so does a paired dataset.
        shuffle=not isinstance(dataset, Batches),
        callbacks=[
            *callbacks,
            measured,
            Progress(run.title, epochs),
            checkpoint,
        ],
        verbose=0,
    )
    metrics = measures.summary(checkpoint.logs)
    metrics["svm_accuracy"] = measures.svm_accuracy(
        measured.hidden, learned, run.domains.target, SVM_IMAGES
    )
    return Trained(network, checkpoint.logs, metrics, checkpoint.seconds)


def _initial_epoch(
    run: Run, checkpoint: keras_grl.callbacks.TrainingCheckpoint
) -> int:
    """The epoch to begin with. Prints a line if it is not the first."""
    try:
        epoch = checkpoint.initial_epoch
    except ValueError as error:  # the file is damaged
        stop(" ".join(str(error).split()))
    if epoch:
        print(f"{run.title}: resumes after epoch {epoch}", flush=True)
    elif list((run.folder / "checkpoint").glob("epoch-*.json")):
        print(
            f"{run.title}: starts over, since its checkpoint was written by "
            "an earlier version",
            flush=True,
        )
    return epoch
