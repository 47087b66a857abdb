"""Looks at what flows through the blocks of a network in single steps of its training."""

import math
import time

import torch
from torch import Tensor

from workbench.core.block_figures import FIGURES
from workbench.engine.network.blocks.block import Block
from workbench.engine.network.resnet import ResNet

# Of the batch: their figures differ from those of all of them by some per cent, and cost a quarter.
_IMAGES = 32


class BlockTaps:
    """Armed, it measures every block in the next pass forward; in between, nothing is computed for it.

    What it keeps are figures, still on the device; no tensor of the pass, and nothing of its gradients.
    """

    def __init__(self, network: ResNet) -> None:
        self._blocks = [module for module in network.modules() if isinstance(module, Block)]
        self._taps = [_Tap() for _ in self._blocks]

    @property
    def seconds(self) -> float:
        """What the pass that was looked into took longer for it."""
        return sum(tap.seconds for tap in self._taps)

    def arm(self) -> None:
        for block, tap in zip(self._blocks, self._taps, strict=True):
            tap.figures, tap.seconds = None, 0.0
            block.tap = tap

    def take(self) -> Tensor:
        """(blocks, FIGURES) float32 of the first pass since `arm`; NaN of a block that was not computed."""
        for block in self._blocks:
            block.tap = None
        device = self._blocks[0].device
        none = torch.full((FIGURES,), math.nan, device=device)
        return torch.stack([none if tap.figures is None else tap.figures for tap in self._taps])


class _Tap:
    """Of one block."""

    def __init__(self) -> None:
        self.figures: Tensor | None = None
        self.seconds = 0.0
        self._before: tuple[Tensor, Tensor] | None = None

    @torch.no_grad()
    def before_sum(self, branch: Tensor, around: Tensor | None) -> None:
        # Now: the sum may be made in the branch's place.
        started = time.perf_counter()
        if self.figures is None:
            branch_rms = _rms(branch)
            self._before = branch_rms, torch.full_like(branch_rms, math.nan) if around is None else _rms(around)
        self.seconds += time.perf_counter() - started

    @torch.no_grad()
    def after(self, out: Tensor) -> None:
        # Parts of a batch that come later are left out.
        started = time.perf_counter()
        if self.figures is None and self._before is not None:
            some = out[:_IMAGES].float()
            deviation, mean = torch.std_mean(some, correction=0)
            zeros = 1 - torch.count_nonzero(some) / some.numel()
            self.figures = torch.stack([*self._before, mean, deviation, zeros])
        self.seconds += time.perf_counter() - started


def _rms(values: Tensor) -> Tensor:
    some = values[:_IMAGES]
    norm: Tensor = torch.linalg.vector_norm(some, dtype=torch.float32)
    return norm / math.sqrt(some.numel())
