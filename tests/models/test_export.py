"""An exported model predicts the same, and holds only the label path."""

import keras
import numpy as np
import pytest

import keras_grl
from keras_grl import DANNModel
from tests.testing import BACKEND

# What no weight of the label path has as its size.
DOMAIN_UNITS = 173


def only_on(*backends):
    return pytest.mark.skipif(
        BACKEND not in backends,
        reason=f"Keras supports this only on {backends}",
    )


def images(count=5):
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, size=(count, 28, 28, 3), dtype="uint8")


@pytest.fixture(scope="module")
def model():
    """Trained a little, so that every part has weights of its own."""
    model = keras_grl.architectures.LeNet(
        mean="per_domain",
        domain_classifier=keras.Sequential(
            [keras.layers.Dense(DOMAIN_UNITS), keras.layers.Dense(1)]
        ),
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    pairs = keras_grl.pair((images(), np.arange(5)), images(), batch_size=4)
    model.fit(pairs, verbose=0)
    return model


def check(model, predictions):
    """The artifact's equal the model's, which still predicts the same."""
    want = model.predict(images(), verbose=0)
    assert np.ptp(want, axis=0).max() > 1e-4
    np.testing.assert_allclose(np.asarray(predictions), want, atol=1e-5)


def test_the_domain_classifier_is_found_in_a_full_model(model):
    """Otherwise the tests below, which do not find it, would prove nothing."""
    sizes = {size for w in model.weights for size in w.shape}
    assert DOMAIN_UNITS in sizes


@only_on("tensorflow", "jax")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_saved_model(model, tmp_path):
    tf = pytest.importorskip("tensorflow")
    model.export(tmp_path / "model", verbose=False)
    artifact = tf.saved_model.load(str(tmp_path / "model"))
    x = images().astype("float32")
    check(model, artifact.serve(x))
    check(model, tf.concat([artifact.serve(x[:2]), artifact.serve(x[2:])], 0))
    shapes = {size for v in artifact.variables for size in v.shape}
    assert 768 in shapes and DOMAIN_UNITS not in shapes


@only_on("tensorflow", "torch")
@pytest.mark.filterwarnings("ignore")
def test_onnx(model, tmp_path):
    onnx = pytest.importorskip("onnx")
    runtime = pytest.importorskip("onnxruntime")
    if BACKEND == "tensorflow":
        pytest.importorskip("tf2onnx")
    path = str(tmp_path / "model.onnx")
    model.export(path, format="onnx", verbose=False)
    session = runtime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (inputs,) = session.get_inputs()
    (outputs,) = session.run(None, {inputs.name: images().astype("float32")})
    check(model, outputs)
    shapes = {
        size
        for tensor in onnx.load(path).graph.initializer
        for size in tensor.dims
    }
    assert 768 in shapes and DOMAIN_UNITS not in shapes


@only_on("tensorflow")
def test_litert(model, tmp_path):
    interpreter = pytest.importorskip("ai_edge_litert.interpreter")
    path = str(tmp_path / "model.tflite")
    model.export(path, format="litert", verbose=False)
    artifact = interpreter.Interpreter(model_path=path)
    (inputs,) = artifact.get_input_details()
    (outputs,) = artifact.get_output_details()
    artifact.resize_tensor_input(inputs["index"], images().shape)
    artifact.allocate_tensors()
    artifact.set_tensor(inputs["index"], images().astype("float32"))
    artifact.invoke()
    check(model, artifact.get_tensor(outputs["index"]))
    shapes = {
        size
        for tensor in artifact.get_tensor_details()
        for size in tensor["shape"]
    }
    assert 768 in shapes and DOMAIN_UNITS not in shapes


@only_on("torch")
@pytest.mark.filterwarnings("ignore")
def test_torch(model, tmp_path):
    torch = pytest.importorskip("torch")
    path = str(tmp_path / "model.pt2")
    batch = torch.export.Dim("batch", min=1)
    model.export(path, format="torch", verbose=False, dynamic_shapes={0: batch})
    artifact = torch.export.load(path)
    x = torch.tensor(images()).float()
    check(model, artifact.module()(x).detach())
    shapes = {size for t in artifact.state_dict.values() for size in t.shape}
    assert 768 in shapes and DOMAIN_UNITS not in shapes


@pytest.mark.filterwarnings("ignore")
def test_grouped_convolutions(tmp_path):
    """They are refused where the file would be invalid, not elsewhere."""
    model = keras_grl.architectures.AlexNetBottleneck(
        4, input_shape=(67, 67, 3)
    )
    path = str(tmp_path / "alexnet.onnx")
    if BACKEND == "tensorflow":
        with pytest.raises(ValueError, match="grouped convolutions"):
            model.export(path, format="onnx")
        assert not list(tmp_path.iterdir())
    if BACKEND == "torch":
        pytest.importorskip("onnx")
        runtime = pytest.importorskip("onnxruntime")
        model.export(path, format="onnx", verbose=False)
        session = runtime.InferenceSession(
            path, providers=["CPUExecutionProvider"]
        )
        x = np.random.default_rng(0).integers(0, 256, size=(2, 67, 67, 3))
        x = x.astype("float32")
        (got,) = session.run(None, {session.get_inputs()[0].name: x})
        np.testing.assert_allclose(got, model.predict(x, verbose=0), atol=1e-5)


def test_export_needs_a_built_model(tmp_path):
    model = DANNModel(keras.layers.Dense(2), keras.layers.Dense(2))
    with pytest.raises(ValueError, match=r"`export` needs the shape"):
        model.export(tmp_path / "model")
    assert not list(tmp_path.iterdir())
