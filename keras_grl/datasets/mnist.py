"""MNIST: handwritten digits, as TensorFlow Datasets has them."""

from keras_grl.datasets.facts import Dataset
from keras_grl.datasets.facts import Variant

DATASET = Dataset(
    name="mnist",
    num_classes=10,
    image_shape=(28, 28, 1),
    needs="download",
    terms="[CC BY-SA 3.0](https://keras.io/api/datasets/mnist/)",
    variants=(
        Variant(
            name="mnist",
            description="Handwritten digits.",
            splits={"train": 60_000, "test": 10_000},
            source="<https://yann.lecun.com/exdb/mnist/>",
            setup="is downloaded",
        ),
    ),
    homepage="https://yann.lecun.com/exdb/mnist/",
    citation=(
        "@article{lecun1998gradient, title={Gradient-based learning applied "
        "to document recognition}, author={LeCun, Y. and Bottou, L. and "
        "Bengio, Y. and Haffner, P.}, journal={Proceedings of the IEEE}, "
        "volume={86}, year={1998}}"
    ),
)
