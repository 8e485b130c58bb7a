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


PROBABILITIES = np.full((6, 3), 1 / 3)


@pytest.mark.parametrize(
    "loss",
    [
        ONE_HOT,
        losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1),
        losses.categorical_focal_crossentropy,
    ],
    ids=["name", "class", "function"],
)
@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (np.arange(18).reshape(6, 3), "from 0 to 1,.*labels from 0 to 17"),
        (np.eye(3)[INDICES % 3] * 255, "from 0 to 255.*keepdims"),
        (np.eye(3, dtype="uint8")[INDICES % 3] * 2, "from 0 to 2"),
        (np.eye(3)[INDICES % 3] - 1, "labels from -1 to 0"),
        (PROBABILITIES * 3.1, "from 1.03333 to 1.03333"),
        (np.zeros((6, 3)), r"only zeros, of shape \(6, 3\).*to_categorical"),
        (np.zeros((6, 3), "bool"), "only zeros"),
    ],
)
def test_labels_that_are_no_probabilities(loss, labels, words):
    with pytest.raises(ValueError, match=f"(?s)The labels must be.*{words}"):
        check(labels, loss, 3)


@pytest.mark.parametrize(
    ("labels", "shape"),
    [
        (np.ones((6, 3)), (3,)),
        (PROBABILITIES * 0.9, (3,)),
        (np.eye(3)[[0, 1, 2, 0]] * [[0], [1], [1], [1]], (3,)),
        # Pixels without a class, maybe all of a batch.
        (np.zeros((2, 4, 4, 3)), (4, 4, 3)),
        (np.zeros((1, 3)), (3,)),
    ],
)
def test_probabilities_that_do_not_sum_to_1(labels, shape):
    """Zeros may be a mask: a warning."""
    messages = set()
    for part in (labels, labels[:1]):
        with pytest.warns(UserWarning, match="do not sum to 1") as caught:
            check(part, ONE_HOT, *shape)
        messages |= {str(each.message) for each in caught}
    # The same words for every batch, which Python shows once.
    assert len(messages) == 1


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("classes", [3, 1000])
def test_probabilities_that_are_rounded(dtype, classes):
    rng = np.random.default_rng(0)
    labels = rng.random((50, classes))
    labels /= labels.sum(axis=1, keepdims=True)
    smooth = np.eye(classes)[:50] * 0.9 + 0.1 / classes
    for each in (labels, smooth):
        check(each.astype(dtype), ONE_HOT, classes)
        half = keras.ops.cast(each, "bfloat16")
        check(half, ONE_HOT, classes)


def test_rounded_probabilities_on_another_axis():
    """NumPy adds these one after the other, in their dtype."""
    labels = np.random.default_rng(0).random((20, 1000, 8))
    labels /= labels.sum(axis=1, keepdims=True)
    loss = losses.CategoricalCrossentropy(axis=1)
    check(labels.astype("float16"), loss, 1000, 8)


def name_of(loss):
    """Without an address, so that all test processes agree."""
    if isinstance(loss, str):
        return loss
    return getattr(loss, "__name__", type(loss).__name__)


ELEMENTWISE = [
    "mse",
    losses.MeanAbsoluteError(),
    "huber",
    losses.log_cosh,
    "hinge",
    "poisson",
    "kl_divergence",
    losses.CosineSimilarity(),
    "categorical_hinge",
    "dice",
    BINARY,
]


@pytest.mark.parametrize("loss", ELEMENTWISE, ids=name_of)
@pytest.mark.parametrize(
    ("labels", "shape", "words"),
    [
        # These were broadcast, or failed in the first step.
        ((6, 1), (3,), "unit.*to_categorical.*repeat"),
        ((6,), (3,), r"unit.*np\.repeat\(y\.reshape\(-1, 1\), 3, axis=1\)"),
        ((3,), (3,), "unit"),
        ((6, 3), (1,), r"`Dense\(3\)`"),
        ((6, 2), (3,), r"`Dense\(2\)`"),
        ((6, 5, 1), (3,), "reshape"),
        ((6,), (4, 3), "reshape"),
        ((6, 1), (4, 1), "reshape"),
        ((6, 4, 4, 1), (4, 4, 3), r"`Dense\(1\)`"),
        ((6, 1, 1, 3), (4, 4, 3), "reshape"),
        ((6, 4, 4), (1, 1, 1), "reshape"),
    ],
)
def test_shapes_that_are_broadcast(loss, labels, shape, words):
    words = f"(?s)one number for each prediction.*{words}"
    with pytest.raises(ValueError, match=words):
        check(np.zeros(labels), loss, *shape)


@pytest.mark.parametrize("loss", ELEMENTWISE, ids=name_of)
@pytest.mark.parametrize(
    ("labels", "shape"),
    [
        ((6,), (1,)),
        ((6, 1), (1,)),
        ((6, 1), ()),
        ((6,), ()),
        ((6, 3), (3,)),
        ((6, 1, 1), (1,)),
        ((6, 4), (4, 1)),
        ((6, 4, 1), (4,)),
        ((6, 5, 2), (None, 2)),
        ((6, 5), (None, 1)),
        ((6, 5), (None, None)),
        ((6, 4, 4), (4, 4, 1)),
        # A network of convolutions may take larger images than at first.
        ((6, 9, 9, 3), (4, 4, 3)),
        ((6, 9, 9), (4, 4, 1)),
    ],
)
def test_shapes_that_match(loss, labels, shape):
    check(np.zeros(labels), loss, *shape)


@pytest.mark.parametrize("shape", [(6, 1, 1, 3), (6, 3), (6, 2, 4, 4, 3)])
def test_one_hot_labels_that_are_broadcast(shape):
    with pytest.raises(ValueError, match=r"one row for each|one-hot"):
        check(np.full(shape, 1 / 3), ONE_HOT, 4, 4, 3)
    check(np.full((6, 9, 9, 3), 1 / 3), ONE_HOT, 4, 4, 3)


def test_custom_losses_may_take_any_shape():
    check(np.zeros((6, 1)), own_loss, 3)
    check(np.arange(18).reshape(6, 3), own_loss, 3)
    check(np.zeros((6, 1)), None, 3)


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
    right = {**LABELS, "shape": np.eye(7)[INDICES]} if loss == "mse" else LABELS
    wrong = {**right, name: labels}
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


BOTH = {"shape": SPARSE, "size": "mse"}
LISTED = [output(7), output(1)]


@pytest.mark.parametrize(
    ("labels", "loss", "outputs", "words"),
    [
        ({"shape": INDICES}, BOTH, OUTPUTS, r"'size': y_size"),
        ({"shape": INDICES}, "mse", OUTPUTS, "'size': y_size"),
        ({"shape": INDICES}, [SPARSE, "mse"], OUTPUTS, "'size': y_size"),
        ({**LABELS, "other": INDICES}, BOTH, OUTPUTS, "keys.*'other'"),
        ({"shape": INDICES, "Size": INDICES}, BOTH, OUTPUTS, "'Size'"),
        ({"Shape": INDICES}, {"shape": SPARSE}, OUTPUTS, "'shape': y_shape}"),
        (INDICES, BOTH, OUTPUTS, r"an array of shape \(14,\)"),
        ([INDICES], BOTH, OUTPUTS, "a list of length 1"),
        ([INDICES], [SPARSE, "mse"], LISTED, r"y = \(y_0, y_1\)"),
        ((INDICES,) * 3, [SPARSE, "mse"], LISTED, "a tuple of length 3"),
        (INDICES, [SPARSE, "mse"], LISTED, "an array"),
        (LABELS, [SPARSE, "mse"], LISTED, "keys 'shape', 'size'"),
        ({"label": INDICES}, SPARSE, output(7), "has one output.*'label'"),
        ((INDICES, INDICES), SPARSE, output(7), "has one output.*length 2"),
        ([0, 1, 2], SPARSE, output(7), r"np\.asarray\(y\)"),
        ([[0.0], [1.5]], "mse", output(1), r"np\.asarray\(y\)"),
        ([0, 1, 2], SPARSE, None, r"np\.asarray\(y\)"),
    ],
)
def test_labels_in_another_structure(labels, loss, outputs, words):
    with pytest.raises(ValueError, match=f"(?s)The labels must be.*{words}"):
        check_labels("The labels", labels, loss, outputs)


@pytest.mark.parametrize(
    ("labels", "loss", "outputs"),
    [
        ({"shape": INDICES}, {"shape": SPARSE}, OUTPUTS),
        ({"shape": INDICES}, {"shape": SPARSE, "size": None}, OUTPUTS),
        (INDICES, {"shape": SPARSE}, OUTPUTS),
        (INDICES, SPARSE, {"shape": output(7)}),
        ([INDICES, LABELS["size"]], BOTH, OUTPUTS),
        ((INDICES, LABELS["size"]), [SPARSE, "mse"], LISTED),
        ([INDICES], [SPARSE, None], LISTED),
        ([LABELS["size"]], [None, "mse"], LISTED),
        ([INDICES], SPARSE, output(7)),
    ],
)
def test_structures_that_are_right(labels, loss, outputs):
    check_labels("The labels", labels, loss, outputs)


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
    monkeypatch.setattr("keras_grl.models.label_values._CHUNK", 3)
    check(np.zeros(10), SPARSE, 7)
    for index in range(10):
        labels = np.zeros(10)
        labels[index] = 8
        with pytest.raises(ValueError, match="such as 8"):
            check(labels, SPARSE, 7)
