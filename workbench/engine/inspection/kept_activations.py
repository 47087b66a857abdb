"""What enters some of a network's blocks, kept for a set of images: only what follows is computed again."""

from collections.abc import Sequence

import torch
from torch import Tensor

from workbench.core.inspection.lesions import BlockSite

BUDGET_BYTES = 340_000_000
"""For ResNet-20 on 2 000 images, in bf16: all blocks but the first."""


class KeptActivations:
    """One tensor per kept block, filled piece by piece.

    Args:
        kept: numbers of those blocks whose input is kept.
        count: of the images.
    """

    def __init__(self, kept: frozenset[int], count: int) -> None:
        self._kept, self._count = kept, count
        self._inputs: dict[int, Tensor] = {}

    def put(self, block: int, x: Tensor, start: int) -> None:
        """Keep what enters a block, (n, C, H, W) of the images from `start` on, if that one is kept."""
        if block not in self._kept:
            return
        if block not in self._inputs:
            is_last = x.is_contiguous(memory_format=torch.channels_last)
            layout = torch.channels_last if is_last else torch.contiguous_format
            shape = (self._count, *x.shape[1:])
            self._inputs[block] = torch.empty(shape, dtype=x.dtype, device=x.device, memory_format=layout)
        self._inputs[block][start : start + len(x)].copy_(x)

    def nearest(self, block: int) -> int | None:
        """The last kept one that is not behind `block`; None if there is none."""
        return max((each for each in self._inputs if each <= block), default=None)

    def get(self, block: int, start: int, stop: int) -> Tensor:
        """What enters a kept block, not to be overwritten."""
        return self._inputs[block][start:stop]


def worth_keeping(sites: Sequence[BlockSite], value_bytes: int, images: int, budget_bytes: int) -> frozenset[int]:
    """Numbers of the blocks whose inputs save most work per byte, if any one block is as likely to be changed.

    Chosen one after the other: an input saves the work between it and the kept one before it, whenever the first
    change is between it and the kept one behind it.
    """
    kept: set[int] = set()
    costs = [0.0]
    for site in sites:
        costs.append(costs[-1] + max(1, site.part.macs))
    sizes = [images * value_bytes * _values(site) for site in sites]
    left = budget_bytes
    while True:
        fitting = [block for block in range(len(sites)) if block not in kept and sizes[block] <= left]
        if not fitting:
            return frozenset(kept)
        best = max(fitting, key=lambda block: _saved(block, kept, costs) / sizes[block])
        kept.add(best)
        left -= sizes[best]


def _values(site: BlockSite) -> int:
    channels, height, width = site.input_shape
    return channels * height * width


def _saved(block: int, kept: set[int], costs: Sequence[float]) -> float:
    before = max((each for each in kept if each < block), default=-1)
    behind = min((each for each in kept if each > block), default=len(costs) - 1)
    # The stem comes before the first block.
    spared = costs[block] - (costs[before] if before >= 0 else 0.0) + (1.0 if before < 0 else 0.0)
    return (behind - block) * spared
