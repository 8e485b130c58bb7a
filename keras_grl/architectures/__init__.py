"""The paper's networks."""

from keras_grl.architectures.lenet import LeNet

__all__ = ["LeNet"]
