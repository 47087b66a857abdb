"""Source text of a block's steps: how its layers are made, and how they are called."""

from collections.abc import Iterator, Sequence
from typing import assert_never

from workbench.core.export.block_templates import CONV1X1, CONV3X3, DEPTHWISE, NO_BIAS
from workbench.core.network.layers import can_work_in_place
from workbench.core.network.model_config import ModelConfig
from workbench.core.network.steps import Activation, Convolution, Dropout, MaxPooling, Norm, Step, Width

_NAMES: dict[Width, str] = {"entry": "channels_in", "inner": "inner", "exit": "channels_out"}


def activation(config: ModelConfig) -> str:
    match config.activation:
        case "relu":
            return "nn.ReLU(inplace=True)" if can_work_in_place(config) else "nn.ReLU()"
        case "silu":
            return "nn.SiLU()"
        case "gelu":
            return "nn.GELU()"
        case "none":
            raise ValueError("a network without activation has no module for it")
        case _:
            assert_never(config.activation)


def norm(config: ModelConfig) -> str:
    match config.norm:
        case "batch":
            return "nn.BatchNorm2d"
        case "group":
            return "group_norm"
        case "none":
            raise ValueError("a network without norms has no module for them")
        case _:
            assert_never(config.norm)


class StepCode:
    """Some steps of one network's blocks as source text."""

    def __init__(self, config: ModelConfig, steps: Sequence[Step]) -> None:
        self._config, self._functions = config, functions(config)
        self._steps = [step for step in steps if _is_used(step, config)]

    def layers(self) -> Iterator[str]:
        """Lines that make the layers with weights."""
        for step in self._steps:
            match step:
                case Convolution():
                    yield from self._convolution(step)
                case Norm():
                    yield f"self.{step.name} = {norm(self._config)}({_NAMES[step.width]})"
                case MaxPooling():
                    yield "# What is left over at the edge counts too, as in a convolution with this stride."
                    yield f"self.{step.name} = nn.MaxPool2d(stride, ceil_mode=True)"
                case Activation() | Dropout():
                    pass
                case _:
                    assert_never(step)

    def _convolution(self, step: Convolution) -> Iterator[str]:
        function = _function(step, self._config)
        before, after = _NAMES[step.before], _NAMES[step.after]
        stride = ["stride"] if step.strided else []
        if function in self._functions:
            channels = [before] if function == DEPTHWISE else [before, after]
            name = function.removeprefix("def ").partition("(")[0]
            yield f"self.{step.name} = {name}({', '.join([*channels, *stride])})"
            return
        groups = []
        if function == DEPTHWISE:
            yield "# As many groups as channels: each channel is convolved by itself."
            groups = [f"groups={before}"]
        elif not function:
            yield (
                f"# Of {self._config.cardinality} groups: a channel sees only those of its own group (Xie et al. "
                "2017, figure 3c)."
            )
            groups = [f"groups={self._config.cardinality}"]
        padding = ["padding=1"] if step.kernel == 3 else []
        bias = [] if self._config.has_biases else ["bias=False"]
        arguments = [before, after, str(step.kernel), *stride, *padding, *groups, *bias]
        yield f"self.{step.name} = nn.Conv2d({', '.join(arguments)})"

    def calls(self, source: str, result: str, first: str = "") -> list[str]:
        """Lines that lead from one name to another, a new one after each activation.

        Args:
            first: the name of what the first convolution gets; empty where nobody else wants it.
        """
        lines: list[str] = []
        value, given = source, first or result
        for step in self._steps:
            match step:
                case Convolution() | Norm() | MaxPooling():
                    if isinstance(step, Convolution) and given != result:
                        lines.append(f"{given} = {value}")
                        value, given = given, result
                    value = f"self.{step.name}({value})"
                case Activation():
                    lines.append(f"{given} = self.{self._config.activation}({value})")
                    value, given = given, result
                case Dropout():
                    if "(" in value:
                        lines.append(f"{result} = {value}")
                        value = result
                    lines.append(f"{result} = self.dropout({value})")
                    value = result
                case _:
                    assert_never(step)
        return [*lines, f"{result} = {value}"] if "(" in value else lines


def functions(config: ModelConfig) -> list[str]:
    """Texts of functions that make convolutions; one that is called once would only hide what it does."""
    called = [_function(step, config) for step in config.steps if isinstance(step, Convolution)]
    return [text for text in (CONV3X3, DEPTHWISE, CONV1X1) if called.count(text) > 1]


def functions_code(config: ModelConfig) -> list[str]:
    """The same functions with the parameters that this network's blocks give them."""
    plain = [step for step in config.steps if isinstance(step, Convolution) and _function(step, config) == CONV3X3]
    texts = functions(config)
    if not any(step.strided for step in plain):
        texts = [text.replace(", stride: int = 1", "").replace(" 3, stride,", " 3,") if text == CONV3X3 else text
                 for text in texts]  # fmt: skip
    return [text.replace(NO_BIAS, "").replace(", bias=False", "") if config.has_biases else text for text in texts]


def takes_stride(config: ModelConfig) -> bool:
    """Whether anything in the blocks depends on their stride."""
    strided = [step for step in config.steps if isinstance(step, Convolution) and step.strided]
    return bool(strided) or max(config.stage_strides) > 1


def _is_used(step: Step, config: ModelConfig) -> bool:
    if isinstance(step, Dropout):
        return config.dropout > 0
    return takes_stride(config) if isinstance(step, MaxPooling) else True


def _function(step: Convolution, config: ModelConfig) -> str:
    """Text of the function that makes such convolutions; empty for one of several groups."""
    match step.groups:
        case "each channel":
            return DEPTHWISE
        case "cardinality" if config.cardinality > 1:
            return ""
        case "one" | "cardinality":
            return CONV3X3 if step.kernel == 3 else CONV1X1
        case _:
            assert_never(step.groups)
