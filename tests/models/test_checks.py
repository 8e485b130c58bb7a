"""What `fit` and `evaluate` refuse or accept before the first step."""

import keras
import numpy as np
import pytest
from keras import layers
from keras import ops

import keras_grl
from keras_grl import DANNModel
from keras_grl.models import sharing
from tests import paired_data
from tests.testing import EAGERLY_ON_TENSORFLOW
from tests.testing import fresh
from tests.testing import small_classifier
from tests.testing import small_data
from tests.testing import small_domain_classifier
from tests.testing import small_extractor
from tests.testing import to_numpy

SPARSE = "sparse_categorical_crossentropy"
X_SOURCE, Y_SOURCE, X_TARGET = small_data(source=12, target=12)


class Subclassed(keras.Model):
    """Has weights only after its first batch."""

    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(4, activation="tanh")

    def call(self, x, training=False):
        return self.dense(x)


def model_of(
    extractor=None, loss=SPARSE, predictor=None, cls=DANNModel, **kwargs
):
    model = cls(
        extractor or small_extractor(),
        predictor or small_classifier(),
        small_domain_classifier(),
        adaptation_factor=0.5,
    )
    model.compile("sgd", loss, metrics=["accuracy"], **kwargs)
    return model


def pairs(x=X_SOURCE, y=Y_SOURCE, **kwargs):
    return keras_grl.pair((x, y), X_TARGET, batch_size=12, **kwargs)


def values(model):
    return [to_numpy(v) for v in model.weights]


def refused(model, words, x, y=None, **kwargs):
    """`fit` raises such an error, and has not changed a weight."""
    built, before = model.built, values(model)
    with pytest.raises(ValueError, match=f"(?s){words}"):
        model.fit(x, y, epochs=2, verbose=0, **kwargs)
    if built:
        for got, want in zip(values(model), before, strict=True):
            np.testing.assert_array_equal(got, want)


# Labels.


@pytest.mark.parametrize("extractor", [small_extractor, Subclassed])
@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (Y_SOURCE + 1, "labels of the source stream.*0 to 2.*such as 3"),
        (np.where(Y_SOURCE == 0, np.nan, Y_SOURCE), "finite"),
        (np.array(["cat", "dog", "fox"])[Y_SOURCE], "strings.*'"),
    ],
    ids=["range", "nan", "strings"],
)
def test_labels_of_arrays(extractor, labels, words):
    if labels.dtype.kind != "U":  # `pair` itself refuses those.
        refused(model_of(extractor()), words, pairs(y=labels))
    x = {"source": X_SOURCE, "target": X_TARGET}
    refused(model_of(extractor()), words, x, labels)


def test_labels_of_the_labeled_target():
    data = keras_grl.pair(
        (X_SOURCE, Y_SOURCE),
        X_TARGET,
        (X_TARGET, Y_SOURCE + 1),
        batch_size=12,
    )
    refused(model_of(), "labeled_target stream.*such as 3", data)


def test_labels_of_a_dataset():
    dataset = paired_data.Batches(X_SOURCE, Y_SOURCE + 1, batch=6)
    data = keras_grl.pair(dataset, X_TARGET, batch_size=6)
    refused(model_of(), "source stream.*such as 3", data)


def test_labels_that_are_right_train():
    logs = [
        model.fit(pairs(y=y), verbose=0).history["label_loss"]
        for model, y in (
            (fresh(model_of), Y_SOURCE),
            (model_of(**EAGERLY_ON_TENSORFLOW), Y_SOURCE[:, None]),
            (
                model_of(
                    loss=keras.losses.SparseCategoricalCrossentropy(
                        ignore_class=255
                    ),
                    **EAGERLY_ON_TENSORFLOW,
                ),
                np.where(Y_SOURCE == 0, 255, Y_SOURCE),
            ),
            (
                model_of(
                    loss="categorical_crossentropy", **EAGERLY_ON_TENSORFLOW
                ),
                np.full((12, 3), 1 / 3),
            ),
        )
    ]
    assert np.isfinite(logs).all()


@pytest.mark.parametrize("loss", [SPARSE, "SparseCategoricalCrossentropy"])
def test_labels_of_evaluate(loss):
    model = model_of(loss=loss)
    with pytest.raises(ValueError, match="such as 3"):
        model.evaluate(X_SOURCE, Y_SOURCE + 1, verbose=0)
    with pytest.raises(ValueError, match="such as 3"):
        model.evaluate(pairs(y=Y_SOURCE + 1), verbose=0)


# Losses.


class OwnLoss(DANNModel):
    """Needs no loss in `compile`, nor labels in `evaluate`."""

    def compute_loss(self, x, y, y_pred, sample_weight=None, training=True):
        outputs = y_pred.values() if isinstance(y_pred, dict) else [y_pred]
        return sum(ops.mean(ops.square(each)) for each in outputs)


def test_no_loss():
    x = {"source": X_SOURCE, "target": X_TARGET}
    refused(model_of(loss=None), "compiled without a loss", pairs())
    with pytest.raises(ValueError, match=r"(?i)without a loss|`loss` argument"):
        model_of(loss=None).train_on_batch(x, Y_SOURCE)


def test_labels_of_one_batch():
    x = {"source": X_SOURCE, "target": X_TARGET}
    model = model_of()
    for wrong in (3, -1, 255, np.nan):
        labels = Y_SOURCE.astype("float32")
        labels[0] = wrong
        for call in (model.train_on_batch, model.test_on_batch):
            with pytest.raises(ValueError, match="labels of the source stream"):
                call(x, labels)
        with pytest.raises(ValueError, match=r"(?i)labels"):
            model.test_on_batch(X_SOURCE, labels)
    assert np.isfinite(model.train_on_batch(x, Y_SOURCE)).all()


def test_validation_pairs_that_the_devices_do_not_divide(monkeypatch):
    """Two devices, which no backend has by default."""
    monkeypatch.setattr(sharing, "num_devices", lambda model: 2)
    odd = keras_grl.pair((X_SOURCE, Y_SOURCE), X_TARGET, batch_size=(4, 3))
    refused(model_of(), "2 devices", pairs(), validation_data=odd)


def test_a_regularized_model_without_loss():
    """Keras would train on the regularization loss, without labels."""
    predictor = layers.Dense(3, kernel_regularizer="l2")
    refused(
        model_of(loss=None, predictor=predictor),
        "compiled without a loss",
        pairs(),
    )


def test_a_subclass_with_its_own_loss():
    model = OwnLoss(
        small_extractor(), small_classifier(), small_domain_classifier()
    )
    model.compile("sgd")
    model.fit(pairs(), validation_data=X_TARGET, verbose=0)
    model.evaluate(X_TARGET, verbose=0)


@pytest.mark.parametrize("extractor", [small_extractor, Subclassed])
@pytest.mark.parametrize(
    "loss", [{"label": SPARSE}, {"label": SPARSE, "domain": "mse"}]
)
def test_a_loss_for_each_output_of_a_call(extractor, loss):
    words = rf"(?s)keys {sorted(loss)}".replace("[", r"\[")
    with pytest.raises(ValueError, match=f"{words}.*loss='{SPARSE}'"):
        model_of(extractor(), loss=loss)


def test_label_predictor_with_output_names_of_the_model():
    """Their losses would be logged as `label_loss` and `domain_loss`."""
    features = keras.Input((4,))
    predictor = keras.Model(
        features,
        {
            "label": layers.Dense(3, "softmax")(features),
            "domain": layers.Dense(1)(features),
        },
    )
    model = DANNModel(
        small_extractor(),
        predictor,
        small_domain_classifier(),
        adaptation_factor=0.5,
    )
    model.compile("sgd", {"label": SPARSE, "domain": "mse"})
    labels = {"label": Y_SOURCE, "domain": X_SOURCE[:, :1]}
    refused(model, "label_loss.*twice|domain_loss.*twice", pairs(y=labels))


def test_labels_of_several_outputs():
    features = keras.Input((4,))
    predictor = keras.Model(
        features,
        {
            "shape": layers.Dense(3, "softmax")(features),
            "size": layers.Dense(1)(features),
        },
    )
    model = DANNModel(
        small_extractor(),
        predictor,
        small_domain_classifier(),
        adaptation_factor=0.5,
    )
    model.compile("sgd", {"shape": SPARSE, "size": "mse"})
    labels = {"shape": Y_SOURCE, "size": X_SOURCE[:, :1]}
    model.fit(pairs(y=labels), verbose=0)
    labels["shape"] = Y_SOURCE + 1
    refused(model, r"stream\['shape'\] must.*such as 3", pairs(y=labels))


# Validation data.


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (X_TARGET, "validation_data.*without labels.*keras_grl.pair"),
        ((X_TARGET,), "without labels"),
        ((X_TARGET, None), "without labels"),
        ({"source": X_SOURCE, "target": X_TARGET}, "without labels"),
        ((), "length 0"),
        ((X_TARGET,) * 4, "length 4"),
        ((X_SOURCE[:, :2], Y_SOURCE), r"validation_data.*\(None, 3\).*12, 2"),
        ((X_SOURCE, Y_SOURCE[:9]), r"same number.*x: \[12\], y: \[9\]"),
        ((X_SOURCE, Y_SOURCE, np.ones(3)), r"sample_weight: \[3\]"),
        ((X_SOURCE, Y_SOURCE + 1), "labels of `validation_data`.*such as 3"),
        (pairs(y=Y_SOURCE + 1), "validation_data` of the source.*such as 3"),
        (
            ({"source": X_SOURCE, "target": X_TARGET}, Y_SOURCE + 1),
            "such as 3",
        ),
    ],
)
def test_validation_data(data, words):
    refused(model_of(), words, pairs(), validation_data=data)


def test_validation_data_of_a_model_built_in_fit():
    data = (X_SOURCE, Y_SOURCE + 1)
    refused(model_of(Subclassed()), "such as 3", pairs(), validation_data=data)


def test_validation_data_of_tf_data():
    data = paired_data.tf_data(X_TARGET)
    refused(model_of(), "without labels", pairs(), validation_data=data)


@pytest.mark.parametrize(
    "dataset", [paired_data.torch_loader, paired_data.Batches]
)
def test_validation_batches_without_labels(dataset):
    """Only the batches of these datasets show it."""
    data = dataset(X_TARGET)
    with pytest.raises(ValueError, match="batches `\\(x, y\\)`"):
        fresh(model_of).fit(pairs(), validation_data=data, verbose=0)


def test_validation_data_that_are_right():
    for data in (
        (X_TARGET, Y_SOURCE),
        [X_TARGET, Y_SOURCE],
        (X_TARGET, Y_SOURCE, np.ones(12)),
        pairs(),
        paired_data.Batches(X_TARGET, Y_SOURCE),
    ):
        model = fresh(model_of)
        logs = model.fit(pairs(), validation_data=data, verbose=0).history
        assert np.isfinite(logs["val_loss"]).all()


def test_validation_images_of_another_size_that_the_network_takes():
    extractor = keras.Sequential(
        [layers.Conv2D(2, 3), layers.GlobalAveragePooling2D()]
    )
    model = model_of(extractor)
    x = np.zeros((12, 8, 8, 1), "float32")
    data = keras_grl.pair((x, Y_SOURCE), x, batch_size=12)
    larger = np.zeros((12, 9, 9, 1), "float32")
    for _ in range(2):
        model.fit(data, validation_data=(larger, Y_SOURCE), verbose=0)


def test_validation_split():
    words = "validation_data=.*pair"
    refused(model_of(), words, pairs(), validation_split=0.5)


# Nothing.


@pytest.mark.parametrize("arguments", [(), (None,), (X_SOURCE,)])
def test_fit_without_data(arguments):
    with pytest.raises(ValueError, match=r"keras_grl\.pair"):
        model_of().fit(*arguments, verbose=0)


def test_fit_without_source_labels():
    refused(
        model_of(),
        "need the source labels",
        {"source": X_SOURCE, "target": X_TARGET},
    )


@pytest.mark.parametrize("method", ["evaluate", "predict"])
def test_evaluate_and_predict_without_data(method):
    with pytest.raises(ValueError, match=f"`{method}` needs data"):
        getattr(model_of(), method)(None, verbose=0)


def test_evaluate_without_labels():
    with pytest.raises(ValueError, match=r"model\.evaluate\(x, y\)"):
        model_of().evaluate(X_TARGET, verbose=0)
    with pytest.raises(ValueError, match=r"batches `\(x, y\)`"):
        model_of().test_on_batch(X_TARGET)
