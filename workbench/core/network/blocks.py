"""The blocks that networks are made of, each described once.

Counts, memory, initialization, drawing, the table, torch's modules and exported code all come from here. Names of
layers are torchvision's, so that its state dicts load strictly.
"""

from dataclasses import dataclass
from typing import Literal, assert_never, get_args

from workbench.core.network.steps import Activation, Convolution, Dropout, MaxPooling, Norm, Step

Block = Literal[
    "basic", "bottleneck", "preact-basic", "preact-bottleneck", "separable", "conv", "inverted", "page",
]  # fmt: skip
Shortcut = Literal["A", "B", "C", "identity", "none"]
Paper = Literal["residual", "pre-activation", "separable", "inverted", "page"]
Inner = Literal["none", "of the stage", "of the entry"]
"""Where a block's inner channels come from."""


@dataclass(frozen=True)
class Description:
    """What a block computes: entry, path, the sum with the shortcut around the path, and perhaps an activation."""

    class_name: str
    """In exported code."""
    title: str
    about: str
    """The exported class's docstring; lines behind the first are indented by four."""
    summary: str
    """In a few words, for the help of the field."""
    path: tuple[Step, ...]
    entry: tuple[Step, ...] = ()
    """What every block begins with; the shortcut starts behind it, where shapes change no more."""
    activates_sum: bool = True
    """Whether an activation follows the sum. A pre-activation block has it at its beginning instead."""
    inner: Inner = "none"
    options: tuple[str, ...] = ()
    """Fields of the configuration that mean nothing in other blocks."""
    shortcuts: tuple[Shortcut, ...] = get_args(Shortcut)
    """Those that it can have."""
    is_largest_before_stride: bool = False
    """Whether its inner channels, or all of them, are computed before its stride shrinks the maps."""
    papers: tuple[Paper, ...] = ()

    @property
    def is_preactivation(self) -> bool:
        """Norm and activation before each convolution; such networks end in a norm and an activation."""
        return not self.entry and isinstance(self.path[0], Norm)

    @property
    def ends_activated(self) -> bool:
        """Whether an activation stands at the end of the path, in front of the sum."""
        return isinstance(self.path[-1], Activation)

    @property
    def last_scaled(self) -> Convolution | Norm:
        """Its weights at zero make the path zero, and the block its shortcut."""
        return [step for step in self.path if isinstance(step, Convolution | Norm)][-1]


_BOTTLENECK_OPTIONS = ("expansion", "cardinality", "base_width")

_BASIC = Description(
    class_name="BasicBlock",
    title="basic",
    about="Two 3x3 convolutions (He et al. 2015, figure 5, left).",
    summary="two 3x3 convolutions",
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
    summary="1x1, 3x3, 1x1",
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
    title="preact basic",
    about="Two 3x3 convolutions, norm and activation before each (He et al. 2016, figure 4e).",
    summary="norm and activation come first (He 2016)",
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
    title="preact bottleneck",
    about="1x1, 3x3, 1x1 convolutions, norm and activation before each (He et al. 2016, figure 4e).",
    summary="likewise",
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
    summary="two depthwise 3x3 convolutions, each followed by a 1x1",
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
    summary="a single 3x3 convolution",
    path=(Dropout(), Convolution("conv1", "entry", "exit", 3, strided=True), Norm("bn1", "exit")),
)

_INVERTED = Description(
    class_name="InvertedBottleneck",
    title="inverted bottleneck",
    about="""\
1x1, 3x3, 1x1 convolutions: wide inside, where each channel is convolved by itself.

    Nothing follows the last one: an activation would lose much of what few channels hold (Sandler
    et al. 2018, figure 3b, whose activation is ReLU6).""",
    summary="1x1 to more channels, depthwise 3x3, 1x1 to few without activation (Sandler 2018)",
    path=(
        Convolution("conv1", "entry", "inner", 1),
        Norm("bn1", "inner"),
        Activation("relu1"),
        Convolution("conv2", "inner", "inner", 3, strided=True, groups="each channel"),
        Norm("bn2", "inner"),
        Activation("relu2"),
        Dropout(),
        Convolution("conv3", "inner", "exit", 1),
        Norm("bn3", "exit"),
    ),
    activates_sum=False,
    inner="of the entry",
    options=("inner_expansion",),
    shortcuts=("identity", "none"),
    is_largest_before_stride=True,
    papers=("inverted",),
)

_PAGE = Description(
    class_name="PageBlock",
    title="Page's with pooling",
    about="A 3x3 convolution and max pooling, then a residual of two 3x3 convolutions (Page 2018).",
    summary="3x3 and max pooling by the stride, then a residual of two 3x3 (Page 2018)",
    entry=(
        Convolution("conv1", "entry", "exit", 3),
        Norm("bn1", "exit"),
        Activation("relu1"),
        MaxPooling("pool"),
    ),
    path=(
        Convolution("conv2", "exit", "exit", 3),
        Norm("bn2", "exit"),
        Activation("relu2"),
        Dropout(),
        Convolution("conv3", "exit", "exit", 3),
        Norm("bn3", "exit"),
        Activation("relu3"),
    ),
    activates_sum=False,
    options=("residuals",),
    shortcuts=("identity", "none"),
    is_largest_before_stride=True,
    papers=("page",),
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
        case "inverted":
            return _INVERTED
        case "page":
            return _PAGE
        case _:
            assert_never(block)


BLOCKS: tuple[Block, ...] = get_args(Block)
OPTIONS = frozenset(option for block in BLOCKS for option in description_of(block).options)
"""Fields that mean nothing in some blocks."""
HELP = "\n".join(f"{block}: {description_of(block).summary}." for block in BLOCKS)
"""What each block is, in a line."""
