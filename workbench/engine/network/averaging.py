"""A moving average of a network's weights, which generalizes better than their last values (Polyak 1992)."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

# Of a young average: the weights of the first steps must not stay in it (as TensorFlow's and timm's averages do).
_YOUNG = 10


@dataclass(frozen=True)
class AverageState:
    """All that an average depends on."""

    network: Mapping[str, Tensor]
    """Its state dict."""
    steps: int
    """That it has taken in."""


class WeightAverage:
    """average = decay * average + (1 - decay) * weights after every step; running statistics likewise.

    The decay grows from 1 / 10 to its full value, so that short runs have a use for it too. Not torch's
    AveragedModel, whose count lives on the device and is read at every update (torch/optim/swa_utils.py).

    Args:
        network: on its device; it is copied.
        decay: below 1, for example 0.999.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self._decay, self._steps = decay, 0
        self.network = copy.deepcopy(network).requires_grad_(False)

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        decay = min(self._decay, (1 + self._steps) / (_YOUNG + self._steps))
        averages, values = _tensors(self.network), _tensors(network)
        is_float = [average.is_floating_point() for average in averages]
        torch._foreach_lerp_(
            [average for average, yes in zip(averages, is_float, strict=True) if yes],
            [value for value, yes in zip(values, is_float, strict=True) if yes],
            1 - decay,
        )
        for average, value, yes in zip(averages, values, is_float, strict=True):
            if not yes:
                average.copy_(value)
        self._steps += 1

    def state(self) -> AverageState:
        return AverageState(self.network.state_dict(), self._steps)

    def restore(self, saved: AverageState) -> None:
        self.network.load_state_dict(dict(saved.network))
        self._steps = saved.steps


def _tensors(network: nn.Module) -> list[Tensor]:
    return [*network.parameters(), *network.buffers()]
