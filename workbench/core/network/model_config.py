"""What a residual network is: its stem, its stages, and the blocks that they are made of."""

from collections.abc import Iterator
from typing import Annotated, Literal, Self, assert_never

from pydantic import Field, ValidationInfo, field_validator, model_validator

from workbench.core.errors import literal
from workbench.core.fields import FieldGroup, field_error
from workbench.core.network.blocks import BLOCKS, HELP, OPTIONS, Block, Description, Shortcut, description_of
from workbench.core.network.stems import Stem, stem_of
from workbench.core.network.steps import Activation as ActivationStep
from workbench.core.network.steps import Convolution, Dropout, Step, Widths
from workbench.core.network.steps import Norm as NormStep

MAX_STAGES = 6
MAX_PARAMETERS = 2_000_000_000
# Of one image, at the ends of all blocks and inside them: 8 GB in fp32.
MAX_VALUES = 2_000_000_000

Activation = Literal["relu", "silu", "gelu", "none"]
Norm = Literal["batch", "group", "none"]
HeadPooling = Literal["average", "max"]
Initialization = Literal["kaiming", "pytorch"]

# torchvision counts the width of a group in 64ths of the stage's width.
_FULL_BASE_WIDTH = 64
_MAX_CHANNELS = 65_536

# JSON and TOML give lists where the frozen config holds tuples.
_Counts = Annotated[
    tuple[Annotated[int, Field(ge=1, le=1000)], ...],
    Field(min_length=1, max_length=MAX_STAGES, strict=False),
]
_Widths = Annotated[
    tuple[Annotated[int, Field(ge=1, le=8192)], ...],
    Field(min_length=1, max_length=MAX_STAGES, strict=False),
]
_Flags = Annotated[tuple[bool, ...], Field(max_length=MAX_STAGES, strict=False)]
_Strides = Annotated[
    tuple[Annotated[int, Field(ge=1, le=8)], ...],
    Field(max_length=MAX_STAGES, strict=False),
]


class ModelConfig(FieldGroup):
    """A residual network: a stem, one to six stages of equal blocks, pooling and a linear layer."""

    stem: Stem = "3x3"
    """First layers: 3x3 keeps small images whole; 7x7 with stride 2 and max pooling is made for 224 x 224."""
    stem_width: Annotated[int, Field(ge=0, le=8192)] = 0
    """Channels of the stem. 0: as many as the first stage's width."""
    stem_activation: bool = True
    """Whether the stem ends in the activation. Some scripts leave it out, and weights of theirs need that too."""
    block: Annotated[Block, Field(description=HELP)] = "basic"
    shortcut: Shortcut = "B"
    """Around each block: the identity, and where shapes change A pads with zeros, B projects by a 1x1 convolution.
    C projects around every block. identity: nothing where shapes change. none: a plain network."""
    blocks: _Counts = (1, 1, 1)
    """Blocks in each stage."""
    widths: _Widths = (16, 32, 64)
    """Channels in each stage (of a bottleneck: of its 3x3 convolution)."""
    strides: _Strides = ()
    """Stride of the first block in each stage. An empty list: 1 in the first stage, 2 in the others."""
    residuals: _Flags = ()
    """Whether the blocks of each stage end in a residual (Page). An empty list: all of them."""
    expansion: Annotated[int, Field(ge=1, le=16)] = 4
    """A bottleneck's output channels as a multiple of the stage's width."""
    inner_expansion: Annotated[int, Field(ge=1, le=16)] = 6
    """An inverted bottleneck's inner channels as a multiple of those that enter it."""
    cardinality: Annotated[int, Field(ge=1, le=1024)] = 1
    """Groups of a bottleneck's 3x3 convolution (ResNeXt)."""
    base_width: Annotated[int, Field(ge=1, le=1024)] = 64
    """Channels per group for each 64 of the stage's width: 64 in ResNet, 4 in ResNeXt 32x4d, 128 in wide ones."""
    activation: Activation = "relu"
    """Function between the layers: relu, silu (x times sigmoid of x) or gelu. none: no layer bends anything."""
    norm: Norm = "batch"
    """batch: over the images of a batch. group: over up to 32 groups of channels, of each image by itself. none:
    no norms; convolutions then have a bias, a number that they add to each of their channels."""
    se_reduction: Annotated[int, Field(ge=0, le=64)] = 0
    """Squeeze-and-excitation: a small network, narrower by this factor, weighs each block's channels. 0: none."""
    dropout: Annotated[float, Field(ge=0.0, lt=1.0, strict=False)] = 0.0
    """Share of values set to zero before the last convolution of a block while training (Wide ResNet)."""
    stochastic_depth: Annotated[float, Field(ge=0.0, lt=1.0, strict=False)] = 0.0
    """Share of images that skip the last block while training; less in earlier blocks, linearly."""
    zero_init_last: bool = False
    """Each block begins as the identity: its last scale (in preact blocks its last convolution) starts at zero."""
    initialization: Initialization = "kaiming"
    """Initial convolutions: kaiming keeps the signal's size through ReLUs; pytorch is the library's default."""
    head_pooling: HeadPooling = "average"
    """What becomes of each channel's last map: its average, or max, its largest value."""
    head_bias: bool = True
    """Whether the last layer adds a number of its own to each class."""
    logit_scale: Annotated[float, Field(gt=0.0, le=1000.0, strict=False)] = 1.0
    """Factor of the outputs, so that the softmax begins flatter (below 1) or steeper."""
    num_classes: Annotated[int, Field(ge=2, le=100_000)] = 10
    """Outputs of the last layer. Training sets it to the number of classes in the data."""
    input_size: Annotated[int, Field(ge=8, le=512)] = 32
    """Height and width of the images in pixels; others are cropped to a square and resized."""

    @field_validator("strides")
    @classmethod
    def _leave_usual_strides_out(cls, strides: tuple[int, ...], info: ValidationInfo) -> tuple[int, ...]:
        """One way to write a network, so that presets are recognized."""
        blocks = info.data.get("blocks", ())
        return () if strides == _usual_strides(len(blocks)) else strides

    @field_validator("residuals")
    @classmethod
    def _leave_usual_residuals_out(cls, residuals: tuple[bool, ...], info: ValidationInfo) -> tuple[bool, ...]:
        """Likewise."""
        return () if all(residuals) and len(residuals) == len(info.data.get("blocks", ())) else residuals

    @model_validator(mode="after")
    def _check(self) -> Self:
        for problem in (*self._list_problems(), *self._option_problems()):
            raise field_error(*problem)
        # These need lists of equal length.
        for problem in (*self._width_problems(), *self._stride_problems(), *self._size_problems()):
            raise field_error(*problem)
        return self

    def _list_problems(self) -> Iterator[tuple[str, str]]:
        stages = len(self.blocks)
        if len(self.widths) != stages:
            yield "widths", f"has {len(self.widths)} stages but blocks has {stages}; give one per stage"
        if self.strides and len(self.strides) != stages:
            yield "strides", f"has {len(self.strides)} stages but blocks has {stages}; give one per stage or none"
        if self.residuals and len(self.residuals) != stages:
            yield (
                "residuals",
                f"has {len(self.residuals)} stages but blocks has {stages}; give one per stage or none",
            )

    def _option_problems(self) -> Iterator[tuple[str, str]]:
        for field in OPTIONS.difference(self.description.options):
            value, usual = getattr(self, field), type(self).model_fields[field].default
            if value != usual:
                fitting = next(block for block in BLOCKS if field in description_of(block).options)
                yield (
                    field,
                    f"is {literal(value)}, but {self.block} blocks have no such choice; use {fitting} blocks or "
                    f"{literal(usual)}",
                )
        allowed = self.description.shortcuts
        if self.shortcut not in allowed:
            yield "shortcut", f"is {self.shortcut}, but {self.block} blocks have only {' or '.join(allowed)}"
        if self.is_preactivation and not self.stem_activation:
            yield (
                "stem_activation",
                f"is false, but in front of {self.block} blocks a stem never has one; give true",
            )
        if self.zero_init_last and self.norm == "none":
            yield "zero_init_last", "is true, but without norms no block has a last scale; give false"
        if not self._has_shortcuts:
            if self.stochastic_depth:
                yield (
                    "stochastic_depth",
                    f"is {self.stochastic_depth:g}, but without shortcuts no block can be skipped; give 0",
                )
            if self.zero_init_last:
                yield (
                    "zero_init_last",
                    "is true, but without shortcuts nothing would pass such a block; give false",
                )
        elif self.zero_init_last and self.activation == "relu" and self.description.ends_activated:
            yield (
                "zero_init_last",
                f"is true, but {self.block} blocks end their residual in ReLU, which passes no gradient at zero; "
                "give false",
            )
        if self.dropout and not any(isinstance(step, Dropout) for step in self.steps):
            yield (
                "dropout",
                f"is {self.dropout:g}, but {self.block} blocks have it in their residuals, and no stage has one; "
                "give 0",
            )

    def _width_problems(self) -> Iterator[tuple[str, str]]:
        for stage, width in enumerate(self.widths):
            channels = width * self.base_width / _FULL_BASE_WIDTH
            if channels != int(channels):
                yield (
                    f"widths.{stage}",
                    (
                        f"of stage {stage + 1} is {width}; with base_width {self.base_width} each of the "
                        f"{self.cardinality} groups would have {channels:g} channels, so give a multiple of "
                        f"{_smallest_width(self.base_width)}"
                    ),
                )
            elif channels * self.cardinality > _MAX_CHANNELS:
                yield (
                    f"widths.{stage}",
                    (
                        f"of stage {stage + 1} is {width}; with cardinality {self.cardinality} and base_width "
                        f"{self.base_width} that makes {channels * self.cardinality:,.0f} channels, and at most "
                        f"{_MAX_CHANNELS:,} are allowed"
                    ),
                )
        before = self.stem_channels
        for stage in range(len(self.widths)):
            after = self.out_channels(stage)
            if self.shortcut == "A" and after < before:
                yield (
                    f"widths.{stage}",
                    (
                        f"of stage {stage + 1} gives {after} channels after {before}; shortcut A can only widen, "
                        "so give at least as many channels or use shortcut B"
                    ),
                )
            before = after

    def _stride_problems(self) -> Iterator[tuple[str, str]]:
        size = self.size_after_stem
        for stage, stride in enumerate(self.stage_strides):
            if stride > size:
                field = f"strides.{stage}" if self.strides else "strides"
                yield (
                    field,
                    (
                        f"of stage {stage + 1} is {stride}, but its maps have only {size} x {size} pixels; give "
                        "a smaller stride, fewer stages or a larger input_size"
                    ),
                )
            size = (size - 1) // stride + 1

    def _size_problems(self) -> Iterator[tuple[str, str]]:
        """Refused before anything is allocated."""
        total, values = 27 * self.stem_channels, self.stem_channels * self.input_size**2
        size = self.size_after_stem
        for stage, (blocks, stride) in enumerate(zip(self.blocks, self.stage_strides, strict=True)):
            before = self.out_channels(stage - 1) if stage else self.stem_channels
            total += self._stage_weights(stage, before)
            early, size = size, (size - 1) // stride + 1
            _, inner, after = self.block_widths(stage, before)
            values += inner * (early if self.description.is_largest_before_stride else size) ** 2
            later = self.block_widths(stage, after).inner
            values += size**2 * (blocks * after + (blocks - 1) * later)
            if total > MAX_PARAMETERS:
                yield (
                    f"widths.{stage}",
                    f"of stage {stage + 1} is {self.widths[stage]}, which makes more than {MAX_PARAMETERS:,} "
                    "parameters; give fewer blocks or channels",
                )
        if total + self.out_channels(-1) * self.num_classes > MAX_PARAMETERS:
            yield (
                "num_classes",
                f"is {self.num_classes}, which makes more than {MAX_PARAMETERS:,} parameters; give fewer classes "
                "or channels",
            )
        if values > MAX_VALUES:
            yield (
                "input_size",
                f"is {self.input_size}, which makes more than {MAX_VALUES:,} values in one image's maps; give "
                "a smaller input_size or fewer channels",
            )

    def _stage_weights(self, stage: int, before: int) -> int:
        """Weights of a stage's convolutions, projections and squeeze-and-excitations; norms are small."""
        after, blocks = self.out_channels(stage), self.blocks[stage]
        total = self._block_weights(stage, before) + (blocks - 1) * self._block_weights(stage, after)
        projected = blocks if self.shortcut == "C" else int(self.shortcut == "B" and before != after)
        if projected:
            total += after * (before + (projected - 1) * after)
        if self.se_reduction:
            total += 2 * blocks * after * max(1, after // self.se_reduction)
        return total

    def _block_weights(self, stage: int, entry: int) -> int:
        """Weights of a block's convolutions but for those of each channel by itself, which are small."""
        widths, total = self.block_widths(stage, entry), 0
        for step in (*self.entry, *self.path(stage)):
            if isinstance(step, Convolution) and step.groups != "each channel":
                groups = step.group_count(widths, self.cardinality)
                total += widths.of(step.before) // groups * widths.of(step.after) * step.kernel**2
        return total

    @property
    def description(self) -> Description:
        """What the network's blocks compute."""
        return description_of(self.block)

    def has_residual(self, stage: int) -> bool:
        """Whether the blocks of a stage, counted from 0, have a path that a shortcut could lead around."""
        return self.residuals[stage] if self.residuals else True

    @property
    def entry(self) -> tuple[Step, ...]:
        """What every block begins with."""
        return self._present(self.description.entry)

    @property
    def residual_path(self) -> tuple[Step, ...]:
        """What stands between the entry of a block that has a residual and its sum."""
        return self._present(self.description.path)

    def path(self, stage: int) -> tuple[Step, ...]:
        """What stands between the entry of a stage's blocks and their sum."""
        return self.residual_path if self.has_residual(stage) else ()

    @property
    def steps(self) -> tuple[Step, ...]:
        """All that occur in the network's blocks."""
        return (*self.entry, *(self.residual_path if any(self.residuals or (True,)) else ()))

    def _present(self, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        """Without those that the network has not."""
        absent = tuple(
            kind for kind, choice in ((NormStep, self.norm), (ActivationStep, self.activation)) if choice == "none"
        )
        return tuple(step for step in steps if not isinstance(step, absent)) if absent else steps

    @property
    def _has_shortcuts(self) -> bool:
        return self.shortcut != "none" and any(self.residuals or (True,))

    @property
    def is_preactivation(self) -> bool:
        return self.description.is_preactivation

    @property
    def has_biases(self) -> bool:
        """Of the convolutions; a norm behind one would take its mean away again, and has a bias itself."""
        return self.norm == "none"

    @property
    def stem_channels(self) -> int:
        return self.stem_width or self.widths[0]

    @property
    def size_after_stem(self) -> int:
        """Height and width of the maps that enter the first stage."""
        return (self.input_size - 1) // stem_of(self.stem).total_stride + 1

    @property
    def stage_strides(self) -> tuple[int, ...]:
        return self.strides or _usual_strides(len(self.blocks))

    def block_widths(self, stage: int, entry: int) -> Widths:
        """Channels of a block of a stage, counted from 0, that `entry` channels enter."""
        match self.description.inner:
            case "none":
                inner = self.widths[stage]
            # torchvision's formula.
            case "of the stage":
                inner = self.widths[stage] * self.base_width // _FULL_BASE_WIDTH * self.cardinality
            case "of the entry":
                inner = entry * self.inner_expansion
            case _:
                assert_never(self.description.inner)
        return Widths(entry, inner, self.out_channels(stage))

    def out_channels(self, stage: int) -> int:
        """Channels that leave the blocks of a stage, counted from 0 (-1: the last)."""
        return self.widths[stage] * (self.expansion if "expansion" in self.description.options else 1)

    def skip_probability(self, index: int) -> float:
        """Share of images that skip block `index` of all, counted from 0 (Huang et al. 2016, linear decay)."""
        return self.stochastic_depth * (index + 1) / sum(self.blocks)


def _usual_strides(stages: int) -> tuple[int, ...]:
    return (1, *(2,) * (stages - 1)) if stages else ()


def _smallest_width(base_width: int) -> int:
    width = 1
    while width * base_width % _FULL_BASE_WIDTH:
        width += 1
    return width
