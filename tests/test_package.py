import sys
import tomllib

import keras_grl
from tests.testing import BACKEND
from tests.testing import ROOT
from tests.testing import run_python

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
SOURCES = sorted((ROOT / "keras_grl").rglob("*.py"))


def test_the_wheel_holds_every_package_and_nothing_else():
    packages = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for path in SOURCES
        if path.name == "__init__.py"
    }
    assert set(PYPROJECT["tool"]["setuptools"]["packages"]) == packages


def test_version():
    assert keras_grl.__version__ == "0.1.0"


def test_dir_shows_what_is_public():
    shown = {name for name in dir(keras_grl) if not name.startswith("__")}
    assert shown == set(keras_grl.__all__) - {"__version__"}
    assert "__version__" in dir(keras_grl)


def test_import_needs_only_keras_numpy_and_the_backend():
    """With everything optional, and the other backends, made unimportable."""
    absent = ["sklearn", "matplotlib", "tensorflow_datasets", "grain"]
    absent += {"tensorflow", "jax", "torch"} - {BACKEND}
    done = run_python(
        "import sys\n"
        "from importlib.machinery import PathFinder\n"
        "class Without:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.split('.')[0] not in {absent!r}:\n"
        "            return PathFinder.find_spec(name, path, target)\n"
        "sys.meta_path.remove(PathFinder)\n"
        "sys.meta_path.append(Without())\n"
        "import keras, keras_grl, numpy as np\n"
        "keras_grl.architectures.LeNet()\n"
        "parts = keras.layers.Dense(2), keras.layers.Dense(2, 'softmax')\n"
        "model = keras_grl.DANNModel(*parts)\n"
        "model.compile('sgd', 'sparse_categorical_crossentropy')\n"
        "x = np.zeros((4, 3))\n"
        "data = keras_grl.pair((x, np.zeros(4)), x, batch_size=4)\n"
        "model.fit(data, verbose=0)\n"
        "try:\n"
        "    keras_grl.datasets.digits.load()\n"
        "except ImportError as error:\n"
        "    print(error)\n"
    )
    assert done.returncode == 0, done.stderr
    assert "pip install scikit-learn" in done.stdout


def test_this_python_is_supported():
    assert sys.version_info >= (3, 11)
