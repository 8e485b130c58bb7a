"""adapt: two domains in, a chosen model out."""

import time
from collections.abc import Callable
from collections.abc import Sequence

import keras

from keras_grl.adapting import arguments
from keras_grl.adapting import domains as reading
from keras_grl.adapting import settings
from keras_grl.adapting import splitting
from keras_grl.adapting.budget import FINALISTS
from keras_grl.adapting.budget import Plan
from keras_grl.adapting.budget import few_steps
from keras_grl.adapting.budget import planned
from keras_grl.adapting.candidates import REFERENCE
from keras_grl.adapting.progress import Progress
from keras_grl.adapting.result import Adaptation
from keras_grl.adapting.result import NoModelError
from keras_grl.adapting.splitting import ModelLike
from keras_grl.adapting.splitting import Network
from keras_grl.adapting.summary import domain_distance
from keras_grl.adapting.summary import embedding
from keras_grl.adapting.summary import few_classes
from keras_grl.adapting.summary import model_digest
from keras_grl.adapting.summary import wrong_scales
from keras_grl.adapting.training import Trained
from keras_grl.adapting.training import Trainer
from keras_grl.selection import Selection
from keras_grl.selection import select
from keras_grl.selection.vetoes import same_run
from keras_grl.types import JSON
from keras_grl.types import Array
from keras_grl.types import Data
from keras_grl.types import PathLike
from keras_grl.validation import check_boolean
from keras_grl.validation import check_integer
from keras_grl.validation import check_number
from keras_grl.version import __version__


def adapt(
    model: ModelLike,
    source: Data,
    target: Data,
    *,
    minutes: float | None = None,
    max_candidates: int | None = None,
    steps: int | None = None,
    methods: Sequence[str] | None = None,
    batch_size: int = 64,
    learning_rate: float = 1e-3,
    seed: int = 0,
    directory: PathLike | None = None,
    resume: bool = False,
    verbose: int = 1,
    on_progress: Callable[[dict[str, JSON]], None] | None = None,
) -> Adaptation:
    """Trains a classifier in several ways, and chooses without target labels.

    Source only and a few ways to adapt are trained; source only and the best
    ones get a second run, with another seed; `keras_grl.select` chooses. It
    keeps source only unless a candidate is clearly better, and is wrong in some
    cases: docs/selection.md has the figures.

    It sets the random seeds, as `keras.utils.set_random_seed` does.

    Args:
        model: A function of no arguments that returns a Keras classifier, or
            a Keras classifier, from whose weights every run starts; it is not
            changed. Functional or Sequential; its last layer with weights is
            a `Dense`, whose inputs are adapted, and it ends in probabilities.
            Builders of `keras_grl.architectures` are such functions.
        source: `(x, y)` or `(x, y, sample_weight)`: arrays, or a finite dataset
            of such batches, which is read into memory. Labels are integers
            from 0, or one-hot rows.
        target: `x`: arrays or a finite dataset, without labels.
        minutes: Float, the time for all training. The steps that fit are
            measured, at most 10,000 per run, so the result depends on the
            machine. Defaults to 10 without `steps`.
        max_candidates: Integer, the maximum number of candidates trained,
            including source only; at least 2.
        steps: Integer, the training steps of each run. The result depends on
            the seed alone, on one machine and backend.
        methods: Names of candidates: "mcc", "dann_mcc", "bnm", "dann", "cdan"
            or "dann_bnm". Defaults to the first four. "source_only" is always
            included.
        batch_size: Integer, the samples of each domain in a batch.
        learning_rate: Float, of Adam.
        seed: Integer. The second runs have the next one.
        directory: Folder where each run is saved as soon as it ends.
        resume: Boolean, whether runs that ended in `directory` are loaded. A
            run that was interrupted starts again.
        verbose: 0, or 1 to print a line for each run.
        on_progress: Function that is called after each run with a dict:
            "candidate", "seed", "seconds", "resumed", "run" (its number),
            "runs" (the most that may follow and have been) and "seconds_left"
            (an estimate).

    Returns:
        An `Adaptation`: `model`, `choice`, `reason`, `table`, `warnings`,
        `predictions` and more.

    Raises:
        ValueError: If an argument is invalid, or every candidate fails (a
            `NoModelError`).

    Example:

    >>> random = np.random.default_rng(0)
    >>> y = random.integers(0, 3, 96)
    >>> x = np.eye(3)[y] + 0.1 * random.normal(size=(96, 3))
    >>> def classifier():
    ...     return keras.Sequential([
    ...         keras.Input((3,)),
    ...         keras.layers.Dense(8, activation="relu"),
    ...         keras.layers.Dense(3, activation="softmax"),
    ...     ])
    >>> result = keras_grl.adapt(
    ...     classifier, (x, y), x + 0.2, steps=5, methods=["mcc"], verbose=0
    ... )
    >>> result.choice in ("source_only", "mcc"), result.predictions.shape
    (True, (96, 3))
    """
    began = time.monotonic()
    names = arguments.names(methods, max_candidates)
    minutes, steps = arguments.budget(minutes, steps)
    batch_size = check_integer("batch_size", batch_size)
    learning_rate = check_number("learning_rate", learning_rate, above=0.0)
    seed = arguments.checked_seed(seed)
    check_boolean("resume", resume)
    check_integer("verbose", verbose, minimum=0)
    arguments.check_function("on_progress", on_progress)
    samples = reading.read(source, target, batch_size)
    keras.utils.set_random_seed(seed)
    network = splitting.build(model, samples.source[0])
    digest = model_digest(network.classifier)
    classes = splitting.check(network, samples.source[0])
    samples = samples.with_classes(classes)
    asked: dict[str, JSON] = {
        "minutes": minutes,
        "steps": steps,
        "methods": list(names),
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "seed": seed,
        "backend": keras.backend.backend(),
        "source_samples": samples.sizes[0],
        "target_samples": samples.sizes[1],
        "data": samples.digest(),
        "model": digest,
    }
    with settings.prepared(directory, resume, asked) as (folder, before):
        trainer = Trainer(
            model,
            network.classifier,
            samples,
            batch_size,
            learning_rate,
            folder,
        )
        if before is not None:
            plan = Plan(*before)
        elif steps is not None:
            plan = Plan(len(names), steps, 2)
        else:
            assert minutes is not None
            costs = trainer.measured(names)
            left = 60 * minutes - (time.monotonic() - began)
            plan = planned(len(names), left, *costs)
        if folder is not None and before is None:
            settings.write(folder, asked, list(plan))
        notes = wrong_scales(network, samples, batch_size)
        notes += few_steps(plan, minutes)
        progress = Progress(plan, verbose, on_progress, notes)
        return _run(trainer, names, plan, asked, progress, notes)


def _run(
    trainer: Trainer,
    names: tuple[str, ...],
    plan: Plan,
    asked: dict[str, JSON],
    progress: Progress,
    notes: list[str],
) -> Adaptation:
    """Trains the candidates, and the best ones again; chooses."""
    seed = asked["seed"]
    runs: dict[str, list[Trained]] = {}

    def train(name: str, seed: int) -> None:
        trained = trainer.run(name, seed, plan.steps)
        runs.setdefault(name, []).append(trained)
        progress.ended(trained)

    for name in names[: plan.candidates]:
        train(name, seed)
    first = final = _select(runs, notes)
    finalists = _finalists(first)
    if plan.runs_each == 2 and len(finalists) > 1:
        for name in finalists:
            train(name, seed + 1)
        # Others have one run, and all candidates must have the same number.
        final = _final({name: runs[name] for name in finalists}, first, notes)
    asked |= {
        "steps": plan.steps,
        "candidates": list(runs),
        "runs_each": plan.runs_each,
        "classes": runs[REFERENCE][0].probabilities.shape[1],
        "keras": keras.version(),
        "keras_grl": __version__,
    }
    return _result(trainer, runs, first, final, asked, notes)


def _select(runs: dict[str, list[Trained]], notes: list[str]) -> Selection:
    probabilities = {
        name: [run.probabilities for run in each] for name, each in runs.items()
    }
    try:
        return select(probabilities, None, reference=REFERENCE)
    except ValueError as error:
        hints = notes or [
            "Train longer, lower the `learning_rate`, or scale the inputs: "
            "about -1 to 1."
        ]
        raise NoModelError(
            "\n".join([f"No model can be kept. {error}", *hints])
        ) from error


def _finalists(first: Selection) -> list[str]:
    """Source only, and the best others by the scores of their single run."""
    others = [
        name
        for name in first.scores
        if name != REFERENCE and name not in first.vetoed
    ]

    def score(name: str) -> float:
        values = first.scores[name]
        best = values["bnm"] if values["ensv"] is None else values["ensv"]
        return best or 0.0

    others.sort(key=score, reverse=True)
    return [REFERENCE, *others[:FINALISTS]]


def _final(
    runs: dict[str, list[Trained]], first: Selection, notes: list[str]
) -> Selection:
    for each in runs.values():
        one, other = (run.probabilities for run in each)
        if same_run(one, other):
            # `select` refuses equal runs: they would agree with themselves.
            return first
    return _select(runs, notes)


def _result(
    trainer: Trainer,
    runs: dict[str, list[Trained]],
    first: Selection,
    final: Selection,
    asked: dict[str, JSON],
    notes: list[str],
) -> Adaptation:
    chosen = runs[final.choice][final.run]
    # If source only is kept, that run: nothing differs from it.
    reference = chosen if final.choice == REFERENCE else runs[REFERENCE][0]
    networks = [trainer.trained_network(run) for run in (reference, chosen)]

    def features(network: Network, run: Trained) -> dict[str, Array]:
        return embedding(network, trainer.domains, run.probabilities)

    before = features(networks[0], reference)
    after = before if chosen is reference else features(networks[1], chosen)
    figures = [run.figures for each in runs.values() for run in each]
    return Adaptation(
        model=networks[1].classifier,
        reference_model=networks[0].classifier,
        selection=final,
        first_selection=first,
        domains=domain_distance(before, asked["seed"]),
        predictions=chosen.probabilities,
        reference_predictions=reference.probabilities,
        embedding={"before": before, "after": after},
        runs=figures,
        warnings=[
            *notes,
            *few_classes(trainer.domains.source[1], reference.probabilities),
            *(
                f"{run['candidate']}, seed {run['seed']}: {text}"
                for run in figures
                for text in run["warnings"]
            ),
        ],
        settings=asked,
    )
