"""The options, settings and data of experiments."""

import dataclasses
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any
from typing import TypeAlias

import numpy as np

from applications.options import check_seeds
from applications.options import count
from applications.options import folder
from applications.options import images
from applications.options import not_negative
from applications.options import one_of
from applications.options import option
from applications.options import output
from applications.options import path
from applications.options import positive
from applications.options import seed
from applications.options import stop
from applications.options import switch
from applications.options import words

if TYPE_CHECKING:
    import keras_grl
    from applications.runner.training import Trained


@dataclasses.dataclass(frozen=True)
class CommonOptions:
    """The options of all experiments: what to run, and where to write."""

    preset: str = option(
        "quick",
        "paper (the protocol to the letter), tuned (the best known without "
        "target labels) or quick (some minutes per method on two CPU cores).",
        str,
    )
    methods: tuple[str, ...] = option(
        (),
        "Some of the methods, separated by commas. The defaults stand above.",
        words,
    )
    seed: int = option(0, "The first seed.", seed)
    seeds: int = option(1, "How many seeds to run.", count)
    layers: tuple[str, ...] = option(
        (),
        "Layers whose outputs the t-SNE figures show, separated by commas. "
        "By default the feature extractor's last and the label predictor's "
        "last hidden one.",
        words,
    )
    output: str = option("results", "Folder that holds the results.", output)
    name: str | None = option(
        None,
        "Name of the run's folder. By default the preset and the backend.",
        folder,
    )

    def __post_init__(self) -> None:
        check_seeds(self.seed, self.seeds)

    def folders(self, experiment: str, backend: str) -> Iterator[Path]:
        """Where the results may go, the preferred folder first."""
        name = self.name or f"{self.preset}-{backend}"
        yield Path(self.output) / experiment / name


@dataclasses.dataclass(frozen=True)
class Options(CommonOptions):
    """The options of experiments on sets that must be prepared."""

    data_dir: str | None = option(
        None, "Folder of prepared sets. By default that of TFDS.", path
    )
    manual_dir: str | None = option(
        None, "Folder of archives that were downloaded by hand.", path
    )


@dataclasses.dataclass(frozen=True)
class CommonSettings:
    """How networks are trained: the values of a preset."""

    epochs: int = option(20, "Passes over the larger domain.", count)
    images: int = option(
        0,
        "The most training images to take of each domain; 0 for all.",
        images,
    )
    batch_size: int = option(
        128, "Images in a batch, half source, half target; even.", count
    )
    learning_rate: float = option(0.01, "The initial learning rate.", positive)
    gamma: float = option(
        10.0, "Steepness of the adaptation factor's ramp.", positive
    )
    domain_loss_weight: float = option(
        1.0, "Weight of DANN's domain loss in the sum.", not_negative
    )

    def __post_init__(self) -> None:
        if self.batch_size % 2:
            stop(
                "--batch-size: expected an even number, received "
                f"{self.batch_size}"
            )


@dataclasses.dataclass(frozen=True)
class Settings(CommonSettings):
    """The settings of experiments whose network can be chosen."""

    network: str = option(
        "paper",
        "The paper's network; with batch normalization a small or a deep one.",
        one_of("paper", "small", "deep"),
    )
    features: str = option(
        "dense",
        "Where the domain classifier of a small or deep network is attached: "
        "after its first dense layer, or after its convolutions.",
        one_of("dense", "convolutions"),
    )
    augmentation: str = option(
        "none",
        "Random changes of both domains' images: light (brightness, contrast, "
        "position), negative (these, and inverted images) or none. Not with "
        "the paper's network.",
        one_of("none", "light", "negative"),
    )
    normalization: str = option(
        "none",
        "Whether each channel of each image is scaled to mean 0 and standard "
        "deviation 1 first (image) or not (none). Not with the paper's "
        "network.",
        one_of("none", "image"),
    )
    optimizer: str = option(
        "sgd", "sgd (momentum 0.9) or adam.", one_of("sgd", "adam")
    )
    annealing: bool = option(
        True, "Whether the learning rate falls as in the paper.", switch
    )
    ddc_weight: float = option(
        0.25, "Weight of DDC's distance; 0.25 is its authors'.", not_negative
    )
    mmd_weight: float = option(1.0, "Weight of MMD's distance.", not_negative)
    coral_weight: float = option(
        1.0, "Weight of CORAL's distance.", not_negative
    )
    conditioning: str = option(
        "randomized",
        "What CDAN's domain classifier sees: 1,024 random products of features "
        "and predictions, or all (multilinear).",
        one_of("multilinear", "randomized"),
    )
    entropy_conditioning: bool = option(
        False, "Whether confident predictions have more weight in CDAN.", switch
    )
    # Of .1, .3 and 1 the best, or nearly, on average over eleven shifts, and
    # less harmful than 1 where these losses hurt: docs/selection.md.
    mcc_weight: float = option(
        0.3, "Weight of the minimum class confusion.", not_negative
    )
    bnm_weight: float = option(
        0.3, "Weight of the batch nuclear norm.", not_negative
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.network == "paper":
            self.expect_defaults(
                ("features", "augmentation", "normalization"),
                "--network paper",
            )

    def expect_defaults(self, names: tuple[str, ...], where: str) -> None:
        """Ends the program if settings that would be ignored were changed."""
        for name in names:
            value, only = getattr(self, name), getattr(Settings, name)
            if value != only:
                stop(
                    f"--{name}: expected {only} with {where}, received {value} "
                    f"(from the preset, if not from you). Pass --{name} {only}"
                )


@dataclasses.dataclass(frozen=True)
class SyntheticSettings(Settings):
    """The settings of experiments whose source is a synthetic set."""

    drawings: str = option(
        "1.0.0",
        "Version of the synthetic images: docs/datasets.md.",
        one_of("1.0.0", "2.0.0"),
    )


# `Settings`, or other `CommonSettings` with the fields that an experiment uses.
AnySettings: TypeAlias = Any


@dataclasses.dataclass(frozen=True)
class Split:
    """One domain: images of values 0 to 255, labels 0, 1, …."""

    x: np.ndarray
    y: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray

    def shuffled(self) -> "Split":
        """The training images in another order, always the same."""
        order = np.random.default_rng(0).permutation(len(self.x))
        return dataclasses.replace(self, x=self.x[order], y=self.y[order])

    def first(self, images: int) -> "Split":
        """With the first `images` training images; all if 0."""
        if not images:
            return self
        return dataclasses.replace(self, x=self.x[:images], y=self.y[:images])


@dataclasses.dataclass(frozen=True)
class Domains:
    """The data of one seed, to train on and to test with."""

    source: Split
    target: Split
    # Target samples with labels, for semi-supervised training.
    labeled: tuple[np.ndarray, np.ndarray] | None = None
    # Labeled target samples, to evaluate during training.
    validation: tuple[np.ndarray, np.ndarray] | None = None


# What `--network` chooses, in the words of a report.
NETWORKS = {
    "paper": "the paper's {architecture}",
    "small": "one of LeNet's size with batch normalization",
    "deep": "five 3x3 convolutions with batch normalization",
}


@dataclasses.dataclass(frozen=True)
class Experiment:
    """Two domains, a network for them, and the methods to compare.

    Args:
        name: Of its results' folder.
        title: "MNIST → MNIST-M".
        description: For `--help` and the report.
        load: Function of options, settings and seed that returns `Domains`.
        architecture: The paper's network, one of `keras_grl.architectures`.
        presets: Name to settings.
        methods: Names of the methods to run by default.
        more_methods: Names of those that run only if they are asked for.
        published: Method to its target accuracy in the paper, at ICML 2015.
        journal: The same in its journal version, JMLR 2016, whose bounds are
            others: the two must not be mixed.
        journal_share: DANN's share of the gap as the journal prints it, where
            it does not follow from its own accuracies.
        classes: Number of classes.
        build: Function of settings, `Domains` and further arguments of
            `DANNModel` that returns the untrained network; by default what
            `--network` chooses.
        train: Function of a `Run` that returns `Trained`; by default the
            method of that name in `runner.methods`.
        networks: Descriptions of what `--network` chooses.
        program: The module to start, if not the one of its name.
        files: Option to the name of a file that the results depend on.
        flags: Further flags that its program needs on the command line.
        table: Which table of `applications.tables` it belongs to, if any.
    """

    name: str
    title: str
    description: str
    load: Callable[[Any, Any, int], Domains]
    architecture: str
    presets: dict[str, Any]
    methods: tuple[str, ...]
    more_methods: tuple[str, ...] = ()
    published: dict[str, float] = dataclasses.field(default_factory=dict)
    journal: dict[str, float] = dataclasses.field(default_factory=dict)
    journal_share: str = ""
    classes: int = 10
    build: Callable[..., "keras_grl.DANNModel"] | None = None
    train: Callable[..., "Trained"] | None = None
    networks: dict[str, str] = dataclasses.field(
        default_factory=lambda: NETWORKS
    )
    program: str = ""
    files: dict[str, str] = dataclasses.field(default_factory=dict)
    flags: dict[str, str] = dataclasses.field(default_factory=dict)
    table: str | None = "table_1"

    @property
    def known_methods(self) -> tuple[str, ...]:
        """All methods, in the order in which they run."""
        return (*self.methods, *self.more_methods)

    @property
    def command(self) -> str:
        return f"python -m applications.{self.program or self.name}"

    def network_in_words(self, settings: AnySettings) -> str:
        words = self.networks[settings.network]
        return words.format(architecture=self.architecture)

    def network(
        self, settings: AnySettings, domains: Domains, **kwargs: Any
    ) -> "keras_grl.DANNModel":
        """The untrained `DANNModel`."""
        # Here and not above, for it imports Keras.
        from applications.runner import networks

        build = self.build or networks.of(self.architecture, self.classes)
        return build(settings, domains, **kwargs)
