"""A trained network as other programs call it: pictures as they come in, logits out, and a description of both."""

import json

import torch
from torch import Tensor, nn

from workbench import __version__
from workbench.core.settings.config import RunConfig
from workbench.core.settings.normalization import Normalization
from workbench.engine.network import resnet
from workbench.engine.training.completion import with_normalization
from workbench.engine.weights.checkpoint_state import Tensors
from workbench.engine.weights.code_export import TrainedNetwork
from workbench.engine.weights.foreign_weights import load_strictly

INPUT, OUTPUT, BATCH = "images", "logits", "batch"
METADATA_FILE = "metadata.json"
"""Of formats that hold files of one's own."""


class Deployed(nn.Module):
    """Normalizes, then asks the network: who calls it needs to know no numbers.

    Input: (N, 3, side, side) float32, red, green and blue from 0 to 1. Output: (N, num_classes) logits.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, network: nn.Module, normalization: Normalization) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("mean", torch.tensor(normalization.mean).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(normalization.std).view(1, 3, 1, 1))

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.network((images - self.mean) / self.std)
        return logits


def trained_config(trained: TrainedNetwork) -> RunConfig:
    """The run's, with the numbers that its images were normalized by."""
    return with_normalization(trained.record.config, trained.normalization)


def network_of(config: RunConfig, weights: Tensors, origin: str) -> resnet.ResNet:
    """In evaluation mode, on the CPU, without gradients.

    Raises:
        UserError: the weights are of another network.
    """
    network = resnet.hollow(config.model)
    load_strictly(network, weights, origin)
    return network.requires_grad_(False).eval()


def input_sentence(config: RunConfig) -> str:
    """What an exported graph takes and gives."""
    side = config.model.input_size
    return (
        f"input '{INPUT}': float32 (batch, 3, {side}, {side}), red, green, blue from 0 to 1, normalized inside; "
        f"output '{OUTPUT}': float32 (batch, {config.model.num_classes})"
    )


def metadata(trained: TrainedNetwork, *, normalizes: bool) -> dict[str, str]:
    """What goes along with the weights, texts all of them; lists and the configuration as JSON.

    Args:
        normalizes: whether the file does so itself; else who uses it has to.
    """
    config, normalization = trained_config(trained), trained.normalization
    images = "0 to 1, normalized inside" if normalizes else "0 to 1, then (images - mean) / std"
    return {
        "producer": f"ResNet Workbench {__version__}",
        "run": trained.record.id,
        "run_name": trained.record.name,
        "model": trained.record.model,
        "epoch": str(trained.epoch),
        "class_names": json.dumps(trained.class_names),
        "input_size": str(config.model.input_size),
        "images": images,
        "normalization": normalization.name,
        "mean": json.dumps(normalization.mean),
        "std": json.dumps(normalization.std),
        "config": config.model_dump_json(),
    }
