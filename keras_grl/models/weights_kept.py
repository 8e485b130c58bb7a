"""A Keras model that keeps its weights when a step fails."""

import contextlib
from collections.abc import Callable
from collections.abc import Iterator

import keras

from keras_grl.backend import kept_variables


class WeightsKept(keras.Model):
    """A model that loses no weights if `fit`, `evaluate` or `predict` fails.

    On JAX, Keras's trainer loses them: see `keras_grl.backend.kept_variables`.
    A subclass runs them within `with self.weights_kept():`.
    """

    _give_back_variables: Callable[[], None] | None = None

    @contextlib.contextmanager
    def weights_kept(self) -> Iterator[None]:
        """The model has its weights after this context, also if it fails."""
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

    def make_train_function(
        self, force: bool = False
    ) -> Callable[..., object] | None:
        self._give_back_variables = kept_variables(self)
        return super().make_train_function(force)

    def make_test_function(
        self, force: bool = False
    ) -> Callable[..., object] | None:
        self._give_back_variables = kept_variables(self)
        return super().make_test_function(force)

    def make_predict_function(
        self, force: bool = False
    ) -> Callable[..., object] | None:
        self._give_back_variables = kept_variables(self)
        return super().make_predict_function(force)
