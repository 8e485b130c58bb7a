"""reverse_validation."""

import random

import keras
import numpy as np
import pytest

from keras_grl import scores
from tests.eagerly import eagerly_on_tensorflow

CLASSES = 3


def domains(shape=(4,), n=120):
    """Source and target of a small shift, and their classes."""
    generator = np.random.default_rng(0)
    y = np.arange(n) % CLASSES
    size = int(np.prod(shape))
    centers = 4 * generator.normal(size=(CLASSES, size))
    x = centers[y] + generator.normal(size=(n, size))
    x_target = centers[y] + 0.3 + generator.normal(size=(n, size))
    return (
        x.reshape(n, *shape).astype("float32"),
        y,
        x_target.reshape(n, *shape).astype("float32"),
    )


@pytest.mark.parametrize("shape", [(4,), (16, 18, 1)])
def test_right_swapped_and_collapsed_predictions(shape):
    x_source, y, x_target = domains(shape)

    def score(classes):
        return scores.reverse_validation(
            x_target, np.eye(CLASSES)[classes], x_source, y, steps=100
        )

    assert score(y) > 0.9
    # A third of the source has the one class that was learned.
    assert score(np.zeros(len(y), int)) == pytest.approx(1 / 3, abs=0.01)
    # Each class is taken for the next one.
    assert score((y + 1) % CLASSES) < 0.05
    # Half of the classes wrong in the same way.
    swapped = np.where(y == 0, 1, np.where(y == 1, 0, y))
    assert score(swapped) == pytest.approx(1 / 3, abs=0.05)


def test_the_same_for_the_same_seed_and_no_other_state(monkeypatch):
    eagerly_on_tensorflow(monkeypatch)
    x_source, y, x_target = domains()
    predicted = np.full((len(y), CLASSES), 0.2) + 0.4 * np.eye(CLASSES)[y]

    def score(seed):
        return scores.reverse_validation(
            x_target[:, :1], predicted, x_source[:, :1], y, steps=3, seed=seed
        )

    keras.utils.set_random_seed(5)
    expected = random.random(), np.random.rand()
    keras.utils.set_random_seed(5)
    first = score(1)
    assert (random.random(), np.random.rand()) == expected
    keras.utils.set_random_seed(6)
    assert score(1) == first and type(first) is float
    assert len({first, *map(score, (0, 2, 3))}) > 1


@pytest.mark.parametrize("compiled", [False, True])
def test_a_classifier_of_the_user(compiled):
    x_source, y, x_target = domains()
    made = []

    class Counting(keras.Sequential):
        """Counts how often Python runs through a training step."""

        steps = 0

        def train_step(self, *args):
            self.steps += 1
            return super().train_step(*args)

    def model():
        network = Counting(
            [
                keras.Input((4,)),
                keras.layers.Dense(64, activation="relu"),
                keras.layers.Dropout(0.1),
                keras.layers.Dense(CLASSES, activation="softmax"),
            ]
        )
        if compiled:
            network.compile(
                keras.optimizers.SGD(0.0), "sparse_categorical_crossentropy"
            )
        made.append(network)
        return network

    def score():
        return scores.reverse_validation(
            x_target, np.eye(CLASSES)[y], x_source, y, model=model, steps=100
        )

    first = score()
    # A learning rate of 0 shows that its own optimizer is used.
    assert (first > 0.9) is not compiled
    keras.utils.set_random_seed(9)
    assert score() == first
    assert len(made) == 2
    assert int(made[0].optimizer.iterations.numpy()) == 100
    # TensorFlow and JAX trace it once, torch runs it each time.
    assert made[0].steps == (100 if keras.backend.backend() == "torch" else 1)


@pytest.mark.backend_free
@pytest.mark.parametrize(
    "change, message",
    [
        ({"predicted": np.arange(9) % 3}, r"(?s)`predicted`.*labels are not"),
        ({"predicted": np.eye(3)[[0] * 8]}, r"`predicted`.*9 rows.* 8 rows"),
        ({"predicted": np.full((9, 3), 5.0)}, r"(?s)`predicted`.*logits"),
        ({"x_target": np.zeros((0, 2))}, r"`x_target`.*not empty"),
        ({"x_target": np.zeros(9)}, r"`x_target`.*\(9,\)"),
        ({"x_target": np.full((9, 2), np.nan)}, "infinity in sample 0"),
        ({"x_source": np.zeros((5, 3))}, r"`x_source`.*\(2,\).*\(3,\)"),
        ({"x_source": np.full((5, 2), np.inf)}, "`x_source`.*sample 0"),
        ({"y_source": np.zeros(4)}, r"`y_source`.*5 rows"),
        ({"y_source": [0, 1, 2, 3, 0]}, r"0 to 2\. Received: 3 in row 3"),
        ({"y_source": np.eye(3)[[0] * 5]}, "argmax"),
        ({"steps": 0}, "`steps`"),
        ({"seed": -1}, "`seed`"),
        ({"model": "small"}, "`model`. Expected a function"),
        ({"model": keras.Sequential()}, "clone_model"),
    ],
)
def test_wrong_arguments(change, message):
    right = {
        "x_target": np.zeros((9, 2)),
        "predicted": np.eye(3)[np.arange(9) % 3],
        "x_source": np.zeros((5, 2)),
        "y_source": np.zeros(5),
    }
    with pytest.raises(ValueError, match=message):
        scores.reverse_validation(**{**right, **change})
