"""A network as a table: shapes, parameters, MACs, receptive fields and memory, without torch."""

from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Literal

from workbench.core.layers import Layer, Shape, layers_of
from workbench.core.model_config import ModelConfig

Role = Literal["stem", "block", "head"]

# A small image that an ImageNet stem shrinks too far (weiaicunzai/pytorch-cifar100#29: 55 % instead of 70 %).
_SMALL_IMAGE = 64


@dataclass(frozen=True)
class Part:
    """What is drawn as one box: the stem, one block, or pooling and linear layer."""

    name: str
    role: Role
    stage: int
    """From 1; 0 for the stem and the head."""
    layers: tuple[Layer, ...]

    @property
    def input_shape(self) -> Shape:
        return self.layers[0].input_shape

    @property
    def output_shape(self) -> Shape:
        return self.layers[-1].output_shape

    @property
    def parameters(self) -> int:
        return sum(layer.parameters for layer in self.layers)

    @property
    def macs(self) -> int:
        return sum(layer.macs for layer in self.layers)

    @property
    def receptive_field(self) -> int:
        return max(layer.receptive_field for layer in self.layers)

    @property
    def shortcut(self) -> Literal["identity", "zero-pad", "projection", "none"]:
        """How the block's input reaches its end."""
        if not any(layer.kind == "add" for layer in self.layers):
            return "none"
        for layer in self.layers:
            if ".downsample" in layer.name:
                return "zero-pad" if layer.kind == "zero-pad" else "projection"
        return "identity"


@dataclass(frozen=True)
class Architecture:
    """A network as a table of layers, in the order of computation."""

    config: ModelConfig
    layers: tuple[Layer, ...]

    @classmethod
    def of(cls, config: ModelConfig) -> "Architecture":
        return cls(config, tuple(layers_of(config)))

    @cached_property
    def parameters(self) -> int:
        return sum(layer.parameters for layer in self.layers)

    @cached_property
    def macs(self) -> int:
        return sum(layer.macs for layer in self.layers)

    @cached_property
    def saved_values(self) -> int:
        """Values per image that training keeps for the backward pass, the image among them."""
        config = self.config
        image = 3 * config.input_size**2
        # What leaves an activation is kept for the convolution behind it, or by ReLU itself; not for pooling.
        channels, height, width = self.parts[-1].input_shape
        unused = 0 if config.activation == "relu" else channels * height * width
        return image + sum(layer.saved_values for layer in self.layers) - unused

    def activation_bytes(self, batch_size: int, bytes_per_value: int = 4) -> int:
        """Memory that the activations of one batch take while training."""
        return batch_size * bytes_per_value * self.saved_values

    @cached_property
    def depth(self) -> int:
        """Weighted layers as the papers count them: convolutions off the shortcuts, and the linear layer."""
        return sum(layer.kind in ("conv", "linear") and ".downsample" not in layer.name for layer in self.layers)

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The stem, every block, and the head. A pre-activation network's last norm belongs to the head."""
        grouped = [(name, tuple(layers)) for name, layers in groupby(self.layers, _block_name)]
        parts = []
        for index, (name, layers) in enumerate(grouped):
            if name:
                parts.append(Part(name, "block", int(name[len("layer") : name.index(".")]), layers))
            else:
                parts.append(Part("stem", "stem", 0, layers) if index == 0 else Part("head", "head", 0, layers))
        return tuple(parts)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person should know before training this network."""
        config = self.config
        if config.stem == "7x7" and config.input_size <= _SMALL_IMAGE:
            seen = config.size_after_stem
            lost = 1 - (seen / config.input_size) ** 2
            return (
                f"The 7x7 stem is made for 224 x 224 images: it shrinks {config.input_size} x "
                f"{config.input_size} to {seen} x {seen} at once, so {lost:.0%} of the positions are lost. "
                "Prefer the 3x3 stem for small images.",
            )
        return ()


def _block_name(layer: Layer) -> str:
    """`layer2.0` of `layer2.0.conv1`; empty outside the stages."""
    if not layer.name.startswith("layer"):
        return ""
    stage, index, _ = layer.name.split(".", 2)
    return f"{stage}.{index}"
