"""The paper's results, one program each.

The backends read these settings when they are imported, so they are set here,
before the imports of any program. The user's own settings are kept.
"""

import os

# TensorFlow leaves oneDNN off on processors without AVX-512, although it
# makes a step faster by a third there too.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
# It logs a dozen lines about the machine.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
if os.environ.get("KERAS_BACKEND") == "jax":
    # XLA's newest convolutions on the CPU take three times as long.
    os.environ.setdefault(
        "XLA_FLAGS", "--xla_cpu_experimental_ynn_fusion_type="
    )
