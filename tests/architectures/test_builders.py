"""What every builder promises, and each network by hand."""

import functools

import keras
import numpy as np
import pytest

import keras_grl
from keras_grl import architectures
from tests.architectures import reference as by_hand
from tests.testing import ANOTHER_BACKEND
from tests.testing import BACKEND
from tests.testing import EAGERLY_ON_TENSORFLOW
from tests.testing import run_python
from tests.testing import to_numpy

pytestmark = pytest.mark.usefixtures("quick_weights")

# The builder, its smallest square image, and the number of weights of feature
# extractor, label predictor and domain classifier at the paper's sizes.
BUILDERS = {
    "LeNet": (16, (40_880, 88_010, 77_001)),
    "SVHN": (4, (312_256, 31_482_890, 9_440_257)),
    "GTSRB": (32, (1_053_712, 546_859, 2_100_225)),
    "AlexNetBottleneck": (67, (57_917_056, 7_967, 1_313_793)),
    "SqueezeNetBottleneck": (35, (866_752, 7_967, 1_313_793)),
}
every_builder = pytest.mark.parametrize("name", BUILDERS)


def build(builder, **kwargs):
    """The network for small images, which is quick."""
    size = BUILDERS[builder][0]
    kwargs = {"num_classes": 4, "input_shape": (size, size, 3), **kwargs}
    return getattr(architectures, builder)(**kwargs)


def images(count, size, channels=3, seed=0):
    rng = np.random.default_rng(seed)
    shape = (count, size, size, channels)
    return rng.integers(0, 256, size=shape, dtype="uint8")


def images_for(name, count=3, seed=0):
    return images(count, BUILDERS[name][0], seed=seed)


def paired(name):
    labels = np.arange(6) % 4
    return keras_grl.pair(
        (images_for(name, 6), labels),
        images_for(name, 4, seed=1),
        batch_size=(3, 2),
    )


def predictions(model, x):
    """In the quicker way: JAX would compile every operation by itself."""
    if BACKEND == "jax":
        return model.predict(x, verbose=0)
    return to_numpy(model(x))


def parameters(part):
    return sum(int(np.prod(w.shape)) for w in part.trainable_weights)


def weights_by_layer(model):
    """{layer name: [kernel, bias]}, of nested models too."""
    found = {}
    for layer in model.layers:
        if hasattr(layer, "layers"):
            found |= weights_by_layer(layer)
        elif layer.weights:
            found[layer.name] = [to_numpy(w) for w in layer.weights]
    return found


def configurations(model):
    """Of every layer, in models within the model too."""
    found = []
    for layer in model.layers:
        if isinstance(layer, keras_grl.methods.Method):
            continue  # Its layers are the model's own too.
        if hasattr(layer, "layers"):
            found += configurations(layer)
        else:
            found.append(keras.saving.serialize_keras_object(layer)["config"])
    return found


# The contract.


@pytest.fixture(scope="module")
def untrained():
    """Builds each network once, for tests that do not change it."""

    @functools.cache
    def built(name):
        model = build(name)
        # `predict` is traced for each type; others here are.
        model.run_eagerly = BACKEND == "tensorflow"
        return model

    return built


@every_builder
def test_as_many_weights_as_in_the_paper(name):
    model = getattr(architectures, name)()
    parts = (
        model.feature_extractor,
        model.label_predictor,
        model.domain_classifier,
    )
    assert tuple(parameters(part) for part in parts) == BUILDERS[name][1]


@every_builder
def test_raw_images_of_any_dtype_give_the_same_probabilities(name, untrained):
    model = untrained(name)
    x = images_for(name)
    expected = model.predict(x, verbose=0)
    assert expected.shape == (3, 4)
    np.testing.assert_allclose(expected.sum(axis=1), 1.0, rtol=1e-5)
    for dtype in ("float32", "int32"):
        got = model.predict(x.astype(dtype), verbose=0)
        np.testing.assert_allclose(got, expected, rtol=1e-5)
    one = model.predict(x[:1], verbose=0)
    np.testing.assert_allclose(one, expected[:1], rtol=1e-4)


@every_builder
def test_other_sizes_channels_and_options(name):
    size = BUILDERS[name][0]
    options = {"mean": 100.0} if "Bottleneck" not in name else {}
    channels = 1 if options else 3
    model = build(
        name,
        num_classes=7,
        input_shape=(size + 9, size + 4, channels),
        classifier_activation=None,
        name="mine",
        adaptation_factor=0.2,
        total_steps=9,
        domain_classifier=keras.layers.Dense(2),
        **options,
    )
    assert model.name == "mine"
    assert model.adaptation_factor == pytest.approx(0.2)
    x = images(2, size + 9, channels)[:, :, : size + 4]
    logits = model.predict(x, verbose=0)
    assert logits.shape == (2, 7)
    assert np.abs(logits.sum(axis=1) - 1).min() > 1e-3  # no softmax
    assert model.domain_classifier.weights[-1].shape == (2,)


@pytest.mark.parametrize("name", ["AlexNetBottleneck", "SqueezeNetBottleneck"])
def test_pretrained_networks_take_rgb_alone(name):
    size = BUILDERS[name][0]
    with pytest.raises(ValueError, match=r"`input_shape`.*3 channels.*RGB"):
        build(name, input_shape=(size, size, 1), mean=100.0)


@every_builder
def test_smaller_images_are_refused(name):
    size = BUILDERS[name][0]
    with pytest.raises(ValueError, match=rf"`input_shape`.*{size} x {size}"):
        build(name, input_shape=(size - 1, size, 3))


def check_means(name, model, x_of_domains, means):
    """Each domain gets its own one, and the network's scale."""
    scale = 1.0 if "Bottleneck" in name else 127.5
    for layer, x, mean in zip(
        (model.source_preprocessing, model.target_preprocessing),
        x_of_domains,
        means,
        strict=True,
    ):
        np.testing.assert_allclose(
            to_numpy(layer(x)), (x.astype(float) - mean) / scale, atol=1e-3
        )


DOMAIN_MEANS = {"source": 90, "target": 99}


@every_builder
@pytest.mark.parametrize(
    ("policy", "mean"),
    [("float32", "per_domain"), ("mixed_float16", DOMAIN_MEANS)],
    ids=["float32", "mixed_float16"],
)
def test_one_compiled_step_moves_every_weight(name, policy, mean, tmp_path):
    keras.config.set_dtype_policy(policy)
    model = build(name, mean=mean, adaptation_factor=1.0)
    assert model.label_predictor.layers[-1].compute_dtype == "float32"
    # TensorFlow compiles each network once, and the smallest one of half
    # precision. torch takes a minute for each; tests/models/test_dann.py has
    # the one that is compiled there.
    compiles = policy == "float32" or name == "LeNet"
    model.compile(
        keras.optimizers.SGD(0.01),
        "sparse_categorical_crossentropy",
        jit_compile=BACKEND == "jax"
        or (BACKEND == "tensorflow" and policy == "float32"),
        **({} if compiles else EAGERLY_ON_TENSORFLOW),
    )
    before = [to_numpy(w) for w in model.trainable_weights]
    logs = model.fit(paired(name), verbose=0).history
    assert np.isfinite(logs["loss"][0])
    if mean == "per_domain":
        xs = images_for(name, 6), images_for(name, 4, seed=1)
        check_means(name, model, xs, [x.mean(axis=(0, 1, 2)) for x in xs])
    for weight, old in zip(model.trainable_weights, before, strict=True):
        assert np.isfinite(to_numpy(weight)).all()
        assert np.any(to_numpy(weight) != old), weight.path
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    x = images_for(name)
    np.testing.assert_allclose(
        predictions(again, x), predictions(model, x), atol=1e-6
    )
    # Also what predictions do not show: dropout, constraints, scales.
    assert configurations(again) == configurations(model)


def test_saved_weights_come_back_on_another_backend(tmp_path, untrained):
    """As `weights=` of the builder, and as a whole `.keras` model.

    That a model comes back on both others: tests/models/test_saving.py.
    """
    for name in BUILDERS:
        model = untrained(name)
        model.save_weights(tmp_path / f"{name}.weights.h5")
        model.save(tmp_path / f"{name}.keras")
        expected = model.predict(images_for(name), verbose=0)
        np.save(tmp_path / f"{name}.npy", expected)
    code = f"""
import keras
import numpy as np
from tests.architectures.initial_values import quick_weights
from tests.architectures.test_builders import (
    BUILDERS,
    build,
    images_for,
    predictions,
)

folder = {str(tmp_path)!r}
for name in BUILDERS:
    expected = np.load(f"{{folder}}/{{name}}.npy")
    x = images_for(name)
    with quick_weights():
        models = (
            build(name, weights=f"{{folder}}/{{name}}.weights.h5"),
            keras.models.load_model(f"{{folder}}/{{name}}.keras"),
        )
    for model in models:
        got = predictions(model, x)
        np.testing.assert_allclose(got, expected, atol=1e-5)
"""
    done = run_python(code, ANOTHER_BACKEND)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.skipif(
    BACKEND == "tensorflow",
    reason="TensorFlow has no channels_first convolution on the CPU",
)
@every_builder
def test_channels_first(name):
    size = BUILDERS[name][0]
    x = images_for(name)
    # Domain means too, where they are possible.
    means = {"source": 90.0, "target": [100.0, 110.0, 120.0]}
    last = build(name, mean=means)
    keras.config.set_image_data_format("channels_first")
    first = build(name, input_shape=(3, size, size), mean=means)
    # Through NumPy: on JAX two variables may not share one array.
    for own, other in zip(first.weights, last.weights, strict=True):
        own.assign(to_numpy(other))
    np.testing.assert_allclose(
        first.predict(x.transpose(0, 3, 1, 2), verbose=0),
        last.predict(x, verbose=0),
        atol=1e-5,
    )


@every_builder
def test_each_domain_minus_its_own_mean(name):
    """The means of the data: `test_one_compiled_step_moves_every_weight`."""
    model = build(name, mean=DOMAIN_MEANS)
    x = images_for(name)
    check_means(name, model, [x, x], DOMAIN_MEANS.values())


@every_builder
@pytest.mark.parametrize(
    ("kwargs", "argument"),
    [
        ({"num_classes": 0}, "num_classes"),
        ({"num_classes": 2.5}, "num_classes"),
        ({"input_shape": (80, 80)}, "input_shape"),
        ({"input_shape": 80}, "input_shape"),
        ({"input_shape": (80.0, 80, 3)}, "input_shape"),
        ({"input_shape": (80, 80, 0)}, "input_shape"),
        ({"mean": np.zeros((80, 80, 3))}, "mean"),
        ({"input_shape": (None, None, 3)}, "input_shape"),
        ({"mean": [1.0, 2.0]}, "mean"),
        ({"mean": "image"}, "mean"),
        ({"mean": None}, "mean"),
        ({"mean": {"source": 1.0}}, "mean"),
        ({"weights": "noise"}, "weights"),
        ({"weights": 3}, "weights"),
    ],
)
def test_bad_arguments(name, kwargs, argument):
    with pytest.raises(ValueError, match=f"`{argument}`.*Received"):
        build(name, **kwargs)


def test_means_in_two_places():
    with pytest.raises(ValueError, match="`mean` of the domains and"):
        build(
            "LeNet",
            mean="per_domain",
            preprocessing={"source": None, "target": keras.layers.Identity()},
        )


def test_the_deprecated_name_of_the_classes():
    for model in (architectures.LeNet(6), architectures.LeNet(num_classes=6)):
        assert model.classifier.output_shape == (None, 6)
    with pytest.warns(DeprecationWarning, match="num_classes=6") as warned:
        model = architectures.LeNet(classes=6)
    assert warned[0].filename == __file__
    assert model.classifier.output_shape == (None, 6)


@pytest.mark.parametrize("num_classes", [6, 10])
def test_classes_under_both_names(num_classes):
    with pytest.raises(
        ValueError, match=rf"num_classes={num_classes}, classes=5"
    ):
        architectures.LeNet(num_classes=num_classes, classes=5)


# Each network by hand.


def check_features(model, x, features):
    np.testing.assert_allclose(
        to_numpy(model.feature_extractor(x)),
        features.reshape(len(x), -1),
        rtol=1e-4,
        atol=1e-4 * np.abs(features).max(),
    )


def check_heads(model, x, features):
    """Dense layers with ReLU, the last one with softmax."""
    label = domain = features.reshape(len(x), -1)
    for part, last in (
        (model.label_predictor, "predictions"),
        (model.domain_classifier, "domain_logits"),
    ):
        out = label if part is model.label_predictor else domain
        for name, (kernel, bias) in weights_by_layer(part).items():
            out = by_hand.dense(out, kernel, bias)
            if name != last:
                out = by_hand.relu(out)
        if part is model.label_predictor:
            label = by_hand.softmax(out)
        else:
            domain = out
    np.testing.assert_allclose(
        model.predict(x, verbose=0), label, rtol=1e-3, atol=1e-5
    )
    outputs = model({"source": x, "target": x})
    np.testing.assert_allclose(
        to_numpy(outputs["domain"]),
        np.concatenate([domain, domain]),
        rtol=1e-3,
        atol=1e-4 * np.abs(domain).max(),
    )


@pytest.mark.parametrize("name", ["LeNet", "GTSRB"])
def test_unpadded_convolutions_with_pooling_in_the_papers_order(name):
    model = getattr(architectures, name)(mean=[90.0, 100.0, 110.0])
    size = model.feature_extractor.input_shape[1]
    x = images(2, size)
    f = (x - np.array([90.0, 100.0, 110.0])) / 127.5
    for kernel, bias in weights_by_layer(model.feature_extractor).values():
        f = by_hand.relu(by_hand.convolution(f, kernel, bias))
        f = by_hand.max_pool(f, 2, 2)
    check_features(model, x, f)
    check_heads(model, x, f)


def test_svhn():
    model = architectures.SVHN(input_shape=(16, 16, 3), mean=100.0)
    x = images(2, 16)
    f = (x - 100.0) / 127.5
    layers = weights_by_layer(model.feature_extractor)
    for name in ("conv1", "conv2"):
        f = by_hand.relu(by_hand.convolution(f, *layers[name], pad=2))
        f = by_hand.max_pool(f, 3, 2, pad=(0, 1))
    f = by_hand.relu(by_hand.convolution(f, *layers["conv3"], pad=2))
    assert f.shape == (2, 4, 4, 128)
    check_features(model, x, f)
    check_heads(model, x, f)


def rates(part):
    return [
        layer.rate
        for layer in part.layers
        if isinstance(layer, keras.layers.Dropout)
    ]


def test_svhn_drops_as_srivastava_et_al():
    model = build("SVHN")
    assert rates(model.feature_extractor) == [0.1, 0.25, 0.25, 0.5]
    assert rates(model.label_predictor) == [0.5, 0.5]
    model = build("SVHN", dropout=False)
    assert rates(model.feature_extractor) == rates(model.label_predictor) == []


def test_svhn_has_the_max_norm_of_srivastava_et_al():
    model = build("SVHN")
    for part in (model.feature_extractor, model.label_predictor):
        norms = {
            layer.kernel_constraint.max_value
            for layer in part.layers
            if layer.weights
        }
        assert norms == {4.0}


@pytest.mark.parametrize("max_norm", [0.5, None])
def test_svhn_restricts_the_weights_into_each_unit(max_norm):
    model = build("SVHN", max_norm=max_norm)
    model.compile(
        keras.optimizers.SGD(1e-4),
        "sparse_categorical_crossentropy",
        **EAGERLY_ON_TENSORFLOW,
    )
    model.fit(paired("SVHN"), verbose=0)
    norms = [
        np.linalg.norm(kernel.reshape(-1, kernel.shape[-1]), axis=0)
        for part in (model.feature_extractor, model.label_predictor)
        for kernel, _ in weights_by_layer(part).values()
    ]
    assert len(norms) == 6
    largest = max(norm.max() for norm in norms)
    if max_norm is None:
        assert largest > 1.0
    else:
        assert largest == pytest.approx(max_norm, rel=1e-3)
    # The domain classifier is not of that network.
    (kernel, _), *_ = weights_by_layer(model.domain_classifier).values()
    assert np.linalg.norm(kernel, axis=0).max() > 0.5


@pytest.mark.parametrize(
    ("kwargs", "argument"),
    [
        ({"dropout": 0.5}, "dropout"),
        ({"max_norm": 0.0}, "max_norm"),
        ({"max_norm": True}, "max_norm"),
    ],
)
def test_bad_arguments_of_svhn(kwargs, argument):
    with pytest.raises(ValueError, match=f"`{argument}`.*Received"):
        build("SVHN", **kwargs)
