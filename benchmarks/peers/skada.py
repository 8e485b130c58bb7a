"""skada: `DANN`, a net of skorch, whose epochs have as many steps as asked."""

from importlib.metadata import version

import numpy as np
import torch
from skada.deep import DANN
from torch import nn

from benchmarks.peers import lenet
from benchmarks.peers import protocol


def main() -> None:
    source, labels, target = protocol.images()
    source, target = (
        lenet.channels_first(images).numpy() for images in (source, target)
    )
    features = lenet.feature_extractor()
    module = nn.Sequential()
    module.add_module("features", features)
    module.add_module("predictions", lenet.label_predictor())
    model = DANN(
        module,
        layer_name="features",
        reg=1.0,
        # The shape of its outputs is that of the domains' labels.
        domain_classifier=nn.Sequential(
            nn.Linear(768, 100),
            nn.ReLU(),
            nn.Linear(100, 1),
            nn.Sigmoid(),
            nn.Flatten(0),
        ),
        optimizer=torch.optim.SGD,
        optimizer__momentum=protocol.MOMENTUM,
        lr=protocol.LEARNING_RATE,
        batch_size=2 * protocol.HALF,
        max_epochs=1,
        train_split=None,
        warm_start=True,
        verbose=0,
    )

    def train(steps: int) -> None:
        rows = np.arange(protocol.HALF * steps) % len(source)
        model.fit(
            np.concatenate([source[rows], target[rows]]),
            np.concatenate([labels[rows], np.full(len(rows), -1)]),
            sample_domain=np.repeat([1, -2], len(rows)),
        )

    protocol.serve(version("skada"), train)


if __name__ == "__main__":
    main()
