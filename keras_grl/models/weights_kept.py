"""A Keras model that keeps its weights when a step fails."""

import contextlib
from collections.abc import Iterator
from typing import Any

import keras

from keras_grl.backend import kept_variables


class WeightsKept(keras.Model):
    """`fit`, `evaluate` and `predict` that lose no weights when they fail.

    On JAX, Keras's trainer does: `keras_grl.backend.kept_variables` says how.
    """

    _give_back_variables: Any = None

    def fit(self, *args: Any, **kwargs: Any) -> Any:
        with self._variables_given_back_on_failure():
            return super().fit(*args, **kwargs)

    def evaluate(self, *args: Any, **kwargs: Any) -> Any:
        with self._variables_given_back_on_failure():
            return super().evaluate(*args, **kwargs)

    def predict(self, *args: Any, **kwargs: Any) -> Any:
        with self._variables_given_back_on_failure():
            return super().predict(*args, **kwargs)

    @contextlib.contextmanager
    def _variables_given_back_on_failure(self) -> Iterator[None]:
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
