"""The layers of one block of a network, from the block's description."""

from collections.abc import Iterator, Sequence
from typing import assert_never

from workbench.core.network.layers import (
    ACTIVATION,
    Layer,
    Map,
    activation,
    convolution,
    norm,
    plain,
    remembered,
    squeeze_excitation,
)
from workbench.core.network.model_config import ModelConfig
from workbench.core.network.shortcuts import way_around
from workbench.core.network.steps import Activation, Convolution, Dropout, MaxPooling, Norm, Step, Widths


def block_layers(
    config: ModelConfig, stage: int, entry: Map, stride: int, skip_probability: float, is_needed: bool
) -> tuple[list[Layer], Map]:
    """The layers of a block, by their names within it (`conv1`), and the map that leaves it.

    Args:
        stage: counted from 0.
        is_needed: whether what comes behind the block needs its input again in the backward pass.
    """
    description = config.description
    widths = config.block_widths(stage, entry.channels)
    before, source = _steps(config.entry, config, widths, entry, stride)
    path, output = _steps(config.path(stage), config, widths, source, stride)
    if config.se_reduction:
        path.append(squeeze_excitation("se", config, output))
    way = way_around(config, stage, entry.channels, stride)
    if skip_probability and way != "none":
        path.append(plain("drop_path", "drop-path", output, detail=skip_detail(skip_probability)))
    end = [plain("add", "add", output)] if way != "none" else []
    if description.activates_sum:
        end += activation(ACTIVATION, config, output)
    around = remembered(list(_shortcut(config, stage, entry, stride)), is_needed=False)
    straight, at = remembered([*before, *path, *end], is_needed), len(before) + len(path)
    return [*straight[:at], *around, *straight[at:]], output


def skip_detail(skip_probability: float) -> str:
    return f"skipped by {skip_probability:.1%} of images"


def _steps(
    steps: Sequence[Step], config: ModelConfig, widths: Widths, entry: Map, stride: int
) -> tuple[list[Layer], Map]:
    layers: list[Layer] = []
    current = entry
    for step in steps:
        match step:
            case Convolution():
                own_stride = stride if step.strided else 1
                groups = step.group_count(widths, config.cardinality)
                layer, current = convolution(
                    step.name, config, current, widths.of(step.after), step.kernel, own_stride, groups
                )
                layers.append(layer)
            case Norm():
                layers += norm(step.name, config, current)
            case Activation():
                layers += activation(step.name, config, current)
            case Dropout():
                if config.dropout:
                    detail = f"{config.dropout:.0%} of values"
                    layers.append(plain(step.name, "dropout", current, detail=detail))
            case MaxPooling():
                if stride > 1:
                    pooled = current.pooled(stride)
                    detail = f"{stride}x{stride}, stride {stride}"
                    layers.append(plain(step.name, "max-pool", pooled, before=current, detail=detail))
                    current = pooled
            case _:
                assert_never(step)
    return layers, current


def _shortcut(config: ModelConfig, stage: int, entry: Map, stride: int) -> Iterator[Layer]:
    channels = config.out_channels(stage)
    match way_around(config, stage, entry.channels, stride):
        case "none" | "identity":
            return
        case "zero-pad":
            padded = entry.convolved(channels, 1, stride)
            layer = plain("downsample", "zero-pad", padded, before=entry, detail=f"stride {stride}")
            yield layer._replace(is_shortcut=True)
        case "projection":
            layer, projected = convolution("downsample.0", config, entry, channels, 1, stride)
            yield layer._replace(is_shortcut=True)
            # The pre-activation of the block was its norm already.
            if not config.is_preactivation:
                for normed in norm("downsample.1", config, projected):
                    yield normed._replace(is_shortcut=True)
        case way:
            assert_never(way)
