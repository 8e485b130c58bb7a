import pytest

from tests.architectures import initial_values


@pytest.fixture
def quick_weights():
    with initial_values.quick_weights():
        yield
