"""Mutants of batches that processes share."""

from tests.mutants import mutants

PROCESSES = "tests/models/test_processes.py"

MUTANTS = [
    *mutants(
        "keras_grl/streams/in_order.py",
        "tests/test_pairing.py",
        (
            'if check_integer("workers", value, minimum=0) > 1:',
            'if check_integer("workers", value, minimum=0) > 3:',
            "test_parallel_reading_is_refused",
        ),
    ),
    *mutants(
        "keras_grl/streams/shard.py",
        "tests/test_sharding.py",
        (
            "share = size // self.count",
            "share = size",
            "test_the_parts_make_up_each_batch",
        ),
        (
            "slice(self.index * share, (self.index + 1) * share)",
            "slice(self.index, self.index + share)",
            "test_the_parts_make_up_each_batch",
        ),
        (
            'check_divisible(name, size, self.count, "processes")',
            "pass",
            "test_a_batch_of_a_dataset_that_the_processes_do_not_divide",
        ),
        (
            "and 0 <= shard[0] < shard[1]",
            "and 0 <= shard[0] <= shard[1]",
            "test_what_is_no_part_of_a_batch",
        ),
        (
            "type(each) is int",
            "isinstance(each, int)",
            "test_what_is_no_part_of_a_batch",
        ),
    ),
    *mutants(
        "keras_grl/streams/array_stream.py",
        "tests/test_sharding.py",
        (
            "rows = rows[self._shard.rows(len(rows))]",
            "",
            "test_the_parts_make_up_each_batch",
        ),
    ),
    *mutants(
        "keras_grl/paired_dataset.py",
        "tests/test_sharding.py",
        (
            'self._check_divisible(shard.count, "processes")',
            "pass",
            "test_batches_that_the_processes_do_not_divide",
        ),
        (
            "size *= self._shard.count",
            "pass",
            "test_devices_share_what_a_process_reads",
        ),
    ),
    *mutants(
        "keras_grl/pairing.py",
        "tests/test_sharding.py",
        (
            "if shard is not None and shard.count > 1 and shuffle:",
            "if shard is not None and shuffle:",
            "test_the_whole_batch",
        ),
        (
            "return Shard(index, count) if count > 1 else None",
            "return None",
            f"{PROCESSES}::test_a_loop_of_torch",
        ),
    ),
    *mutants(
        "keras_grl/backend/torch.py",
        PROCESSES,
        (
            "return distributed.get_rank(), distributed.get_world_size()",
            "return 0, distributed.get_world_size()",
            "test_a_loop_of_torch",
        ),
    ),
    *mutants(
        "keras_grl/models/sharing.py",
        PROCESSES,
        ("and not alone", "", "test_a_loop_of_torch"),
        (
            "and count > 1\n        and keras",
            "and count > 2\n        and keras",
            "test_a_loop_of_torch",
        ),
    ),
]
