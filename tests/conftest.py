import logging
import os

# First: what it sets is read by the backends when they are imported.
import applications  # noqa: F401  # isort: skip

# Two test processes share two cores: more threads stand in each other's way.
# The processes that tests start have them from here.
os.environ["OMP_NUM_THREADS"] = "1"  # PyTorch's too, and scikit-learn's
os.environ["TF_NUM_INTRAOP_THREADS"] = "1"
if os.environ.get("KERAS_BACKEND") == "jax":
    # Most of the time of a test on JAX goes into compiling, of code that then
    # runs for a few steps.
    os.environ["XLA_FLAGS"] += " --xla_backend_optimization_level=0"
    # For the tests that share a batch over devices.
    os.environ["XLA_FLAGS"] += " --xla_force_host_platform_device_count=2"

import keras
import pytest

if keras.backend.backend() == "tensorflow":
    import tensorflow as tf

    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0],
        [tf.config.LogicalDeviceConfiguration()] * 2,
    )

# TensorFlow warns of every model beyond the fourth that it compiles.
logging.getLogger("tensorflow").setLevel(logging.ERROR)


@pytest.fixture(scope="session", autouse=True)
def compiled_once(tmp_path_factory):
    """On JAX, what tests and the processes they start compile alike."""
    if keras.backend.backend() == "jax":
        import jax

        # Of this test process alone: JAX writes there without a lock.
        folder = tmp_path_factory.mktemp("compiled")
        for name, value in (
            ("jax_compilation_cache_dir", str(folder)),
            ("jax_persistent_cache_min_compile_time_secs", 0.0),
        ):
            jax.config.update(name, value)
            os.environ[name.upper()] = str(value)


@pytest.fixture(autouse=True)
def fresh_state():
    """Equal weights in every test, and no policy left by another."""
    policy = keras.config.dtype_policy()
    data_format = keras.config.image_data_format()
    keras.utils.set_random_seed(0)
    yield
    keras.config.set_dtype_policy(policy)
    keras.config.set_image_data_format(data_format)
    keras.utils.clear_session(free_memory=False)
