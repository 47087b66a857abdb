"""Layers as rows of a table, by arithmetic alone: shapes, parameters, MACs, receptive fields, memory.

Names are those of the real module (`engine/network/resnet.py`), which are torchvision's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, assert_never

from workbench.core.network.model_config import ModelConfig

Kind = Literal[
    "conv", "norm", "relu", "silu", "gelu", "dropout", "squeeze-excitation", "max-pool", "zero-pad", "drop-path",
    "add", "average-pool", "linear", "scale",
]  # fmt: skip
Shape = tuple[int, int, int]

# The module's name in every block and in the network; the same one is used after each norm.
ACTIVATION = "relu"


class Layer(NamedTuple):
    """One row of the table. Shapes are (channels, height, width) of one image.

    A named tuple, because networks of a thousand layers are counted anew at every keystroke.
    """

    name: str
    kind: Kind
    detail: str
    """For people alone."""
    input_shape: Shape
    output_shape: Shape
    parameters: int
    macs: int
    """Multiply-accumulates of convolutions and linear layers; FLOPs are twice as many."""
    receptive_field: int
    """Height and width in pixels of the input that one output value can see through convolutions and poolings."""
    saved_values: int
    """Values per image that training keeps for the backward pass."""
    groups: int = 1
    """Of a convolution."""
    is_shortcut: bool = False
    """Whether it stands on the way around its block."""
    origin: float = 0.0
    """Of the square that the first value sees, how far its middle is from the first pixel's, right and down."""


@dataclass(frozen=True)
class Map:
    """A feature map on its way through the network."""

    channels: int
    size: int
    receptive_field: int = 1
    jump: int = 1
    """Distance in input pixels between neighboring values."""
    origin: float = 0.0
    """As of a `Layer`."""

    @property
    def shape(self) -> Shape:
        return self.channels, self.size, self.size

    def convolved(self, channels: int, kernel: int, stride: int) -> "Map":
        """Behind a convolution or pooling that is padded by half its kernel."""
        size = (self.size - 1) // stride + 1
        seen = self.receptive_field + (kernel - 1) * self.jump
        return Map(channels, size, seen, self.jump * stride, self.origin)

    def pooled(self, size: int) -> "Map":
        """Behind a pooling of squares that touch; those at the edge may be cut."""
        farther = (size - 1) * self.jump
        seen, origin = self.receptive_field + farther, self.origin + farther / 2
        return Map(self.channels, (self.size - 1) // size + 1, seen, self.jump * size, origin)


def convolution(
    name: str, config: ModelConfig, entry: Map, channels: int, kernel: int, stride: int, groups: int = 1
) -> tuple[Layer, Map]:
    """A convolution, and the map that leaves it."""
    output = entry.convolved(channels, kernel, stride)
    weights = entry.channels // groups * channels * kernel * kernel
    parameters = weights + channels * config.has_biases
    detail = f"{kernel}x{kernel}"
    if stride > 1:
        detail += f", stride {stride}"
    if groups > 1:
        detail += f", {groups} groups"
    layer = plain(name, "conv", output, before=entry, detail=detail)
    macs = weights * output.size * output.size
    return layer._replace(parameters=parameters, macs=macs, groups=groups), output


def norm(name: str, config: ModelConfig, entry: Map) -> list[Layer]:
    """Empty where the network has none."""
    match config.norm:
        case "batch":
            detail = "batch"
        case "group":
            detail = f"{norm_groups(entry.channels)} groups"
        case "none":
            return []
        case _:
            assert_never(config.norm)
    return [plain(name, "norm", entry, detail=detail)._replace(parameters=2 * entry.channels)]


def activation(name: str, config: ModelConfig, entry: Map) -> list[Layer]:
    """Likewise."""
    return [] if config.activation == "none" else [plain(name, config.activation, entry)]


def can_work_in_place(config: ModelConfig) -> bool:
    """Whether activations may overwrite what they get.

    Not in pre-activation blocks without norms, where that is what the shortcut carries too.
    """
    return not (config.is_preactivation and config.norm == "none")


def norm_groups(channels: int) -> int:
    """Groups of a group norm: as many as divide the channels, up to 32 (Wu and He 2018).

    At least two channels in each: on a map of one pixel, a group of one value would always be normed to zero.
    """
    most = max(1, min(32, channels // 2))
    return next(groups for groups in range(most, 0, -1) if channels % groups == 0)


def squeeze_excitation(name: str, config: ModelConfig, entry: Map) -> Layer:
    squeezed = squeezed_channels(entry.channels, config.se_reduction)
    weights = 2 * entry.channels * squeezed
    layer = plain(name, "squeeze-excitation", entry, detail=f"{entry.channels} to {squeezed} and back")
    return layer._replace(parameters=weights + squeezed + entry.channels, macs=weights)


def squeezed_channels(channels: int, reduction: int) -> int:
    return max(1, channels // reduction)


def plain(name: str, kind: Kind, output: Map, *, before: Map | None = None, detail: str = "") -> Layer:
    """A layer without parameters."""
    entry = before or output
    seen, origin = output.receptive_field, output.origin
    return Layer(name, kind, detail, entry.shape, output.shape, 0, 0, seen, 0, origin=origin)


def remembered(layers: Sequence[Layer], is_needed: bool) -> list[Layer]:
    """Layers that follow each other, with the values that training keeps of each for its backward pass.

    Args:
        is_needed: whether what comes behind them needs its input again.
    """
    result = []
    for layer in reversed(layers):
        saved = _kept_maps(layer.kind, is_needed) * _values(layer.output_shape)
        result.append(layer._replace(saved_values=saved))
        is_needed = needs_input(layer.kind)
    return result[::-1]


def needs_input_behind(config: ModelConfig, then: Kind) -> bool:
    """Whether what follows a block of a pre-activation network needs what entered it in its backward pass.

    Args:
        then: what comes there behind norm and activation.
    """
    kinds: list[Kind] = ["norm"] if config.norm != "none" else []
    if config.activation != "none":
        kinds.append(config.activation)
    return needs_input([*kinds, then][0])


def needs_input(kind: Kind) -> bool:
    """Whether the layer's backward pass needs what entered the layer."""
    match kind:
        case "conv" | "norm" | "silu" | "gelu" | "squeeze-excitation" | "max-pool" | "linear":
            return True
        # ReLU works in place, and needs its output.
        case "relu" | "dropout" | "zero-pad" | "drop-path" | "add" | "average-pool" | "scale":
            return False
        case _:
            assert_never(kind)


def _kept_maps(kind: Kind, is_needed: bool) -> int:
    """How many times the values of its output; `is_needed`: by the next layer."""
    match kind:
        case "relu":
            return 1
        # A mask.
        case "dropout":
            return 1 + is_needed
        # The index of each maximum, 8 bytes.
        case "max-pool":
            return 2 + is_needed
        case "conv" | "norm" | "silu" | "gelu" | "squeeze-excitation" | "zero-pad" | "drop-path" | "add":
            return int(is_needed)
        case "average-pool" | "linear" | "scale":
            return int(is_needed)
        case _:
            assert_never(kind)


def _values(shape: Shape) -> int:
    channels, height, width = shape
    return channels * height * width
