"""Mutants of `keras_grl/pairing.py`, its dataset and its streams."""

from tests.mutants import mutants

MUTANTS = [
    *mutants(
        "keras_grl/streams/names.py",
        "tests/streams/test_names.py",
        (
            "return name != TARGET",
            "return name == SOURCE",
            "test_what_a_stream_is",
        ),
        (
            "return [name for name in names if domain_of(name) == name]",
            "return [name for name in names if is_labeled(name)]",
            "test_what_a_stream_is",
        ),
    ),
    *mutants(
        "keras_grl/streams/paired_batch.py",
        "tests/test_pairing.py",
        (
            "make = np.ones if isinstance(like, np.ndarray) else ops.ones",
            "make = np.zeros if isinstance(like, np.ndarray) else ops.ones",
            "test_a_missing_sample_weight_of_two_becomes_ones",
        ),
    ),
    *mutants(
        "keras_grl/pairing.py",
        "tests/test_pairing.py",
        (
            "batch_size = 128 if len(given) == 2 else 64 * len(given)",
            "batch_size = 64 * len(given) + len(given)",
            "test_batch_sizes",
        ),
    ),
    *mutants(
        "keras_grl/streams/epochs.py",
        "tests/test_pairing.py",
        (
            'choose = max if length == "longest" else min',
            'choose = min if length == "longest" else max',
            "test_length_of_an_epoch",
        ),
    ),
    *mutants(
        "keras_grl/paired_dataset.py",
        "tests/test_pairing.py",
        (
            "walked = epoch * (self._num_batches or 0) + index",
            "walked = index",
            "test_a_long_stream_is_used_completely_over_the_epochs",
        ),
        (
            "self._trained.epochs = epoch + 1",
            "self._trained.epochs = epoch",
            "test_with_steps_continues_in_the_next_fit",
            "tests/models/test_dann_on_pairs.py::"
            "test_a_second_fit_sees_other_orders",
        ),
        (
            "return self._trained.epochs",
            "return max(self._trained.epochs, self._epoch + 1)",
            "tests/models/test_dann_on_pairs.py::"
            "test_batches_that_are_only_read_do_not_change_a_fit",
        ),
        (
            "self._epoch = epoch - 1",
            "self._epoch = epoch",
            "test_set_epoch_resumes_a_run",
        ),
        (
            "                stream.restart()\n        self._trained",
            "                pass\n        self._trained",
            "tests/test_streams.py::"
            "test_datasets_start_again_at_the_first_epoch",
        ),
        (
            "if self._streams[name].checked_by_batch:",
            "if True:",
            "test_labels_of_arrays_are_checked_at_once",
        ),
    ),
    *mutants(
        "keras_grl/streams/arrays.py",
        "tests/streams/test_arrays.py",
        (
            'array.astype(array.dtype.newbyteorder("="))',
            'array.view(array.dtype.newbyteorder("="))',
            "test_numbers_of_the_other_byte_order",
        ),
    ),
    *mutants(
        "keras_grl/streams/array_stream.py",
        "tests/test_pairing.py",
        (
            "self._seed = (seed, stream_number(name))",
            "self._seed = (seed, 0)",
            "test_streams_are_shuffled_differently",
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
            "if not self._unread and len(self.data) > 1:",
            "if len(self.data) > 1:",
            "tests/streams/test_values.py::"
            "test_large_memory_mapped_arrays_are_checked_by_batch",
        ),
    ),
    *mutants(
        "keras_grl/streams/dataset_stream.py",
        "tests/test_streams.py",
        (
            "if not self._once:\n                self._iterator = None",
            "if self._once:\n                self._iterator = None",
            "test_datasets_start_again_at_the_first_epoch",
        ),
        (
            "            dataset.on_epoch_end()",
            "            pass",
            "test_epoch_hooks_of_a_py_dataset_are_called",
        ),
        (
            "return batch[0]",
            "return batch[-1]",
            "test_labels_of_a_target_dataset_are_dropped_with_one_warning",
        ),
        (
            "if all(shapes) and len({shape[0] for shape in shapes}) == 1:",
            "if all(shapes):",
            "tests/streams/test_unpacking.py::test_datasets_of_single_samples",
        ),
    ),
    *mutants(
        "keras_grl/streams/columns.py",
        "tests/streams/test_columns.py",
        (
            "return np.take(array, [names.index(each) for each in first], 1)",
            "return array",
            "test_columns_are_matched_by_name",
        ),
        (
            "if Counter(names) != Counter(first):",
            "if len(names) != len(first):",
            "test_other_columns",
        ),
    ),
    *mutants(
        "keras_grl/streams/values.py",
        "tests/streams/test_values.py",
        (
            "return start + int(np.argmin(finite))",
            "return int(np.argmin(finite))",
            "test_the_first_row_that_is_not_finite",
        ),
        (
            "tree.flatten(parts[2:])",
            "tree.flatten(parts[3:])",
            "test_sample_weights_that_are_not_finite",
        ),
        (
            "& 0x7C00) == 0x7C00",
            "& 0x7C00) == 0x7C01",
            "test_the_first_row_that_is_not_finite",
        ),
    ),
    *mutants(
        "keras_grl/streams/alike.py",
        "tests/streams/test_alike.py",
        (
            'if joint or (len(shape) == 1 and array.dtype.kind == "f"):',
            "if joint:",
            "test_mismatches_if_domains_pass_separately",
        ),
    ),
    *mutants(
        "keras_grl/streams/unpacking.py",
        "tests/streams/test_unpacking.py",
        (
            "return np.asarray(sample).shape == tuple(shape)",
            "return False",
            "test_a_column_of_samples_with_arrays",
        ),
        (
            "if isinstance(data, list) and (is_labeled(name) or "
            "len(data) != 1):",
            "if False:",
            "test_lists_and_other_types",
        ),
    ),
]
