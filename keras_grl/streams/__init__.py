"""The streams of a paired dataset: their names, and how each is read."""

from keras_grl.streams.alike import check_alike
from keras_grl.streams.alike import check_labels_alike
from keras_grl.streams.array_stream import ArrayStream
from keras_grl.streams.columns import Columns
from keras_grl.streams.dataset_stream import DatasetStream
from keras_grl.streams.names import LABELED_TARGET
from keras_grl.streams.names import SOURCE
from keras_grl.streams.names import STREAMS
from keras_grl.streams.names import TARGET
from keras_grl.streams.names import domain_of
from keras_grl.streams.names import domains_in
from keras_grl.streams.names import is_labeled
from keras_grl.streams.names import is_source
from keras_grl.streams.names import quoted
from keras_grl.streams.names import source_names
from keras_grl.streams.names import sources_in
from keras_grl.streams.sources import named_sources
from keras_grl.streams.stream import Stream
from keras_grl.streams.unpacking import is_dataset

__all__ = [
    "ArrayStream",
    "Columns",
    "DatasetStream",
    "LABELED_TARGET",
    "SOURCE",
    "STREAMS",
    "Stream",
    "TARGET",
    "check_alike",
    "check_labels_alike",
    "domain_of",
    "domains_in",
    "is_dataset",
    "is_labeled",
    "is_source",
    "named_sources",
    "quoted",
    "source_names",
    "sources_in",
]
