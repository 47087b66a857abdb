"""Residual networks (He et al. 2015, "Deep Residual Learning for Image Recognition").

Parameter names are torchvision's, so that its state dicts load strictly.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from workbench.core.config import ModelConfig


class BasicBlock(nn.Module):
    """Two 3x3 convolutions (figure 5, left)."""

    def __init__(self, channels_in: int, width: int, stride: int, shortcut: nn.Module | None) -> None:
        super().__init__()
        self.conv1 = _conv3x3(channels_in, width, stride)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = _conv3x3(width, width)
        self.bn2 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = shortcut

    def forward(self, x: Tensor) -> Tensor:
        identity = x if self.downsample is None else self.downsample(x)
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        return self.relu(out + identity)  # type: ignore[no-any-return]


class Bottleneck(nn.Module):
    """1x1, 3x3, 1x1 convolutions, the last four times as wide (figure 5, right).

    The stride is on the 3x3 convolution, as in torchvision ("ResNet v1.5").
    """

    expansion = 4

    def __init__(self, channels_in: int, width: int, stride: int, shortcut: nn.Module | None) -> None:
        super().__init__()
        channels_out = width * self.expansion
        self.conv1 = _conv1x1(channels_in, width)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = _conv3x3(width, width, stride)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = _conv1x1(width, channels_out)
        self.bn3 = nn.BatchNorm2d(channels_out)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = shortcut

    def forward(self, x: Tensor) -> Tensor:
        identity = x if self.downsample is None else self.downsample(x)
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        return self.relu(out + identity)  # type: ignore[no-any-return]


class ZeroPadShortcut(nn.Module):
    """Shortcut A (section 3.3): take every stride-th pixel, fill new channels with zeros; no parameters.

    The zeros go half before and half behind, as in the common CIFAR implementations, whose weights
    then give the same logits.
    """

    def __init__(self, channels_in: int, channels_out: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        before = (channels_out - channels_in) // 2
        self.padding = (before, channels_out - channels_in - before)

    def forward(self, x: Tensor) -> Tensor:
        x = x[:, :, :: self.stride, :: self.stride]
        return functional.pad(x, (0, 0, 0, 0, *self.padding))


class ResNet(nn.Module):
    """A stem, stages of residual blocks, global average pooling and a linear layer.

    Input: (N, 3, height, width) normalized images. Output: (N, num_classes) logits.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        width = config.widths[0]
        if config.stem == "3x3":
            self.conv1 = _conv3x3(3, width)
            self.maxpool: nn.Module = nn.Identity()
        else:
            self.conv1 = nn.Conv2d(3, width, kernel_size=7, stride=2, padding=3, bias=False)
            self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)

        channels = width
        self._stages: list[str] = []
        for stage, (blocks, width) in enumerate(zip(config.blocks, config.widths, strict=True), 1):
            first_stride = 1 if stage == 1 else 2
            self._stages.append(f"layer{stage}")
            self.add_module(f"layer{stage}", _stage(config, channels, width, blocks, first_stride))
            channels = width * config.expansion
        self.fc = nn.Linear(channels, config.num_classes)
        _initialize(self)

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        for stage in self._stages:
            x = self.get_submodule(stage)(x)
        # mean() instead of AdaptiveAvgPool2d: its backward is deterministic on CUDA.
        return self.fc(x.mean((2, 3)))  # type: ignore[no-any-return]


def build(config: ModelConfig, seed: int) -> ResNet:
    """The network with initial weights that depend on `seed` alone; global random state is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return ResNet(config)


def _stage(config: ModelConfig, channels: int, width: int, blocks: int, first_stride: int) -> nn.Sequential:
    make: Callable[[int, int, int, nn.Module | None], nn.Module]
    make = BasicBlock if config.block == "basic" else Bottleneck
    channels_out = width * config.expansion
    layers: list[nn.Module] = []
    for index in range(blocks):
        stride = first_stride if index == 0 else 1
        layers.append(make(channels, width, stride, _shortcut(config, channels, channels_out, stride)))
        channels = channels_out
    return nn.Sequential(*layers)


def _shortcut(config: ModelConfig, channels_in: int, channels_out: int, stride: int) -> nn.Module | None:
    """None where shapes agree, so that the identity costs nothing."""
    if stride == 1 and channels_in == channels_out:
        return None
    if config.shortcut == "A":
        return ZeroPadShortcut(channels_in, channels_out, stride)
    return nn.Sequential(_conv1x1(channels_in, channels_out, stride), nn.BatchNorm2d(channels_out))


def _conv3x3(channels_in: int, channels_out: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(channels_in, channels_out, kernel_size=3, stride=stride, padding=1, bias=False)


def _conv1x1(channels_in: int, channels_out: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(channels_in, channels_out, kernel_size=1, stride=stride, bias=False)


def _initialize(network: nn.Module) -> None:
    """Normal weights scaled by fan-out (He et al. 2015, "Delving Deep into Rectifiers", equation 14)."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
