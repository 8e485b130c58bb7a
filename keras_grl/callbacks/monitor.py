"""AdaptationMonitor."""

from collections.abc import Iterable

import keras
import numpy as np
from keras import tree

from keras_grl.backend import kept_state
from keras_grl.backend import num_devices
from keras_grl.backend import process
from keras_grl.callbacks.predicting import batch_size
from keras_grl.callbacks.predicting import predicted
from keras_grl.callbacks.predicting import rows
from keras_grl.monitor import classes
from keras_grl.monitor import logs as of_logs
from keras_grl.monitor.findings import Finding
from keras_grl.monitor.not_finite import NotFinite
from keras_grl.monitor.probe import Probe
from keras_grl.monitor.probe import learns_nothing
from keras_grl.monitor.probe import probe
from keras_grl.monitor.run import Run
from keras_grl.monitor.scales import check_scales
from keras_grl.monitor.seen import MOST_SAMPLES
from keras_grl.monitor.seen import Seen
from keras_grl.monitor.verdicts import OF_DOMAINS
from keras_grl.monitor.verdicts import Ending
from keras_grl.monitor.verdicts import verdicts
from keras_grl.types import Array
from keras_grl.types import Inputs
from keras_grl.types import Logs
from keras_grl.validation import check_integer

# Predictions in every epoch: the samples take this share of its arithmetic, in
# which a training sample counts as three forward passes. The rest of 3 % is for
# the other costs of each call.
_SHARE = 0.008
_FORWARDS_OF_STEP = 3
_FEWEST_PREDICTED = 128
# Once, in runs without such predictions.
_PREDICTED_AT_END = 128
# In shorter epochs and runs, the calls and compiling them would take more.
_STEPS_OF_EPOCH = 50
_STEPS_OF_RUN = 1000
# Afterwards a third is more than one epoch.
_EPOCHS_OF_COLLAPSE = 3
# All else follows from these.
_CAUSES = {
    "different-scales",
    "images-scaled-twice",
    "nan-or-infinite-loss",
}


class AdaptationMonitor(keras.callbacks.Callback):
    """Warns if domain adaptation does not work, and explains why.

    `fit` of an `AdaptationModel` adds it; `fit(…, monitor=False)` turns it
    off. It checks the logs, the first batches of training, and the predictions
    for their target samples. It reads no data itself, uses no target labels,
    and changes nothing in training: a run with it ends with the same weights,
    bit for bit.

    Each `AdaptationWarning`, a `UserWarning`, is raised once in a `fit` and
    names its section of docs/monitor.md. Runs of fewer than 20 steps are
    checked only for inputs of a wrong scale and for NaN.

    In long runs (by default of 1,000 steps or more, in epochs of 50 or more)
    it logs three values, computed from the predictions for at most 512 target
    samples:

    - `target_class_entropy`: the entropy of the predicted classes, in nats;
    - `target_largest_class`: the share of the class predicted most often;
    - `target_label_shift`: the distance, 0 to 1, of the estimated frequencies
      of the classes from those of the source
      (`keras_grl.scores.estimate_label_shift`).

    Args:
        samples: Integer, the maximum number of target samples used; 0 turns off
            all predictions. By default as many as keep the cost below 3 % of an
            epoch, and none in short runs, for which a few samples are predicted
            once, at their end.

    Attributes:
        findings: Dict, the topic of each warning of the last `fit` and its
            message.

    Raises:
        ValueError: If `samples` is invalid; when training begins, if the model
            is not an `AdaptationModel`.

    Example:

    >>> monitor = AdaptationMonitor()
    >>> model = keras_grl.DANNModel(
    ...     keras.layers.Dense(4), keras.layers.Dense(2, "softmax"))
    >>> model.compile("sgd", "sparse_categorical_crossentropy")
    >>> x = np.ones((64, 3))
    >>> data = keras_grl.pair((x, np.zeros(64)), x)
    >>> history = model.fit(data, callbacks=[monitor], verbose=0)
    >>> monitor.findings
    {}
    """

    # Keras then calls `on_train_batch_end` in a thread and does not wait for
    # the device, as without the callback.
    async_safe = True

    def __init__(self, samples: int | None = None):
        super().__init__()
        if samples is not None:
            samples = check_integer("samples", samples, minimum=0)
        self.samples = samples
        self.findings: dict[str, str] = {}
        self._seen = Seen()
        self._begin()

    def _begin(self) -> None:
        self._run: Run | None = None
        self._epochs: list[Logs] = []
        self._first_step: int | None = None
        self._last_epoch = 0
        self._inputs_checked = False
        self._not_finite = NotFinite()
        # Target samples, if they are predicted in every epoch.
        self._x: Inputs = None
        self._predicted: Array | None = None
        self._estimates: list[Array] = []

    def set_seen(self, seen: Seen) -> None:
        """Sets where the first batches of the next `fit` will be."""
        self._seen = seen

    def on_train_begin(self, logs: Logs | None = None) -> None:
        if not getattr(self.model, "counts_applied_steps", False):
            raise ValueError(
                "`AdaptationMonitor` needs an `AdaptationModel`, such as a "
                f"`DANNModel`. Received: {type(self.model).__name__}"
            )
        self.findings = {}
        self._begin()

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        if self._first_step is None:
            # After the schedules have set their counters.
            self._first_step = self.model.step_counter.steps_counted

    # Every step. Nothing here may wait for the device, as `self.model` does.

    def on_train_batch_begin(
        self, batch: int, logs: Logs | None = None
    ) -> None:
        self._check_inputs()

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._not_finite.record(batch, (logs or {}).get("loss"))

    def _check_inputs(self) -> None:
        if self._inputs_checked or not self._seen.batches:
            return
        self._inputs_checked = True
        self._report(check_scales(self._model, self._seen.batches[0]))

    # Every epoch.

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._check_inputs()
        model, logs = self.model, {} if logs is None else logs
        if self._run is None:
            self._run = Run.of(model, self._seen)
            self._choose_samples(self._run)
        self._last_epoch = epoch + 1
        self._epochs.append(dict(logs))
        finding = self._not_finite.finding(model, epoch, self._steps(), False)
        self._report([finding])
        self._report_early(self._run)
        if self._x is not None and self._run.class_shares is not None:
            self._log_predictions(self._run.class_shares, logs)

    def _report_early(self, run: Run) -> None:
        """Reports findings that need not wait for the end of the run."""
        if self._steps() < of_logs.FEWEST_STEPS or self._is_explained():
            return
        if run.aligns and run.is_frozen:
            self._report([learns_nothing("It has no trainable weights.")])
        epochs = len(self._epochs)
        if epochs > _EPOCHS_OF_COLLAPSE:
            self._report([of_logs.collapsed(self._epochs, run)])
        # Those of this `fit`, which may begin in the middle.
        planned = epochs + self.params["epochs"] - self._last_epoch
        half = of_logs.last_half_of(planned, self._epochs)
        self._report([of_logs.too_high(half, run)])

    def _is_explained(self) -> bool:
        return not _CAUSES.isdisjoint(self.findings)

    def _steps(self) -> int:
        """The steps of this run so far."""
        return self.model.step_counter.steps_counted - (self._first_step or 0)

    # Predictions.

    def _choose_samples(self, run: Run) -> None:
        """Chooses the samples that are predicted in every epoch, if any."""
        count = self._samples_per_epoch() if self._seen.batches else 0
        if count and run.class_shares is not None:
            self._x = self._seen.target(count)

    def _samples_per_epoch(self) -> int:
        if self.samples is not None:
            return min(self.samples, MOST_SAMPLES)
        steps = self.params.get("steps") or 0
        if (
            steps < _STEPS_OF_EPOCH
            or steps * self.params["epochs"] < _STEPS_OF_RUN
        ):
            return 0
        epoch = steps * sum(self._seen.domain_sizes())
        count = int(_SHARE * _FORWARDS_OF_STEP * epoch)
        return min(count, MOST_SAMPLES) if count >= _FEWEST_PREDICTED else 0

    def _log_predictions(self, class_shares: Array, logs: Logs) -> None:
        p = self._predict(self._x)
        self._learn_from(p, class_shares)
        for name, value in classes.figures(p, class_shares).items():
            logs.setdefault(name, value)

    def _predict(self, x: Inputs) -> Array:
        """Probabilities for target samples; NaN if the outputs are not."""
        model = self.model
        if process()[1] > 1:
            # Each process has seen its own samples.
            return np.full((rows(x), 2), np.nan)
        # As in training, so that no more memory is needed.
        size = min(rows(x), self._seen.domain_sizes()[-1])
        with kept_state(model):
            try:
                return predicted(model, x, batch_size(model, size))
            except ValueError:
                # A run must not fail because of a check.
                return np.full((rows(x), 2), np.nan)

    def _learn_from(self, p: Array, class_shares: Array) -> None:
        """Remembers which classes are predicted for the target."""
        self._predicted = None
        if len(p) < classes.FEWEST_SAMPLES or not np.isfinite(p).all():
            return
        self._predicted = classes.predicted_shares(p)
        if of_logs.source_is_learned(self._epochs[-1], class_shares, 0.5):
            self._estimates.append(classes.estimate(p, class_shares))

    def _look_at_end(self, run: Run) -> Probe | None:
        """Predictions of a run that had none, and outputs if it needs them."""
        if self.samples == 0 or not self._seen.batches:
            return None
        if run.class_shares is not None and self._x is None:
            p = self._predict(self._seen.target(_PREDICTED_AT_END))
            self._learn_from(p, run.class_shares)
        model = self.model
        if (
            num_devices(model) > 1
            or tree.is_nested(model.classifier.output)
            or not of_logs.may_ignore_inputs(self._epochs, run)
        ):
            return None
        with kept_state(model):
            return probe(model, self._seen.batches)

    # The end.

    def on_train_end(self, logs: Logs | None = None) -> None:
        run, steps = self._run, self._steps()
        if run is not None and self._epochs:
            last = self._not_finite.finding(
                self.model, self._last_epoch - 1, steps, True
            )
            self._report([last])
            if steps >= of_logs.FEWEST_STEPS and not self._is_explained():
                self._report(verdicts(self._ending(run)))
        # They may be large.
        self._seen = Seen()
        self._x = None

    def _ending(self, run: Run) -> Ending:
        model, counter = self.model, self.model.step_counter
        probed = self._look_at_end(run)
        return Ending(
            run,
            self._epochs,
            self._first_step or 0,
            counter.steps_counted,
            counter.horizon,
            counter.given_total_steps is not None,
            model.stop_training or self._last_epoch < self.params["epochs"],
            probed,
            self._predicted,
            self._estimates,
        )

    def _is_reported(self, finding: Finding) -> bool:
        reported = not OF_DOMAINS.isdisjoint(self.findings)
        return finding.topic in self.findings or (
            reported and finding.topic in OF_DOMAINS
        )

    def _report(self, findings: Iterable[Finding | None]) -> None:
        for finding in findings:
            if finding is not None and not self._is_reported(finding):
                self.findings[finding.topic] = finding.message
                finding.warn()
