"""How each method trains the one network of an experiment.

Functions of a `Run` that return `Trained`; those of methods that take the
trained network of another one are functions of that network, too.
"""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import keras
import numpy as np

import keras_grl
from applications.runner import measures
from applications.runner.job import Run
from applications.runner.training import SVM_IMAGES
from applications.runner.training import TargetLoss
from applications.runner.training import Trained
from applications.runner.training import initial_network
from applications.runner.training import train_paired
from applications.runner.training import train_plain

if TYPE_CHECKING:
    from keras_grl.baselines import GeodesicFlowKernel
    from keras_grl.baselines import SubspaceAlignment


def source_only(run: Run) -> Trained:
    """Source labels, no adaptation: the lower bound."""
    source = run.domains.source
    return train_plain(run, "source", source.x, source.y)


def train_on_target(run: Run) -> Trained:
    """Target labels: the upper bound."""
    target = run.domains.target
    return train_plain(run, "target", target.x, target.y)


def domain_statistics(run: Run) -> Trained:
    """Source labels, and batch statistics per domain (Li et al., 2016).

    The part of a gain that batch normalization explains, not the domain loss.
    """
    return train_paired(run, initial_network(run), 0.0)


def labeled_target_only(run: Run) -> Trained:
    """The few target samples that have labels, and nothing else."""
    return train_plain(run, "target", *_labeled(run))


def source_and_labeled_target(run: Run) -> Trained:
    """Both, without adaptation."""
    # A paired model for the sake of its preprocessing per domain; one
    # unlabeled sample in a batch, of no weight.
    network = initial_network(run)
    return train_paired(run, network, 0.0, _labeled(run), unlabeled=1)


def dann(run: Run) -> Trained:
    """The paper's: source labels and unlabeled target samples."""
    weight = run.settings.domain_loss_weight
    return train_paired(run, initial_network(run), weight)


def semi_supervised_dann(run: Run) -> Trained:
    """DANN with a third stream, of labeled target samples."""
    weight = run.settings.domain_loss_weight
    return train_paired(run, initial_network(run), weight, _labeled(run))


def mmd(run: Run) -> Trained:
    """Maximum mean discrepancy with RBF kernels (Ghifary et al., 2014)."""
    return _discrepancy(run, "mmd", run.settings.mmd_weight)


def ddc(run: Run) -> Trained:
    """The distance of the domains' means (Tzeng et al., 2014)."""
    return _discrepancy(run, "mean", run.settings.ddc_weight)


def coral(run: Run) -> Trained:
    """The distance of the domains' covariances (Sun & Saenko, 2016)."""
    return _discrepancy(run, "coral", run.settings.coral_weight)


def mcc(run: Run) -> Trained:
    """Minimum class confusion on the target alone (Jin et al., 2020)."""
    return train_paired(
        run, _without_domain_loss(run), 0.0, of_target=_mcc(run)
    )


def bnm(run: Run) -> Trained:
    """Batch nuclear-norm maximization on the target (Cui et al., 2020)."""
    return train_paired(
        run, _without_domain_loss(run), 0.0, of_target=_bnm(run)
    )


def dann_mcc(run: Run) -> Trained:
    """DANN, and minimum class confusion."""
    weight = run.settings.domain_loss_weight
    return train_paired(run, initial_network(run), weight, of_target=_mcc(run))


def dann_bnm(run: Run) -> Trained:
    """DANN, and batch nuclear-norm maximization."""
    weight = run.settings.domain_loss_weight
    return train_paired(run, initial_network(run), weight, of_target=_bnm(run))


def cdan(run: Run) -> Trained:
    """DANN whose classifier sees the predictions too (Long et al., 2018)."""
    settings = run.settings
    network = initial_network(
        run,
        conditioning=settings.conditioning,
        entropy_conditioning=settings.entropy_conditioning,
    )
    return train_paired(run, network, settings.domain_loss_weight)


def subspace_alignment(run: Run, network: keras.Model) -> Trained:
    """A linear SVM on aligned subspaces (Fernando et al., 2013)."""
    transformer = keras_grl.baselines.SubspaceAlignment(standardize=True)
    return _on_features(run, network, transformer)


def gfk(run: Run, network: keras.Model) -> Trained:
    """A linear SVM on the geodesic flow kernel (Gong et al., 2012)."""
    transformer = keras_grl.baselines.GeodesicFlowKernel(standardize=True)
    return _on_features(run, network, transformer)


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
        bnm,
        mcc,
        dann,
        dann_bnm,
        dann_mcc,
        cdan,
        train_on_target,
        labeled_target_only,
        source_and_labeled_target,
        semi_supervised_dann,
    )
}


def _labeled(run: Run) -> tuple[np.ndarray, np.ndarray]:
    if run.domains.labeled is None:
        raise ValueError(f"{run.experiment.name} has no labeled target.")
    return run.domains.labeled


def _mcc(run: Run) -> TargetLoss:
    loss = keras_grl.losses.MinimumClassConfusion()
    return {"target_loss": loss, "target_loss_weight": run.settings.mcc_weight}


def _bnm(run: Run) -> TargetLoss:
    loss = keras_grl.losses.NuclearNorm()
    return {"target_loss": loss, "target_loss_weight": run.settings.bnm_weight}


def _without_domain_loss(run: Run) -> keras_grl.AdaptationModel:
    """The network without its domain classifier."""
    network = initial_network(run)
    model = keras_grl.AdaptationModel(
        network.feature_extractor,
        network.label_predictor,
        preprocessing={
            "source": network.source_preprocessing,
            "target": network.target_preprocessing,
        },
        batch_normalization=network.batch_normalization,
    )
    if not model.built:
        model.build_from_config(network.get_build_config())
    return model


def _discrepancy(run: Run, discrepancy: str, weight: float) -> Trained:
    """Trains with a distance of the last hidden layer: a late one."""
    network = initial_network(run)
    weighted = [
        layer.name
        for layer in getattr(network.label_predictor, "layers", [])
        if layer.weights
    ]
    # The input of a label predictor of one layer is the features.
    at = weighted[-2] if len(weighted) > 1 else None
    network = keras_grl.baselines.DiscrepancyModel.from_model(
        network, discrepancy, at
    )
    return train_paired(run, network, weight)


def _on_features(
    run: Run,
    network: keras.Model,
    transformer: "SubspaceAlignment | GeodesicFlowKernel",
) -> Trained:
    """A linear SVM on transformed features of the last hidden layer.

    Args:
        run: What to train.
        network: That of the method "source_only", trained.
        transformer: Of `keras_grl.baselines`.
    """
    domains = run.domains
    hidden = measures.Hidden(network)
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
        return Trained(network, [], nothing, 0.0)
    print(f"{run.title}: 2 to 60 components", flush=True)
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
        # As in the paper: a linear SVM, and the best number of components.
        "svm_accuracy": choice.test_accuracy[by_target],
    }
    seconds = time.monotonic() - began
    return Trained(network, [], metrics, seconds)
