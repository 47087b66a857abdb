"""What is measured inside of blocks while a network is trained."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from workbench.core.network.model_config import ModelConfig


class BlockFigures(NamedTuple):
    """Of one block over some images of one step; NaN where there is nothing to measure."""

    branch: float
    """Root mean square of what the residual branch adds."""
    shortcut: float
    """Root mean square of what comes around it; NaN of a plain block, which has no way around."""
    mean: float
    """Of what the block puts out."""
    deviation: float
    """Standard deviation of that."""
    zeros: float
    """Share of exact zeros in it: units that a ReLU has switched off."""


FIGURES = len(BlockFigures._fields)


def block_count(config: ModelConfig) -> int:
    return sum(config.blocks)


def block_names(config: ModelConfig) -> tuple[str, ...]:
    """Of the modules, from the input to the output: `layer1.0`."""
    return tuple(
        f"layer{stage}.{block}" for stage, blocks in enumerate(config.blocks, 1) for block in range(blocks)
    )


def stage_of_block(config: ModelConfig) -> NDArray[np.int64]:
    """(blocks,) the stage of each, counted from 1."""
    return np.repeat(np.arange(1, len(config.blocks) + 1), config.blocks)


def branch_shares(figures: NDArray[np.float32]) -> NDArray[np.float64]:
    """How large each residual branch is against its shortcut: (..., blocks) from (..., blocks, FIGURES)."""
    values = figures.astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares: NDArray[np.float64] = values[..., 0] / values[..., 1]
    return shares
