"""A network as a table: shapes, parameters, MACs, receptive fields and memory, without torch."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import Literal, assert_never

from workbench.core.network.block_layers import block_layers, skip_detail
from workbench.core.network.layers import (
    ACTIVATION,
    Kind,
    Layer,
    Map,
    Shape,
    activation,
    convolution,
    needs_input,
    needs_input_behind,
    norm,
    plain,
    remembered,
)
from workbench.core.network.model_config import ModelConfig
from workbench.core.network.shortcuts import Way
from workbench.core.network.stems import stem_of

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
    number: int
    """Of the block within its stage, from 1; 0 for the stem and the head."""
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
    def shortcut(self) -> Way:
        """How the block's input reaches its end."""
        if not any(layer.kind == "add" for layer in self.layers):
            return "none"
        around = [layer.kind for layer in self.layers if layer.is_shortcut]
        if not around:
            return "identity"
        return "zero-pad" if "zero-pad" in around else "projection"


@dataclass(frozen=True)
class Architecture:
    """A network as a table of layers, in the order of computation."""

    config: ModelConfig
    parts: tuple[Part, ...]
    """The stem, every block, and the head. A pre-activation network's last norm belongs to the head."""

    @classmethod
    def of(cls, config: ModelConfig) -> "Architecture":
        stem, current = _stem(config)
        parts = [Part("stem", "stem", 0, 0, stem)]
        for stage in range(len(config.blocks)):
            blocks, current = _stage(config, stage, current)
            parts += blocks
        parts.append(Part("head", "head", 0, 0, _head(config, current)))
        return cls(config, tuple(parts))

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        return tuple(chain.from_iterable(part.layers for part in self.parts))

    @cached_property
    def parameters(self) -> int:
        return sum(layer.parameters for layer in self.layers)

    @cached_property
    def macs(self) -> int:
        return sum(layer.macs for layer in self.layers)

    @cached_property
    def saved_values(self) -> int:
        """Values per image that training keeps for the backward pass, the image among them."""
        return 3 * self.config.input_size**2 + sum(layer.saved_values for layer in self.layers)

    def activation_bytes(self, batch_size: int, bytes_per_value: int = 4) -> int:
        """Memory that the activations of one batch take while training."""
        return batch_size * bytes_per_value * self.saved_values

    @cached_property
    def depth(self) -> int:
        """Weighted layers as the papers count them: convolutions off the shortcuts, and the linear layer."""
        return sum(layer.kind in ("conv", "linear") and not layer.is_shortcut for layer in self.layers)

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


def _stem(config: ModelConfig) -> tuple[tuple[Layer, ...], Map]:
    entry = Map(3, config.input_size)
    stem = stem_of(config.stem)
    conv, current = convolution("conv1", config, entry, config.stem_channels, stem.kernel, stem.stride)
    layers = [conv]
    if not config.is_preactivation:
        layers += norm("bn1", config, current)
        layers += activation(ACTIVATION, config, current) if config.stem_activation else []
    if stem.pools:
        pooled = current.convolved(current.channels, 3, 2)
        layers.append(plain("maxpool", "max-pool", pooled, before=current, detail="3x3, stride 2"))
        return tuple(remembered(layers, is_needed=False)), pooled
    return tuple(remembered(layers, is_needed=_block_needs_input(config))), current


def _stage(config: ModelConfig, stage: int, entry: Map) -> tuple[list[Part], Map]:
    """The blocks of a stage, counted from 0, and the map that leaves the last one."""
    blocks, before, is_last = config.blocks[stage], sum(config.blocks[:stage]), stage == len(config.blocks) - 1
    needs_last, needs_others = _head_needs_input(config), _block_needs_input(config)
    parts: list[Part] = []
    current, alike = entry, None
    for index in range(blocks):
        stride = config.stage_strides[stage] if index == 0 else 1
        skip = config.skip_probability(before + index)
        is_end = is_last and index == blocks - 1
        is_needed = needs_last if is_end else needs_others
        if alike is None or is_needed != needs_others:
            layers, output = block_layers(config, stage, current, stride, skip, is_needed)
            further = 0
            # All blocks behind the first are alike but for their names, and for what they see.
            if index > 0:
                alike = layers, current.receptive_field, output
        else:
            layers, seen_by_alike, output = alike
            further = current.receptive_field - seen_by_alike
            output = replace(output, receptive_field=output.receptive_field + further)
        name = f"layer{stage + 1}.{index}"
        parts.append(Part(name, "block", stage + 1, index + 1, _placed(layers, f"{name}.", further, skip)))
        current = output
    return parts, current


def _placed(layers: Sequence[Layer], prefix: str, further: int, skip: float) -> tuple[Layer, ...]:
    """A block's layers where they stand in the network; they see `further` pixels more than counted."""
    return tuple(
        Layer(
            prefix + name, kind, skip_detail(skip) if kind == "drop-path" else detail, before, after, parameters,
            macs, seen + further, saved, groups, is_shortcut, origin,
        )
        for (name, kind, detail, before, after, parameters, macs, seen, saved, groups, is_shortcut,
             origin) in layers
    )  # fmt: skip


def _block_needs_input(config: ModelConfig) -> bool:
    return not config.is_preactivation or needs_input_behind(config, "conv")


def _head_needs_input(config: ModelConfig) -> bool:
    """Pooling by the mean needs nothing of the last block again."""
    pooling: Kind = "max-pool" if config.head_pooling == "max" else "average-pool"
    return needs_input_behind(config, pooling) if config.is_preactivation else needs_input(pooling)


def _head(config: ModelConfig, entry: Map) -> tuple[Layer, ...]:
    layers: list[Layer] = []
    if config.is_preactivation:
        layers += [*norm("bn1", config, entry), *activation(ACTIVATION, config, entry)]
    seen = entry.receptive_field + (entry.size - 1) * entry.jump
    pooled = Map(entry.channels, 1, seen, entry.jump, entry.origin)
    match config.head_pooling:
        case "average":
            layers.append(plain("avgpool", "average-pool", pooled, before=entry, detail="mean over all positions"))
        case "max":
            layers.append(plain("globalpool", "max-pool", pooled, before=entry, detail="largest of all positions"))
        case _:
            assert_never(config.head_pooling)
    classes, weights = config.num_classes, entry.channels * config.num_classes
    logits = replace(pooled, channels=classes)
    linear = plain("fc", "linear", logits, before=pooled, detail=f"{entry.channels} to {classes}")
    layers.append(linear._replace(parameters=weights + classes * config.head_bias, macs=weights))
    if config.logit_scale != 1:
        layers.append(plain("scale", "scale", logits, detail=f"times {config.logit_scale:g}"))
    return tuple(remembered(layers, is_needed=True))
