"""How the input of a block reaches its end."""

from typing import Literal, assert_never

from workbench.core.network.model_config import ModelConfig

Way = Literal["identity", "zero-pad", "projection", "none"]


def way_around(config: ModelConfig, stage: int, entry: int, stride: int) -> Way:
    """Around one block of a stage, counted from 0, that `entry` channels enter."""
    if not config.has_residual(stage):
        return "none"
    # What comes before the shortcut has changed the shapes already.
    changes = not config.description.entry and (stride > 1 or entry != config.out_channels(stage))
    match config.shortcut:
        case "none":
            return "none"
        case "identity":
            return "none" if changes else "identity"
        case "A":
            return "zero-pad" if changes else "identity"
        case "B":
            return "projection" if changes else "identity"
        case "C":
            return "projection"
        case _:
            assert_never(config.shortcut)


def ways_around(config: ModelConfig) -> frozenset[Way]:
    """All that occur in a network."""
    ways: set[Way] = set()
    entry = config.stem_channels
    for stage, (blocks, stride) in enumerate(zip(config.blocks, config.stage_strides, strict=True)):
        ways.add(way_around(config, stage, entry, stride))
        entry = config.out_channels(stage)
        if blocks > 1:
            ways.add(way_around(config, stage, entry, 1))
    return frozenset(ways)
