"""Builders of TensorFlow Datasets, made from the facts of a set."""

import dataclasses
import functools
from typing import Any

import tensorflow_datasets as tfds

from keras_grl.datasets.facts import Dataset
from keras_grl.datasets.tfds.generated import Generated
from keras_grl.datasets.tfds.generated import GeneratedConfig
from keras_grl.datasets.tfds.sources import FromSources


@functools.cache
def classes(dataset: Dataset, module: str) -> dict[str, type]:
    """The builder of a set, which TFDS knows from now on.

    Args:
        dataset: A synthetic set, or one with `prepare`.
        module: Name of the module that has the classes. It is saved with each
            prepared set.

    Returns:
        Class of the builder and, if there are configurations, theirs, by
        their names: "SynNumbers" and "SynNumbersConfig" of "syn_numbers".
    """
    name = dataset.builder_name
    made: dict[str, type] = {}
    configurations = []
    if any(variant.configuration for variant in dataset.variants):
        config = _config_class(dataset, f"{name}Config", module)
        made[config.__name__] = config
        configurations = _configurations(dataset, config)
    base: Any = FromSources if dataset.generator is None else Generated
    # TFDS registers a class when it is made, by what its body says.
    body = {
        "__module__": module,
        "__doc__": dataset.details,
        "DATASET": dataset,
        "VERSION": tfds.core.Version(dataset.version),
        "RELEASE_NOTES": dict(dataset.releases),
        "BUILDER_CONFIGS": configurations,
        "MANUAL_DOWNLOAD_INSTRUCTIONS": dataset.instructions,
    }
    if dataset.generator is not None:
        body["_draw"] = staticmethod(dataset.generator.draw)
        body["SUPPORTED_VERSIONS"] = [
            tfds.core.Version(version)
            for version in dataset.generator.versions
            if version != dataset.version
        ]
    made[name] = type(base)(name, (base,), body)
    return made


def _config_class(dataset: Dataset, name: str, module: str) -> type:
    body = {"__module__": module, "__doc__": f"One of {dataset.name}."}
    if dataset.generator is None:
        return type(name, (tfds.core.BuilderConfig,), body)
    fields = [
        ("images", int, dataset.variants[0].splits["train"]),
        ("drawing", Any, dataset.generator.config),
    ]
    body["__doc__"] = GeneratedConfig.__doc__ or ""
    return dataclasses.make_dataclass(
        name, fields, bases=(GeneratedConfig,), namespace=body
    )


def _configurations(
    dataset: Dataset, config: type
) -> list[tfds.core.BuilderConfig]:
    made = []
    for variant in dataset.variants:
        images = {}
        if dataset.generator is not None:
            images["images"] = variant.splits["train"]
        made.append(
            config(
                name=variant.configuration,
                description=variant.summary,
                **images,
            )
        )
    return made
