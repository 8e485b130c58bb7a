"""The contents of a model's `.keras` file, and how it is saved and loaded."""

import inspect
import os
import warnings
from pathlib import Path
from typing import Any

import keras

from keras_grl.backend import compiles_by_default
from keras_grl.backend import takes_several_steps_per_execution
from keras_grl.files import replaced
from keras_grl.methods.domain_classifier import from_file
from keras_grl.methods.method import Method
from keras_grl.models.weights_kept import WeightsKept
from keras_grl.types import JSON
from keras_grl.types import Config
from keras_grl.types import LossLike
from keras_grl.types import OptimizerLike
from keras_grl.types import PathLike
from keras_grl.validation import invalid


class Portable(WeightsKept):
    """A model whose files are complete, and resume training on any backend.

    - A `save` that fails keeps the existing file. The functions of
      `keras.saving` open it before they call anything of the model.
    - The file names the optimizer's public class, and holds the arguments of
      `compile` as they were passed, not as a backend has resolved them.
    - A layer that is part of several networks is one layer in the loaded
      model too.
    """

    # Arguments of `compile` that Keras does not save as they were passed.
    _compiled_with: dict[str, Any] = {}  # noqa: RUF012

    # Files.

    def save(
        self,
        filepath: PathLike,
        overwrite: bool = True,
        zipped: bool | None = None,
        **kwargs: Any,
    ) -> None:
        """Saves the model as a `.keras` file. Arguments of `keras.Model.save`.

        If it fails, the existing file is kept.

        Raises:
            ValueError: If the path does not end in `.keras`. With
                `zipped=False` it is the path of a folder.
        """
        if zipped is not False:
            _check_ending(filepath)
        if not _is_local(filepath) or (
            zipped is False and str(filepath).endswith(".keras")
        ):
            # Keras refuses it, naming the path that was passed, or uploads it.
            super().save(filepath, overwrite, zipped, **kwargs)
        elif overwrite or _may_be_replaced(filepath):
            if zipped is False:
                # Keras creates the parents of a folder.
                Path(filepath).parent.mkdir(parents=True, exist_ok=True)
            with replaced(filepath) as temporary:
                super().save(temporary, zipped=zipped, **kwargs)

    def save_weights(
        self,
        filepath: PathLike,
        overwrite: bool = True,
        max_shard_size: float | None = None,
        **kwargs: Any,
    ) -> None:
        """Saves the weights. Arguments of `keras.Model.save_weights`.

        If it fails, the existing file is kept.
        """
        ends_well = str(filepath).endswith(".weights.h5") or (
            max_shard_size is not None
            and str(filepath).endswith(".weights.json")
        )
        if not (_is_local(filepath) and ends_well):
            # Keras refuses it, naming the path that was passed, or uploads it.
            super().save_weights(filepath, overwrite, max_shard_size, **kwargs)
        elif overwrite or _may_be_replaced(filepath):
            with replaced(filepath) as temporary:
                super().save_weights(
                    temporary, max_shard_size=max_shard_size, **kwargs
                )

    # The arguments of `compile` in the file.

    def compile(
        self,
        optimizer: OptimizerLike = "rmsprop",
        loss: LossLike | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        super().compile(optimizer, loss, *args, **kwargs)
        given = inspect.signature(keras.Model.compile).bind(
            self, optimizer, loss, *args, **kwargs
        )
        given.apply_defaults()
        # Keras saves `jit_compile` as this backend resolves it, and does not
        # save `auto_scale_loss` (Keras 3.15.1).
        self._compiled_with = {
            name: given.arguments[name]
            for name in ("jit_compile", "auto_scale_loss")
        }
        _warn_of_shared_layers(self)

    def get_compile_config(self) -> Config:
        config = super().get_compile_config()
        if config:
            config = {**neutral(config), **self._compiled_with}
        return config

    def compile_from_config(self, config: Config) -> None:
        steps = config.get("steps_per_execution", 1)
        config = {**neutral(config), "jit_compile": _jit_compile(config)}
        if steps > 1 and not takes_several_steps_per_execution():
            config["steps_per_execution"] = 1
            warnings.warn(
                f"The model was compiled with `steps_per_execution={steps}`, "
                f"which the {keras.backend.backend()} backend does not "
                "support. It runs one step per execution here.",
                stacklevel=2,
            )
        with from_file():
            self.compile(**keras.saving.deserialize_keras_object(config))
        # A file that this backend writes still holds it.
        self._compiled_with = {
            **self._compiled_with,
            "steps_per_execution": steps,
        }
        if self.optimizer is not None and self.built:
            self.optimizer.build(self.trainable_variables)


def neutral(config: JSON) -> JSON:
    """A configuration that names the public class of each optimizer.

    On torch, `keras.optimizers.SGD()` is an instance of a torch-specific
    class. Keras saves that class, which no other backend can train with
    (Keras 3.15.1).

    Args:
        config: What `keras.saving.serialize_keras_object` returns, or a part
            of it.

    Returns:
        A copy for any backend.

    Example:

    >>> optimizer = keras.optimizers.SGD()
    >>> config = neutral(keras.saving.serialize_keras_object(optimizer))
    >>> config["module"], config["class_name"], config["registered_name"]
    ('keras.optimizers', 'SGD', None)
    """
    if isinstance(config, (list, tuple)):
        return type(config)(neutral(item) for item in config)
    if not isinstance(config, dict):
        return config
    config = {name: neutral(value) for name, value in config.items()}
    module, name = config.get("module"), config.get("class_name")
    # A user's own class of that name is in another module.
    if str(module).startswith("keras.") and _is_optimizer(name):
        config |= {"module": "keras.optimizers", "registered_name": None}
    return config


def _is_optimizer(name: object) -> bool:
    found = getattr(keras.optimizers, str(name), None)
    return isinstance(found, type) and issubclass(
        found, keras.optimizers.Optimizer
    )


def _jit_compile(config: Config) -> bool | str:
    """`jit_compile` for this backend, as far as the file has it."""
    saved = config.get("jit_compile", "auto")
    if "auto_scale_loss" in config:
        return saved
    # Version 0.1.0 saved "auto" as the backend had resolved it.
    if neutral(config) != config:  # Written on torch.
        return saved or "auto"
    return saved if compiles_by_default() else "auto"


def _check_ending(filepath: PathLike) -> None:
    """Refuses other formats than `.keras`.

    From HDF5 Keras loads neither the registered class nor the optimizer's
    state, and to write it takes the optimizer out of the arguments of
    `compile`, so that later files are without it too (Keras 3.15.1).
    """
    name = str(filepath)
    stem, ending = os.path.splitext(name.removesuffix(".weights.h5"))
    hdf5 = name.endswith((".h5", ".hdf5"))
    if ending == ".keras" or ("://" in name and not hdf5):
        return
    raise ValueError(
        invalid(
            "filepath",
            "a path that ends in `.keras`, the format that holds a model with "
            "its optimizer",
            name,
            f"Save the model, `model.save({stem + '.keras'!r})`, or only its "
            f"weights, `model.save_weights({stem + '.weights.h5'!r})`. To "
            "predict without Keras, use `model.export`.",
        )
    )


def _is_local(filepath: object) -> bool:
    return isinstance(filepath, (str, os.PathLike)) and "://" not in str(
        filepath
    )


def _may_be_replaced(filepath: PathLike) -> bool:
    """Asks before overwriting a file, as Keras does with `overwrite=False`."""
    if not os.path.exists(filepath):
        return True
    question = f"[WARNING] {filepath} already exists - overwrite? [y/n]"
    while (answer := input(question).strip().lower()) not in ("y", "n"):
        question = 'Enter "y" (overwrite) or "n" (cancel).'
    return answer == "y"


# Layers that are part of several networks.


def mark_shared_layers(model: keras.Model) -> None:
    """Must be called first in `get_config`, so that shared layers stay shared.

    Keras marks a shared object in a file only from its second occurrence on.
    The first one, nested in a network, has no mark and loads as a separate
    layer (Keras 3.15.1). Serializing every object once before marks them all.
    """
    # The layers of the method are layers of the model too.
    parts = [each for each in model.layers if not isinstance(each, Method)]
    if shared_layers(model) or _share_variables(parts):
        for part in parts:
            keras.saving.serialize_keras_object(part)


def shared_layers(model: keras.Model) -> dict[str, list[keras.Model]]:
    """The layers that are part of several networks of a model.

    Args:
        model: A model of several networks.

    Returns:
        Name of a layer to the networks that it is part of.

    Example:

    >>> shared_layers(keras_grl.architectures.LeNet())
    {}
    """
    owners: dict[int, tuple[keras.layers.Layer, list[keras.Model]]] = {}
    networks = [model]
    for network in networks:  # It grows.
        inner = {id(layer): layer for layer in network.layers}
        for key, layer in inner.items():
            if isinstance(layer, keras.layers.InputLayer):
                continue
            known = key in owners
            owners.setdefault(key, (layer, []))[1].append(network)
            if hasattr(layer, "layers") and not known:
                networks.append(layer)
    return {
        layer.name: parts for layer, parts in owners.values() if len(parts) > 1
    }


def _share_variables(parts: list[keras.layers.Layer]) -> bool:
    """Whether parts share variables, also in wrapped or custom layers."""
    seen: set[int] = set()
    for part in parts:
        variables = {id(variable) for variable in part.variables}
        if variables & seen:
            return True
        seen |= variables
    return False


def _warn_of_shared_layers(model: keras.Model) -> None:
    for name, networks in shared_layers(model).items():
        if all(
            part is model or isinstance(part, keras.Sequential)
            for part in networks
        ):
            continue
        warnings.warn(
            f"Layer {name!r} is part of several networks: "
            + ", ".join(repr(network.name) for network in networks)
            + ". A `.keras` file of this model may not load: Keras cannot "
            "load a layer that functional models share. Make these networks "
            "`keras.Sequential` models, or save with `model.save_weights` "
            "and load the weights into a model that your code builds.",
            stacklevel=4,
        )
