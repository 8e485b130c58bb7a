import logging
import os

# First: what it sets is read by the backends when they are imported.
import applications  # noqa: F401  # isort: skip

import keras
import pytest

# Two test processes share two cores.
if keras.backend.backend() == "torch":
    import torch

    torch.set_num_threads(1)


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
