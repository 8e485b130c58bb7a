"""The paper's results, one program each.

The backends read these settings when they are imported, so they stand here,
before every program's own imports. What the user has set is kept.
"""

import os

# TensorFlow leaves oneDNN off on processors without AVX-512, where it takes
# a third off a step all the same.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
# It logs what it finds of the machine, a dozen lines.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
if os.environ.get("KERAS_BACKEND") == "jax":
    # XLA's newest convolutions on the CPU take three times as long.
    os.environ.setdefault(
        "XLA_FLAGS", "--xla_cpu_experimental_ynn_fusion_type="
    )
