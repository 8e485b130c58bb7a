"""Whether an optimizer can update the weights of a model, and its build."""

import keras

from keras_grl.backend import building
from keras_grl.backend import builds_in_first_step
from keras_grl.layers.step_counter import StepCounter
from keras_grl.schedules.horizon import single_optimizers


def check_optimizer(model: keras.Model) -> None:
    """Refuses an optimizer that was built for other weights.

    Keras refuses it in the first step, with an error that shows the values of
    a weight. On JAX it trains, with the state and the step of the other model
    (Keras 3.15.1).

    Args:
        model: A compiled model. Before it is built there is nothing to check.

    Raises:
        ValueError: If the optimizer does not know a trainable weight.
    """
    owner = getattr(model, "optimizer", None)
    if owner is None or not model.built:
        return
    # A `MultiOptimizer` may have none before it is built.
    optimizers = single_optimizers(owner)
    if not optimizers or not all(each.built for each in optimizers):
        return
    variables = model.trainable_variables
    unknown = [
        variable
        for variable in variables
        if not any(_knows(optimizer, variable) for optimizer in optimizers)
    ]
    if not unknown:
        return
    raise ValueError(
        f"The optimizer of model {model.name!r} was built for other weights. "
        "Expected: an optimizer that no other model has, made after layers "
        f"were frozen or unfrozen. Received: {type(owner).__name__} "
        f"{owner.name!r}, which does not know {len(unknown)} of the model's "
        f"{len(variables)} trainable weights, such as {unknown[0].path!r}\n"
        "Make one optimizer for each model: `model.compile("
        f"keras.optimizers.{type(owner).__name__}(…), …)`."
    )


def build_optimizer(model: keras.Model) -> None:
    """Builds the optimizer of a model, if Keras would do so in the first step.

    Args:
        model: A compiled model. If a layer of it is not built yet, such as one
            that a subclass has added, this does nothing.
    """
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None or optimizer.built:
        return
    if builds_in_first_step(model) and _all_built(model):
        with building(model):
            optimizer.build(model.trainable_variables)


def _all_built(layer: keras.layers.Layer) -> bool:
    # The weights of a `StepCounter` are made with it.
    return (layer.built or isinstance(layer, StepCounter)) and all(
        _all_built(each) for each in getattr(layer, "layers", [])
    )


def _knows(
    optimizer: keras.optimizers.Optimizer, variable: keras.Variable
) -> bool:
    """Whether a built optimizer was built for a variable."""
    if not type(optimizer).apply.__module__.startswith("keras."):
        # That of a custom optimizer may do anything.
        return True
    try:
        # Without a gradient it changes nothing: Keras refuses that too.
        optimizer.apply([None], [variable])
    except ValueError as error:
        return "Unknown variable" not in str(error)
    return True
