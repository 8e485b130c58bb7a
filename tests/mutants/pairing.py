"""Mutants of `keras_grl/pairing.py` and `keras_grl/streams.py`."""

from tests.mutants import mutants

MUTANTS = [
    *mutants(
        "keras_grl/pairing.py",
        "tests/test_pairing.py",
        (
            'choose = max if length == "longest" else min',
            'choose = min if length == "longest" else max',
            "test_length_of_an_epoch",
        ),
        (
            "batch_size = 128 if len(given) == 2 else 64 * len(given)",
            "batch_size = 64 * len(given) + len(given)",
            "test_batch_sizes",
        ),
        (
            "walked = self._epoch * (self._num_batches or 0) + index",
            "walked = index",
            "test_a_long_stream_is_seen_whole_over_the_epochs",
        ),
        (
            "self._told.epochs = epoch + 1",
            "self._told.epochs = epoch",
            "test_with_steps_goes_on_from_one_fit_to_the_next",
            "tests/models/test_dann_on_pairs.py::"
            "test_a_second_fit_sees_other_orders",
        ),
        (
            "        self._next_epoch = epoch\n",
            "        self._next_epoch = 0\n",
            "test_set_epoch_takes_up_where_a_run_was_left",
        ),
        (
            'weights[name] = np.ones(size, dtype="float32")',
            'weights[name] = np.zeros(size, dtype="float32")',
            "test_a_missing_sample_weight_of_two_becomes_ones",
        ),
        (
            "if name == self._reference or self._start_over:",
            "if name == self._reference:",
            "tests/test_streams.py::"
            "test_datasets_start_over_when_the_first_epoch_is_told",
        ),
    ),
    *mutants(
        "keras_grl/streams.py",
        "tests/test_pairing.py",
        (
            "self._seed = (seed, STREAMS.index(name))",
            "self._seed = (seed, 0)",
            "test_the_streams_are_not_shuffled_alike",
        ),
        (
            "np.random.default_rng((*self._seed, number))",
            "np.random.default_rng(self._seed)",
            "test_every_epoch_has_another_order",
        ),
        (
            "first = number * self.num_samples",
            "first = 0",
            "test_every_epoch_has_another_order",
        ),
        (
            "return full + (0 if self._drop_remainder else rest > 0)",
            "return full + (rest > 0)",
            "test_length_of_an_epoch",
            "test_each_sample_at_most_once_in_an_epoch",
        ),
        (
            "stop = min(start + self.batch_size, self.num_samples)",
            "stop = start + self.batch_size",
            "test_a_last_smaller_batch",
        ),
        (
            "if not self._once:\n                self._iterator = None",
            "if self._once:\n                self._iterator = None",
            "tests/test_streams.py::"
            "test_datasets_start_over_when_the_first_epoch_is_told",
        ),
        (
            "            dataset.on_epoch_end()",
            "            pass",
            "tests/test_streams.py::test_a_py_dataset_is_told_of_its_epochs",
        ),
        (
            "unpacked = (batch[0],)",
            "unpacked = (batch[-1],)",
            "tests/test_streams.py::"
            "test_labels_of_a_target_dataset_are_dropped_with_one_warning",
        ),
    ),
]
