"""What a block makes of an image: its output channels."""

from collections.abc import Generator
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from workbench.core.events import Progress
from workbench.core.inspection.explanations import layer_of
from workbench.core.inspection.feature_maps import FeatureMaps
from workbench.core.interludes import BESIDE_RUNS
from workbench.engine.inspection.subject import Subject
from workbench.engine.inspection.twin import hooked, twin
from workbench.engine.machine.pieces import in_interlude
from workbench.engine.network.resnet import ResNet


def feature_maps(
    subject: Subject, pixels: NDArray[np.uint8], layer: str
) -> Generator[Progress, None, FeatureMaps]:
    """The maps of a layer (see `layer_of`) for a (H, W, 3) image of the network's input size, in fp32.

    Raises:
        UserError: the network has no such layer.
    """
    layer = layer_of(layer, subject.config.model)
    do = partial(_maps, twin(subject.network), layer, subject.normalized(pixels[None]))
    maps, _ = yield from in_interlude(do, BESIDE_RUNS, Progress("Computing the maps", 0, 0))
    return FeatureMaps(maps, layer, subject.epoch)


def _maps(network: ResNet, layer: str, image: Tensor) -> NDArray[np.float32]:
    found: list[Tensor] = []

    def keep(_module: nn.Module, _given: Any, made: Tensor) -> None:
        # A later layer may work on it in place.
        found.append(made[0].float().cpu().clone())

    hooked(network, layer).register_forward_hook(keep)
    with torch.no_grad(), torch.autocast(image.device.type, enabled=False):
        network(image)
    maps: NDArray[np.float32] = found[0].contiguous().numpy()
    return maps
