"""How large the gradient of each layer is, and what its blocks put out, measured now and then while training.

No weight is changed by it.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from workbench.core.block_figures import FIGURES
from workbench.core.gradients import WeightedLayers
from workbench.engine.network.resnet import ResNet
from workbench.engine.training.block_taps import BlockTaps

LEAST_DISTANCE_S = 1.0
# Ten hours have 2 600 samples.
_SHARE_OF_RUN = 1 / 500
# Half a per cent of the time at most, which is only near for networks of thousands of layers, or on a few cores.
_TIMES_COST = 200


@dataclass(frozen=True)
class Measured:
    """One sample, still on the device."""

    step: int
    layers: tuple[str, ...]
    norms: Tensor
    """(layers,) float32; NaN of a frozen layer."""
    blocks: Tensor
    """(blocks, FIGURES) float32 (`core.block_figures`); none where blocks are not looked into."""


class GradientNorms:
    """Looks at the gradients of a network's layers with weights.

    At the first step that it sees, then at least a second apart, and the less often the longer the run already
    is. Reads nothing from the device, and draws nothing at random: the run needs no state of it.

    Args:
        clock: in seconds.
        taps: of its blocks. A compiled network has none: it would be compiled anew for them.
    """

    def __init__(
        self,
        network: ResNet,
        clock: Callable[[], float] = time.perf_counter,
        taps: BlockTaps | None = None,
    ) -> None:
        self.layers = WeightedLayers.of(network.config).names
        self._weights = [_weight_of(network, name) for name in self.layers]
        self._none = torch.full((), math.nan, device=self._weights[0].device)
        self._clock, self._taps = clock, taps
        self._no_blocks = torch.empty((0, FIGURES), device=self._none.device)
        self._began: float | None = None
        """When it was found that the step that goes on is to be measured."""
        self._due = -math.inf
        self._measured: list[Measured] = []

    def begin(self) -> None:
        """To be called before the pass forward: if it is time to measure, the blocks are looked into."""
        now = self._clock()
        self._began = now if now >= self._due else None
        if self._began is not None and self._taps is not None:
            self._taps.arm()

    def look(self, step: int, elapsed_s: float) -> None:
        """Measure, if it was time to. To be called between the backward pass and whatever changes its gradients.

        Args:
            elapsed_s: of the run so far.
        """
        if self._began is None:
            return
        started = self._clock()
        blocks = self._no_blocks if self._taps is None else self._taps.take()
        self._measured.append(Measured(step, self.layers, self._norms(), blocks))
        now, self._began = self._clock(), None
        cost = now - started + (0.0 if self._taps is None else self._taps.seconds)
        self._due = now + max(LEAST_DISTANCE_S, elapsed_s * _SHARE_OF_RUN, cost * _TIMES_COST)

    def take(self) -> list[Measured]:
        """All that was measured since the last time."""
        measured, self._measured = self._measured, []
        return measured

    def _norms(self) -> Tensor:
        gradients = (weight.grad for weight in self._weights)
        return torch.stack([self._none if each is None else torch.linalg.vector_norm(each) for each in gradients])


def _weight_of(network: nn.Module, name: str) -> Tensor:
    weight = network.get_submodule(name).weight
    if not isinstance(weight, Tensor):
        raise TypeError(f"{name} has no weights")
    return weight
