"""Other default dtypes than float32."""

import keras
import numpy as np
import pytest

import keras_grl
from keras_grl import DANNModel
from tests.testing import BACKEND
from tests.testing import small_classifier
from tests.testing import small_data
from tests.testing import small_domain_classifier
from tests.testing import small_extractor
from tests.testing import to_numpy


@pytest.fixture(params=["float64", "float16", "bfloat16"])
def floatx(request):
    keras.config.set_floatx(request.param)
    yield request.param
    keras.config.set_floatx("float32")


# JAX warns about every array, unless `jax_enable_x64` is set.
@pytest.mark.filterwarnings("ignore:Explicitly requested dtype.*float64")
def test_a_model_trains(floatx):
    model = DANNModel(
        small_extractor(),
        small_classifier(),
        small_domain_classifier(),
        adaptation_factor=1.0,
    )
    model.compile(keras.optimizers.SGD(0.0), "sparse_categorical_crossentropy")
    x_source, y_source, x_target = small_data(source=8, target=8)
    data = keras_grl.pair((x_source, y_source), x_target, batch_size=16)
    logs = model.fit(data, verbose=0).history
    x = {"source": x_source, "target": x_target}
    logits = to_numpy(keras.ops.cast(model(x)["domain"], "float32"))[:, 0]
    signs = np.repeat([1.0, -1.0], 8)
    expected = np.log1p(np.exp(signs * logits)).mean()
    rounding = 1e-6 if floatx == "float64" and BACKEND != "jax" else 2e-2
    assert logs["domain_loss"][0] == pytest.approx(expected, rel=rounding)
    assert logs["domain_accuracy"][0] == ((logits > 0) == (signs < 0)).mean()
