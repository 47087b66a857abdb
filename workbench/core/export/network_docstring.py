"""The docstring of an exported network: what it is, its stages as a table, its papers."""

import textwrap
from collections.abc import Iterator, Sequence
from typing import Literal, assert_never

from workbench.core.export.block_code import LINE_LENGTH, has_inner, has_residual_choice
from workbench.core.network.architecture import Architecture, Part
from workbench.core.network.model_config import ModelConfig
from workbench.core.network.stems import stem_of

_TITLE_LENGTH = 40

# In the order in which they are listed.
_PAPERS = {
    "residual": 'He et al. 2015, "Deep Residual Learning for Image Recognition", arXiv:1512.03385',
    "pre-activation": 'He et al. 2016, "Identity Mappings in Deep Residual Networks", arXiv:1603.05027',
    "wide": 'Zagoruyko and Komodakis 2016, "Wide Residual Networks", arXiv:1605.07146',
    "cardinality": 'Xie et al. 2017, "Aggregated Residual Transformations for Deep Neural Networks", '
    "arXiv:1611.05431",
    "separable": 'Chollet 2017, "Xception: Deep Learning with Depthwise Separable Convolutions", arXiv:1610.02357',
    "inverted": 'Sandler et al. 2018, "MobileNetV2: Inverted Residuals and Linear Bottlenecks", arXiv:1801.04381',
    "page": 'Page 2018, "How to Train Your ResNet", myrtle.ai',
    "squeeze": 'Hu et al. 2018, "Squeeze-and-Excitation Networks", arXiv:1709.01507',
    "depth": 'Huang et al. 2016, "Deep Networks with Stochastic Depth", arXiv:1603.09382',
    "group": 'Wu and He 2018, "Group Normalization", arXiv:1803.08494',
    "silu": 'Elfwing et al. 2018, "Sigmoid-Weighted Linear Units" (SiLU), arXiv:1702.03118',
    "gelu": 'Hendrycks and Gimpel 2016, "Gaussian Error Linear Units", arXiv:1606.08415',
}

# By it, an export knows its own file again.
SIGNATURE = "Written by ResNet Workbench."


def docstring(config: ModelConfig, title: str, weights_file: str | None) -> str:
    lines = [
        f'"""{harmless(title)}: {_kind(config)}, in one file that needs PyTorch alone.',
        "",
        *_paragraph(_idea(config)),
        "",
        *_paragraph(f"One image of {config.input_size} x {config.input_size} pixels on its way:"),
        "",
        *(f"    {line}" for line in _table(config)),
        "",
        *_paragraph("MACs are the multiplications, each with its addition, that one image takes."),
    ]
    papers = [line for key in _paper_keys(config) for line in _paper(_PAPERS[key])]
    lines += ["", "Papers:", "", *papers] if papers else []
    if weights_file is not None:
        name = harmless(weights_file.removesuffix(".pt"), length=50)
        lines += ["", "Usage:", "", f"    python {name}.py IMAGE ...    what the images show",
                  f"    python {name}.py              this text"]  # fmt: skip
    return "\n".join([*lines, "", SIGNATURE, '"""'])


def harmless(text: str, length: int = _TITLE_LENGTH) -> str:
    """On one line and without what would end or change a docstring."""
    plain = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    short = textwrap.shorten(plain, length, placeholder=" ...") or plain[:length]
    return short.replace("\\", "/").replace('"', "'") or "Network"


def _kind(config: ModelConfig) -> str:
    if config.shortcut == "none":
        return "a network without shortcuts"
    if config.is_preactivation:
        return "a Wide ResNet" if _is_wide(config) else "a pre-activation ResNet"
    return "a ResNeXt" if config.cardinality > 1 else "a residual network"


def _is_wide(config: ModelConfig) -> bool:
    if has_inner(config):
        return config.cardinality == 1 and config.base_width > 64
    return config.is_preactivation and config.widths[0] > config.stem_channels


def _idea(config: ModelConfig) -> str:
    if config.shortcut == "none":
        return (
            "Each block replaces its input x by a new map F(x). Without the shortcuts of a residual network, "
            "F(x) + x, such networks become harder to train the deeper they are."
        )
    idea = (
        "Each block adds to its input x what it has learned to change, F(x) + x. The signal, and in training "
        "the gradient, can pass through the sum unhindered; that is why such networks can be deep."
    )
    if config.is_preactivation and config.activation != "none":
        what = "The activation comes" if config.norm == "none" else "Norm and activation come"
        idea += f" {what} before each convolution, so that none stands behind the sum."
    if config.cardinality > 1:
        idea += f" The 3x3 convolutions work in {config.cardinality} groups of channels, side by side."
    if config.se_reduction:
        idea += " Squeeze-and-excitation ends F: it weighs the channels by what the whole image shows."
    return idea


def _paper_keys(config: ModelConfig) -> list[str]:
    used = {
        "residual": config.shortcut != "none",
        "wide": _is_wide(config) or config.dropout > 0,
        "cardinality": config.cardinality > 1,
        "squeeze": config.se_reduction > 0,
        "depth": config.stochastic_depth > 0,
    }
    named = {*config.description.papers, *_function_papers(config), *(key for key in used if used[key])}
    return [key for key in _PAPERS if key in named]


def _function_papers(config: ModelConfig) -> Iterator[Literal["group", "silu", "gelu"]]:
    """Of activation and norm, where they have one."""
    match config.norm:
        case "batch" | "none":
            pass
        case "group":
            yield "group"
        case _:
            assert_never(config.norm)
    match config.activation:
        case "relu" | "none":
            pass
        case "silu" | "gelu":
            yield config.activation
        case _:
            assert_never(config.activation)


def _paragraph(text: str) -> list[str]:
    # No-break spaces hold the formula together.
    lines = textwrap.wrap(text.replace("F(x) + x", "F(x)\xa0+\xa0x"), LINE_LENGTH, break_on_hyphens=False)
    return [line.replace("\xa0", " ") for line in lines]


def _paper(text: str) -> list[str]:
    return textwrap.wrap(
        text, LINE_LENGTH, initial_indent=" " * 4, subsequent_indent=" " * 8, break_on_hyphens=False
    )


def _table(config: ModelConfig) -> list[str]:
    """The stages in aligned columns."""
    architecture = Architecture.of(config)
    parts = architecture.parts
    rows = [("", "", "output", "parameters", "MACs"), _row("stem", _stem(config), parts[:1])]
    for stage, blocks in enumerate(config.blocks, start=1):
        of_stage = [part for part in parts if part.stage == stage]
        residual = ", residual" if has_residual_choice(config) and config.has_residual(stage - 1) else ""
        rows.append(_row(f"layer{stage}", f"{blocks} x {config.description.class_name}{residual}", of_stage))
    head = f"{_pooling(config)} over the map, linear layer"
    if config.is_preactivation and config.norm != "none":
        head = f"norm, {head}"
    rows.append(_row("head", head, parts[-1:]))
    rows.append(("all", "", "", f"{architecture.parameters:,}", f"{architecture.macs:,}"))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        left = (cell.ljust(width) for cell, width in zip(row[:2], widths[:2], strict=True))
        right = (cell.rjust(width) for cell, width in zip(row[2:], widths[2:], strict=True))
        lines.append("  ".join((*left, *right)).rstrip())
    return lines


def _pooling(config: ModelConfig) -> str:
    match config.head_pooling:
        case "average":
            return "mean"
        case "max":
            return "maximum"
        case _:
            assert_never(config.head_pooling)


def _stem(config: ModelConfig) -> str:
    stem = stem_of(config.stem)
    return f"{stem.kernel}x{stem.kernel} convolution" + ", max pooling" * stem.pools


def _row(name: str, content: str, parts: Sequence[Part]) -> tuple[str, str, str, str, str]:
    channels, height, width = parts[-1].output_shape
    shape = str(channels) if parts[-1].role == "head" else f"{channels} x {height} x {width}"
    parameters, macs = sum(part.parameters for part in parts), sum(part.macs for part in parts)
    return name, content, shape, f"{parameters:,}", f"{macs:,}"
