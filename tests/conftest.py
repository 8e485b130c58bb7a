import gc
import itertools
import logging
import os

from tests.versions import at_least

# First of all settings: the backends read them when they are imported, and the
# processes that tests start inherit them.
# Two test processes share two cores: more threads would slow each other down.
os.environ["OMP_NUM_THREADS"] = "1"  # PyTorch's too, and scikit-learn's
os.environ["TF_NUM_INTRAOP_THREADS"] = "1"
os.environ["XLA_FLAGS"] = (
    os.environ.get("XLA_FLAGS", "")
    # Most of the time of a test on JAX, and of what TensorFlow compiles, goes
    # into compiling, of code that then runs for a few steps.
    + " --xla_backend_optimization_level=0"
    # Of what is left each part that is compiled in parallel takes its own share
    # of fixed costs.
    + " --xla_cpu_parallel_codegen_split_count=1"
    # JAX has two devices, for the tests that share a batch.
    + " --xla_force_host_platform_device_count=2"
)
# Emitting fused loops through MLIR takes most of the rest. Other versions,
# older and newer, end the process at a flag that they do not know.
if (
    at_least("jaxlib", 0, 10)
    and not at_least("jaxlib", 0, 11)
    and at_least("tensorflow", 2, 21)
):
    os.environ["XLA_FLAGS"] += " --xla_cpu_use_fusion_emitters=false"

# Its settings are for what is not set here.
import applications  # noqa: F401  # isort: skip

import pytest

# TensorFlow warns of every model beyond the fourth that it compiles.
logging.getLogger("tensorflow").setLevel(logging.ERROR)


# See `collect_garbage_rarely`.
gc.disable()
_tests_run = itertools.count(1)

# Folders and files whose tests use no backend, in whole. Single tests have the
# marker `backend_free`.
BACKEND_FREE = (
    "tests/applications/test_comparison.py",
    "tests/applications/test_domain_gap.py",
    "tests/applications/test_domains.py",
    "tests/applications/test_figures.py",
    "tests/applications/test_files.py",
    "tests/applications/test_generator_search.py",
    "tests/applications/test_measures.py",
    "tests/applications/test_pictures.py",
    "tests/applications/test_progress.py",
    "tests/applications/test_report.py",
    "tests/applications/test_results.py",
    "tests/applications/test_selection_orders.py",
    "tests/applications/test_tables.py",
    "tests/baselines/test_components.py",
    "tests/baselines/test_geodesic_flow_kernel.py",
    "tests/baselines/test_linear_svm.py",
    "tests/baselines/test_subspace_alignment.py",
    "tests/baselines/test_without_scikit_learn.py",
    # Of files and processes; what is trained resumes alike on each backend:
    # tests/commands/test_adapt.py, tests/adapting.
    "tests/commands/test_processes.py",
    "tests/datasets/",
    "tests/diagnostics/plots/",
    "tests/diagnostics/test_distance_test.py",
    "tests/diagnostics/test_distances.py",
    "tests/diagnostics/test_image_comparison.py",
    "tests/diagnostics/test_image_measures.py",
    "tests/diagnostics/test_intervals.py",
    "tests/diagnostics/test_optional.py",
    "tests/scores/test_features.py",
    "tests/scores/test_probabilities.py",
    "tests/selection/test_borders.py",
    "tests/selection/test_copies.py",
    "tests/selection/test_select.py",
    "tests/test_mutants.py",
    "tests/test_pairing.py",
    "tests/test_streams.py",
)


# Tests that take more than about five seconds of a processor on the fastest
# backend. Single ones may have the marker `slow` themselves.
SLOW = (
    "tests/applications/test_diagnostics.py",
    "tests/applications/test_start.py::"
    "test_help_imports_no_backend_and_the_start_is_silent",
    "tests/applications/test_experiments.py::test_a_run_writes_what_it_found",
    "tests/applications/test_experiments.py::"
    "test_semi_supervised_has_four_settings",
    "tests/applications/test_office.py::"
    "test_office_on_features_that_are_computed_once",
    "tests/applications/test_office.py::"
    "test_office_trains_the_last_fire_module",
    "tests/applications/test_resume.py::"
    "test_a_killed_run_resumes_as_if_it_had_not_been",
    "tests/architectures/test_builders.py::"
    "test_one_compiled_step_moves_every_weight",
    "tests/architectures/test_builders.py::"
    "test_saved_weights_come_back_on_another_backend",
    "tests/baselines/test_discrepancy_model.py::test_loads_on_another_backend",
    "tests/commands/test_adapt.py",
    "tests/datasets/generators/test_generation.py::test_no_more_is_made",
    "tests/datasets/generators/test_generation.py::test_processes_change",
    "tests/datasets/test_loading.py::test_importing_it_is_enough_for_tfds",
    "tests/datasets/tfds/test_faults.py::test_killed_while_it",
    "tests/datasets/tfds/test_faults.py::test_two_that_prepare_one_set",
    "tests/models/test_crossings.py::test_trains_on_with_every_other_backend",
    "tests/models/test_dann.py::test_how_a_step_is_run_changes_nothing",
    "tests/models/test_saving.py::test_a_killed_process_resumes_exactly",
    "tests/test_docs.py::test_quickstart_adapts",
    "tests/test_testing.py::test_programs_on_another_backend",
)


# Tests that use a process with another backend. They run in one test process:
# each has such processes of its own, which take long to start.
OTHER_BACKENDS = (
    "tests/architectures/test_builders.py::"
    "test_saved_weights_come_back_on_another_backend",
    "tests/baselines/test_discrepancy_model.py::test_loads_on_another_backend",
    "tests/models/test_crossings.py::test_trains_on_with_every_other_backend",
    "tests/models/test_several_sources.py::"
    "test_each_source_has_its_own_statistics",
    "tests/models/test_symmetric_difference_in_use.py::"
    "test_loads_on_another_backend",
    "tests/test_testing.py::test_programs_on_another_backend",
)


def pytest_configure(config):
    distributes = bool(config.getoption("tx", None))
    if distributes and not hasattr(config, "workerinput"):
        # xdist's controller runs no test, and the test processes, which import
        # a backend, start after it.
        return
    import keras

    if keras.backend.backend() == "tensorflow":
        leave_graphs_as_they_are()
        prepare_tensorflow()


def prepare_tensorflow():
    import tensorflow as tf

    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0],
        [tf.config.LogicalDeviceConfiguration()] * 2,
    )

    # A `fit` that ends by an exception leaves its iterator, which waits for
    # tf.data's autotuner to wake up when it is destroyed: for as long as the
    # iterator has existed, up to a minute (TensorFlow 2.21).
    iterate = tf.data.Dataset.__iter__
    options = tf.data.Options()
    options.autotune.enabled = False
    # It takes half of the time in which an iterator is made, for each `fit`.
    options.experimental_optimization.apply_default_optimizations = False

    def without_autotuner(dataset):
        return iterate(dataset.with_options(options))

    tf.data.Dataset.__iter__ = without_autotuner


def leave_graphs_as_they_are():
    """On TensorFlow, which optimizes a graph for longer than a few steps take.

    A process whose values are compared to the bit needs it too: optimized
    graphs round otherwise.
    """
    import tensorflow as tf

    tf.config.optimizer.set_experimental_options(
        {"disable_meta_optimizer": True}
    )


def pytest_addoption(parser):
    parser.addoption(
        "--backend-free",
        choices=["run", "skip"],
        default="run",
        help="whether to run the tests that use no backend, which `make test` "
        "runs once and not on every backend",
    )


# First, so that `-m "not slow"` sees the markers.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    chosen, left_out = [], []
    for item in items:
        if item.nodeid.startswith(BACKEND_FREE):
            item.add_marker("backend_free")
        if item.nodeid.startswith(SLOW):
            item.add_marker("slow")
        free = item.get_closest_marker("backend_free") is not None
        skip = free and config.getoption("--backend-free") == "skip"
        (left_out if skip else chosen).append(item)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
    # Files with slow tests first, so that the processes end together.
    chosen.sort(key=lambda item: item.get_closest_marker("slow") is None)
    items[:] = chosen


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """A file's tests run in one process, for they share what is prepared."""
    from xdist.scheduler import LoadFileScheduling

    class ByFile(LoadFileScheduling):
        def _split_scope(self, nodeid):
            if nodeid.startswith(OTHER_BACKENDS):
                return "other backends"
            return super()._split_scope(nodeid)

    return ByFile(config, log)


@pytest.fixture(scope="session", autouse=True)
def compiled_once(tmp_path_factory):
    """On JAX, what tests and the processes they start compile alike.

    jaxlib 0.4.36 and 0.5.3 end the process when they read such a file.
    """
    import keras

    if keras.backend.backend() == "jax" and at_least("jaxlib", 0, 10):
        import jax

        # One folder for all test processes. JAX writes there without a lock;
        # what is read half written it compiles, after a warning that
        # pyproject.toml ignores.
        folder = tmp_path_factory.getbasetemp()
        if "PYTEST_XDIST_WORKER" in os.environ:
            folder = folder.parent
        folder = folder / "compiled_by_jax"
        for name, value in (
            ("jax_compilation_cache_dir", str(folder)),
            ("jax_persistent_cache_min_compile_time_secs", 0.0),
        ):
            jax.config.update(name, value)
            os.environ[name.upper()] = str(value)


@pytest.fixture(autouse=True)
def collect_garbage_rarely():
    """Keeps garbage collection fast.

    TensorFlow 2.21 never frees the graph of a training step, and JAX caches
    what it compiled. A full collection would visit all of these objects again
    and again, which took a third of the time. It leaves out frozen ones.
    """
    yield
    if next(_tests_run) % 20 == 0:
        gc.collect()
        gc.freeze()


@pytest.fixture(autouse=True)
def fresh_state():
    """Equal initial weights in every test, and the default policies."""
    import keras

    policy = keras.config.dtype_policy()
    data_format = keras.config.image_data_format()
    keras.utils.set_random_seed(0)
    yield
    keras.config.set_dtype_policy(policy)
    keras.config.set_image_data_format(data_format)
    keras.utils.clear_session(free_memory=False)
