"""The paper's networks."""

from keras_grl.architectures.alexnet import AlexNet
from keras_grl.architectures.alexnet import AlexNetBottleneck
from keras_grl.architectures.gtsrb import GTSRB
from keras_grl.architectures.lenet import LeNet
from keras_grl.architectures.squeezenet import SqueezeNet
from keras_grl.architectures.squeezenet import SqueezeNetBottleneck
from keras_grl.architectures.svhn import SVHN

__all__ = [
    "LeNet",
    "SVHN",
    "GTSRB",
    "AlexNet",
    "AlexNetBottleneck",
    "SqueezeNet",
    "SqueezeNetBottleneck",
]


def __dir__() -> list[str]:
    return sorted(__all__)
