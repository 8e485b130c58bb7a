"""The vocabulary of the annotations.

Classes of Keras are named directly: `keras.Model`, `keras.layers.Layer` (which
a model is too), `keras.Variable`, `keras.KerasTensor`. What may be anything,
because a function checks it, is an `object`. This module imports nothing of
`keras_grl`.
"""

import os
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import Literal
from typing import TypeAlias
from typing import TypeVar

import keras
import numpy as np
import numpy.typing as npt

T = TypeVar("T")

# Values.

# A tensor of any backend, concrete or symbolic. `Any`, here and below, since
# the classes of the libraries have no common base.
Tensor: TypeAlias = Any
# A NumPy array of any dtype.
Array: TypeAlias = npt.NDArray[Any]
# An array of any library, a data frame or a column of one.
AnyArray: TypeAlias = Any
# Images of values 0 to 255: `(height, width)`, `(height, width, channels)`, or
# a batch of these.
Images: TypeAlias = npt.NDArray[np.uint8]
# A value, or dicts, lists and tuples of such values: what `keras.tree` maps.
Structure: TypeAlias = (
    T | Sequence["Structure[T]"] | Mapping[str, "Structure[T]"]
)
# Symbolic tensors: the inputs or outputs of a Functional model.
Symbolic: TypeAlias = Structure[keras.KerasTensor]
# The shape of a tensor; None is a size that may vary.
Shape: TypeAlias = tuple[int | None, ...]
# A shape, or dicts, lists and tuples of shapes. `Any`, since a shape is a tuple
# itself.
Shapes: TypeAlias = Any
# The name of a dtype, or dicts and lists of names. None stands for any dtype.
DTypes: TypeAlias = Any

# Batches.

# The name of a domain: "source" or "target"; of several sources "source_0",
# "source_1", ….
Domain: TypeAlias = str
# What a network takes of one domain.
Inputs: TypeAlias = Structure[Tensor]
# Name of a stream (of a domain, or "labeled_target") to its inputs.
PairedInputs: TypeAlias = dict[str, Inputs]
# A tensor of labels, or a structure of them for several outputs; with labeled
# target samples, name of a stream to its labels.
Labels: TypeAlias = Any
# Weights of the samples, in the form of the labels.
SampleWeight: TypeAlias = Any
# What a label predictor returns: a tensor, or a structure for several outputs.
Predictions: TypeAlias = Any
# What the call of a model on a paired batch returns, by name.
Outputs: TypeAlias = dict[str, Any]
# `(x,)`, `(x, y)` or `(x, y, sample_weight)`.
Batch: TypeAlias = tuple[Any, ...]
# What `fit` takes: arrays, or an iterable dataset of batches of any library.
Data: TypeAlias = Any
# Function of the name of a stream and its labels, which raises an error.
LabelCheck: TypeAlias = Callable[[str, Labels], None]

# Function of a start and a size: the rows of that part of an order.
Gather: TypeAlias = Callable[[int, int], Batch]

# Layers and losses.

# A number, or one for each channel.
PerChannel: TypeAlias = float | Sequence[float] | Array
# What a builder subtracts from images: the same for both domains, by domain, or
# the name of a mean.
Mean: TypeAlias = str | PerChannel | Mapping[str, PerChannel]
# What a layer takes for an activation; None is the identity.
Activation: TypeAlias = str | Callable[[Tensor], Tensor] | None

# The preprocessing layer of each domain, or none.
Preprocessing: TypeAlias = Mapping[Domain, keras.layers.Layer | None]

# Function of source features and target features that returns a scalar.
FeatureDistance: TypeAlias = Callable[[Tensor, Tensor], Tensor]
# What a user may pass for one: its name, or a function.
DiscrepancyLike: TypeAlias = str | FeatureDistance

# Function of domain labels and logits: one value per sample, or a scalar.
DomainLoss: TypeAlias = Callable[[Tensor, Tensor], Tensor]
# What a user may pass for the pair of losses of Appendix A.
AdversarialLossLike: TypeAlias = str | tuple[DomainLoss, DomainLoss]

# Schedules.

# A function of training progress p in [0, 1]; every schedule is one.
FunctionOfP: TypeAlias = Callable[[Tensor], Tensor]
# What a user may pass for a schedule.
ScheduleLike: TypeAlias = float | FunctionOfP

# Training.

# The logged values of a batch or an epoch, by name.
Logs: TypeAlias = dict[str, float]
# What `compile` takes for an optimizer.
OptimizerLike: TypeAlias = str | keras.optimizers.Optimizer
# What `compile` takes for the loss of one output.
OneLoss: TypeAlias = str | keras.Loss | Callable[[Tensor, Tensor], Tensor]
# What `compile` takes for the losses of all outputs.
LossLike: TypeAlias = Structure[OneLoss | None]
# What `compile` takes for the loss of the target's predictions: a function of
# them, or one by the name of each output.
TargetLossLike: TypeAlias = (
    Callable[[Tensor], Tensor] | Mapping[str, Callable[[Tensor], Tensor]]
)
# What `fit` takes for callbacks.
Callbacks: TypeAlias = (
    keras.callbacks.Callback
    | Sequence[keras.callbacks.Callback]
    | keras.callbacks.CallbackList
)
# `verbose` of `fit`, `evaluate` and `predict`.
Verbose: TypeAlias = Literal["auto"] | int
# What `train_step` returns: the logs; on JAX the logs and the new state.
StepResult: TypeAlias = Any
# What the trainer calls for one step or several. `Any`, since its arguments
# differ by backend.
StepFunction: TypeAlias = Any
# What `evaluate` returns: the loss, or the values of all metrics as a list or
# by name. `Any`, since it depends on the arguments.
Results: TypeAlias = Any

# Files.

# Where a file is.
PathLike: TypeAlias = str | os.PathLike[str]
# What was read from JSON.
JSON: TypeAlias = Any
# What `get_config` returns: arguments by name, as JSON can hold them.
Config: TypeAlias = dict[str, Any]
# Name to class or function, for what is not registered.
CustomObjects: TypeAlias = Mapping[str, object]
