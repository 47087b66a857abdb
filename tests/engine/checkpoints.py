"""The smallest states that a checkpoint can hold."""

import torch

from workbench.core.settings.config import RunConfig
from workbench.engine.weights.checkpoint_state import CheckpointState, Position


def state_after(step: int) -> CheckpointState:
    """Of a network of four weights, all of them `step`."""
    return CheckpointState(
        config=RunConfig(),
        network={"w": torch.full((4,), float(step))},
        optimizer={0: {"momentum_buffer": torch.zeros(4)}, 1: {"momentum_buffer": None}},
        position=Position(batch=step),
        generator=torch.Generator().manual_seed(step).get_state(),
    )
