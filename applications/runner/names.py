"""Methods and sets by their names, without Keras, for the command line."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Method:
    """What tables and the runner know of a method.

    Args:
        title: In tables and figures.
        after: The method whose trained network it needs, if any.
    """

    title: str
    after: str | None = None


# In the order of tables; `runner.methods` has a function of each name.
METHODS = {
    "source_only": Method("source only"),
    "subspace_alignment": Method("subspace alignment", after="source_only"),
    "gfk": Method("geodesic flow kernel", after="source_only"),
    "domain_statistics": Method("source only, statistics per domain"),
    "ddc": Method("DDC (mean distance)"),
    "mmd": Method("MMD"),
    "coral": Method("CORAL"),
    "bnm": Method("BNM"),
    "mcc": Method("MCC"),
    "dann": Method("DANN"),
    "dann_bnm": Method("DANN with BNM"),
    "dann_mcc": Method("DANN with MCC"),
    "cdan": Method("CDAN"),
    "train_on_target": Method("train on target"),
    "labeled_target_only": Method("labeled target only"),
    "source_and_labeled_target": Method("source and labeled target"),
    "semi_supervised_dann": Method("source and labeled target, DANN"),
}
BOUNDS = ("source_only", "train_on_target")  # of the gap
# Methods of the paper's table 1, and others of its time.
TABLE_1 = (
    "source_only",
    "domain_statistics",
    "subspace_alignment",
    "ddc",
    "mmd",
    "coral",
    "dann",
    "train_on_target",
)
# Sets that the names of experiments shorten.
SETS = {"svhn": "svhn_cropped"}
# Names that `--methods` took before.
RENAMED = {
    "labelled_target_only": "labeled_target_only",
    "source_and_labelled_target": "source_and_labeled_target",
}
# Trained if they are asked for: not of the paper's time.
LATER = ("bnm", "mcc", "dann_bnm", "dann_mcc", "cdan")
