"""Labels against losses and predictions, without a model."""

import keras
import numpy as np
import pytest
from keras import losses

from keras_grl.models.labels import check_labels
from tests.testing import BACKEND
from tests.testing import to_numpy

SPARSE = "sparse_categorical_crossentropy"
ONE_HOT = "categorical_crossentropy"
BINARY = "binary_crossentropy"


def output(*shape):
    return keras.KerasTensor((None, *shape))


def check(labels, loss, *shape):
    check_labels("The labels", labels, loss, output(*shape))


INDICES = np.arange(14) % 7
SPARSE_LOSSES = [
    SPARSE,
    "SparseCategoricalCrossentropy",
    losses.sparse_categorical_crossentropy,
    losses.SparseCategoricalCrossentropy(from_logits=True),
    losses.CategoricalGeneralizedCrossEntropy(),
    [SPARSE],
]


@pytest.mark.parametrize("loss", SPARSE_LOSSES)
@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (INDICES + 1, "labels from 1 to 7, such as 7\n.*`y - 1`"),
        (INDICES - 1, r"such as -1\n.*\n?.*ignore_class=-1"),
        (np.where(INDICES == 6, 255, INDICES), "such as 255"),
        (np.where(INDICES == 6, 255, INDICES).astype("uint8"), "such as 255"),
        (INDICES[:, None] + 50.0, "0 to 6.*from 50 to 56"),
    ],
    ids=["from 1", "-1", "255", "uint8", "column"],
)
def test_classes_that_do_not_exist(loss, labels, words):
    with pytest.raises(ValueError, match=f"(?s)The labels.*{words}"):
        check(labels, loss, 7)


@pytest.mark.parametrize(
    ("labels", "loss", "shape", "words"),
    [
        (INDICES + 0.5, SPARSE, (7,), "whole numbers.*0.5"),
        (np.eye(7), SPARSE, (7,), "(?s)one class index.*(7, 7).*categorical"),
        (np.full((2, 4, 4), 9), SPARSE, (4, 4, 9), "from 0 to 8"),
        (INDICES, ONE_HOT, (7,), "(?s)one-hot.*14,.*sparse_categorical"),
        (INDICES[:, None], ONE_HOT, (7,), "one-hot"),
        (np.eye(6), losses.CategoricalCrossentropy(), (7,), r"\(6, 6\)"),
        (np.eye(8), losses.CategoricalFocalCrossentropy(), (7,), "one-hot"),
        (np.array([1, 2]), BINARY, (1,), "0 and 1.*from 1 to 2"),
        (np.array([-1, 1]), losses.BinaryCrossentropy(), (1,), "from -1 to 1"),
        (np.array([0, 255]), "binary_focal_crossentropy", (1,), "to 255"),
        (np.array([0, np.nan]), SPARSE, (7,), "finite.*1 of 2.*nan at index 1"),
        (np.array([[0, np.inf]]), "mse", (2,), r"inf at index \(0, 1\)"),
        (np.array([0, np.nan]), losses.Huber(), (1,), "finite"),
        (np.array([0, np.nan]), BINARY, (1,), "finite"),
        (np.full((4, 3), np.nan), ONE_HOT, (3,), "12 of 12"),
        (np.array(["a", "b"]), SPARSE, (7,), "strings.*'a'"),
        (np.array([b"a", b"b"]), "mse", (7,), "strings"),
        (np.array(["a", None], dtype=object), SPARSE, (7,), "strings"),
        (np.array([0, 1], dtype=object), SPARSE, (7,), "dtype object.*0"),
        (np.array(["2020-01-01"], "datetime64[D]"), "mse", (1,), "datetime64"),
    ],
)
def test_refused(labels, loss, shape, words):
    with pytest.raises(ValueError, match=f"(?s){words.replace('(?s)', '')}"):
        check(labels, loss, *shape)


def own_loss(y_true, y_pred):
    known = keras.ops.where(keras.ops.isnan(y_true), 0.0, y_true)
    return keras.ops.mean(keras.ops.square(known - y_pred), axis=-1)


class OwnCrossentropy(losses.SparseCategoricalCrossentropy):
    """A subclass may define its own meaning of -1."""


NOT_A_LABEL = np.where(INDICES == 6, 255, INDICES)


@pytest.mark.parametrize(
    ("labels", "loss", "shape"),
    [
        (INDICES, SPARSE, (7,)),
        (INDICES[:, None], SPARSE, (7,)),
        (INDICES.astype("float32"), SPARSE, (7,)),
        (INDICES < 3, SPARSE, (2,)),
        (np.zeros((2, 4, 4)), SPARSE, (4, 4, 3)),
        (np.zeros((2, 4, 4, 1)), SPARSE, (4, 4, 3)),
        (np.zeros((2, 5, 5)), SPARSE, (None, None, 3)),
        (
            NOT_A_LABEL,
            losses.SparseCategoricalCrossentropy(ignore_class=255),
            (7,),
        ),
        (
            NOT_A_LABEL.astype("uint8"),
            losses.SparseCategoricalCrossentropy(ignore_class=255),
            (7,),
        ),
        (
            INDICES - 1,
            losses.SparseCategoricalCrossentropy(ignore_class=-1),
            (7,),
        ),
        # The classes are the second axis here; that of the last is 4.
        (
            np.full((2, 3, 4), 5),
            losses.SparseCategoricalCrossentropy(axis=1),
            (6, 3, 4),
        ),
        (np.full((4, 7), 1 / 7), ONE_HOT, (7,)),
        (np.full((2, 4, 4, 3), 1 / 3), ONE_HOT, (4, 4, 3)),
        (
            np.full((2, 3, 4), 1 / 3),
            losses.CategoricalCrossentropy(axis=1),
            (3, 4),
        ),
        (np.array([0.0, 0.3, 1.0]), BINARY, (1,)),
        (np.array([0.0, 1.0 + 1e-6]), BINARY, (1,)),
        (np.array([[0, 1], [1, 1]]), BINARY, (2,)),
        (np.array([-1, 1]), "hinge", (1,)),
        (np.array([-5.0, 900.0]), "mse", (1,)),
        (np.array([np.nan, 1.0]), own_loss, (1,)),
        (INDICES - 1, OwnCrossentropy(), (7,)),
        (INDICES + 50, "no loss of Keras", (7,)),
        (np.array([]), SPARSE, (7,)),
    ],
)
def test_accepted_labels(labels, loss, shape):
    check(labels, loss, *shape)


def test_the_range_is_unknown_before_the_model_is_built():
    check_labels("The labels", INDICES + 50, SPARSE)
    with pytest.raises(ValueError, match="whole numbers"):
        check_labels("The labels", INDICES + 0.5, SPARSE)


LABELS = {"shape": INDICES, "size": np.linspace(0, 9, 14)}
OUTPUTS = {"shape": output(7), "size": output(1)}


@pytest.mark.parametrize(
    ("name", "labels", "loss"),
    [
        ("shape", INDICES + 1, {"shape": SPARSE, "size": "mse"}),
        ("shape", INDICES + 1, {"shape": SPARSE}),
        ("size", np.full(14, np.nan), {"shape": SPARSE, "size": "mse"}),
        ("size", np.full(14, np.nan), "mse"),
    ],
)
def test_several_outputs_by_name(name, labels, loss):
    wrong = {**LABELS, name: labels}
    with pytest.raises(ValueError, match=rf"The labels\['{name}'\] must"):
        check_labels("The labels", wrong, loss, OUTPUTS)


def test_several_outputs_that_are_right():
    loss = {"shape": SPARSE, "size": "mse"}
    check_labels("The labels", LABELS, loss, OUTPUTS)
    # Without a loss of its own, an output is not trained.
    nothing = {**LABELS, "size": np.full(14, np.nan)}
    check_labels("The labels", nothing, {"shape": SPARSE}, OUTPUTS)
    outputs = [output(7), output(1)]
    check_labels("The labels", [INDICES, LABELS["size"]], loss, outputs)
    with pytest.raises(ValueError, match=r"labels\[0\] must be integers"):
        check_labels(
            "The labels", [INDICES + 1, INDICES], [SPARSE, "mse"], outputs
        )


def test_tensors_of_the_backend():
    tensor = keras.ops.convert_to_tensor(INDICES + 1)
    with pytest.raises(ValueError, match="such as 7"):
        check(tensor, SPARSE, 7)
    half = keras.ops.cast(tensor, "bfloat16")
    if BACKEND == "torch":
        # NumPy has no such dtype: these labels are not checked.
        check(half, SPARSE, 7)
    else:
        with pytest.raises(ValueError, match="such as 7"):
            check(half, SPARSE, 7)
    assert to_numpy(tensor).max() == 7


def test_all_parts_of_a_large_array_are_checked(monkeypatch):
    monkeypatch.setattr("keras_grl.models.labels._CHUNK", 3)
    check(np.zeros(10), SPARSE, 7)
    for index in range(10):
        labels = np.zeros(10)
        labels[index] = 8
        with pytest.raises(ValueError, match="such as 8"):
            check(labels, SPARSE, 7)
