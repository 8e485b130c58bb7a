"""Label predictors of every kind that Keras has."""

import keras
from keras import layers


@keras.saving.register_keras_serializable("tests")
class Custom(keras.layers.Layer):
    """A label predictor of its own class, with what the others do not have."""

    def __init__(self, classes, **kwargs):
        super().__init__(**kwargs)
        self.classes = classes
        self.hidden = layers.Dense(5, "relu")
        self.outputs = layers.Dense(classes, "softmax")

    def build(self, input_shape):
        self.hidden.build(input_shape)
        self.outputs.build((*input_shape[:-1], 5))

    def call(self, inputs):
        return self.outputs(self.hidden(inputs))

    def get_config(self):
        return {**super().get_config(), "classes": self.classes}


class WithoutConfig(keras.Model):
    """Keras makes its configuration from the arguments."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = layers.Dense(3, "softmax")

    def call(self, inputs):
        return self.dense(inputs)


def functional():
    inputs = keras.Input((4,))
    hidden = layers.Dense(5, "relu")(inputs)
    merged = layers.add([hidden, layers.Dense(5)(inputs)])
    return keras.Model(inputs, layers.Dense(3, "softmax")(merged))


def several_outputs():
    inputs = keras.Input((4,))
    kind, size = layers.Dense(2)(inputs), layers.Dense(1)(inputs)
    return keras.Model(inputs, {"size": size, "kind": kind})


PREDICTORS = {
    "dense": lambda: layers.Dense(3, "softmax"),
    "sequential": lambda: keras.Sequential(
        [layers.Dense(5, "relu"), layers.Dense(3, "softmax")]
    ),
    "built": lambda: keras.Sequential(
        [keras.Input((4,)), layers.Dense(5, "relu"), layers.Dense(3, "softmax")]
    ),
    "batch_normalization": lambda: keras.Sequential(
        [
            layers.Dense(5, "relu"),
            layers.BatchNormalization(),
            layers.Dropout(0.5),
            layers.Dense(3, "softmax"),
        ]
    ),
    "functional": functional,
    "several_outputs": several_outputs,
    "nested": lambda: keras.Sequential([functional(), layers.Softmax()]),
    "custom": lambda: Custom(3),
    "without_config": WithoutConfig,
}
