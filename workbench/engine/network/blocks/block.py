"""A block of a network, made from its description in `core/network/blocks.py`."""

from collections.abc import Iterator, Sequence
from itertools import pairwise, takewhile
from typing import Protocol, assert_never

import torch
from torch import Tensor, nn

from workbench.core.network.model_config import ModelConfig
from workbench.core.network.shortcuts import way_around
from workbench.core.network.steps import Activation, Convolution, Dropout, MaxPooling, Norm, Step, Widths
from workbench.engine.network.blocks.parts import (
    DropPath,
    SqueezeExcitation,
    activation,
    convolution,
    dropout,
    norm,
    shortcut,
)


class Tap(Protocol):
    """Looks at what flows through a block; changes nothing, and keeps no tensor."""

    def before_sum(self, branch: Tensor, around: Tensor | None) -> None:
        """What the path gives, and what comes around it; None where nothing does."""

    def after(self, out: Tensor) -> None:
        """What the block puts out."""


class Block(nn.Module):
    """Its entry, if it has one, and its path, weighed and sometimes skipped, plus a shortcut around the path.

    Args:
        stage: counted from 0.
        skip_probability: of stochastic depth.
    """

    tap: Tap | None = None

    def __init__(
        self, config: ModelConfig, stage: int, channels_in: int, stride: int, skip_probability: float
    ) -> None:
        super().__init__()
        self.description = config.description
        channels_out, way = config.out_channels(stage), way_around(config, stage, channels_in, stride)
        # A plain network's block has no way around it (He et al. 2015, figure 3, middle).
        self.has_shortcut = way != "none"
        self.relu = activation(config)
        path = config.path(stage)
        self.dropout = dropout(config) if any(isinstance(step, Dropout) for step in path) else nn.Identity()
        widths = config.block_widths(stage, channels_in)
        # Made before the projection, as in the usual scripts, so that the same seed draws the same weights; but
        # added behind it, since checkpoints number the weights in this order.
        entry, inside = (dict(_modules(steps, config, widths, stride)) for steps in (config.entry, path))
        self.downsample = shortcut(config, way, channels_in, channels_out, stride)
        reduction = config.se_reduction
        self.se = SqueezeExcitation(channels_out, reduction) if reduction else nn.Identity()
        self.drop_path = DropPath(skip_probability) if skip_probability and self.has_shortcut else nn.Identity()
        # Called by their names, because modules may be replaced: by a norm over several processes, for example.
        self._entry, self._path = (_called(steps, stride) for steps in (config.entry, path))
        for name, module in (entry | inside).items():
            self.add_module(name, module)
        beginning = sum(1 for _ in takewhile(lambda step: not isinstance(step, Convolution), path))
        # The projection of a pre-activation block starts behind its first norm and activation.
        shared = beginning if self.description.is_preactivation and way == "projection" else 0
        self._shared, self._branch = (*self._entry, *self._path[:shared]), self._path[shared:]

    @property
    def neighbors(self) -> list[tuple[str, str]]:
        """Names of modules that are called one right after the other, on the entry or on the path."""
        return [*pairwise(self._entry), *pairwise(self._path)]

    def forward(self, x: Tensor) -> Tensor:
        source = self.source(x)
        out = self.branch(source)
        around = self.around(source) if self.has_shortcut else None
        if self.tap is not None:
            self.tap.before_sum(out, around)
        if around is not None:
            # In place, where what made `out` needs it no more for its gradient: fresh memory is slow to write.
            out = out + around if self.description.ends_activated else out.add_(around)
        result = self.end(out)
        if self.tap is not None:
            self.tap.after(result)
        return result

    def source(self, x: Tensor) -> Tensor:
        """Of both ways: what comes before the branch and the shortcut part."""
        return self._along(self._shared, x)

    def branch(self, source: Tensor) -> Tensor:
        """The residual, F in the papers."""
        out: Tensor = self.drop_path(self.se(self._along(self._branch, source)))
        return out

    def around(self, source: Tensor) -> Tensor:
        """What the shortcut carries, where the block has one."""
        return source if self.downsample is None else self.downsample(source)

    def end(self, out: Tensor) -> Tensor:
        """What follows the sum. It may overwrite what it gets."""
        return self.relu(out) if self.description.activates_sum else out

    @property
    def device(self) -> torch.device:
        return next(self.parameters()).device

    def _along(self, names: Sequence[str], x: Tensor) -> Tensor:
        for name in names:
            x = getattr(self, name)(x)
        return x

    def last_scale(self) -> Tensor:
        """Zero at first, it makes the block its shortcut (Goyal et al. 2017, section 5.1)."""
        return self.get_parameter(f"{self.description.last_scaled.name}.weight")


def _modules(
    steps: Sequence[Step], config: ModelConfig, widths: Widths, stride: int
) -> Iterator[tuple[str, nn.Module]]:
    """Those that steps have for themselves, by name."""
    for step in steps:
        match step:
            case Convolution():
                groups = step.group_count(widths, config.cardinality)
                before, after = widths.of(step.before), widths.of(step.after)
                own_stride = stride if step.strided else 1
                yield step.name, convolution(config, before, after, step.kernel, own_stride, groups)
            case Norm():
                yield step.name, norm(config, widths.of(step.width))
            case MaxPooling():
                if stride > 1:
                    # What is left over at the edge counts too, as in a convolution with this stride.
                    yield step.name, nn.MaxPool2d(stride, ceil_mode=True)
            case Activation() | Dropout():
                pass
            case _:
                assert_never(step)


def _called(steps: Sequence[Step], stride: int) -> tuple[str, ...]:
    """The modules' names in the order in which they are called."""
    names = []
    for step in steps:
        match step:
            case Convolution() | Norm():
                names.append(step.name)
            case Activation():
                names.append("relu")
            case Dropout():
                names.append("dropout")
            case MaxPooling():
                if stride > 1:
                    names.append(step.name)
            case _:
                assert_never(step)
    return tuple(names)
