import pytest

from tests.commands.generated import write_source
from tests.commands.generated import write_target


@pytest.fixture
def data(tmp_path):
    """A folder with the classes of "source" and the images of "target"."""
    write_source(tmp_path / "source")
    write_target(tmp_path / "target")
    return tmp_path
