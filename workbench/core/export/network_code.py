"""A network as one Python file that needs PyTorch alone, written to be read.

The text holds only what this network uses, with its numbers as literals. Names of weights and order of
computation are those of `engine/resnet.py`, so that its weights load strictly and give the same logits.
"""

from collections.abc import Iterator, Sequence
from typing import assert_never

from workbench.core.export.block_code import (
    LINE_LENGTH,
    block_code,
    block_parameters,
    has_inner,
    has_residual_choice,
    parts_code,
    shortcuts,
    signature,
    skips,
)
from workbench.core.export.image_code import TRAINED_END, UNTRAINED_END
from workbench.core.export.network_docstring import docstring
from workbench.core.export.step_code import activation, norm, takes_stride
from workbench.core.network.model_config import ModelConfig
from workbench.core.network.shortcuts import ways_around
from workbench.core.network.stems import stem_of

# More names than these are packed into rows instead of one below the other.
_PACKED_ABOVE = 30


def network_code(
    config: ModelConfig,
    *,
    title: str,
    class_names: Sequence[str],
    mean: tuple[float, ...],
    std: tuple[float, ...],
    weights_file: str | None,
) -> str:
    """The file's text.

    Args:
        title: of the network, for the first line.
        class_names: one per output; may be empty where there are no weights.
        mean: of the normalization, per channel in units of 0 to 1.
        std: likewise.
        weights_file: name of the state dict beside the file; None for a network that was never trained, whose
            file then reads no images.

    Raises:
        ValueError: `class_names` are not one per output.
    """
    if len(class_names) != config.num_classes and (class_names or weights_file is not None):
        raise ValueError(f"{len(class_names)} class names for {config.num_classes} outputs")
    trained = weights_file is not None
    head = [
        docstring(config, title, weights_file),
        _imports(config, trained),
        _constants(config, class_names, mean, std, weights_file),
    ]
    definitions = [
        *parts_code(config),
        block_code(config),
        *([_stage_function(config)] if _has_stage_function(config) else []),
        _network_class(config, "len(CLASSES)" if class_names else str(config.num_classes)),
        _build(config),
        *(_trained_end(config) if trained else UNTRAINED_END),
    ]
    return "\n\n".join(head) + "\n\n\n" + "\n\n\n".join(definitions) + "\n"


def _trained_end(config: ModelConfig) -> tuple[str, ...]:
    """Weights, images and the command line."""
    top = min(3, config.num_classes)
    number = {2: "two", 3: "three"}[top]
    return tuple(text.replace("NUMBER", number).replace("TOP", str(top)) for text in TRAINED_END)


def _imports(config: ModelConfig, trained: bool) -> str:
    lines = ["import sys", "from pathlib import Path", "from typing import TYPE_CHECKING", ""] if trained else []
    lines += ["import torch", "from torch import Tensor, nn"]
    if config.se_reduction or "zero-pad" in ways_around(config):
        lines.append("from torch.nn import functional")
    if trained:
        lines += [
            "",
            "if TYPE_CHECKING:",
            "    # Only reading images needs Pillow and NumPy.",
            "    import PIL.Image",
        ]
    return "\n".join(lines)


def _constants(
    config: ModelConfig,
    class_names: Sequence[str],
    mean: tuple[float, ...],
    std: tuple[float, ...],
    weights_file: str | None,
) -> str:
    lines = []
    if weights_file is not None:
        lines += ["# Beside this file: the state dict, a dictionary of names and tensors.",
                  f"WEIGHTS = {text_literal(weights_file)}"]  # fmt: skip
    if class_names:
        lines += [
            "# In the order of the network's outputs.",
            *_tuple("CLASSES", list(map(text_literal, class_names))),
        ]
    lines += ["# Height and width of the images in pixels.", f"INPUT_SIZE = {config.input_size}"]
    if weights_file is not None:
        lines += [
            "# Mean and standard deviation of red, green and blue, from 0 to 1: images are normalized by them.",
            *_tuple("MEAN", list(map(repr, mean))),
            *_tuple("STD", list(map(repr, std))),
        ]
    return "\n".join(lines)


def text_literal(text: str) -> str:
    """As ruff writes it: in double quotes, unless single ones need fewer escapes."""
    if text.count('"') > text.count("'"):
        return repr(text) if "'" not in text else "'" + _escaped(text).replace("'", "\\'") + "'"
    return '"' + _escaped(text).replace('"', '\\"') + '"'


def _escaped(text: str) -> str:
    return "".join(c if c in "\"'" else repr(c)[1:-1] for c in text)


def _tuple(name: str, values: list[str]) -> list[str]:
    line = f"{name} = ({', '.join(values)})"
    if len(line) <= LINE_LENGTH:
        return [line]
    if len(values) <= _PACKED_ABOVE:
        return [f"{name} = (", *(f"    {value}," for value in values), ")"]
    rows, row = [], "   "
    for value in values:
        if len(row) + len(value) + 2 > LINE_LENGTH and row.strip():
            rows.append(row)
            row = "   "
        row += f" {value},"
    return ["# fmt: off", f"{name} = (", *rows, row, ")", "# fmt: on"]


def _has_stage_function(config: ModelConfig) -> bool:
    """With one block in each stage, the network makes its blocks itself; but not to count them for skipping."""
    return max(config.blocks) > 1 or skips(config)


def _stage_function(config: ModelConfig) -> str:
    block, parameters = config.description.class_name, block_parameters(config)
    # Passed on as they are.
    first, *others = (parameter.partition(":")[0] for parameter in parameters)
    stride = ["stride"] if takes_stride(config) else []
    parameters = [*parameters, "blocks: int", *(f"{name}: int" for name in stride)]
    if not skips(config):
        return "\n".join([
            signature("def stage", parameters, "nn.Sequential"),
            '    """Blocks in a row; the first one may change the number of channels and the size."""',
            f"    first = {block}({', '.join([first, *others, *stride])})",
            f"    others = [{block}({', '.join(['channels_out', *others])}) for _ in range(blocks - 1)]",
            "    return nn.Sequential(first, *others)",
        ])  # fmt: skip
    return "\n".join([
        signature("def stage", [*parameters, "start: int"], "nn.Sequential"),
        '    """Blocks in a row; `start` counts the blocks of the stages before."""',
        "    layers = []",
        "    for index in range(start, start + blocks):",
        "        # What early blocks find is used by all others: they are skipped less often.",
        f"        skip = {config.stochastic_depth!r} * (index + 1) / {sum(config.blocks)}",
        f"        layers.append({block}({', '.join([first, *others, *stride, 'skip'])}))",
        "        channels_in, stride = channels_out, 1" if stride else "        channels_in = channels_out",
        "    return nn.Sequential(*layers)",
    ])  # fmt: skip


def _network_class(config: ModelConfig, outputs: str) -> str:
    size = config.input_size
    plain = ": a ResNet but for its shortcuts" if config.shortcut == "none" else ""
    lines = [
        "class ResNet(nn.Module):",
        f'    """The whole network{plain}.',
        "",
        f"    Input: (N, 3, {size}, {size}) normalized images. Output: (N, {config.num_classes}) logits, "
        "one per class.",
        '    """',
        "",
        "    def __init__(self) -> None:",
        "        super().__init__()",
        *(f"        {line}" for line in _network_layers(config, outputs)),
        "",
        "    def forward(self, x: Tensor) -> Tensor:",
        *(f"        {line}" for line in _network_forward(config)),
    ]
    return "\n".join(lines)


def _network_layers(config: ModelConfig, outputs: str) -> Iterator[str]:
    last = config.out_channels(len(config.blocks) - 1)
    yield from _stem_layers(config)
    if not config.is_preactivation:
        yield from _norm_and_activation(config, config.stem_channels)
    if stem_of(config.stem).pools:
        yield "self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)"
    yield from _stage_layers(config)
    if config.is_preactivation:
        if config.norm != "none":
            end = "sum" if shortcuts(config) != "none" else "convolution"
            yield f"# The last block ends in a {end}, which nothing has normed yet."
        yield from _norm_and_activation(config, last)
    yield f"self.fc = nn.Linear({last}, {outputs}{'' if config.head_bias else ', bias=False'})"


def _norm_and_activation(config: ModelConfig, channels: int) -> Iterator[str]:
    if config.norm != "none":
        yield f"self.bn1 = {norm(config)}({channels})"
    if config.activation != "none" and _is_activated(config):
        yield f"self.{config.activation} = {activation(config)}"


def _is_activated(config: ModelConfig) -> bool:
    """Whether an activation stands outside the blocks: in the stem, or behind pre-activation blocks."""
    return config.is_preactivation or config.stem_activation


def _normed(value: str, config: ModelConfig) -> str:
    """Behind the norm and the activation outside the blocks."""
    value = value if config.norm == "none" else f"self.bn1({value})"
    has_activation = config.activation != "none" and _is_activated(config)
    return f"self.{config.activation}({value})" if has_activation else value


def _network_forward(config: ModelConfig) -> Iterator[str]:
    yield "x = self.conv1(x)"
    normed = _normed("x", config)
    if not config.is_preactivation and normed != "x":
        yield f"x = {normed}"
    if stem_of(config.stem).pools:
        yield "x = self.maxpool(x)"
    size = config.size_after_stem
    for stage, stride in enumerate(config.stage_strides):
        size = (size - 1) // stride + 1
        yield f"x = self.layer{stage + 1}(x)  # {config.out_channels(stage)} x {size} x {size}"
    if config.is_preactivation and normed != "x":
        yield f"x = {normed}"
    yield from _head(config)


def _head(config: ModelConfig) -> Iterator[str]:
    match config.head_pooling:
        case "average":
            yield "# Global average pooling: what is in the image counts, not where."
            yield "x = x.mean((2, 3))"
        case "max":
            yield "# Global max pooling: how clearly something is in the image counts, not where or how often."
            yield "x = x.amax((2, 3))"
        case _:
            assert_never(config.head_pooling)
    if config.logit_scale == 1:
        yield "return self.fc(x)"
    else:
        yield "# Smaller or larger outputs make a flatter or steeper softmax."
        yield f"return self.fc(x) * {config.logit_scale!r}"


def _stem_layers(config: ModelConfig) -> Iterator[str]:
    stem = stem_of(config.stem)
    stride = f"stride={stem.stride}, " if stem.stride > 1 else ""
    if stem.pools:
        yield "# Convolution and pooling leave a quarter of the height and width: made for large images."
    yield (
        f"self.conv1 = nn.Conv2d(3, {config.stem_channels}, kernel_size={stem.kernel}, {stride}"
        f"padding={stem.kernel // 2}{'' if config.has_biases else ', bias=False'})"
    )


def _stage_layers(config: ModelConfig) -> list[str]:
    channels, start, single = config.stem_channels, 0, not _has_stage_function(config)
    lines = ["# Sequences of one, for the names of the weights: layer1.0.bn1.weight."] if single else []
    for stage, (blocks, stride) in enumerate(zip(config.blocks, config.stage_strides, strict=True)):
        after = config.out_channels(stage)
        arguments = [str(channels)]
        if has_inner(config):
            arguments += [f"inner={config.block_widths(stage, channels).inner}", f"channels_out={after}"]
        else:
            arguments.append(str(after))
        if has_residual_choice(config):
            arguments.append(f"has_residual={config.has_residual(stage)}")
        arguments += [] if single else [f"blocks={blocks}"]
        arguments += [f"stride={stride}"] if takes_stride(config) else []
        if skips(config):
            arguments.append(f"start={start}")
        call = f"{config.description.class_name if single else 'stage'}({', '.join(arguments)})"
        lines.append(f"self.layer{stage + 1} = nn.Sequential({call})" if single
                     else f"self.layer{stage + 1} = {call}")  # fmt: skip
        channels, start = after, start + blocks
    return lines


def _build(config: ModelConfig) -> str:
    lines = list(_initialization(config))
    head = ["def build() -> ResNet:", '    """The network with random weights, ready to be trained."""']
    if not lines:
        return "\n".join([*head, "    return ResNet()"])
    return "\n".join([*head, "    network = ResNet()", *(f"    {line}" for line in lines), "    return network"])


def _initialization(config: ModelConfig) -> Iterator[str]:
    match config.initialization:
        case "kaiming":
            yield "for module in network.modules():"
            yield "    if isinstance(module, nn.Conv2d):"
            yield "        # As wide a spread as keeps the size of gradients on their way back through ReLUs"
            yield '        # (He et al. 2015, "Delving Deep into Rectifiers", equation 14).'
            yield '        nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")'
        # Each layer draws its own.
        case "pytorch":
            pass
        case _:
            assert_never(config.initialization)
    if config.zero_init_last and shortcuts(config) != "none":
        choice = " and module.has_residual" if has_residual_choice(config) else ""
        choice = " and module.has_shortcut" if shortcuts(config) == "fitting" else choice
        yield "for module in network.modules():"
        yield f"    if isinstance(module, {config.description.class_name}){choice}:"
        yield "        # At first F(x) is zero and the block its shortcut (Goyal et al. 2017, section 5.1)."
        yield f"        nn.init.zeros_(module.{config.description.last_scaled.name}.weight)"
