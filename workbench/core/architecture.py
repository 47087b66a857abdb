"""The layers of a network, by arithmetic: shapes, parameters, MACs and receptive fields, without torch.

Names are those of the real module (`engine/resnet.py`), which are torchvision's.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from workbench.core.config import ModelConfig

Kind = Literal["conv", "norm", "relu", "max-pool", "zero-pad", "add", "average-pool", "linear"]
Shape = tuple[int, int, int]


@dataclass(frozen=True)
class Layer:
    """One row of the table. Shapes are (channels, height, width) of one image."""

    name: str
    kind: Kind
    detail: str
    input_shape: Shape
    output_shape: Shape
    parameters: int
    macs: int
    """Multiply-accumulates of convolutions and of the linear layer; FLOPs are twice as many."""
    receptive_field: int
    """Height and width in pixels of the input that one output value can see."""


@dataclass(frozen=True)
class Architecture:
    """A network as a table of layers, in the order of computation."""

    config: ModelConfig
    layers: tuple[Layer, ...]

    @classmethod
    def of(cls, config: ModelConfig) -> "Architecture":
        return cls(config, tuple(_layers(config)))

    @property
    def parameters(self) -> int:
        return sum(layer.parameters for layer in self.layers)

    @property
    def macs(self) -> int:
        return sum(layer.macs for layer in self.layers)

    @property
    def depth(self) -> int:
        """Weighted layers as the papers count them: convolutions off the shortcuts, and the linear layer."""
        return sum(layer.kind in ("conv", "linear") and ".downsample" not in layer.name for layer in self.layers)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person should know before training this network."""
        config = self.config
        if config.stem == "7x7" and config.input_size <= 64:
            seen = self._size_after_stem()
            lost = 1 - (seen / config.input_size) ** 2
            return (
                f"The 7x7 stem is made for 224 x 224 images: it shrinks {config.input_size} x "
                f"{config.input_size} to {seen} x {seen} at once, so {lost:.0%} of the positions are lost. "
                "Prefer the 3x3 stem for small images.",
            )
        return ()

    def _size_after_stem(self) -> int:
        return next(layer.output_shape[1] for layer in self.layers if layer.kind == "max-pool")


@dataclass(frozen=True)
class _Map:
    """A feature map on its way through the network."""

    shape: Shape
    receptive_field: int = 1
    jump: int = 1
    """Distance in input pixels between neighbouring values."""

    def convolved(self, channels: int, kernel: int, stride: int) -> "_Map":
        padding = kernel // 2
        size = (self.shape[1] + 2 * padding - kernel) // stride + 1
        return _Map((channels, size, size), self.receptive_field + (kernel - 1) * self.jump, self.jump * stride)


def _layers(config: ModelConfig) -> Iterator[Layer]:
    current = _Map((3, config.input_size, config.input_size))
    kernel, stride = (3, 1) if config.stem == "3x3" else (7, 2)
    conv, current = _conv("conv1", current, config.widths[0], kernel, stride)
    yield conv
    yield _norm("bn1", current)
    yield _plain("relu", "relu", current)
    if config.stem == "7x7":
        pooled = current.convolved(config.widths[0], 3, 2)
        yield _plain("maxpool", "max-pool", pooled, before=current, detail="3x3, stride 2")
        current = pooled
    for stage, (blocks, width) in enumerate(zip(config.blocks, config.widths, strict=True), 1):
        for index in range(blocks):
            stride = 2 if index == 0 and stage > 1 else 1
            block = _Block(f"layer{stage}.{index}", config, current, width, stride)
            yield from block.layers()
            current = block.output
    channels, _, _ = current.shape
    pooled = _Map((channels, 1, 1), config.input_size, current.jump)
    yield _plain("avgpool", "average-pool", pooled, before=current, detail="mean over all positions")
    yield Layer(
        "fc", "linear", f"{channels} to {config.num_classes}", pooled.shape, (config.num_classes, 1, 1),
        channels * config.num_classes + config.num_classes, channels * config.num_classes, config.input_size,
    )  # fmt: skip


class _Block:
    """One residual block: its layers in order, and the map that leaves it."""

    def __init__(self, name: str, config: ModelConfig, entry: _Map, width: int, stride: int) -> None:
        self._name, self._config, self._entry = name, config, entry
        self._width, self._stride = width, stride
        # torchvision puts a bottleneck's stride on its 3x3 convolution ("ResNet v1.5").
        kernels = ((3, stride), (3, 1)) if config.block == "basic" else ((1, 1), (3, stride), (1, 1))
        self._kernels = kernels
        path = entry
        for position, (kernel, step) in enumerate(kernels, 1):
            path = path.convolved(self._channels(position), kernel, step)
        self.output = path

    def _channels(self, position: int) -> int:
        last = position == len(self._kernels)
        return self._width * self._config.expansion if last else self._width

    def layers(self) -> Iterator[Layer]:
        path = self._entry
        for position, (kernel, stride) in enumerate(self._kernels, 1):
            conv, path = _conv(f"{self._name}.conv{position}", path, self._channels(position), kernel, stride)
            yield conv
            yield _norm(f"{self._name}.bn{position}", path)
            if position < len(self._kernels):
                yield _plain(f"{self._name}.relu{position}", "relu", path)
        yield from self._shortcut()
        yield _plain(f"{self._name}.add", "add", path)
        yield _plain(f"{self._name}.relu", "relu", path)

    def _shortcut(self) -> Iterator[Layer]:
        channels = self.output.shape[0]
        if self._stride == 1 and self._entry.shape[0] == channels:
            return
        name = f"{self._name}.downsample"
        if self._config.shortcut == "A":
            padded = self._entry.convolved(channels, 1, self._stride)
            yield _plain(name, "zero-pad", padded, before=self._entry, detail=f"stride {self._stride}")
        else:
            conv, projected = _conv(f"{name}.0", self._entry, channels, 1, self._stride)
            yield conv
            yield _norm(f"{name}.1", projected)


def _conv(name: str, entry: _Map, channels: int, kernel: int, stride: int) -> tuple[Layer, _Map]:
    output = entry.convolved(channels, kernel, stride)
    weights = entry.shape[0] * channels * kernel * kernel
    detail = f"{kernel}x{kernel}" + (f", stride {stride}" if stride > 1 else "")
    macs = weights * output.shape[1] * output.shape[2]
    layer = Layer(
        name, "conv", detail, entry.shape, output.shape, weights, macs, output.receptive_field
    )  # fmt: skip
    return layer, output


def _norm(name: str, entry: _Map) -> Layer:
    parameters = 2 * entry.shape[0]
    return Layer(name, "norm", "batch", entry.shape, entry.shape, parameters, 0, entry.receptive_field)


def _plain(name: str, kind: Kind, output: _Map, *, before: _Map | None = None, detail: str = "") -> Layer:
    entry = before or output
    return Layer(name, kind, detail, entry.shape, output.shape, 0, 0, output.receptive_field)
