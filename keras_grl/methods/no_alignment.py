"""NoAlignment: trains without aligning the domains."""

import keras

from keras_grl.methods.method import Method
from keras_grl.methods.rows import Rows
from keras_grl.types import Outputs
from keras_grl.types import Tensor


@keras.saving.register_keras_serializable(package="keras_grl")
class NoAlignment(Method):
    """The method of an `AdaptationModel` with `method=None`.

    Such a model has no domain loss. It learns from the labels, and from a
    `target_loss` if it is compiled with one.
    """

    def loss(self, outputs: Outputs, rows: Rows) -> Tensor:
        return 0.0
