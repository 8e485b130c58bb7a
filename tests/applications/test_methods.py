"""What each method learns from: batches, weights, labels."""

import dataclasses
import types

import keras
import numpy as np
import pytest

import keras_grl
from applications import mnist_to_mnist_m
from applications.runner import measures
from applications.runner import methods
from applications.runner import training
from applications.runner.job import Job
from applications.runner.job import Run
from applications.runner.names import METHODS
from applications.runner.settings import Domains
from applications.runner.settings import Settings
from applications.runner.settings import Split


def images(value, count):
    return np.full((count, 2, 2, 1), value, "uint8")


# The value of a pixel, and the label, say where a sample is from.
SOURCE, TARGET, LABELED = 1, 2, 0
DOMAINS = Domains(
    Split(images(1, 40), np.full(40, 1), images(11, 3), np.full(3, 1)),
    Split(images(2, 90), np.full(90, 2), images(12, 3), np.full(3, 2)),
    labeled=(images(0, 9), np.full(9, 0)),
)
SETTINGS = Settings(
    batch_size=16,
    domain_loss_weight=0.5,
    mmd_weight=0.25,
    ddc_weight=0.125,
    coral_weight=2.0,
    mcc_weight=0.3,
    bnm_weight=0.6,
)


def network(settings, domains, **kwargs):
    """The smallest there is; its arguments are kept."""
    model = keras_grl.DANNModel(
        keras.Sequential([keras.Input((2, 2, 1)), keras.layers.Flatten()]),
        keras.Sequential(
            [
                keras.layers.Dense(4, activation="relu"),
                keras.layers.Dense(3, activation="softmax"),
            ]
        ),
        **kwargs,
    )
    model.build((None, 2, 2, 1))
    return model


@pytest.fixture
def trained(monkeypatch):
    """What a method hands over to be trained, and what it compiled."""

    def train(name, settings=SETTINGS, domains=DOMAINS):
        found, experiment = {}, mnist_to_mnist_m.EXPERIMENT
        experiment = dataclasses.replace(experiment, build=network)
        run = Run(Job(experiment, None, settings), domains, name, 0, None)

        def fit(run, network, model, dataset, learned, callbacks=()):
            found.update(
                model=model,
                network=network,
                dataset=dataset,
                learned=learned,
                callbacks=[type(each).__name__ for each in callbacks],
            )

        monkeypatch.setattr(training, "_fit", fit)
        methods.TRAIN[name](run)
        found["dataset"].on_epoch_begin()
        return types.SimpleNamespace(**found)

    return train


def counted(batch):
    """How many samples of which value."""
    values, counts = np.unique(
        keras.ops.convert_to_numpy(batch)[:, ..., 0].reshape(len(batch), -1)[
            :, 0
        ],
        return_counts=True,
    )
    return dict(zip(values.tolist(), counts.tolist(), strict=True))


def weight_of_domain_loss(network):
    return network.get_compile_config()["domain_loss_weight"]


def test_every_method_can_be_trained():
    assert set(methods.TRAIN) == set(METHODS)


@pytest.mark.parametrize(
    ("name", "domain", "value"),
    [
        ("source_only", "source", SOURCE),
        ("train_on_target", "target", TARGET),
        ("labeled_target_only", "target", LABELED),
    ],
)
def test_bounds_learn_from_one_domain(name, domain, value, trained):
    found = trained(name)
    x, y = found.dataset[0]
    # Half a batch, as DANN has of labeled samples; as many steps as it.
    assert counted(x) == {value: 8} and np.all(y == value)
    assert found.dataset.num_batches == 90 // 8
    ((learned, (x, y)),) = found.learned.items()
    assert learned == domain and np.all(x == value) and np.all(y == value)
    assert found.callbacks == ["LearningRateAnnealing", "LambdaCallback"]
    assert found.network.batch_normalization == "joint"


@pytest.mark.parametrize(
    ("name", "weight"),
    [
        ("domain_statistics", 0.0),
        ("ddc", 0.125),
        ("mmd", 0.25),
        ("coral", 2.0),
        ("dann", 0.5),
    ],
)
def test_methods_learn_from_both_domains(name, weight, trained):
    found = trained(name)
    x, y = found.dataset[0][:2]
    assert counted(x["source"]) == {SOURCE: 8}
    assert counted(x["target"]) == {TARGET: 8}
    assert np.all(keras.ops.convert_to_numpy(y) == SOURCE)
    assert len(found.dataset) == 90 // 8
    assert list(found.learned) == ["source"]
    assert np.all(found.learned["source"][1] == SOURCE)
    assert weight_of_domain_loss(found.network) == weight
    distance = type(getattr(found.network, "discrepancy", None)).__name__
    assert distance == {
        "ddc": "MeanDistance",
        "mmd": "MaximumMeanDiscrepancy",
        "coral": "Coral",
    }.get(name, "NoneType")


@pytest.mark.parametrize(
    ("name", "loss", "target_weight", "domain_weight"),
    [
        ("mcc", "MinimumClassConfusion", 0.3, None),
        ("bnm", "NuclearNorm", 0.6, None),
        ("dann_mcc", "MinimumClassConfusion", 0.3, 0.5),
        ("dann_bnm", "NuclearNorm", 0.6, 0.5),
    ],
)
def test_methods_with_a_loss_of_target_predictions(
    name, loss, target_weight, domain_weight, trained
):
    found = trained(name)
    x, _ = found.dataset[0][:2]
    assert counted(x["source"]) == {SOURCE: 8}
    assert counted(x["target"]) == {TARGET: 8}
    compiled = found.network.get_compile_config()
    assert compiled["target_loss"]["class_name"] == loss
    assert compiled["target_loss_weight"] == target_weight
    logs = found.network.test_on_batch(*found.dataset[0], return_dict=True)
    terms = target_weight * logs["target_loss"]
    if domain_weight is None:
        assert "domain_loss" not in logs
        assert not isinstance(found.network, keras_grl.DANNModel)
    else:
        terms += domain_weight * logs["domain_loss"]
    np.testing.assert_allclose(
        logs["loss"], logs["label_loss"] + terms, rtol=1e-5
    )


@pytest.mark.parametrize("conditioning", ["randomized", "multilinear"])
def test_cdan_conditions_its_domain_classifier(conditioning, trained):
    settings = dataclasses.replace(
        SETTINGS, conditioning=conditioning, entropy_conditioning=True
    )
    network = trained("cdan", settings).network
    assert weight_of_domain_loss(network) == 0.5
    config = network.get_config()
    assert config["conditioning"] == conditioning
    assert config["entropy_conditioning"] is True
    products = 1024 if conditioning == "randomized" else 4 * 3
    assert network.domain_classifier.input_shape == (None, products)


def test_a_network_without_domain_loss_starts_from_the_same_weights(trained):
    alone, with_dann = trained("mcc").network, trained("dann").network
    for one, other in (
        (alone.feature_extractor, with_dann.feature_extractor),
        (alone.label_predictor, with_dann.label_predictor),
    ):
        for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("name", "weight", "unlabeled"),
    [("source_and_labeled_target", 0.0, 1), ("semi_supervised_dann", 0.5, 4)],
)
def test_semi_supervised_batches(name, weight, unlabeled, trained):
    found = trained(name)
    x, y = found.dataset[0][:2]
    assert {stream: counted(each) for stream, each in x.items()} == {
        "source": {SOURCE: 8},
        "labeled_target": {LABELED: 4},
        "target": {TARGET: unlabeled},
    }
    labels = {k: keras.ops.convert_to_numpy(v).tolist() for k, v in y.items()}
    assert labels == {"source": [SOURCE] * 8, "labeled_target": [LABELED] * 4}
    assert weight_of_domain_loss(found.network) == weight
    # The linear SVM learns from all that has labels.
    values = {k: set(y.tolist()) for k, (_, y) in found.learned.items()}
    assert values == {"source": {SOURCE}, "target": {LABELED}}


def test_without_labeled_target_samples_there_is_nothing_to_learn(trained):
    domains = dataclasses.replace(DOMAINS, labeled=None)
    with pytest.raises(ValueError, match="has no labeled target"):
        trained("semi_supervised_dann", domains=domains)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_the_optimizer_is_the_settings(optimizer, trained):
    settings = Settings(
        batch_size=16, optimizer=optimizer, learning_rate=0.5, annealing=False
    )
    found = trained("dann", settings).model.optimizer
    assert type(found).__name__.lower() == optimizer
    assert float(found.learning_rate) == 0.5
    if optimizer == "sgd":
        assert found.momentum == 0.9


def test_all_methods_begin_with_the_same_weights(trained):
    weights = [
        [
            values
            for part in (found.feature_extractor, found.label_predictor)
            for values in part.get_weights()
        ]
        for name in ("source_only", "dann", "mmd", "train_on_target")
        for found in [trained(name).network]
    ]
    for other in weights[1:]:
        for first, second in zip(weights[0], other, strict=True):
            np.testing.assert_array_equal(first, second)


@pytest.fixture
def chosen(monkeypatch):
    """What the number of components is chosen by."""
    asked = {}

    def choose(x, y, target, test, transformer):
        asked.update(
            x=set(x.ravel().tolist()),
            y=set(y.tolist()),
            target=set(target.ravel().tolist()),
            test=(set(test[0].ravel().tolist()), set(test[1].tolist())),
            transformer=type(transformer).__name__,
        )
        return types.SimpleNamespace(
            by_cross_validation=3,
            by_test_accuracy=5,
            test_accuracy={3: 0.5, 5: 0.75},
        )

    monkeypatch.setattr(
        methods.keras_grl.baselines, "choose_components", choose
    )

    def signs(count):
        """Features that are all equal cannot be aligned."""
        return np.where(np.arange(count) % 2, 1, -1)[:, None]

    # Ten times the pixel, plus 100 for what the network takes for a target.
    monkeypatch.setattr(
        measures,
        "Hidden",
        lambda network: (
            lambda domain, x: (
                (10.0 * x[:, 0, 0] + 100 * (domain == "target")) * signs(len(x))
            )
        ),
    )
    return asked


@pytest.mark.parametrize(
    ("name", "transformer"),
    [
        ("subspace_alignment", "SubspaceAlignment"),
        ("gfk", "GeodesicFlowKernel"),
    ],
)
def test_subspaces_are_chosen_on_the_source(name, transformer, chosen):
    run = Run(Job(None, None, SETTINGS), DOMAINS, name, 0, None)
    found = methods.TRAIN[name](run, None)
    assert found.metrics == {
        "selected": {"accuracy": 0.5, "components": 3},
        "oracle": {"accuracy": 0.75, "components": 5},
        "svm_accuracy": 0.75,
    }
    assert found.rows == []
    assert chosen == {
        "x": {10.0, -10.0},
        "y": {SOURCE},
        "target": {120.0, -120.0},
        "test": ({220.0, -220.0}, {TARGET}),
        "transformer": transformer,
    }


def test_of_features_that_are_all_equal_there_are_no_subspaces(monkeypatch):
    monkeypatch.setattr(
        measures, "Hidden", lambda network: lambda domain, x: np.ones((4, 2))
    )
    run = Run(Job(None, None, SETTINGS), DOMAINS, "gfk", 0, None)
    found = methods.gfk(run, None)
    assert found.metrics == {
        "selected": None,
        "oracle": None,
        "svm_accuracy": None,
    }
