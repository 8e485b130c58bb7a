"""That the file of each set has all facts of it, and that they are true."""

import ast
import importlib

import pytest

from keras_grl import datasets
from keras_grl.datasets import catalog
from tests.testing import ROOT

ROOM = ROOT / "keras_grl" / "datasets"
EVERY_SET = pytest.mark.parametrize(
    "dataset", catalog.DATASETS, ids=lambda dataset: dataset.name
)


@EVERY_SET
def test_one_file_for_each_set(dataset):
    module = importlib.import_module(f"keras_grl.datasets.{dataset.name}")
    assert module.DATASET is dataset
    ways = (dataset.load, dataset.generator, dataset.prepare)
    assert sum(way is not None for way in ways) <= 1
    assert dataset.needs in ("nothing", "download", "manual")
    assert (dataset.needs == "nothing") == bool(
        dataset.load or dataset.generator
    )
    for variant in dataset.variants:
        assert variant.name.partition("/")[0].startswith(dataset.name)
        for text in (variant.description, variant.source, variant.setup):
            assert text
        assert variant.description.endswith(".")
    assert dataset.terms


def test_no_set_is_left_out():
    having = {
        path.stem
        for path in ROOM.glob("*.py")
        if "DATASET = Dataset(" in path.read_text()
    }
    assert having == {dataset.name for dataset in catalog.DATASETS}


def test_names_in_their_order():
    names = (
        "digits digits_cluttered mnist mnist_m usps svhn_cropped "
        "syn_numbers syn_numbers/small syn_signs syn_signs/small gtsrb "
        "gtsrb/training office31/amazon office31/dslr office31/webcam"
    )
    assert datasets.names() == names.split()


@EVERY_SET
def test_facts_and_the_builder_agree(dataset, tmp_path):
    tfds = pytest.importorskip("tensorflow_datasets")
    if dataset.load is not None:
        pytest.skip("an embedded set has no builder")
    for variant in dataset.variants:
        builder = tfds.builder(variant.name, data_dir=tmp_path)
        found = datasets.info(variant.name)
        label = builder.info.features["label"]
        assert label.num_classes == found.num_classes
        shape = found.image_shape or (None, None, 3)
        assert builder.info.features["image"].shape == shape
        assert (dataset.homepage == builder.info.homepage) or (
            dataset.prepare is None and dataset.generator is None
        )
        if dataset.generator is not None:
            assert builder.builder_config.images == found.splits["train"]
            assert builder.builder_config.drawing == dataset.generator.config
            images, labels = dataset.generator.draw(range(2))
            assert images.shape == (2, *shape) and len(labels) == 2


def imports(path):
    """The modules of the room that a file imports, in functions too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield f"{node.module}.{alias.name}"
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def place(module):
    """Where a module stands in the order that `datasets/__init__.py` gives."""
    inside = module.removeprefix("keras_grl.datasets").strip(".")
    first = inside.partition(".")[0]
    sets = {dataset.name for dataset in catalog.DATASETS}
    for number, names in enumerate(
        (
            {"generators", "facts"},
            {"tfds"},
            {"signs", "tracks"},
            sets,
            {"catalog"},
            {"loading", "checksums"},
        )
    ):
        if first in names:
            return number
    assert not first, f"{module} has no place in the order"
    return 6


def test_no_import_goes_upward():
    for path in ROOM.rglob("*.py"):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        module = module.removesuffix(".__init__")
        here = place(module)
        for other in imports(path):
            if other.startswith("keras_grl.datasets."):
                assert place(other) <= here, f"{module} imports {other}"
            elif other.startswith("keras_grl"):
                lowest = ("keras_grl.types", "keras_grl.validation")
                assert other.startswith(lowest), module
        if module.startswith("keras_grl.datasets.generators"):
            heads = {other.partition(".")[0] for other in imports(path)}
            assert "tensorflow_datasets" not in heads
            assert not any(".facts" in other for other in imports(path))


def test_no_other_room_needs_this_one():
    for path in (ROOT / "keras_grl").rglob("*.py"):
        if ROOM not in path.parents and path.parent.name != "keras_grl":
            for other in imports(path):
                assert not other.startswith("keras_grl.datasets"), path


@pytest.mark.parametrize(
    "address",
    [
        "checksums.OFFICIAL",
        "checksums.mismatch",
        "digits.DOMAINS",
        "digits.SPLITS",
        "digits.load",
        "gtsrb.Gtsrb",
        "gtsrb.GtsrbConfig",
        "gtsrb.load_with_tracks",
        "gtsrb.signs",
        "gtsrb.validation_split",
        "loading.Info",
        "loading.load",
        "mnist_m.MnistM",
        "mnist_m.blend",
        "office31.CLASSES",
        "office31.DOMAINS",
        "office31.LABELED",
        "office31.Office31",
        "office31.Office31Config",
        "office31.sample",
        "signs.NAMES",
        "signs.sign",
        "syn_numbers.Config",
        "syn_numbers.SIZE",
        "syn_numbers.SynNumbers",
        "syn_numbers.SynNumbersConfig",
        "syn_numbers.draw",
        "syn_signs.CLASSES",
        "syn_signs.Config",
        "syn_signs.SIZE",
        "syn_signs.SynSigns",
        "syn_signs.SynSignsConfig",
        "syn_signs.draw",
        "tracks.validation_split",
    ],
)
def test_addresses_stay(address):
    pytest.importorskip("tensorflow_datasets")
    module, name = address.split(".")
    found = importlib.import_module(f"keras_grl.datasets.{module}")
    assert getattr(found, name) is not None
    assert not hasattr(found, f"{name}s_of_nobody")


def test_the_number_of_classes_by_its_deprecated_name():
    info = datasets.info("gtsrb")
    with pytest.warns(DeprecationWarning, match="use `num_classes`"):
        assert info.classes == info.num_classes == 43
