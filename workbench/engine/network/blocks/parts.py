"""What blocks are made of: convolutions, norms, activations, shortcuts, and what is added to a block."""

from typing import Any, assert_never

import torch
from torch import Tensor, nn
from torch.nn import functional

from workbench.core.network.layers import can_work_in_place, norm_groups, squeezed_channels
from workbench.core.network.model_config import ModelConfig
from workbench.core.network.shortcuts import Way


def convolution(
    config: ModelConfig, channels_in: int, channels_out: int, kernel: int, stride: int = 1, groups: int = 1
) -> nn.Conv2d:
    """Padded by half its kernel; without a bias where the network has norms, which have one."""
    return nn.Conv2d(
        channels_in, channels_out, kernel, stride, padding=kernel // 2, groups=groups, bias=config.has_biases
    )


def norm(config: ModelConfig, channels: int) -> nn.Module:
    match config.norm:
        case "batch":
            return nn.BatchNorm2d(channels)
        case "group":
            return nn.GroupNorm(norm_groups(channels), channels)
        case "none":
            return nn.Identity()
        case _:
            assert_never(config.norm)


def activation(config: ModelConfig) -> nn.Module:
    match config.activation:
        case "relu":
            return nn.ReLU(inplace=can_work_in_place(config))
        case "silu":
            return nn.SiLU()
        case "gelu":
            return nn.GELU()
        case "none":
            return nn.Identity()
        case _:
            assert_never(config.activation)


def dropout(config: ModelConfig) -> nn.Module:
    return nn.Dropout(config.dropout) if config.dropout else nn.Identity()


class ZeroPadShortcut(nn.Module):
    """Shortcut A (He et al. 2015, section 3.3): take every stride-th pixel, fill new channels with zeros.

    The zeros go half before and half behind, as in the common CIFAR implementations, whose weights
    then give the same logits.
    """

    def __init__(self, channels_in: int, channels_out: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        before = (channels_out - channels_in) // 2
        self.padding = (before, channels_out - channels_in - before)

    def forward(self, x: Tensor) -> Tensor:
        if self.stride > 1:
            # Every stride-th pixel. The gradient of x[:, :, ::stride, ::stride] is not channels_last, and slows
            # all layers before it.
            x = functional.avg_pool2d(x, 1, self.stride)
        return functional.pad(x, (0, 0, 0, 0, *self.padding))


def shortcut(config: ModelConfig, way: Way, channels_in: int, channels_out: int, stride: int) -> nn.Module | None:
    """None for the identity, which costs nothing, and where there is no way around the block."""
    match way:
        case "none" | "identity":
            return None
        case "zero-pad":
            return ZeroPadShortcut(channels_in, channels_out, stride)
        case "projection":
            projection = convolution(config, channels_in, channels_out, 1, stride)
            # A pre-activation block has normed its input already.
            return nn.Sequential(projection, *([] if config.is_preactivation else [norm(config, channels_out)]))
        case _:
            assert_never(way)


def global_pooling(config: ModelConfig, x: Tensor) -> Tensor:
    """(N, C, height, width) to (N, C)."""
    match config.head_pooling:
        case "average":
            return global_average(x)
        case "max":
            return x.amax((2, 3))
        case _:
            assert_never(config.head_pooling)


def global_average(x: Tensor) -> Tensor:
    """(N, C, height, width) to (N, C): global average pooling (Lin et al. 2014, section 3.2).

    Not AdaptiveAvgPool2d, whose backward is not deterministic on CUDA.
    """
    if x.requires_grad:
        # Not where there is no gradient to lay out: TorchScript cannot hold a function of Python's.
        x = _LikeInput.apply(x)
    return x.mean((2, 3))


class _LikeInput(torch.autograd.Function):
    """The identity, whose gradient gets the input's memory layout.

    That of mean() is not channels_last, and slows the layers before it.
    """

    @staticmethod
    def forward(context: Any, x: Tensor) -> Tensor:
        is_last = x.is_contiguous(memory_format=torch.channels_last)
        context.memory_format = torch.channels_last if is_last else torch.contiguous_format
        return x.view_as(x)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> Tensor:
        return gradient.contiguous(memory_format=context.memory_format)


class SqueezeExcitation(nn.Module):
    """Weighs each channel by a number from 0 to 1 that depends on all channels (Hu et al. 2018, figure 2)."""

    def __init__(self, channels: int, reduction: int) -> None:
        super().__init__()
        squeezed = squeezed_channels(channels, reduction)
        self.fc1 = nn.Linear(channels, squeezed)
        self.fc2 = nn.Linear(squeezed, channels)

    def forward(self, x: Tensor) -> Tensor:
        weights = torch.sigmoid(self.fc2(functional.relu(self.fc1(global_average(x)))))
        return x * weights[:, :, None, None]


class DropPath(nn.Module):
    """Stochastic depth (Huang et al. 2016): in training, some images skip the block.

    The others' values are scaled up instead of scaling down in evaluation (equation 5), so that their mean stays.
    """

    def __init__(self, probability: float) -> None:
        super().__init__()
        self.probability = probability

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        kept = torch.rand(len(x), 1, 1, 1, device=x.device) >= self.probability
        return x * (kept / (1 - self.probability)).to(x.dtype)
