"""What each stream is, by its name."""

import pytest

from keras_grl.streams import domain_of
from keras_grl.streams import domains_in
from keras_grl.streams import is_labeled

pytestmark = pytest.mark.backend_free


@pytest.mark.parametrize(
    ("name", "labeled", "domain", "counts"),
    [
        ("source", True, "source", True),
        ("source_3", True, "source_3", True),
        ("target", False, "target", True),
        ("labeled_target", True, "target", False),
    ],
)
def test_what_a_stream_is(name, labeled, domain, counts):
    assert is_labeled(name) is labeled
    assert domain_of(name) == domain
    assert (name in domains_in([name])) is counts


def test_domains_keep_the_order_of_the_streams():
    names = ["target", "labeled_target", "source_1", "source_0"]
    assert domains_in(names) == ["target", "source_1", "source_0"]
