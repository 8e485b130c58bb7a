"""
Title: Domain-adversarial training
Author: the keras-grl maintainers
Date created: 2026/11/29
Last modified: 2026/11/29
Description: Adapting a classifier to images of another domain without labels.
Accelerator: None
"""

"""
## Introduction

A classifier that was trained on images of one kind often fails on images of
another: renderings and photographs, one scanner and the next. Labels exist for
the *source* domain only, but unlabeled images of the *target* domain are easy
to collect.

Domain-adversarial training of neural networks (DANN) uses both. The network has
three parts:

- A *feature extractor* computes features of the images of both domains.
- A *label predictor* learns the labels of the source from the features.
- A *domain classifier* learns to tell from the features which domain an image
comes from.

Between the feature extractor and the domain classifier is a *gradient reversal
layer*. It passes the features on unchanged. In the backward pass it multiplies
the gradient by `-factor`. So the domain classifier learns to distinguish the
domains, while the feature extractor learns to make that impossible. What
remains are features which predict the labels and are alike in both domains.

In this example, we adapt a classifier of sharp handwritten digits to digits
that are out of focus. It runs on all backends of Keras.

This example requires keras-grl, which provides the layer and the training step,
scikit-learn and SciPy. You can install them via the following command:
`pip install keras-grl scikit-learn scipy`

**References:**

- [Unsupervised Domain Adaptation by Backpropagation](https://arxiv.org/abs/1409.7495)
- [Domain-Adversarial Training of Neural Networks](https://arxiv.org/abs/1505.07818)
"""

"""
## Setup
"""

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers
from keras import ops
from scipy import ndimage

import keras_grl

keras.utils.set_random_seed(0)

num_images = 1000
num_test_images = 500
num_epochs = 30
batch_size = 128

"""
## Prepare the data

`keras_grl.datasets.digits` makes images of 28 by 28 pixels from the digits of
scikit-learn. Every written digit is in one domain and one split only. The
labels of the target are used for nothing but the final evaluation.
"""


def out_of_focus(images):
    return ndimage.gaussian_filter(images, (0, 2.5, 2.5, 0))


images, labels = keras_grl.datasets.digits.load(
    "digits", "train", 2 * num_images
)
source_images, source_labels = images[::2], labels[::2]
target_images = out_of_focus(images[1::2])

test_images, test_labels = keras_grl.datasets.digits.load(
    "digits", "test", num_test_images
)
test_images = out_of_focus(test_images)

figure, axes = plt.subplots(2, 6, figsize=(6, 2.2))
for column in range(6):
    axes[0, column].imshow(source_images[column], cmap="gray")
    axes[1, column].imshow(target_images[column], cmap="gray")
for axis in axes.ravel():
    axis.axis("off")
figure.suptitle("Source and target")
plt.show()

"""
`keras_grl.pair()` joins both domains: half of each batch is source, half is
target. Its inputs are a dictionary, and its labels are those of the source.
"""

train_dataset = keras_grl.pair(
    (source_images, source_labels), target_images, batch_size=batch_size, seed=0
)
inputs, batch_labels = train_dataset[0]
print({name: batch.shape for name, batch in inputs.items()}, batch_labels.shape)

"""
## The gradient reversal layer

The layer is the identity in the forward pass. Its gradient has the opposite
sign, scaled by the adaptation factor.
"""

reversal = keras_grl.layers.GradientReversal(adaptation_factor=0.5)
features = ops.ones((2, 3))
print(ops.convert_to_numpy(reversal(features)))

"""
## Build the model

The three parts are ordinary Keras models. `keras_grl.DANNModel` puts the
gradient reversal layer between the first and the third one. During training,
its factor rises from 0 to 1, because the domain classifier is of little use as
long as the features are random.
"""


def build_feature_extractor():
    inputs = keras.Input(shape=(28, 28, 1))
    # Normalize each image by its own mean and variance.
    x = layers.LayerNormalization(axis=(1, 2, 3), center=False, scale=False)(
        inputs
    )
    x = layers.Conv2D(16, kernel_size=5, strides=2, activation="relu")(x)
    x = layers.Conv2D(32, kernel_size=3, strides=2, activation="relu")(x)
    x = layers.Flatten()(x)
    outputs = layers.Dense(64, activation="relu")(x)
    return keras.Model(inputs, outputs, name="feature_extractor")


def build_model():
    return keras_grl.DANNModel(
        feature_extractor=build_feature_extractor(),
        label_predictor=layers.Dense(10, activation="softmax"),
        domain_classifier=keras.Sequential(
            [layers.Dense(128, activation="relu"), layers.Dense(1)]
        ),
    )


"""
## Train with and without adaptation

Adaptation may also make a model worse. So we train the same model twice, and
compare. With a weight of zero the domain classifier does not influence the
features.
"""


def train(domain_loss_weight):
    model = build_model()
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=0.002),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        domain_loss_weight=domain_loss_weight,
    )
    history = model.fit(
        train_dataset,
        epochs=num_epochs,
        validation_data=(test_images, test_labels),
        verbose=2,
    )
    return model, history.history


source_only_model, source_only_history = train(domain_loss_weight=0.0)
adapted_model, adapted_history = train(domain_loss_weight=0.1)

"""
## Evaluate on the target domain

`evaluate()` and `predict()` take images of the target as they are. They only
pass through the feature extractor and the label predictor.
"""

_, source_only_accuracy = source_only_model.evaluate(
    test_images, test_labels, verbose=0
)[:2]
_, adapted_accuracy = adapted_model.evaluate(
    test_images, test_labels, verbose=0
)[:2]
print(f"Target accuracy, source only: {source_only_accuracy:.3f}")
print(f"Target accuracy, adapted: {adapted_accuracy:.3f}")

figure, axis = plt.subplots(figsize=(6, 3))
axis.plot(source_only_history["val_accuracy"], label="source only")
axis.plot(adapted_history["val_accuracy"], label="adapted")
axis.set_xlabel("Epoch")
axis.set_ylabel("Accuracy on target images")
axis.legend()
plt.show()

"""
## Use the adapted classifier

`model.classifier` is a plain Keras model of the path from images to class
probabilities. It contains no domain classifier, and it loads without keras-grl.
"""

classifier = adapted_model.classifier
probabilities = classifier.predict(test_images[:8], verbose=0)
print(np.argmax(probabilities, axis=1), test_labels[:8])

"""
## Conclusion

Unlabeled images of the target domain, a second classifier and a layer that
reverses gradients are enough to adapt a network while it is trained by `fit()`.

A few things to keep in mind:

- Always train without adaptation as well. Which of both models to keep can be
decided without labels of the target: see `keras_grl.select()`.
- The classes should be about equally frequent in both domains. Features of the
same distribution in both domains must otherwise be wrong for some images.
- Watch `domain_accuracy` in the logs. If it stays at 1, the features reveal the
domain, and a later layer is a better place for the domain classifier.
"""
