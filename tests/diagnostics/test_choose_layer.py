"""The distances of the layers of a model, on every backend."""

import keras
import numpy as np
import pytest
from keras import layers

import keras_grl
from keras_grl.diagnostics import choose_layer
from keras_grl.diagnostics import proxy_a_distance
from tests.testing import to_numpy

RANDOM = np.random.default_rng(0)
X_SOURCE = RANDOM.normal(size=(120, 3)).astype("float32")
# The domains differ in the last feature alone.
X_TARGET = RANDOM.normal([0, 0, 9], size=(90, 3)).astype("float32")


class Passing(layers.Layer):
    """Its one weight changes nothing."""

    def build(self, input_shape):
        self.scale = self.add_weight(shape=(), initializer="ones")

    def call(self, inputs):
        return inputs * self.scale


def classifier():
    """The layer "without" has no feature in which the domains differ."""
    without = layers.Dense(2, name="without")
    model = keras.Sequential(
        [
            keras.Input((3,), name="x"),
            layers.Rescaling(1.0, name="before"),
            Passing(name="all"),
            layers.Dropout(0.5, name="dropout"),
            without,
            layers.Dense(2, activation="softmax", name="predictions"),
        ]
    )
    without.set_weights([np.eye(3, 2), np.zeros(2)])
    return model


def test_it_points_to_the_layer_in_which_the_domains_are_alike():
    table = choose_layer(classifier(), X_SOURCE, X_TARGET)
    # Neither what is before the first weights, nor after the last, nor equal.
    assert [row.layer for row in table] == ["all", "without"]
    everything, without = table
    assert (everything.features, without.features) == (3, 2)
    assert everything.a_distance == 2.0 and everything.low > 1.7
    assert without.low < 0 < without.high
    assert table.nearest == table.nearest_mean == "without"
    for row, kept in zip(table, (3, 2), strict=True):
        source, target = X_SOURCE[:, :kept], X_TARGET[:, :kept]
        assert row.a_distance == pytest.approx(proxy_a_distance(source, target))
        assert row.mean_distance == pytest.approx(
            np.sum((source.mean(0) - target.mean(0)) ** 2), rel=1e-4
        )


def test_all_separable_layers_point_to_the_last():
    table = choose_layer(classifier(), X_SOURCE, X_TARGET + 50)
    assert [row.a_distance for row in table] == [2.0, 2.0]
    assert table.nearest == "without"


def test_the_table_prints_and_is_a_dict():
    table = choose_layer(classifier(), X_SOURCE, X_TARGET)
    header, first, second = str(table).splitlines()
    assert header.split() == [
        *("layer", "features", "mean", "distance", "A-distance", "interval")
    ]
    assert first.startswith("  all ") and second.startswith("* without ")
    assert "2.000" in first
    figures = table.to_dict()
    assert list(figures) == ["all", "without"]
    assert figures["all"]["a_distance"] == 2.0
    assert "layer" not in figures["all"]


def test_samples_are_chosen_by_the_seed_and_nothing_is_changed():
    model = classifier()
    weights = [to_numpy(w).copy() for w in model.weights]
    state = np.random.get_state()[1].copy()
    arguments = dict(samples=40, layers=["without"])
    one, again, other = (
        choose_layer(model, X_SOURCE, X_TARGET, seed=seed, **arguments)
        for seed in (1, 1, 2)
    )
    assert one == again != other
    np.testing.assert_array_equal(np.random.get_state()[1], state)
    for weight, before in zip(model.weights, weights, strict=True):
        np.testing.assert_array_equal(to_numpy(weight), before)


def test_layers_with_many_outputs_are_left_out_unless_named():
    model = classifier()
    table = choose_layer(model, X_SOURCE, X_TARGET, max_features=2)
    assert [row.layer for row in table] == ["without"]
    named = choose_layer(
        model, X_SOURCE, X_TARGET, max_features=2, layers=["all", "dropout"]
    )
    # What is named is not left out if it is equal, either.
    assert [row.layer for row in named] == ["all", "dropout"]
    assert named.nearest == "dropout"


def adapted(**kwargs):
    return keras_grl.DANNModel(
        keras.Sequential(
            [
                keras.Input((3,)),
                layers.Dense(4, name="first"),
                layers.BatchNormalization(name="normalization"),
            ]
        ),
        keras.Sequential(
            [
                layers.Dense(5, activation="relu", name="hidden"),
                layers.Dense(2, activation="softmax"),
            ]
        ),
        **kwargs,
    )


def test_both_parts_and_the_statistics_of_each_domain():
    model = adapted(
        batch_normalization="domain_specific",
        preprocessing={"source": layers.Rescaling(2.0), "target": None},
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    y = np.arange(120) % 2
    model.fit(keras_grl.pair((X_SOURCE, y), X_TARGET), epochs=2, verbose=0)
    table = choose_layer(model, X_SOURCE, X_TARGET, batch_size=50)
    assert [row.layer for row in table] == ["first", "normalization", "hidden"]
    for row in table:
        features = [
            to_numpy(model.extract_features({domain: x}, at=row.layer))
            for domain, x in (("source", X_SOURCE), ("target", X_TARGET))
        ]
        difference = features[0].mean(0) - features[1].mean(0)
        assert row.mean_distance == pytest.approx(
            np.sum(difference**2), rel=1e-3
        )
        assert row.a_distance == pytest.approx(
            proxy_a_distance(*features), abs=0.1
        )


def test_a_residual_network_within_a_model():
    x = keras.Input((3,))
    first = layers.Dense(4, activation="relu", name="first")(x)
    added = layers.Add(name="added")([first, layers.Dense(4)(first)])
    backbone = keras.Model(x, added, name="backbone")
    model = keras.Sequential(
        [keras.Input((3,)), backbone, layers.Dense(5), layers.Dense(2)]
    )
    names = [row.layer for row in choose_layer(model, X_SOURCE, X_TARGET)]
    assert names == ["backbone", model.layers[1].name]
    inside = choose_layer(backbone, X_SOURCE, X_TARGET)
    assert [row.layer for row in inside] == ["first"]
    extractor = keras_grl.DANNModel(backbone, layers.Dense(2))
    names = [row.layer for row in choose_layer(extractor, X_SOURCE, X_TARGET)]
    assert names[0] == "first" and names[-1] == "added"


def test_tensors_of_the_backend_are_arrays():
    tensors = [
        keras.ops.convert_to_tensor(x.astype("float32"))
        for x in (X_SOURCE, X_TARGET)
    ]
    model = classifier()
    assert choose_layer(model, *tensors) == choose_layer(
        model, X_SOURCE, X_TARGET.astype("float32")
    )


def test_several_sources_and_an_extractor_of_one_layer():
    model = keras_grl.DANNModel(
        layers.Dense(4, name="features"),
        layers.Dense(2, activation="softmax"),
        num_sources=2,
    )
    x = {"source_0": X_SOURCE, "source_1": X_SOURCE, "target": X_TARGET}
    model({name: each[:8] for name, each in x.items()})
    table = choose_layer(model, X_SOURCE, X_TARGET, domain="source_1")
    assert [row.layer for row in table] == ["features"]
    with pytest.raises(ValueError, match=r'`domain`.*"source_0", "source_1"'):
        choose_layer(model, X_SOURCE, X_TARGET)


def test_branches_several_inputs_and_layers_that_are_called_twice():
    a, b = keras.Input((2,), name="a"), keras.Input((1,), name="b")
    shared = layers.Dense(3, name="shared")
    one = layers.Dense(3, name="one")(b)
    both = layers.Add(name="both")([shared(a), one, shared(a * 2)])
    model = keras.Model({"a": a, "b": b}, layers.Dense(2, "softmax")(both))
    domains = [{"a": x[:, :2], "b": x[:, 2:]} for x in (X_SOURCE, X_TARGET)]
    names = [row.layer for row in choose_layer(model, *domains)]
    assert "shared" not in names
    assert sorted(names)[-2:] == ["both", "one"]


def test_images_of_low_precision():
    model = keras.Sequential(
        [
            keras.Input((6, 6, 1), dtype="uint8"),
            layers.Rescaling(1 / 255, dtype="mixed_float16"),
            layers.Conv2D(2, 3, dtype="mixed_float16", name="convolution"),
            layers.Flatten(name="flat"),
            layers.Dense(2, activation="softmax", dtype="mixed_float16"),
        ]
    )
    images = RANDOM.integers(0, 9, size=(2, 20, 6, 6, 1), dtype="uint8")
    (row,) = choose_layer(model, images[0], images[1] + np.uint8(90))
    assert row.layer == "convolution" and row.features == 32
    assert row.a_distance == 2.0


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(2)

    def call(self, inputs):
        return self.dense(inputs)


def built(model):
    model(X_SOURCE)
    return model


def diverged():
    model = classifier()
    model.get_layer("without").set_weights(
        [np.full((3, 2), np.nan), np.zeros(2)]
    )
    return model


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"model": lambda: "model"}, "`model`. Expected a Keras model that"),
        ({"model": lambda: layers.Dense(2)}, "`model`. Expected a Keras model"),
        ({"model": lambda: keras.Sequential()}, "`model`.*has weights"),
        ({"model": lambda: built(Subclassed())}, "`model`.*Functional or Seq"),
        (
            {
                "model": lambda: keras.Sequential(
                    [keras.Input((3,)), layers.Dense(2)]
                )
            },
            "`model`.*layers before the last one that has weights",
        ),
        ({"model": diverged}, "layer 'without' are NaN"),
        ({"x_source": X_SOURCE[:1]}, "`x_source`.*at least 8 samples"),
        ({"x_target": X_TARGET[:7]}, "`x_target`.*at least 8 samples"),
        ({"x_target": X_TARGET * np.nan}, "`x_target`.*NaN or infinity"),
        (
            {"x_source": (X_SOURCE, X_SOURCE)},
            "`x_source`.*without labels.*a tuple",
        ),
        ({"layers": ["wihtout"]}, "`layers`.*'without'.*layers='wihtout'"),
        ({"layers": "without"}, "`layers`. Expected a list"),
        ({"layers": []}, "`layers`. Expected at least one"),
        ({"layers": ["predictions"]}, "`layers`.*before|`layers`.*between"),
        ({"domain": "target"}, '`domain`. Expected one of "source"'),
        ({"classifier": "tree"}, "`classifier`"),
        ({"confidence": 2}, "`confidence`"),
        ({"samples": 4}, "`samples`.*at least 8"),
        ({"max_features": 0}, "`max_features`"),
    ],
)
def test_bad_input_gets_one_clear_error(arguments, message):
    valid = {"model": classifier, "x_source": X_SOURCE, "x_target": X_TARGET}
    arguments = {**valid, **arguments}
    model = arguments.pop("model")()
    with pytest.raises(ValueError, match=f"(?s){message}"):
        choose_layer(model, **arguments)
