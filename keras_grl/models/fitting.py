"""Fitting: `fit`, `evaluate` and `predict` on paired and plain data."""

import functools
from typing import Any

import keras

from keras_grl.backend import make_function
from keras_grl.callbacks.defaults import watched
from keras_grl.callbacks.defaults import with_defaults
from keras_grl.callbacks.resuming import resuming
from keras_grl.layers.following_step import FollowingStep
from keras_grl.models import batch
from keras_grl.models import checks
from keras_grl.models import progress
from keras_grl.models.arguments import check_evaluation_arguments
from keras_grl.models.arguments import check_fit_arguments
from keras_grl.models.batch_checks import CheckedData
from keras_grl.models.class_weights import number_of_classes
from keras_grl.models.class_weights import with_class_weights
from keras_grl.models.executions import check_executions
from keras_grl.models.executions import for_evaluation
from keras_grl.models.inputs import check_inputs
from keras_grl.models.inputs import sorted_inputs
from keras_grl.models.optimizers import build_optimizer
from keras_grl.models.optimizers import check_optimizer
from keras_grl.models.sample_weights import check_sample_weight
from keras_grl.models.saving import Portable
from keras_grl.models.sharing import check_shares
from keras_grl.pairing import PairedDataset
from keras_grl.streams import Columns
from keras_grl.streams.errors import original_errors
from keras_grl.streams.label_arrays import for_every_backend
from keras_grl.streams.wrapped import lent
from keras_grl.types import Callbacks
from keras_grl.types import Config
from keras_grl.types import Data
from keras_grl.types import Inputs
from keras_grl.types import Labels
from keras_grl.types import PairedInputs
from keras_grl.types import Predictions
from keras_grl.types import Results
from keras_grl.types import SampleWeight
from keras_grl.types import StepFunction
from keras_grl.types import StepResult
from keras_grl.types import Verbose
from keras_grl.validation import check_boolean

# The key of the columns in the configuration of a model.
COLUMNS = "columns"


class Fitting(Portable):
    """How an `AdaptationModel` is trained and used.

    Invalid data raise an error before the first step.
    """

    def fit(
        self,
        x: Data = None,
        y: Labels = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Verbose = "auto",
        callbacks: Callbacks | None = None,
        *,
        steps_per_epoch: int | None = None,
        shuffle: bool | None = None,
        monitor: bool = True,
        **kwargs: Any,
    ) -> keras.callbacks.History:
        """Trains on paired batches. Takes all arguments of `keras.Model.fit`.

        It sets the horizon of the schedules of the adaptation factor and of
        the learning rate that have no `total_steps`.

        Args:
            x: The dataset that `keras_grl.pair` returns, or any dataset that
                yields such batches.
            y: Not used with datasets.
            batch_size: Not used with datasets: pass it to `pair`.
            epochs: Integer.
            verbose: "auto", 0, 1 or 2.
            callbacks: Keras callbacks.
            steps_per_epoch: Integer, the length of an epoch of a paired
                dataset: streams that end earlier start again.
            shuffle: Boolean, True by default. Not used with paired datasets:
                pass it to `pair`.
            monitor: Boolean, whether a `keras_grl.callbacks.AdaptationMonitor`
                warns if adaptation does not work. It does not change training.
            **kwargs: Further arguments of `keras.Model.fit`.

        Returns:
            A `keras.callbacks.History`, with `adaptation_factor` and
            `learning_rate` (of the last step of each epoch) among the logs.
        """
        check_fit_arguments(x, y, batch_size, shuffle, kwargs)
        check_boolean("monitor", monitor)
        if isinstance(x, PairedDataset):
            shuffle = False
            if steps_per_epoch is not None:
                x = x.with_steps(steps_per_epoch)
                steps_per_epoch = None
            batch.check_finite("steps_per_epoch", x, None)
        check_shares(self, x, training=True)
        check_shares(self, kwargs.get("validation_data"), training=False)
        batch.check_finite(
            "validation_steps",
            kwargs.get("validation_data"),
            kwargs.get("validation_steps"),
        )
        x = self._set_columns(x)
        kwargs = self._prepare_validation(kwargs)
        check_inputs(self, x)
        check_inputs(self, kwargs.get("validation_data"), "validation_data")
        before = checks.BeforeTraining(self, x, y, kwargs)
        check_executions(self, x, batch_size, steps_per_epoch)
        read = CheckedData(self, "x", x, training=True)
        validation = CheckedData(
            self,
            "validation_data",
            kwargs.get("validation_data"),
            training=False,
        )
        kwargs["validation_data"] = validation.data
        batches, kwargs = with_class_weights(
            read.data, kwargs, number_of_classes(self)
        )
        callbacks = with_defaults(callbacks, self, x, monitor)
        if isinstance(x, PairedDataset):
            batches = watched(batches, callbacks)
        callbacks, begin = resuming(
            callbacks, kwargs.pop("initial_epoch", 0), x
        )
        with (
            original_errors(read.errors, validation.errors),
            self.weights_kept(),
            lent(batches) as batches,
            lent(kwargs["validation_data"]) as kwargs["validation_data"],
        ):
            return super().fit(
                batches,
                for_every_backend(y),
                batch_size=batch_size,
                epochs=epochs,
                verbose=verbose,
                callbacks=[before, *callbacks],
                initial_epoch=begin,
                steps_per_epoch=steps_per_epoch,
                shuffle=True if shuffle is None else shuffle,
                **kwargs,
            )

    def evaluate(
        self,
        x: Data = None,
        y: Labels = None,
        batch_size: int | None = None,
        verbose: Verbose = "auto",
        sample_weight: SampleWeight = None,
        steps: int | None = None,
        **kwargs: Any,
    ) -> Results:
        """Evaluates plain data or pairs. Arguments of `keras.Model.evaluate`.

        For plain data it returns the loss and the metrics, for pairs also the
        values of the domains; with `return_dict=True` by name.
        """
        # `fit` has checked its own, of which it passes other ones on.
        if "_use_cached_eval_dataset" not in kwargs:
            check_evaluation_arguments(x, y, batch_size, sample_weight)
        if isinstance(x, PairedDataset):
            batch.check_finite("steps", x, steps)
            x, steps = for_evaluation(self, x, steps)
        x = self._in_order("x", x)
        check_shares(self, x, training=False)
        check_inputs(self, x)
        checks.check_evaluation_data(self, x, y, kwargs)
        check_sample_weight("sample_weight", sample_weight)
        if kwargs.get("_use_cached_eval_dataset"):
            # Keras reads those of `fit`.
            with self.weights_kept():
                return super().evaluate(
                    x, y, batch_size, verbose, sample_weight, steps, **kwargs
                )
        read = CheckedData(self, "x", x, training=False)
        with (
            original_errors(read.errors),
            self.weights_kept(),
            lent(read.data) as batches,
        ):
            return super().evaluate(
                batches,
                for_every_backend(y),
                batch_size,
                verbose,
                sample_weight,
                steps,
                **kwargs,
            )

    def predict(self, x: Data = None, *args: Any, **kwargs: Any) -> Predictions:
        """Predictions for plain data. Arguments of `keras.Model.predict`."""
        x = self._in_order("x", x)
        checks.check_prediction_data(self, x)
        check_inputs(self, x)
        with self.weights_kept():
            return super().predict(x, *args, **kwargs)

    # The columns of the data frames of the training data.
    fitted_columns: Columns | None = None

    def _set_columns(self, x: Data) -> Data:
        """Takes the order of the columns from x, the training data.

        Returns:
            x, with arrays in place of data frames.
        """
        if isinstance(x, PairedDataset):
            self.fitted_columns = x.columns
        elif batch.is_paired(x):
            self.fitted_columns = Columns()
            x = {
                name: self.fitted_columns.sorted_inputs(name, inputs)
                for name, inputs in x.items()
            }
        return x

    def _columns_config(self) -> Config:
        """The entry of the configuration for the columns, if there are any."""
        columns = self.fitted_columns
        config = columns.get_config() if columns is not None else []
        return {COLUMNS: config} if config else {}

    def _restore_columns(self, config: Config) -> None:
        if config.get(COLUMNS):
            self.fitted_columns = Columns.from_config(config[COLUMNS])

    def _in_order(self, name: str, x: Data) -> Data:
        return sorted_inputs(self.fitted_columns, name, x)

    def __call__(
        self, inputs: Inputs | PairedInputs, *args: Any, **kwargs: Any
    ) -> Predictions:
        inputs = self._in_order("inputs", inputs)
        return super().__call__(inputs, *args, **kwargs)

    def _prepare_validation(self, options: dict[str, Any]) -> dict[str, Any]:
        data = options.get("validation_data")
        if isinstance(data, PairedDataset):
            steps = options.get("validation_steps")
            data, steps = for_evaluation(self, data, steps)
            options = {**options, "validation_steps": steps}
            return {**options, "validation_data": data}
        if not isinstance(data, tuple) or not data:
            return options
        x, *rest = data
        x = self._in_order("validation_data", x)
        data = (x, *for_every_backend(rest))
        return {**options, "validation_data": data}

    def train_on_batch(
        self, x: PairedInputs, y: Labels = None, *args: Any, **kwargs: Any
    ) -> Results:
        """Trains on one paired batch. Arguments as in `keras.Model`."""
        if self.fitted_columns is None:
            x = self._set_columns(x)
        x = self._in_order("x", x)
        checks.check_batch(self, x, y)
        if self.train_function is None:
            check_optimizer(self)
            build_optimizer(self)
        return super().train_on_batch(x, for_every_backend(y), *args, **kwargs)

    def test_on_batch(
        self,
        x: Inputs | PairedInputs,
        y: Labels = None,
        *args: Any,
        **kwargs: Any,
    ) -> Results:
        """Evaluates one batch. Arguments as in `keras.Model`."""
        x = self._in_order("x", x)
        checks.check_batch(self, x, y)
        return super().test_on_batch(x, for_every_backend(y), *args, **kwargs)

    def predict_on_batch(self, x: Inputs) -> Predictions:
        """Predictions for one batch. Arguments as in `keras.Model`."""
        x = self._in_order("x", x)
        return super().predict_on_batch(x)

    def train_step(self, *args: Any) -> StepResult:
        # JAX's trainer passes (state, data), the others (data,).
        *state, data = args
        x, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        if not batch.is_paired(x):
            raise ValueError(batch.not_paired(self, "Training", x))
        checks.check_compiled(self)
        step = super().train_step
        return progress.count_applied_steps(self, step, *state, data)

    def predict_step(self, *args: Any) -> Predictions:
        *state, data = args
        x, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        if batch.is_paired(x):
            raise ValueError(
                "`predict` takes plain inputs. Received: paired batches of "
                f"{sorted(x)}\nPass one domain: `model.predict(x_target)`."
            )
        return super().predict_step(*state, data)

    # How a step is compiled differs by backend.

    train_function: StepFunction

    def make_train_function(self, force: bool = False) -> StepFunction:
        make = super().make_train_function
        make_function(self, "train_function", make, force)
        if not isinstance(self.train_function, FollowingStep):
            self.train_function = FollowingStep(self, self._make_step)
        return self.train_function

    def _make_step(self, force: bool) -> None:
        # Not `super()`, which keeps the variables: within a step JAX's trainer
        # has them.
        make = functools.partial(keras.Model.make_train_function, self)
        make_function(self, "train_function", make, force)

    def make_test_function(self, force: bool = False) -> StepFunction:
        make = super().make_test_function
        return make_function(self, "test_function", make, force)

    def make_predict_function(self, force: bool = False) -> StepFunction:
        make = super().make_predict_function
        return make_function(self, "predict_function", make, force)
