"""The blocks that networks are made of, each described once.

Counts, memory, initialization, drawing, the table, torch's modules and exported code all come from here. Names of
layers are torchvision's, so that its state dicts load strictly.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, assert_never, get_args

from workbench.core.steps import Activation, Convolution, Dropout, Norm, Step

Block = Literal["basic", "bottleneck", "preact-basic", "preact-bottleneck", "separable", "conv"]
Shortcut = Literal["A", "B", "C", "none"]
Paper = Literal["residual", "pre-activation", "separable"]
Inner = Literal["none", "of the stage"]
"""Where a block's inner channels come from."""


@dataclass(frozen=True)
class Description:
    """What a block computes: `path`, then the sum with the shortcut, then perhaps an activation."""

    class_name: str
    """In exported code."""
    title: str
    about: str
    """The exported class's docstring; lines behind the first are indented by four."""
    path: tuple[Step, ...]
    activates_sum: bool = True
    """Whether an activation follows the sum. A pre-activation block has it at its beginning instead."""
    inner: Inner = "none"
    options: tuple[str, ...] = ()
    """Fields of the configuration that mean nothing in other blocks."""
    papers: tuple[Paper, ...] = ()

    @property
    def is_preactivation(self) -> bool:
        """Norm and activation before each convolution; such networks end in a norm and an activation."""
        return isinstance(self.path[0], Norm)

    @property
    def last_scaled(self) -> Convolution | Norm:
        """Its weights at zero make the path zero, and the block its shortcut."""
        return [step for step in self.path if isinstance(step, Convolution | Norm)][-1]

    def convolutions(self) -> Iterator[Convolution]:
        return (step for step in self.path if isinstance(step, Convolution))


_BOTTLENECK_OPTIONS = ("expansion", "cardinality", "base_width")

_BASIC = Description(
    class_name="BasicBlock",
    title="basic",
    about="Two 3x3 convolutions (He et al. 2015, figure 5, left).",
    path=(
        Convolution("conv1", "entry", "exit", 3, strided=True),
        Norm("bn1", "exit"),
        Activation("relu1"),
        Dropout(),
        Convolution("conv2", "exit", "exit", 3),
        Norm("bn2", "exit"),
    ),
    papers=("residual",),
)

_BOTTLENECK = Description(
    class_name="Bottleneck",
    title="bottleneck",
    about="""\
1x1, 3x3, 1x1 convolutions: the 3x3 works on `inner` channels (He et al. 2015, figure 5).

    The stride is on the 3x3 convolution, as in torchvision ("ResNet v1.5"): none of the input's
    pixels is left out.""",
    path=(
        Convolution("conv1", "entry", "inner", 1),
        Norm("bn1", "inner"),
        Activation("relu1"),
        Convolution("conv2", "inner", "inner", 3, strided=True, groups="cardinality"),
        Norm("bn2", "inner"),
        Activation("relu2"),
        Dropout(),
        Convolution("conv3", "inner", "exit", 1),
        Norm("bn3", "exit"),
    ),
    inner="of the stage",
    options=_BOTTLENECK_OPTIONS,
    papers=("residual",),
)

# A projection around a pre-activation block starts behind its first norm and activation, as in the authors' code.
# With more channels these are the blocks of Wide ResNet (Zagoruyko and Komodakis 2016), dropout included.
_PREACT_BASIC = Description(
    class_name="PreActBasicBlock",
    title="pre-activation basic",
    about="Two 3x3 convolutions, norm and activation before each (He et al. 2016, figure 4e).",
    path=(
        Norm("bn1", "entry"),
        Activation("relu1"),
        Convolution("conv1", "entry", "exit", 3, strided=True),
        Norm("bn2", "exit"),
        Activation("relu2"),
        Dropout(),
        Convolution("conv2", "exit", "exit", 3),
    ),
    activates_sum=False,
    papers=("pre-activation",),
)

_PREACT_BOTTLENECK = Description(
    class_name="PreActBottleneck",
    title="pre-activation bottleneck",
    about="1x1, 3x3, 1x1 convolutions, norm and activation before each (He et al. 2016, figure 4e).",
    path=(
        Norm("bn1", "entry"),
        Activation("relu1"),
        Convolution("conv1", "entry", "inner", 1),
        Norm("bn2", "inner"),
        Activation("relu2"),
        Convolution("conv2", "inner", "inner", 3, strided=True, groups="cardinality"),
        Norm("bn3", "inner"),
        Activation("relu3"),
        Dropout(),
        Convolution("conv3", "inner", "exit", 1),
    ),
    activates_sum=False,
    inner="of the stage",
    options=_BOTTLENECK_OPTIONS,
    papers=("pre-activation",),
)

_SEPARABLE = Description(
    class_name="SeparableBlock",
    title="separable",
    about="""\
Twice a 3x3 convolution of each channel by itself, then a 1x1 convolution across them.

    Space and channels apart need far fewer weights than both at once (Chollet 2017).""",
    path=(
        Convolution("depth1", "entry", "entry", 3, strided=True, groups="each channel"),
        Convolution("point1", "entry", "exit", 1),
        Norm("bn1", "exit"),
        Activation("relu1"),
        Convolution("depth2", "exit", "exit", 3, groups="each channel"),
        Dropout(),
        Convolution("point2", "exit", "exit", 1),
        Norm("bn2", "exit"),
    ),
    papers=("separable",),
)

_CONV = Description(
    class_name="ConvBlock",
    title="single convolution",
    about="A single 3x3 convolution.",
    path=(Dropout(), Convolution("conv1", "entry", "exit", 3, strided=True), Norm("bn1", "exit")),
)


def description_of(block: Block) -> Description:
    match block:
        case "basic":
            return _BASIC
        case "bottleneck":
            return _BOTTLENECK
        case "preact-basic":
            return _PREACT_BASIC
        case "preact-bottleneck":
            return _PREACT_BOTTLENECK
        case "separable":
            return _SEPARABLE
        case "conv":
            return _CONV
        case _:
            assert_never(block)


BLOCKS: tuple[Block, ...] = get_args(Block)
OPTIONS = frozenset(option for block in BLOCKS for option in description_of(block).options)
"""Fields that mean nothing in some blocks."""
