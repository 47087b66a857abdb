"""Source text of the classes that a network is made of, specialized to one ModelConfig.

What the network does not use (dropout, a shortcut, squeeze-and-excitation) is left out, not switched off.
"""

from collections.abc import Iterator
from typing import Literal, assert_never

from workbench.core.export.block_templates import (
    DROP_PATH,
    GROUP_NORM,
    NOTHING_AFTER_SUM,
    SQUEEZE_EXCITATION,
    ZERO_PAD,
)
from workbench.core.export.step_code import StepCode, activation, functions_code, norm, takes_stride
from workbench.core.network.architecture import Architecture
from workbench.core.network.layers import norm_groups
from workbench.core.network.model_config import ModelConfig
from workbench.core.network.shortcuts import ways_around
from workbench.core.network.steps import Convolution

LINE_LENGTH = 100

Shortcuts = Literal["none", "identity", "fitting", "sometimes", "always"]


def shortcuts(config: ModelConfig) -> Shortcuts:
    """Whether shortcuts have work to do: in no block (identity), in some, or in every one.

    fitting: the identity, but only around blocks that keep the shapes.
    """
    ways = ways_around(config)
    if ways == {"none"}:
        return "none"
    if ways == {"identity", "none"}:
        # Those without a residual return before the sum.
        return "identity" if has_residual_choice(config) else "fitting"
    if ways == {"identity"}:
        return "identity"
    return "sometimes" if "identity" in ways else "always"


def skips(config: ModelConfig) -> bool:
    """Whether blocks are skipped in training."""
    return config.stochastic_depth > 0 and shortcuts(config) != "none"


def signature(head: str, parameters: list[str], result: str) -> str:
    """`def name(a: int, b: int) -> None:` broken as ruff breaks it, at the indentation of `head`."""
    line = f"{head}({', '.join(parameters)}) -> {result}:"
    if len(line) <= LINE_LENGTH:
        return line
    indent = " " * (len(head) - len(head.lstrip()))
    row = f"{indent}    {', '.join(parameters)}"
    if len(row) > LINE_LENGTH:
        row = "\n".join(f"{indent}    {parameter}," for parameter in parameters)
    return f"{head}(\n{row}\n{indent}) -> {result}:"


def parts_code(config: ModelConfig) -> list[str]:
    """Functions and classes that the blocks of this network are made of."""
    parts = {
        _group_norm(config): config.norm == "group",
        ZERO_PAD: "zero-pad" in ways_around(config),
        _squeeze_excitation(config): config.se_reduction > 0,
        DROP_PATH: skips(config),
    }
    return [*functions_code(config), *(text for text, is_used in parts.items() if is_used)]


def block_code(config: ModelConfig) -> str:
    """The class of this network's blocks."""
    description = config.description
    about = description.about
    if config.is_preactivation and shortcuts(config) != "none":
        about += f"\n\n    {NOTHING_AFTER_SUM}"
    skip = ["skip_probability: float"] if skips(config) else []
    lines = [
        f"class {description.class_name}(nn.Module):",
        f'    """{about}' + ('\n    """' if "\n" in about else '"""'),
        "",
        signature(
            "    def __init__", ["self", *block_parameters(config), *_stride_parameter(config), *skip], "None"
        ),
        "        super().__init__()",
        *(f"        {line}" for line in _layers(config)),
        "",
        "    def forward(self, x: Tensor) -> Tensor:",
        *(f"        {line}" for line in _forward(config)),
    ]
    return "\n".join(lines)


def has_inner(config: ModelConfig) -> bool:
    """Whether a block is told how many channels it works on inside."""
    match config.description.inner:
        case "none" | "of the entry":
            return False
        case "of the stage":
            return True
        case _:
            assert_never(config.description.inner)


def has_residual_choice(config: ModelConfig) -> bool:
    """Whether a block is told to have a residual or not; otherwise all have one, or none."""
    return any(config.residuals) and not all(config.residuals)


def block_parameters(config: ModelConfig) -> list[str]:
    """What a block is told beside its stride and how often it is skipped."""
    inner = ["inner: int"] if has_inner(config) else []
    residual = ["has_residual: bool"] if has_residual_choice(config) else []
    return ["channels_in: int", *inner, "channels_out: int", *residual]


def _stride_parameter(config: ModelConfig) -> list[str]:
    if not takes_stride(config):
        return []
    # Later blocks of a stage leave the stride out; with stochastic depth they are made in a loop that gives it.
    has_default = max(config.blocks) > 1 and not skips(config)
    return ["stride: int" + " = 1" * has_default]


def _layers(config: ModelConfig) -> list[str]:
    path = list(_path_layers(config))
    lines = list(_inner_line(config))
    lines += StepCode(config, config.entry).layers()
    if has_residual_choice(config):
        lines += ["self.has_residual = has_residual", "if has_residual:", *(f"    {line}" for line in path)]
    else:
        lines += path
    if config.activation != "none":
        lines.append(f"self.{config.activation} = {activation(config)}")
    lines += _shortcut_layers(config)
    if config.se_reduction:
        # Last, as in the engine: the same seed then draws the same weights.
        lines.append("self.se = SqueezeExcitation(channels_out)")
    return lines


def _inner_line(config: ModelConfig) -> Iterator[str]:
    if config.description.inner == "of the entry":
        factor = f"{config.inner_expansion} * " if config.inner_expansion > 1 else ""
        yield f"inner = {factor}channels_in"


def _path_layers(config: ModelConfig) -> Iterator[str]:
    if any(map(config.has_residual, range(len(config.blocks)))):
        yield from StepCode(config, config.residual_path).layers()
    if config.dropout:
        yield f"self.dropout = nn.Dropout({config.dropout!r})"
    if skips(config) and shortcuts(config) != "fitting":
        yield "self.drop_path = DropPath(skip_probability)"


def _shortcut_layers(config: ModelConfig) -> list[str]:
    kind = shortcuts(config)
    if kind in ("none", "identity"):
        return []
    if kind == "fitting":
        lines = ["# Only a sum of equal shapes is possible: elsewhere, nothing is added.",
                 "self.has_shortcut = stride == 1 and channels_in == channels_out"]  # fmt: skip
        if skips(config):
            lines.append("self.drop_path = DropPath(skip_probability) if self.has_shortcut else nn.Identity()")
        return lines
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
    bias = "" if config.has_biases else ", bias=False"
    projection = f"    nn.Conv2d(channels_in, channels_out, 1, stride{bias}),"
    # A pre-activation block has normed its input already.
    has_norm = config.norm != "none" and not config.is_preactivation
    norms = [f"    {norm(config)}(channels_out),"] if has_norm else []
    return ["nn.Sequential(", projection, *norms, ")"]


def _starts_activated(config: ModelConfig) -> bool:
    """In a pre-activation block, projections start behind the first norm and activation."""
    begins = bool(config.residual_path) and not isinstance(config.residual_path[0], Convolution)
    return config.is_preactivation and begins and "projection" in ways_around(config)


def _forward(config: ModelConfig) -> list[str]:
    lines = StepCode(config, config.entry).calls("x", "x")
    if not any(map(config.has_residual, range(len(config.blocks)))):
        return _returned([*lines, "x = self.se(x)"] if config.se_reduction else lines, config)
    if has_residual_choice(config):
        lines += ["if not self.has_residual:", "    return self.se(x)" if config.se_reduction else "    return x"]
    first = "activated" if _starts_activated(config) else ""
    lines += StepCode(config, config.residual_path).calls("x", "out", first)
    if config.se_reduction:
        lines.append("out = self.se(out)")
    if shortcuts(config) == "none":
        return _returned(lines, config)
    if skips(config):
        lines.append("out = self.drop_path(out)")
    if shortcuts(config) == "fitting":
        lines += ["if self.has_shortcut:", "    out = out + x"]
        return [*lines, f"return {_ended('out', config)}"]
    lines += _shortcut_lines(config)
    return [*lines, f"return {_ended(f'out + {_shortcut_value(config)}', config)}"]


def _returned(lines: list[str], config: ModelConfig) -> list[str]:
    """Nothing is added: the last line is the result."""
    _, _, value = lines[-1].partition(" = ")
    return [*lines[:-1], f"return {_ended(value, config)}"]


def _ended(value: str, config: ModelConfig) -> str:
    is_activated = config.description.activates_sum and config.activation != "none"
    return f"self.{config.activation}({value})" if is_activated else value


def _shortcut_lines(config: ModelConfig) -> list[str]:
    if not (_starts_activated(config) and shortcuts(config) == "sometimes"):
        return []
    return [
        f"# A projection starts behind the first {_beginning(config)}, as in the authors' code.",
        "shortcut = x if self.downsample is None else self.downsample(activated)",
    ]


def _beginning(config: ModelConfig) -> str:
    """Of a pre-activation block, in words."""
    there = {"norm": config.norm != "none", "activation": config.activation != "none"}
    return " and ".join(name for name, is_there in there.items() if is_there)


def _shortcut_value(config: ModelConfig) -> str:
    if shortcuts(config) == "identity":
        return "x"
    if not _starts_activated(config):
        return "self.downsample(x)"
    return "shortcut" if shortcuts(config) == "sometimes" else "self.downsample(activated)"


def _group_norm(config: ModelConfig) -> str:
    normed = {layer.input_shape[0] for layer in Architecture.of(config).layers if layer.kind == "norm"}
    if all(norm_groups(channels) == min(32, channels // 2) for channels in normed):
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
