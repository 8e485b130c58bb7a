import keras
import numpy as np
import pytest
from keras import ops

from keras_grl import DANNModel
from keras_grl import pair
from keras_grl.models import split
from tests.testing import BACKEND
from tests.testing import to_numpy


def image_model():
    inputs = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(4, 3, name="conv", activation="relu")(inputs)
    shortcut = x
    x = keras.layers.Conv2D(4, 3, padding="same", name="inside")(x)
    x = keras.layers.Add(name="joined")([x, shortcut])
    x = keras.layers.BatchNormalization(name="norm")(x)
    x = ops.mean(x, axis=(1, 2))
    x = keras.layers.Dense(5, name="hidden")(x)
    outputs = keras.layers.Dense(3, name="logits")(x)
    return keras.Model(inputs, outputs, name="someones")


def called_twice():
    inputs = keras.Input((4,))
    layer = keras.layers.Dense(4, name="twice")
    return keras.Model(inputs, keras.layers.Dense(1)(layer(layer(inputs))))


@pytest.mark.parametrize("at", ["conv", "joined", "norm", "hidden"])
def test_parts_compose_to_the_whole(at):
    model = image_model()
    x = np.random.default_rng(0).normal(size=(4, 8, 8, 3))
    head, tail = split.at_layer(model, at)
    np.testing.assert_allclose(
        to_numpy(tail(head(x))), to_numpy(model(x)), rtol=1e-5
    )
    shared = {id(w) for part in (head, tail) for w in part.weights}
    assert shared == {id(w) for w in model.weights}
    owners = [id(layer) for part in (head, tail) for layer in part.layers]
    assert id(model.get_layer(at)) in owners


@pytest.mark.parametrize("kind", ["functional", "sequential"])
@pytest.mark.parametrize("inner", ["functional", "sequential"])
def test_at_a_model_within_the_model(kind, inner):
    """The most common classifier: a head on a backbone."""
    keras.utils.set_random_seed(0)
    if inner == "sequential":
        backbone = keras.Sequential(
            [keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3)], name="backbone"
        )
    else:
        start = keras.Input((8, 8, 3))
        end = keras.layers.Conv2D(4, 3)(start)
        backbone = keras.Model(start, end, name="backbone")
    layers = [
        keras.layers.Rescaling(0.1),
        backbone,
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(3),
    ]
    inputs = keras.Input((8, 8, 3))
    if kind == "sequential":
        model = keras.Sequential([inputs, *layers])
    else:
        outputs = inputs
        for layer in layers:
            outputs = layer(outputs)
        model = keras.Model(inputs, outputs)
    x = np.random.default_rng(0).normal(size=(4, 8, 8, 3))
    head, tail = split.at_layer(model, "backbone")
    assert head.output_shape == (None, 6, 6, 4)
    np.testing.assert_allclose(
        to_numpy(tail(head(x))), to_numpy(model(x)), rtol=1e-5
    )
    shared = {id(w) for part in (head, tail) for w in part.weights}
    assert shared == {id(w) for w in model.weights}


def test_multiple_outputs_stay_after_the_cut():
    inputs = keras.Input((3,))
    x = keras.layers.Dense(4, name="features")(inputs)
    outputs = {"a": keras.layers.Dense(1)(x), "b": keras.layers.Dense(2)(x)}
    _, tail = split.at_layer(keras.Model(inputs, outputs), "features")
    assert set(tail(np.ones((2, 4)))) == {"a", "b"}


@pytest.mark.parametrize("called", ["positional", "keyword", "twice"])
def test_the_part_before_a_layer(called):
    inputs = keras.Input((3,))
    hidden = keras.layers.Dense(4, activation="tanh", name="first")(inputs)
    layer = keras.layers.Dense(4, name="last")
    outputs = layer(inputs=hidden) if called == "keyword" else layer(hidden)
    if called == "twice":
        outputs = layer(outputs)
    model = keras.Model(inputs, keras.layers.Softmax()(outputs))
    part = split.before(model, layer)
    x = np.random.default_rng(0).normal(size=(4, 3))
    expected = model.get_layer("first")(x)
    if called == "twice":
        expected = layer(expected)
    np.testing.assert_allclose(to_numpy(part(x)), to_numpy(expected), atol=1e-6)
    assert {id(w) for w in part.weights} <= {id(w) for w in model.weights}


def check_one_step(model, x):
    """All trainable weights change, through all layers."""
    # Operation by operation: compiling such a step takes minutes.
    model.compile(
        keras.optimizers.SGD(0.01),
        "sparse_categorical_crossentropy",
        run_eagerly=BACKEND != "jax",
    )
    before = [to_numpy(w).copy() for w in model.trainable_weights]
    dataset = pair((x[:3], np.arange(3)), x[3:], batch_size=6)
    model.fit(dataset, verbose=0)
    for weight in model.trainable_weights:
        assert np.isfinite(to_numpy(weight)).all(), weight.path
    changed = [
        np.any(to_numpy(weight) != old)
        for weight, old in zip(model.trainable_weights, before, strict=True)
    ]
    # At 32 x 32 pixels some ReLUs of an untrained network are never positive.
    assert np.mean(changed) > 0.85
    assert changed[0]


@pytest.mark.parametrize(
    ("application", "at", "options"),
    [
        ("MobileNet", "global_average_pooling2d", {"alpha": 0.25}),
        # What is cut is Keras's graph, the same on every backend.
        *(
            pytest.param(*each, marks=pytest.mark.backend_free)
            for each in (
                ("VGG16", "fc2", {}),
                ("MobileNetV2", "global_average_pooling2d", {"alpha": 0.35}),
                # Preprocessing inside.
                ("MobileNetV3Small", "global_average_pooling2d", {}),
                ("EfficientNetB0", "avg_pool", {}),
                ("ResNet50V2", "avg_pool", {}),
                # LayerNormalization, GELU and depths dropped at random.
                ("ConvNeXtTiny", "convnext_tiny_head_gap", {}),
            )
        ),
    ],
)
def test_a_keras_application(tmp_path, application, at, options):
    classifier = getattr(keras.applications, application)(
        input_shape=(32, 32, 3), weights=None, classes=3, **options
    )
    model = DANNModel.from_classifier(
        classifier,
        at=at,
        domain_classifier=keras.Sequential(
            [keras.layers.Flatten(), keras.layers.Dense(1)]
        ),
        adaptation_factor=1.0,
    )
    x = np.random.default_rng(0).integers(0, 256, size=(6, 32, 32, 3))
    x = x.astype("uint8")
    np.testing.assert_allclose(
        model.predict(x, verbose=0),
        classifier.predict(x, verbose=0),
        rtol=1e-4,
        atol=1e-6,
    )
    check_one_step(model, x)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(
        loaded.predict(x, verbose=0),
        model.predict(x, verbose=0),
        rtol=1e-4,
        atol=1e-6,
    )


@pytest.mark.parametrize(
    ("make", "at", "message"),
    [
        (image_model, "nrom", "`at`.*such as 'norm', .*Received: at='nrom'"),
        (
            image_model,
            keras.layers.Dense(5, name="hidden"),  # another one
            "such as.*'hidden'",
        ),
        (image_model, "logits", "before the last one"),
        (image_model, "inside", "path bypasses.*at='inside'"),
        (called_twice, "twice", "called once"),
        (lambda: "model", "conv", "Functional or Sequential"),
        (
            lambda: keras.Sequential([keras.layers.Dense(2, name="conv")]),
            "conv",
            "built Functional or Sequential",
        ),
    ],
    ids=[
        "unknown",
        "of another model",
        "last",
        "crossed",
        "twice",
        "no model",
        "unbuilt",
    ],
)
def test_cuts_that_cannot_be_made(make, at, message):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        split.at_layer(make(), at)
