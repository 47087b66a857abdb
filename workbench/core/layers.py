"""The layers of a network in the order of computation, by arithmetic alone.

Names are those of the real module (`engine/resnet.py`), which are torchvision's.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from workbench.core.model_config import ModelConfig

Kind = Literal[
    "conv", "norm", "relu", "silu", "gelu", "dropout", "squeeze-excitation", "max-pool", "zero-pad", "drop-path",
    "add", "average-pool", "linear",
]  # fmt: skip
Shape = tuple[int, int, int]


class Layer(NamedTuple):
    """One row of the table. Shapes are (channels, height, width) of one image.

    A named tuple, because networks of a thousand layers are counted anew at every keystroke.
    """

    name: str
    kind: Kind
    detail: str
    input_shape: Shape
    output_shape: Shape
    parameters: int
    macs: int
    """Multiply-accumulates of convolutions and linear layers; FLOPs are twice as many."""
    receptive_field: int
    """Height and width in pixels of the input that one output value can see through convolutions and poolings."""
    saved_values: int
    """Values per image that training keeps for the backward pass."""


@dataclass(frozen=True)
class Map:
    """A feature map on its way through the network."""

    channels: int
    size: int
    receptive_field: int = 1
    jump: int = 1
    """Distance in input pixels between neighboring values."""

    @property
    def shape(self) -> Shape:
        return self.channels, self.size, self.size

    @property
    def values(self) -> int:
        return self.channels * self.size * self.size

    def convolved(self, channels: int, kernel: int, stride: int) -> "Map":
        """Behind a convolution or pooling that is padded by half its kernel."""
        size = (self.size - 1) // stride + 1
        return Map(channels, size, self.receptive_field + (kernel - 1) * self.jump, self.jump * stride)


def layers_of(config: ModelConfig) -> Iterator[Layer]:
    """All layers of a network."""
    current = Map(3, config.input_size)
    kernel, stride = (3, 1) if config.stem == "3x3" else (7, 2)
    conv, current = _conv("conv1", current, config.stem_channels, kernel, stride)
    yield conv
    if not config.is_preactivation:
        yield from _norm_and_activation("bn1", _ACTIVATION, config, current)
    if config.stem == "7x7":
        pooled = current.convolved(current.channels, 3, 2)
        # Kept: the index of each maximum, 8 bytes.
        yield _plain(
            "maxpool", "max-pool", pooled, before=current, detail="3x3, stride 2", saved=2 * pooled.values
        )
        current = pooled
    blocks_before = 0
    for stage, (blocks, stride) in enumerate(zip(config.blocks, config.stage_strides, strict=True)):
        for index in range(blocks):
            skip = config.skip_probability(blocks_before + index)
            block = _Block(config, stage, index, current, stride if index == 0 else 1, skip)
            yield from block.layers()
            current = block.output
        blocks_before += blocks
    if config.is_preactivation:
        yield from _norm_and_activation("bn1", _ACTIVATION, config, current)
    seen = current.receptive_field + (current.size - 1) * current.jump
    pooled = Map(current.channels, 1, seen, current.jump)
    yield _plain("avgpool", "average-pool", pooled, before=current, detail="mean over all positions",
                 saved=pooled.values)  # fmt: skip
    weights = current.channels * config.num_classes
    yield Layer(
        "fc", "linear", f"{current.channels} to {config.num_classes}", pooled.shape, (config.num_classes, 1, 1),
        weights + config.num_classes, weights, seen, config.num_classes,
    )  # fmt: skip


class _Convolution(NamedTuple):
    """One convolution of a block; with `norm` it is followed (in preact blocks preceded) by one."""

    name: str
    channels: int
    kernel: int
    stride: int = 1
    groups: int = 1
    norm: str = ""


def convolutions(config: ModelConfig, stage: int, stride: int, entry: int) -> list[_Convolution]:
    """The convolutions of a block that `entry` channels enter, in their order."""
    inner, after = config.inner_channels(stage), config.out_channels(stage)
    match config.block:
        case "conv":
            return [_Convolution("conv1", after, 3, stride, norm="bn1")]
        case "separable":
            return [
                _Convolution("depth1", entry, 3, stride, groups=entry),
                _Convolution("point1", after, 1, norm="bn1"),
                _Convolution("depth2", after, 3, groups=after),
                _Convolution("point2", after, 1, norm="bn2"),
            ]
        case "bottleneck" | "preact-bottleneck":
            # torchvision puts a bottleneck's stride on its 3x3 convolution ("ResNet v1.5").
            return [
                _Convolution("conv1", inner, 1, norm="bn1"),
                _Convolution("conv2", inner, 3, stride, config.cardinality, norm="bn2"),
                _Convolution("conv3", after, 1, norm="bn3"),
            ]
        case _:
            return [
                _Convolution("conv1", after, 3, stride, norm="bn1"),
                _Convolution("conv2", after, 3, norm="bn2"),
            ]


class _Block:
    """One block: its layers in order, and the map that leaves it."""

    def __init__(
        self, config: ModelConfig, stage: int, index: int, entry: Map, stride: int, skip_probability: float
    ) -> None:
        self._name = f"layer{stage + 1}.{index}"
        self._config, self._entry, self._stride = config, entry, stride
        self._skip_probability = skip_probability
        self._convolutions = convolutions(config, stage, stride, entry.channels)
        path = entry
        for convolution in self._convolutions:
            path = path.convolved(convolution.channels, convolution.kernel, convolution.stride)
        self.output = path

    def layers(self) -> Iterator[Layer]:
        if self._config.is_preactivation:
            yield from self._preactivation_path()
        else:
            yield from self._path()
        if self._config.se_reduction:
            yield _squeeze_excitation(f"{self._name}.se", self.output, self._config)
        if self._skip_probability:
            yield _plain(f"{self._name}.drop_path", "drop-path", self.output,
                         detail=f"skipped by {self._skip_probability:.1%} of images")  # fmt: skip
        # The next norm of a pre-activation network needs the sum, and so does any activation but ReLU.
        kept = self._config.is_preactivation or self._config.activation != "relu"
        if self._config.shortcut != "none":
            yield from self._shortcut()
            yield _plain(f"{self._name}.add", "add", self.output, saved=self.output.values if kept else 0)
        if not self._config.is_preactivation:
            yield _plain(f"{self._name}.{_ACTIVATION}", self._config.activation, self.output,
                         saved=self.output.values)  # fmt: skip

    def _path(self) -> Iterator[Layer]:
        path, last = self._entry, len(self._convolutions) - 1
        for position, spec in enumerate(self._convolutions):
            if position == last and self._config.dropout:
                yield self._dropout(path)
            conv, path = self._convolved(spec, path)
            yield conv
            if spec.norm and position < last:
                yield from self._norm_and_activation(spec, path)
            elif spec.norm:
                plain = self._config.shortcut == "none" and self._config.activation != "relu"
                yield _norm(f"{self._name}.{spec.norm}", self._config, path, kept=plain)

    def _preactivation_path(self) -> Iterator[Layer]:
        path, last = self._entry, len(self._convolutions) - 1
        for position, spec in enumerate(self._convolutions):
            yield from self._norm_and_activation(spec, path)
            if position == last and self._config.dropout:
                yield self._dropout(path)
            conv, path = self._convolved(spec, path, kept=position < last or self._config.shortcut == "none")
            yield conv

    def _convolved(self, spec: _Convolution, path: Map, kept: bool = True) -> tuple[Layer, Map]:
        name = f"{self._name}.{spec.name}"
        return _conv(name, path, spec.channels, spec.kernel, spec.stride, spec.groups, kept=kept)

    def _norm_and_activation(self, spec: _Convolution, path: Map) -> Iterator[Layer]:
        activation = f"{self._name}.{_ACTIVATION}{spec.norm[-1]}"
        yield from _norm_and_activation(f"{self._name}.{spec.norm}", activation, self._config, path)

    def _dropout(self, path: Map) -> Layer:
        detail = f"{self._config.dropout:.0%} of values"
        return _plain(f"{self._name}.dropout", "dropout", path, detail=detail, saved=2 * path.values)

    def _shortcut(self) -> Iterator[Layer]:
        config, channels = self._config, self.output.channels
        changes = self._stride > 1 or self._entry.channels != channels
        if not changes and config.shortcut != "C":
            return
        name = f"{self._name}.downsample"
        if config.shortcut == "A":
            padded = self._entry.convolved(channels, 1, self._stride)
            yield _plain(name, "zero-pad", padded, before=self._entry, detail=f"stride {self._stride}")
            return
        kept = not config.is_preactivation
        conv, projected = _conv(f"{name}.0", self._entry, channels, 1, self._stride, kept=kept)
        yield conv
        # The pre-activation of the block was its norm already.
        if not config.is_preactivation:
            yield _norm(f"{name}.1", config, projected)


# The module's name in every block; the same one is used after each norm.
_ACTIVATION = "relu"


def norm_groups(channels: int) -> int:
    """Groups of a group norm: as many as divide the channels, up to 32 (Wu and He 2018).

    At least two channels in each: on a map of one pixel, a group of one value would always be normed to zero.
    """
    most = max(1, min(32, channels // 2))
    return next(groups for groups in range(most, 0, -1) if channels % groups == 0)


def squeezed_channels(channels: int, reduction: int) -> int:
    return max(1, channels // reduction)


def _conv(
    name: str, entry: Map, channels: int, kernel: int, stride: int, groups: int = 1, *, kept: bool = True
) -> tuple[Layer, Map]:
    """`kept`: whether the next layer needs the output again in the backward pass."""
    output = entry.convolved(channels, kernel, stride)
    weights = entry.channels // groups * channels * kernel * kernel
    detail = f"{kernel}x{kernel}"
    if stride > 1:
        detail += f", stride {stride}"
    if groups > 1:
        detail += f", {groups} groups"
    layer = Layer(
        name, "conv", detail, entry.shape, output.shape, weights, weights * output.size * output.size,
        output.receptive_field, output.values if kept else 0,
    )  # fmt: skip
    return layer, output


def _norm_and_activation(norm: str, activation: str, config: ModelConfig, entry: Map) -> Iterator[Layer]:
    # ReLU works in place on the norm's output; the others need their input in the backward pass.
    yield _norm(norm, config, entry, kept=config.activation != "relu")
    yield _plain(activation, config.activation, entry, saved=entry.values)


def _norm(name: str, config: ModelConfig, entry: Map, *, kept: bool = False) -> Layer:
    detail = "batch" if config.norm == "batch" else f"{norm_groups(entry.channels)} groups"
    saved = entry.values if kept else 0
    return Layer(
        name, "norm", detail, entry.shape, entry.shape, 2 * entry.channels, 0, entry.receptive_field, saved
    )


def _squeeze_excitation(name: str, entry: Map, config: ModelConfig) -> Layer:
    squeezed = squeezed_channels(entry.channels, config.se_reduction)
    weights = 2 * entry.channels * squeezed
    return Layer(
        name, "squeeze-excitation", f"{entry.channels} to {squeezed} and back", entry.shape, entry.shape,
        weights + squeezed + entry.channels, weights, entry.receptive_field, entry.values,
    )  # fmt: skip


def _plain(
    name: str, kind: Kind, output: Map, *, before: Map | None = None, detail: str = "", saved: int = 0
) -> Layer:
    """A layer without parameters."""
    entry = before or output
    return Layer(name, kind, detail, entry.shape, output.shape, 0, 0, output.receptive_field, saved)
