"""Preprocessing and running statistics per domain."""

import contextlib
from collections.abc import Iterator

import keras
from keras import tree

from keras_grl.methods import rows
from keras_grl.methods.method import Method
from keras_grl.models import batch
from keras_grl.models.fitting import Fitting
from keras_grl.models.running_statistics import SourceStatistics
from keras_grl.models.running_statistics import source_pass
from keras_grl.streams import SOURCE
from keras_grl.streams import TARGET
from keras_grl.streams import source_names
from keras_grl.types import Domain
from keras_grl.types import Inputs
from keras_grl.types import PairedInputs
from keras_grl.types import Preprocessing
from keras_grl.types import Shape
from keras_grl.types import Shapes
from keras_grl.types import Symbolic
from keras_grl.types import Tensor
from keras_grl.validation import check_choice
from keras_grl.validation import check_integer
from keras_grl.validation import check_layer
from keras_grl.validation import invalid


class PerDomain(Fitting):
    """How the samples of each domain pass through the feature extractor.

    A subclass calls the methods that begin with `_set` in `__init__`.
    """

    feature_extractor: keras.layers.Layer
    method: Method

    # Known when the model is built.
    _num_sources: int | None = None
    # The number that the user gave.
    _given_sources: int | None = None

    @property
    def num_sources(self) -> int | None:
        """Integer: the number of source domains; None if not known yet."""
        known = self._num_sources
        return self._given_sources if known is None else known

    def preprocessing_layers(self) -> dict[Domain, keras.layers.Layer | None]:
        """The preprocessing layer of each domain, or None, by its name."""
        names = (*source_names(self.num_sources or 1), TARGET)
        return {name: self._preprocessing_of(name) for name in names}

    def _set_preprocessing(self, preprocessing: Preprocessing | None) -> None:
        # One attribute for each, by which Keras names them in files.
        layers = preprocessing or {}
        for name in (*source_names(max(len(layers) - 1, 1)), TARGET):
            setattr(self, f"{name}_preprocessing", layers.get(name))

    def _set_batch_normalization(self, mode: str) -> None:
        self.batch_normalization = check_choice(
            "batch_normalization",
            mode,
            ("joint", "separate", "domain_specific"),
        )
        self._source_statistics = (
            SourceStatistics(name="source_statistics")
            if mode == "domain_specific"
            else None
        )

    def _preprocessing_of(self, domain: Domain) -> keras.layers.Layer | None:
        return getattr(self, f"{domain}_preprocessing", None)

    def _preprocess(
        self, domain: Domain, inputs: Inputs, training: bool
    ) -> Inputs:
        layer = self._preprocessing_of(domain)
        return inputs if layer is None else layer(inputs, training=training)

    def _joint_features(self, inputs: PairedInputs, training: bool) -> Tensor:
        """The features of all samples of a paired batch."""
        domains = {
            name: self._preprocess(name, part, training)
            for name, part in rows.by_domain(inputs).items()
        }
        if self.batch_normalization == "joint":
            joint = rows.joined(list(domains.values()))
            return self.feature_extractor(joint, training=training)
        return rows.joined(
            [
                self._extract(name, part, training)
                for name, part in domains.items()
            ]
        )

    def _extract(
        self,
        domain: Domain,
        inputs: Inputs,
        training: bool,
        part: keras.layers.Layer | None = None,
    ) -> Tensor:
        """The features of one domain, with its own running statistics."""
        extractor = self.feature_extractor if part is None else part
        if domain == TARGET or self.batch_normalization == "joint":
            return extractor(inputs, training=training)
        statistics = self._source_statistics
        outputs, losses = source_pass(
            lambda: extractor(inputs, training=training),
            self.feature_extractor,
            None if statistics is None else statistics.of(domain),
        )
        for loss in losses:
            self.add_loss(loss)
        return outputs

    def _check_preprocessed(
        self, inputs: dict[Domain, Symbolic], features: keras.KerasTensor
    ) -> None:
        """Refuses preprocessing whose outputs the extractor cannot take.

        Args:
            inputs: The symbolic inputs of each domain.
            features: Those of the target.
        """
        outputs = {
            name: self._preprocess(name, each, training=False)
            for name, each in inputs.items()
        }
        shapes = {name: _shapes(each) for name, each in outputs.items()}
        target = shapes[TARGET]
        for name, shape in shapes.items():
            if _fit(shape, target):
                continue
            problem = ""
            if self.batch_normalization != "joint":
                problem = self._separate_problem(outputs[name], features)
                if not problem:
                    continue
            raise ValueError(
                invalid(
                    "preprocessing",
                    "layers whose outputs the feature extractor takes alike, "
                    "those of all domains in one shape",
                    self.preprocessing_layers(),
                    f"Their outputs have the shapes {shapes}.{problem}",
                )
            )

    def _separate_problem(
        self, inputs: Symbolic, features: keras.KerasTensor
    ) -> str:
        """Why the extractor does not take inputs of another shape."""
        try:
            own = _Traced(self.feature_extractor)(inputs)
        except Exception as error:
            return (
                " The feature extractor, built for those of the target, raised "
                f"{type(error).__name__}: {error}"
            )
        if _fit(_shapes(own), _shapes(features)):
            return ""
        return (
            f" Their features have the shapes {tuple(own.shape)} and "
            f"{tuple(features.shape)}."
        )

    def _settle_sources(self, of_method: int | None) -> None:
        """Sets the number of sources, and creates the parts of each.

        Args:
            of_method: The number of sources that the outputs of the method are
                for; None if for any.

        Raises:
            ValueError: If the user gave another number.
        """
        given = self._given_sources
        if of_method is not None and given not in (None, of_method):
            raise ValueError(
                invalid(
                    "num_sources",
                    f"{of_method}, since the domain classifier returns logits "
                    f"for {of_method + 1} domains, the target among them",
                    given,
                    "Pass the number to the method too, "
                    f"`{type(self.method).__name__}(num_sources={given})`, or "
                    "end your domain classifier with "
                    f"{batch.units(given)}.",
                )
            )
        self._num_sources = given or of_method or 1
        statistics = self._source_statistics
        if statistics is not None and not statistics.built:
            statistics.adopt(self.feature_extractor, self._num_sources)


class _Traced(keras.layers.Layer):
    """Calls a model as training does.

    Called with symbolic inputs itself, a `Sequential` model that is built takes
    no other length.
    """

    def __init__(self, model: keras.layers.Layer):
        super().__init__()
        self.model = model
        self.built = True

    def call(self, inputs: Inputs) -> Tensor:
        return self.model(inputs, training=False)


@contextlib.contextmanager
def explained(mode: str, shapes: Shapes) -> Iterator[None]:
    """Explains why a network cannot be built for inputs of any length.

    Args:
        mode: The `batch_normalization` of the model.
        shapes: The shapes of the inputs, by domain or of plain ones.
    """
    domains = batch.by_domain(shapes)
    try:
        yield
    except ValueError as error:
        each = [_sizes(shape) for shape in domains.values()]
        if mode == "joint" or all(sizes == each[0] for sizes in each):
            raise
        raise ValueError(
            f'With `batch_normalization="{mode}"` the domains may have inputs '
            "of different shapes, if the networks take any size. Expected: a "
            "`feature_extractor` that does, such as one that ends in "
            "`keras.layers.GlobalAveragePooling1D()`, not in `Flatten()`. "
            f"Received: inputs of the shapes {domains}, for which building the "
            f"networks raised {type(error).__name__}: {error}\n"
            "Or pad or cut the inputs to one shape."
        ) from error


def _sizes(shapes: Shapes) -> list[Shape]:
    """All shapes of a structure, without the batch."""
    found: list[Shape] = []
    tree.map_shape_structure(lambda shape: found.append(shape[1:]), shapes)
    return found


def _shapes(tensors: Symbolic) -> list[Shape]:
    return [tuple(each.shape) for each in tree.flatten(tensors)]


def _fit(shapes: list[Shape], others: list[Shape]) -> bool:
    """Whether tensors of these shapes can be joined, as far as is known."""
    return len(shapes) == len(others) and all(
        len(shape) == len(other)
        and all(
            size == same or None in (size, same)
            for size, same in zip(shape[1:], other[1:], strict=True)
        )
        for shape, other in zip(shapes, others, strict=True)
    )


def check_preprocessing(
    preprocessing: Preprocessing | None,
) -> Preprocessing | None:
    """The preprocessing layers by domain, if they are valid."""
    if preprocessing is None:
        return None
    if not isinstance(preprocessing, dict) or not batch.are_domains(
        set(preprocessing)
    ):
        raise ValueError(
            invalid(
                "preprocessing",
                f'a dict with a layer for "{SOURCE}" and for "{TARGET}" (with '
                f'several sources for "{SOURCE}_0", "{SOURCE}_1", …)',
                preprocessing,
                "Put what the domains share into the feature extractor.",
            )
        )
    for name, layer in preprocessing.items():
        if layer is not None:
            check_layer(f"preprocessing[{name!r}]", layer)
    return preprocessing


def check_num_sources(
    num_sources: int | None, preprocessing: Preprocessing | None
) -> int | None:
    """The number of sources by the arguments of a model; None if unknown.

    Args:
        num_sources: The argument, or None.
        preprocessing: The argument. Its layers, if any, are one for each
            domain.
    """
    if num_sources is not None:
        num_sources = check_integer("num_sources", num_sources)
    layers = check_preprocessing(preprocessing) or {}
    if not any(layer is not None for layer in layers.values()):
        return num_sources
    count = len(layers) - 1
    if num_sources not in (None, count):
        raise ValueError(
            invalid(
                "preprocessing",
                f"a dict with the keys {batch.shown_domains(num_sources)}, "
                f"since num_sources={num_sources}",
                preprocessing,
            )
        )
    return count
