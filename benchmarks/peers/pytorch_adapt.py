"""pytorch-adapt: `DANNHook` in a loop, as its documents show."""

from importlib.metadata import version

import torch
from pytorch_adapt.containers import Models
from pytorch_adapt.containers import Optimizers
from pytorch_adapt.hooks import DANNHook
from torch import nn

from benchmarks.peers import lenet
from benchmarks.peers import protocol


def main() -> None:
    source, labels, target = protocol.images()
    source, target = map(lenet.channels_first, (source, target))
    labels = torch.from_numpy(labels)
    models = Models(
        {
            "G": lenet.feature_extractor(),
            "C": lenet.label_predictor(),
            # The shape of its outputs is that of the domains' labels.
            "D": nn.Sequential(
                nn.Linear(768, 100), nn.ReLU(), nn.Linear(100, 1), nn.Flatten(0)
            ),
        }
    )
    optimizers = Optimizers(
        (
            torch.optim.SGD,
            {"lr": protocol.LEARNING_RATE, "momentum": protocol.MOMENTUM},
        )
    )
    optimizers.create_with(models)
    hook = DANNHook(list(optimizers.values()))
    domains = torch.zeros(protocol.HALF), torch.ones(protocol.HALF)

    def train(steps: int) -> None:
        orders = [torch.randperm(len(images)) for images in (source, target)]
        for number in range(steps):
            first = protocol.HALF * number % (len(source) - protocol.HALF)
            ours, theirs = (
                order[first : first + protocol.HALF] for order in orders
            )
            batch = {
                "src_imgs": source[ours],
                "src_labels": labels[ours],
                "src_domain": domains[0],
                "target_imgs": target[theirs],
                "target_domain": domains[1],
            }
            hook({**models, **batch})

    protocol.serve(version("pytorch-adapt"), train)


if __name__ == "__main__":
    main()
