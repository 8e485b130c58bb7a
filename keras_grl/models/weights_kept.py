"""A Keras model that keeps its weights when a step fails."""

import contextlib
from collections.abc import Iterator
from typing import Any

import keras

from keras_grl.backend import kept_variables


class WeightsKept(keras.Model):
    """A model of which a failed `fit`, `evaluate` or `predict` loses nothing.

    On JAX, Keras's trainer does: `keras_grl.backend.kept_variables` says how.
    A subclass runs them within `with self.weights_kept():`.
    """

    _give_back_variables: Any = None

    @contextlib.contextmanager
    def weights_kept(self) -> Iterator[None]:
        """Whatever fails in this context, the model has its weights after."""
        # `evaluate` is called within `fit`, for validation.
        outer = self._give_back_variables
        self._give_back_variables = None
        try:
            yield
        except BaseException:
            if self._give_back_variables is not None:
                self._give_back_variables()
            raise
        finally:
            self._give_back_variables = outer

    # Keras calls these when all variables exist, before the first step.

    def make_train_function(self, force: bool = False) -> Any:
        self._give_back_variables = kept_variables(self)
        return super().make_train_function(force)

    def make_test_function(self, force: bool = False) -> Any:
        self._give_back_variables = kept_variables(self)
        return super().make_test_function(force)

    def make_predict_function(self, force: bool = False) -> Any:
        self._give_back_variables = kept_variables(self)
        return super().make_predict_function(force)
