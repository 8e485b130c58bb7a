"""Mutants of data on the device, and of several steps in one execution."""

from tests.mutants import mutants

TESTS = "tests/streams/test_device_stream.py"

EXECUTIONS = "tests/models/test_executions.py"

MUTANTS = [
    *mutants(
        "keras_grl/streams/device_stream.py",
        TESTS,
        (
            "if offset + size > self.num_samples:",
            "if offset + size >= self.num_samples:",
            "test_only_the_order_of_a_pass_is_copied_to_the_device",
        ),
        (
            "return gather(offset + share.start, share.stop - share.start)",
            "return gather(offset, size)",
            "test_batches_are_those_of_the_host",
        ),
        (
            "if self._pass is None or self._pass[0] != number:",
            "if self._pass is None:",
            "test_batches_are_those_of_the_host",
        ),
        (
            "        self._unread = False\n",
            "",
            "test_large_mapped_arrays_are_read_at_once",
        ),
        (
            "    for name in datasets:\n",
            "    for name in ():\n",
            "test_the_streams_must_be_arrays",
        ),
    ),
    *mutants(
        "keras_grl/backend/torch.py",
        TESTS,
        (
            "chosen = order[start : start + size]",
            "chosen = order[start:][:size].flip(0)",
            "test_batches_are_those_of_the_host",
        ),
    ),
    *mutants(
        "keras_grl/paired_dataset.py",
        TESTS,
        (
            "            self.check_inputs(self._check_inputs)\n",
            "            pass\n",
            "test_domains_that_differ_are_refused",
        ),
    ),
    *mutants(
        "keras_grl/models/class_weights.py",
        TESTS,
        (
            "ops.clip(index, -1, last - 1)",
            "ops.clip(index, 0, last - 2)",
            "test_class_weights_are_those_of_the_host",
        ),
        (
            "ops.round(ops.reshape(labels, -1))",
            "ops.reshape(labels, -1)",
            "test_class_weights_are_those_of_the_host",
        ),
    ),
    *mutants(
        "keras_grl/models/fitting.py",
        EXECUTIONS,
        (
            "        check_executions(self, x, batch_size, steps_per_epoch)\n",
            "",
            "test_more_steps_than_asked_for_are_refused",
        ),
    ),
    *mutants(
        "keras_grl/models/executions.py",
        EXECUTIONS,
        (
            "whole = -(-steps_per_epoch // at_once) * at_once",
            "whole = steps_per_epoch // at_once * at_once",
            "test_more_steps_than_asked_for_are_refused",
        ),
    ),
]
