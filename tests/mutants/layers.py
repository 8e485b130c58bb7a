"""Mutants of `keras_grl/layers/` and `keras_grl/backend/`."""

from tests.mutants import mutants

REVERSAL = "tests/layers/test_gradient_reversal.py"
MEAN = "tests/layers/test_mean_subtraction.py"
POOLING = "tests/layers/test_max_pooling.py"
CONVOLUTION = "tests/layers/test_convolution.py"
LRN = "tests/layers/test_local_response_normalization.py"

MUTANTS = [
    *mutants(
        "keras_grl/layers/gradient_reversal.py",
        REVERSAL,
        (
            "return scale_gradient(x, -adaptation_factor)",
            "return scale_gradient(x, adaptation_factor)",
            "test_gradient_is_minus_factor_times_upstream",
        ),
        (
            "            self.count_step()",
            "            self.count_step(), self.count_step()",
            "test_schedule_starts_at_zero_and_counts_training_calls",
        ),
        (
            "        if training:\n            self.count_step()",
            "        self.count_step()",
            "test_schedule_starts_at_zero_and_counts_training_calls",
        ),
        (
            "last = ops.maximum(self.step - 1, 0)",
            "last = self.step",
            "test_own_function_of_p",
        ),
        (
            'kwargs.setdefault("autocast", False)',
            'kwargs.setdefault("autocast", True)',
            "test_forward_keeps_the_dtype",
        ),
        (
            "self.supports_masking = True",
            "self.supports_masking = False",
            "test_masks_pass",
        ),
        (
            "if training and self.needs_horizon and not self.knows_horizon:",
            "if training and self.needs_horizon and self.knows_horizon:",
            "test_unknown_horizon",
        ),
    ),
    *mutants(
        "keras_grl/layers/step_counter.py",
        REVERSAL,
        (
            'step = self._counter("step", 0)',
            'step = self._counter("step", 1)',
            "test_schedule_starts_at_zero_and_counts_training_calls",
            "test_in_every_kind_of_model",
        ),
    ),
    *mutants(
        "keras_grl/backend/torch.py",
        REVERSAL,
        (
            "return _scaled(upstream, ctx.scale), None",
            "return -_scaled(upstream, ctx.scale), None",
            "test_gradient_is_minus_factor_times_upstream",
        ),
    ),
    *mutants(
        "keras_grl/backend/torch.py",
        POOLING,
        (
            "padding=[before for before, _ in pads]",
            "padding=[after for _, after in pads]",
            "test_outputs_and_gradients_of_keras[3-2-same-pixels2]",
        ),
        (
            "any(after > before for before, after in pads)",
            "False",
            "test_outputs_and_gradients_of_keras[3-2-same-pixels2]",
        ),
        (
            "return pooled.permute(0, 2, 3, 1)",
            "return pooled.permute(0, 3, 2, 1)",
            "test_outputs_and_gradients_of_keras[2-2-valid-pixels1]",
        ),
    ),
    *mutants(
        "keras_grl/backend/torch.py",
        CONVOLUTION,
        (
            "kernel.permute(3, 2, 0, 1)",
            "kernel.permute(3, 2, 1, 0)",
            "test_outputs_and_gradients_of_keras",
        ),
        (
            "None if bias is None else",
            "None if bias is not None else",
            "test_outputs_and_gradients_of_keras",
        ),
        (
            "groups=x.shape[-1] // kernel.shape[2]",
            "groups=1",
            "test_outputs_and_gradients_of_keras",
        ),
        (
            "        dilation_rate,\n        groups",
            "        (1, 1),\n        groups",
            "test_outputs_and_gradients_of_keras",
        ),
    ),
    *mutants(
        "keras_grl/layers/convolution.py",
        CONVOLUTION,
        (
            "self.bias if self.use_bias else None",
            "None",
            "test_outputs_and_gradients_of_keras",
        ),
        (
            "return outputs if self.activation is None else "
            "self.activation(outputs)",
            "return outputs",
            "test_outputs_and_gradients_of_keras",
        ),
    ),
    *mutants(
        "keras_grl/backend/images.py",
        POOLING,
        (
            "return added // 2, added - added // 2",
            "return added - added // 2, added // 2",
            "test_outputs_and_gradients_of_keras[3-2-same-pixels2]",
        ),
        (
            "windows = -(-size // stride)",
            "windows = size // stride",
            "test_outputs_and_gradients_of_keras[3-2-same-pixels3]",
        ),
        (
            "and all(stride > 1 for stride in strides)",
            "",
            "test_outputs_and_gradients_of_keras[2-1-same-pixels11]",
        ),
        (
            'data_format == "channels_last"\n        and',
            'data_format == "channels_first"\n        and',
            "test_what_the_builders_have_is_fast[2-2-valid-pixels0]",
            "test_channels_first",
        ),
    ),
    *mutants(
        "keras_grl/layers/gradient_scaling.py",
        "tests/layers/test_gradient_scaling.py",
        (
            "return scale_gradient(inputs, self.scale)",
            "return scale_gradient(inputs, self.scale**2)",
            "test_gradient_is_scale_times_upstream",
            "test_scales_multiply_in_a_chain_and_with_a_reversal",
        ),
        (
            "return scale_gradient(inputs, self.scale)",
            "return inputs * self.scale",
            "test_forward_is_exact_to_the_bit",
        ),
        (
            '"scale": self.scale}',
            '"scale": 1.0}',
            "test_round_trip",
        ),
    ),
    *mutants(
        "keras_grl/layers/mean_subtraction.py",
        MEAN,
        (
            'ops.cast(inputs, "float32") - mean) / scale',
            'ops.cast(inputs, "float32") - mean) * scale',
            "test_given_mean_and_scale_per_channel",
        ),
        (
            "* images / ops.maximum(self.count, 1.0)",
            "/ ops.maximum(self.count, 1.0)",
            "test_the_mean_of_all_images_trained_on",
        ),
        (
            "if training and self.trainable:",
            "if self.trainable:",
            "test_the_mean_of_all_images_trained_on",
        ),
        (
            'kwargs.setdefault("autocast", False)',
            'kwargs.setdefault("autocast", True)',
            "test_half_precision_keeps_small_differences",
        ),
        (
            "self._channel_axis = rank - 1 if last else 1",
            "self._channel_axis = rank - 1",
            "test_channels_first",
        ),
        (
            "if training and self.trainable:",
            "if training:",
            "test_a_frozen_layer_keeps_its_mean",
        ),
    ),
    *mutants(
        "keras_grl/layers/local_response_normalization.py",
        LRN,
        (
            "self.alpha / self.size * energy",
            "self.alpha * energy",
            "test_by_hand",
            "test_caffes_defaults",
        ),
        (
            "around[axis] = (self.size // 2, self.size // 2)",
            "around[axis] = (self.size - 1, 0)",
            "test_by_hand",
            "test_caffes_defaults",
        ),
        (
            'squares = ops.square(ops.cast(inputs, "float32"))',
            "squares = ops.square(inputs)",
            "test_large_activations_in_half_precision",
        ),
        (
            'axis = rank - 1 if self.data_format == "channels_last" else 1',
            "axis = rank - 1",
            "test_channels_first",
        ),
    ),
    *mutants(
        "keras_grl/layers/rows.py",
        "tests/models/test_dann.py",
        (
            "return sum(ops.shape(tensor)[0] for tensor in tensors)",
            "return ops.shape(tensors[0])[0]",
            "test_labeled_target_is_learned_from_and_counts_as_target",
        ),
        (
            "mask = previous_mask[0] if previous_mask else None",
            "mask = None",
            "test_masks_reach_the_label_predictor_and_the_domain_classifier",
        ),
    ),
]
