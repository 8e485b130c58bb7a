"""What an experiment can be told: options, and the settings of a preset."""

import dataclasses
from collections.abc import Callable
from typing import Any

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


@dataclasses.dataclass(frozen=True)
class Options:
    """What is run, and where. The same for all experiments."""

    preset: str = option(
        "quick",
        "paper (the protocol to the letter), tuned (the best we know without "
        "target labels) or quick (some minutes a method on two CPU cores).",
        str,
    )
    methods: tuple[str, ...] = option(
        (), "Some of the methods, separated by commas. All if left out.", words
    )
    seed: int = option(0, "The first seed.", seed)
    seeds: int = option(1, "How many seeds to run.", count)
    layers: tuple[str, ...] = option(
        (),
        "Layers whose outputs the t-SNE figures show, separated by commas. "
        "The feature extractor's last and the label predictor's last hidden "
        "one if left out.",
        words,
    )
    data_dir: str | None = option(
        None, "Folder of prepared sets. TFDS's own if left out.", path
    )
    manual_dir: str | None = option(
        None, "Folder of archives that were downloaded by hand.", path
    )
    output: str = option("results", "Folder that holds the results.", output)
    name: str | None = option(
        None,
        "Name of the run's folder. The preset and the backend if left out.",
        folder,
    )

    def __post_init__(self) -> None:
        check_seeds(self.seed, self.seeds)


@dataclasses.dataclass(frozen=True)
class Settings:
    """How networks are trained. Each preset has its own."""

    epochs: int = option(20, "Passes over the larger domain.", count)
    images: int = option(
        0, "At most so many training images of each domain; 0 for all.", images
    )
    batch_size: int = option(
        128, "Images in a batch, half source, half target.", count
    )
    network: str = option(
        "paper",
        "The paper's network; with batch normalisation a small or a deep one.",
        one_of("paper", "small", "deep"),
    )
    features: str = option(
        "dense",
        "Behind which layer the domain classifier of a small or deep network "
        "is: its first dense one, or its convolutions.",
        one_of("dense", "convolutions"),
    )
    augmentation: str = option(
        "none",
        "Random changes of both domains' images: light (brightness, contrast, "
        "position), negative (these, and negatives) or none. Not with the "
        "paper's network.",
        one_of("none", "light", "negative"),
    )
    normalization: str = option(
        "none",
        "Whether each channel of each image gets mean 0 and standard deviation "
        "1 first (image) or not (none). Not with the paper's network.",
        one_of("none", "image"),
    )
    optimizer: str = option(
        "sgd", "sgd (momentum 0.9) or adam.", one_of("sgd", "adam")
    )
    learning_rate: float = option(0.01, "At the beginning.", positive)
    annealing: bool = option(
        True, "Whether the learning rate falls as in the paper.", switch
    )
    gamma: float = option(
        10.0, "Steepness of the adaptation factor's ramp.", positive
    )
    domain_loss_weight: float = option(
        1.0, "Weight of DANN's domain loss in the sum.", not_negative
    )
    ddc_weight: float = option(
        0.25, "Weight of DDC's distance; 0.25 is its authors'.", not_negative
    )
    mmd_weight: float = option(1.0, "Weight of MMD's distance.", not_negative)
    coral_weight: float = option(
        1.0, "Weight of CORAL's distance.", not_negative
    )

    def __post_init__(self) -> None:
        if self.batch_size % 2:
            stop(
                "--batch-size: expected an even number, received "
                f"{self.batch_size}"
            )
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
class Split:
    """One domain: images of values 0 to 255, labels 0, 1, …."""

    x: Any
    y: Any
    x_test: Any
    y_test: Any

    def shuffled(self) -> "Split":
        """The training images in another order, always the same."""
        order = np.random.default_rng(0).permutation(len(self.x))
        return dataclasses.replace(self, x=self.x[order], y=self.y[order])

    def first(self, images: int) -> "Split":
        """With at most so many training images; all if 0."""
        if not images:
            return self
        return dataclasses.replace(self, x=self.x[:images], y=self.y[:images])


@dataclasses.dataclass(frozen=True)
class Domains:
    """What one seed trains on and is measured on."""

    source: Split
    target: Split
    # Target samples with labels, for semi-supervised training.
    labelled: tuple[Any, Any] | None = None


# What `--network` chooses, as reports say it.
NETWORKS = {
    "paper": "the paper's {architecture}",
    "small": "one of LeNet's size with batch normalization",
    "deep": "five 3x3 convolutions with batch normalization",
}


@dataclasses.dataclass(frozen=True)
class Experiment:
    """One result of the paper.

    Args:
        name: Of its results' folder.
        title: "MNIST → MNIST-M".
        description: What `--help` and the report say.
        load: From options, settings and seed to `Domains`.
        architecture: The paper's network, one of `keras_grl.architectures`.
        presets: Name to settings.
        methods: Names of the methods, in the order of the table.
        published: Method to its target accuracy in the paper.
        classes: Number of classes.
        build: From settings, `Domains` and further arguments of `DANNModel`
            to the network, untrained; by default what `--network` chooses.
        networks: What `--network` chooses, in words.
        program: What starts it, if not a program of its name.
        files: Option to the name of a file that the results depend on.
        flags: What its program needs on the command line besides them.
    """

    name: str
    title: str
    description: str
    load: Callable[[Any, Settings, int], Domains]
    architecture: str
    presets: dict[str, Settings]
    methods: tuple[str, ...]
    published: dict[str, float]
    classes: int = 10
    build: Callable[..., Any] | None = None
    networks: dict[str, str] = dataclasses.field(
        default_factory=lambda: NETWORKS
    )
    program: str = ""
    files: dict[str, str] = dataclasses.field(default_factory=dict)
    flags: dict[str, str] = dataclasses.field(default_factory=dict)

    @property
    def command(self) -> str:
        return f"python -m applications.{self.program or self.name}"

    def network_in_words(self, settings: Settings) -> str:
        words = self.networks[settings.network]
        return words.format(architecture=self.architecture)

    def network(
        self, settings: Settings, domains: Domains, **kwargs: Any
    ) -> Any:
        """The untrained `DANNModel`."""
        # Here and not above, for it imports Keras.
        from applications.runner import networks

        build = self.build or networks.of(self.architecture, self.classes)
        return build(settings, domains, **kwargs)
