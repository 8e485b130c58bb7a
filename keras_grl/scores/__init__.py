"""Scores of a model on the target without target labels. Higher is better.

Each is a function of NumPy arrays, such as the probabilities that
`model.predict(x_target)` returns, or of a model and its inputs. None of them
can replace labels: the docstring of each says how it fails. With any score,
compare with the model that was not adapted, and check how many classes are
predicted.
"""

from keras_grl.scores.clusters import class_ami
from keras_grl.scores.domain import source_accuracy_and_domain_error
from keras_grl.scores.ensemble import ensv
from keras_grl.scores.entropy import infomax
from keras_grl.scores.entropy import negative_entropy
from keras_grl.scores.importance import RiskScore
from keras_grl.scores.importance import dev
from keras_grl.scores.importance import importance_weighted
from keras_grl.scores.label_shift import LabelShift
from keras_grl.scores.label_shift import estimate_label_shift
from keras_grl.scores.mixing import mixval
from keras_grl.scores.nuclear_norm import bnm
from keras_grl.scores.reverse import reverse_validation
from keras_grl.scores.runs import agreement

__all__ = [
    "LabelShift",
    "RiskScore",
    "agreement",
    "bnm",
    "class_ami",
    "dev",
    "ensv",
    "estimate_label_shift",
    "importance_weighted",
    "infomax",
    "mixval",
    "negative_entropy",
    "reverse_validation",
    "source_accuracy_and_domain_error",
]


def __dir__() -> list[str]:
    return sorted(__all__)
