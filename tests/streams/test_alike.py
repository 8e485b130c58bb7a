import keras
import numpy as np
import pytest

from keras_grl.streams import check_alike


def inputs(dtype="float32", **shapes):
    return {name: np.zeros(shape, dtype) for name, shape in shapes.items()}


@pytest.mark.parametrize(
    ("x", "messages"),
    [
        (
            inputs(source=(4, 28, 28, 1), target=(4, 32, 32, 3)),
            ["same shape", "(28, 28, 1)", "(32, 32, 3)", "Resize"],
        ),
        (
            inputs(source=(4, 2)) | {"target": np.zeros((4, 2), "uint8")},
            ["source: float32 (2,)", "target: uint8 (2,)", "0-255"],
        ),
        (
            inputs(source=(4, 2)) | {"target": inputs(a=(4, 2))},
            ["same shape", "float32 (2,)", "under the same names"],
        ),
        (
            {
                "source": inputs(a=(4, 2)),
                "target": inputs(a=(4, 2), label=(4,)),
            },
            ["'label'", "without labels among them"],
        ),
        (
            inputs(source=(4, 20, 3), target=(4, 30, 3)),
            ["(20, 3)", "(30, 3)", "Pad or cut", '"separate"'],
        ),
        (
            inputs(source=(4, 8, 8, 1), target=(8, 8, 1)),
            ["number of axes", "`dataset.batch(64)`", "np.stack("],
        ),
        (
            inputs(source=(4, 2), target=(4, 2), labeled_target=(4, 3)),
            ["target: float32 (2,)", "labeled_target: float32 (3,)"],
        ),
    ],
)
def test_mismatched_domains(x, messages):
    with pytest.raises(ValueError) as error:
        check_alike(x)
    for message in messages:
        assert message in str(error.value)


def test_sizes_of_batches_may_differ():
    check_alike(inputs(source=(4, 2), target=(5, 2), labeled_target=(6, 2)))


@pytest.mark.parametrize(
    ("dtype", "source", "target"),
    [
        ("float32", (4, 20, 3), (4, 30, 3)),
        ("uint8", (4, 28, 28, 3), (4, 32, 24, 3)),
        ("int32", (4, 20), (4, 30)),
    ],
)
def test_sizes_may_differ_if_domains_pass_separately(dtype, source, target):
    x = inputs(dtype, source=source, target=target)
    check_alike(x, joint=False)
    with pytest.raises(ValueError, match="same shape"):
        check_alike(x)


@pytest.mark.parametrize(
    "x",
    [
        inputs(source=(4, 20, 3), target=(4, 30, 2)),
        inputs(source=(4, 20, 3), target=(4, 3)),
        inputs(source=(4, 20), target=(4, 30)),
        inputs(source=(4, 20, 3)) | inputs("uint8", target=(4, 30, 3)),
        # The target's domain passes as one.
        inputs(source=(4, 20, 3), target=(4, 30, 3), labeled_target=(4, 20, 3)),
    ],
    ids=["channels", "axes", "columns", "dtype", "labeled_target"],
)
def test_mismatches_if_domains_pass_separately(x):
    with pytest.raises(ValueError, match="same shape"):
        check_alike(x, joint=False)


def test_channels_first():
    keras.config.set_image_data_format("channels_first")
    x = inputs(source=(4, 3, 28, 28), target=(4, 3, 32, 32))
    check_alike(x, joint=False)


def test_preprocessing_per_domain_allows_other_shapes():
    x = inputs(source=(4, 4), target=(4, 7), labeled_target=(4, 7))
    check_alike(x, preprocessed=True)
    x["labeled_target"] = np.zeros((4, 4))
    with pytest.raises(ValueError, match="labeled_target"):
        check_alike(x, preprocessed=True)
