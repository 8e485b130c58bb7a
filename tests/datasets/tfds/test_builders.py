import re
import tomllib

import pytest

tfds = pytest.importorskip("tensorflow_datasets")

from keras_grl import datasets
from keras_grl.datasets import tfds as our_tfds
from tests.testing import ROOT

BUILDERS = ("gtsrb", "mnist_m", "office31", "syn_numbers", "syn_signs")


def config(builder, name):
    """Of the builder's own class, or TFDS's where it has none."""
    known = builder.BUILDER_CONFIGS
    return type(known[0])(name=name) if known else tfds.core.BuilderConfig(name)


@pytest.mark.parametrize("name", BUILDERS)
@pytest.mark.parametrize(
    "outside", ["..", "../outside", "a/../../../b", "/outside", 5]
)
def test_the_name_of_a_configuration_leads_out(tmp_path, name, outside):
    builder = tfds.builder_cls(name)
    with pytest.raises(
        ValueError, match=r"`name`.*folder in `data_dir`.*name="
    ):
        builder(data_dir=tmp_path, config=config(builder, outside))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", BUILDERS)
@pytest.mark.parametrize("inside", ["mine", "1.0", "a b", "..a", "a/b"])
def test_the_name_of_a_configuration_stays_in(tmp_path, name, inside):
    builder = tfds.builder_cls(name)
    made = builder(data_dir=tmp_path, config=config(builder, inside))
    assert made.data_dir == f"{tmp_path}/{name}/{inside}/1.0.0"


@pytest.mark.parametrize("name", BUILDERS)
def test_configurations_by_their_names(tmp_path, name):
    builder = tfds.builder_cls(name)
    for each in [each.name for each in builder.BUILDER_CONFIGS]:
        for spelled in (each, f"{each}:1.0.0"):
            made = builder(data_dir=tmp_path, config=spelled)
            assert made.data_dir == f"{tmp_path}/{name}/{each}/1.0.0"


@pytest.mark.parametrize("name", ["office31", "syn_signs"])
def test_tfds_build_finds_the_builder_of_a_file(name):
    """As `tfds build keras_grl/datasets/office31.py` looks for it."""
    with tfds.core.utils.add_sys_path(ROOT / "keras_grl" / "datasets"):
        found = tfds.core.community.builder_cls_from_module(name)
    assert found.name == name and found.__module__ == name
    # It is not the one that `tfds.load` uses.
    assert tfds.builder_cls(name).__module__ == f"keras_grl.datasets.{name}"


def test_only_the_public_names_are_offered():
    assert dir(datasets) == sorted(datasets.__all__)
    assert all(hasattr(datasets, name) for name in dir(datasets))


def test_what_a_message_installs_is_the_extra():
    """keras-grl itself is in no index: its extras have no name there."""
    text = (ROOT / "pyproject.toml").read_text()
    extra = tomllib.loads(text)["project"]["optional-dependencies"]["datasets"]
    names = {re.match(r"[\w-]+", each)[0] for each in extra}
    (shown,) = re.findall(r"`pip install ([\w -]+)`", our_tfds.INSTALL)
    assert set(shown.split()) == names


def test_no_message_names_what_cannot_be_installed():
    for path in (ROOT / "keras_grl" / "datasets").rglob("*.py"):
        assert not re.search(r"pip\s+install[^`]*keras-grl\[", path.read_text())
