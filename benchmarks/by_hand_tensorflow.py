"""TensorFlow, as a `tf.function`."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from benchmarks.by_hand import MOMENTUM
from benchmarks.by_hand import Network
from benchmarks.by_hand import Weights


def _dense(x: tf.Tensor, layers: list[Any]) -> tf.Tensor:
    *hidden, (kernel, bias) = layers
    for inner, shift in hidden:
        x = tf.nn.relu(x @ inner + shift)
    return x @ kernel + bias


class Loop:
    """One network, trained by hand."""

    def __init__(
        self, network: Network, model: keras.Model, learning_rate: float
    ):
        self.network = network
        self.learning_rate = learning_rate
        self.weights = Weights.of(model, tf.Variable)
        self.speeds = [
            tf.Variable(tf.zeros_like(w)) for w in self.weights.flat()
        ]
        self.compiled = tf.function(self._step)

    def step(
        self,
        source: np.ndarray,
        labels: np.ndarray,
        target: np.ndarray,
        factor: float,
    ) -> tf.Tensor:
        return self.compiled(
            tf.convert_to_tensor(source),
            tf.convert_to_tensor(labels),
            tf.convert_to_tensor(target),
            tf.constant(factor, "float32"),
        )

    def _step(
        self,
        source: tf.Tensor,
        labels: tf.Tensor,
        target: tf.Tensor,
        factor: tf.Tensor,
    ) -> tf.Tensor:
        weights = self.weights.flat()
        with tf.GradientTape() as tape:
            loss = self._loss(source, labels, target, factor)
        gradients = tape.gradient(loss, weights)
        for weight, speed, gradient in zip(
            weights, self.speeds, gradients, strict=True
        ):
            speed.assign(MOMENTUM * speed - self.learning_rate * gradient)
            weight.assign_add(speed)
        return loss

    def _loss(
        self,
        source: tf.Tensor,
        labels: tf.Tensor,
        target: tf.Tensor,
        factor: tf.Tensor,
    ) -> tf.Tensor:
        images = tf.concat([source, target], 0)
        features = self._features(tf.cast(images, "float32") / 127.5 - 1)
        count = len(source)
        label_loss = tf.nn.sparse_softmax_cross_entropy_with_logits(
            labels, _dense(features[:count], self.weights.label)
        )
        kept = tf.stop_gradient(features)
        logits = _dense(kept - factor * (features - kept), self.weights.domain)
        domains = tf.concat([tf.zeros(count), tf.ones(len(target))], 0)
        domain_loss = tf.nn.sigmoid_cross_entropy_with_logits(
            domains, logits[:, 0]
        )
        return tf.reduce_mean(label_loss) + tf.reduce_mean(domain_loss)

    def _features(self, x: tf.Tensor) -> tf.Tensor:
        padding = self.network.padding
        for number, (kernel, bias) in enumerate(self.weights.convolutions):
            x = tf.nn.bias_add(tf.nn.conv2d(x, kernel, 1, padding), bias)
            if number < self.network.pooled:
                x = tf.nn.max_pool2d(x, self.network.window, 2, padding)
            x = tf.nn.relu(x)
        return tf.reshape(x, [len(x), -1])
