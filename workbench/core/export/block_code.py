"""Source text of the classes that a network is made of, specialized to one ModelConfig.

What the network does not use (dropout, a shortcut, squeeze-and-excitation) is left out, not switched off.
"""

from typing import Literal

from workbench.core.export.block_templates import (
    CONV1X1,
    CONV3X3,
    DEPTHWISE,
    DROP_PATH,
    FAMILIES,
    GROUP_NORM,
    NOTHING_AFTER_SUM,
    SQUEEZE_EXCITATION,
    ZERO_PAD,
    Family,
)
from workbench.core.layers import norm_groups
from workbench.core.model_config import ModelConfig

LINE_LENGTH = 100

Shortcuts = Literal["none", "identity", "sometimes", "always"]

_ACTIVATIONS = {"relu": "nn.ReLU(inplace=True)", "silu": "nn.SiLU()", "gelu": "nn.GELU()"}


def block_name(config: ModelConfig) -> str:
    return FAMILIES[config.block].name


def last_scale(config: ModelConfig) -> str:
    return FAMILIES[config.block].last_scale


def activation(config: ModelConfig) -> str:
    return _ACTIVATIONS[config.activation]


def norm(config: ModelConfig) -> str:
    return "nn.BatchNorm2d" if config.norm == "batch" else "group_norm"


def shortcuts(config: ModelConfig) -> Shortcuts:
    """Whether shortcuts have work to do: in no block (identity), in some, or in every one."""
    if config.shortcut == "none":
        return "none"
    changes = set()
    before = config.stem_channels
    for stage, stride in enumerate(config.stage_strides):
        after = config.out_channels(stage)
        changes.add(stride > 1 or before != after)
        if config.blocks[stage] > 1:
            changes.add(False)
        before = after
    if config.shortcut == "C" or changes == {True}:
        return "always"
    return "sometimes" if True in changes else "identity"


def signature(head: str, parameters: list[str], result: str) -> str:
    """`def name(a: int, b: int) -> None:` broken as ruff breaks it, at the indentation of `head`."""
    line = f"{head}({', '.join(parameters)}) -> {result}:"
    if len(line) <= LINE_LENGTH:
        return line
    indent = " " * (len(head) - len(head.lstrip()))
    return f"{head}(\n{indent}    {', '.join(parameters)}\n{indent}) -> {result}:"


def parts_code(config: ModelConfig) -> list[str]:
    """Functions and classes that the blocks of this network are made of."""
    has_shortcut_layer = shortcuts(config) in ("sometimes", "always")
    parts = {
        CONV3X3: config.block in ("basic", "preact-basic"),
        DEPTHWISE: config.block == "separable",
        CONV1X1: config.is_bottleneck or config.block == "separable",
        _group_norm(config): config.norm == "group",
        ZERO_PAD: config.shortcut == "A" and has_shortcut_layer,
        _squeeze_excitation(config): config.se_reduction > 0,
        DROP_PATH: config.stochastic_depth > 0,
    }
    return [text for text, is_used in parts.items() if is_used]


def block_code(config: ModelConfig) -> str:
    """The class of this network's blocks."""
    family = FAMILIES[config.block]
    about = family.about
    if config.is_preactivation and shortcuts(config) != "none":
        about += f"\n\n    {NOTHING_AFTER_SUM}"
    lines = [
        f"class {family.name}(nn.Module):",
        f'    """{about}' + ('\n    """' if "\n" in about else '"""'),
        "",
        signature("    def __init__", ["self", *block_parameters(config)], "None"),
        "        super().__init__()",
        *(f"        {line}" for line in _layers(config, family)),
        "",
        "    def forward(self, x: Tensor) -> Tensor:",
        *(f"        {line}" for line in _forward(config, family)),
    ]
    return "\n".join(lines)


def block_parameters(config: ModelConfig) -> list[str]:
    # Later blocks of a stage leave the stride out; with stochastic depth they are made in a loop that gives it.
    has_default = max(config.blocks) > 1 and not config.stochastic_depth
    inner = ["inner: int"] if config.is_bottleneck else []
    skip = ["skip_probability: float"] if config.stochastic_depth else []
    return ["channels_in: int", *inner, "channels_out: int", "stride: int" + " = 1" * has_default, *skip]


def _layers(config: ModelConfig, family: Family) -> list[str]:
    text = family.layers.replace("NORM", norm(config))
    if config.cardinality == 1:
        text = text.replace("groups=GROUPS, ", "")
    lines = [
        line.replace("GROUPS", str(config.cardinality))
        for line in text.split("\n")
        if config.cardinality > 1 or "GROUPS" not in line
    ]
    lines.append(f"self.{config.activation} = {activation(config)}")
    if config.dropout:
        lines.append(f"self.dropout = nn.Dropout({config.dropout!r})")
    if config.se_reduction:
        lines.append("self.se = SqueezeExcitation(channels_out)")
    if config.stochastic_depth:
        lines.append("self.drop_path = DropPath(skip_probability)")
    return lines + _shortcut_layers(config)


def _shortcut_layers(config: ModelConfig) -> list[str]:
    kind = shortcuts(config)
    if kind in ("none", "identity"):
        return []
    layer = _shortcut_layer(config)
    if kind == "always":
        return [_shortcut_comment(config), f"self.downsample = {layer[0]}", *layer[1:]]
    is_optional = _starts_activated(config)
    empty = "nn.Module | None = None" if is_optional else "nn.Module = nn.Identity()"
    return [
        _shortcut_comment(config),
        f"self.downsample: {empty}",
        "if stride > 1 or channels_in != channels_out:",
        f"    self.downsample = {layer[0]}",
        *(f"    {line}" for line in layer[1:]),
    ]


def _shortcut_comment(config: ModelConfig) -> str:
    if config.shortcut == "C":
        return "# Shortcut C: a 1x1 convolution projects the input, also where the sum would fit without."
    how = "zeros fill the input up (A)" if config.shortcut == "A" else "a 1x1 convolution projects the input (B)"
    if shortcuts(config) == "always":
        return f"# Every block changes the shapes: for the sum, {how}."
    return f"# The sum needs equal shapes: where they change, {how}."


def _shortcut_layer(config: ModelConfig) -> list[str]:
    if config.shortcut == "A":
        return ["ZeroPadShortcut(channels_in, channels_out, stride)"]
    projection = "    nn.Conv2d(channels_in, channels_out, 1, stride, bias=False),"
    # A pre-activation block has normed its input already.
    norms = [] if config.is_preactivation else [f"    {norm(config)}(channels_out),"]
    return ["nn.Sequential(", projection, *norms, ")"]


def _starts_activated(config: ModelConfig) -> bool:
    """In a pre-activation block, projections start behind the first norm and activation."""
    return config.is_preactivation and config.shortcut != "A" and shortcuts(config) in ("sometimes", "always")


def _forward(config: ModelConfig, family: Family) -> list[str]:
    text = family.forward.replace("ACT", config.activation)
    if not _starts_activated(config):
        text = text.replace("activated", "out")
    if not config.dropout:
        text = text.replace("out = self.dropout(out)\n", "")
        # The single convolution's dropout is its first line.
        if "out = self.dropout(x)\n" in text:
            text = text.replace("out = self.dropout(x)\n", "").replace("(out)", "(x)")
    lines = text.split("\n")
    if config.se_reduction:
        lines.append("out = self.se(out)")
    if config.stochastic_depth:
        lines.append("out = self.drop_path(out)")
    if shortcuts(config) == "none":
        # Nothing is added: the last line is the result.
        total = lines.pop().removeprefix("out = ")
    else:
        lines += _shortcut_lines(config)
        total = f"out + {_shortcut_value(config)}"
    result = total if config.is_preactivation else f"self.{config.activation}({total})"
    return [*lines, f"return {result}"]


def _shortcut_lines(config: ModelConfig) -> list[str]:
    if not (_starts_activated(config) and shortcuts(config) == "sometimes"):
        return []
    return [
        "# A projection starts behind the first norm and activation, as in the authors' code.",
        "shortcut = x if self.downsample is None else self.downsample(activated)",
    ]


def _shortcut_value(config: ModelConfig) -> str:
    if shortcuts(config) == "identity":
        return "x"
    if not _starts_activated(config):
        return "self.downsample(x)"
    return "shortcut" if shortcuts(config) == "sometimes" else "self.downsample(activated)"


def _norm_channels(config: ModelConfig) -> set[int]:
    """Channels of every norm of the network."""
    stages = range(len(config.blocks))
    return {config.stem_channels, *map(config.inner_channels, stages), *map(config.out_channels, stages)}


def _group_norm(config: ModelConfig) -> str:
    if all(norm_groups(channels) == min(32, channels // 2) for channels in _norm_channels(config)):
        count = "32 groups, or one for each two channels."
        lines = "return nn.GroupNorm(min(32, channels // 2), channels)"
    else:
        count = "Up to 32 groups of two channels or more."
        lines = (
            "most = max(1, min(32, channels // 2))\n"
            "    groups = next(n for n in range(most, 0, -1) if channels % n == 0)\n"
            "    return nn.GroupNorm(groups, channels)"
        )
    return GROUP_NORM.replace("COUNT", count).replace("LINES", lines)


def _squeeze_excitation(config: ModelConfig) -> str:
    squeezed = f"channels // {config.se_reduction}" if config.se_reduction > 1 else "channels"
    if any(config.out_channels(stage) < config.se_reduction for stage in range(len(config.blocks))):
        squeezed = f"max(1, {squeezed})"
    return SQUEEZE_EXCITATION.replace("SQUEEZED", squeezed)
