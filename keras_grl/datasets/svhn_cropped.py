"""SVHN: digits of house numbers, as TensorFlow Datasets has them."""

from keras_grl.datasets.facts import Dataset
from keras_grl.datasets.facts import Variant

DATASET = Dataset(
    name="svhn_cropped",
    num_classes=10,
    image_shape=(32, 32, 3),
    needs="download",
    terms="[not for commercial use](http://ufldl.stanford.edu/housenumbers/)",
    variants=(
        Variant(
            name="svhn_cropped",
            description="Digits of house numbers in street views.",
            splits={"train": 73_257, "test": 26_032, "extra": 531_131},
            source="<http://ufldl.stanford.edu/housenumbers/>",
            setup="is downloaded",
        ),
    ),
    homepage="http://ufldl.stanford.edu/housenumbers/",
    citation=(
        "@inproceedings{netzer2011reading, title={Reading Digits in Natural "
        "Images with Unsupervised Feature Learning}, author={Netzer, Y. and "
        "Wang, T. and Coates, A. and Bissacco, A. and Wu, B. and Ng, A. Y.}, "
        "booktitle={NIPS Workshop on Deep Learning and Unsupervised Feature "
        "Learning}, year={2011}}"
    ),
)
