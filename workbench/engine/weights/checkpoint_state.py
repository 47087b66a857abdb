"""What a checkpoint holds: everything that the rest of a run depends on, as a record.

Only the file has it as a dict: `to_file` writes that, and `from_file` looks at the type of every field.
"""

import io
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import torch
from torch import Tensor

from workbench.core.errors import UserError, literal, shown
from workbench.core.settings.config import RunConfig
from workbench.engine.network.averaging import AverageState
from workbench.engine.weights.tensor_file import read_tensors

_Tree = dict[Any, Any]
Tensors = Mapping[str, Tensor]
Buffers = Mapping[str, Tensor | None]
"""An optimizer's for one parameter; None where it has not begun one."""

_FIELDS = ("config", "model", "optimizer", "position", "torch_rng", "average")
_MOST = 2**63
_TENSOR = "a dense tensor of real numbers"
_COUNT = "a whole number, at least 0"
_RATE_CHANGES = "a list of pairs of steps and a factor above 0"


@dataclass
class Position:
    """How far a run is, and the sums of the epoch it is in."""

    epoch: int = 0
    """Finished epochs."""
    batch: int = 0
    """Finished steps of the epoch after those."""
    loss_sum: float = 0.0
    correct: float = 0.0
    images: int = 0
    train_s: float = 0.0
    """Seconds of training steps in this epoch."""
    elapsed_s: float = 0.0
    best_accuracy: float = -1.0
    best_epoch: int = 0
    """Counted from 1; 0: none yet."""
    patience_from: int = 0
    """Epochs that were finished when a run that had ended was taken up again: patience counts from there."""
    rate_changes: list[tuple[int, float]] = field(default_factory=list)
    """Steps done before each change by hand, and what it multiplied the rest of the schedule by."""

    def next_epoch(self) -> None:
        self.epoch += 1
        self.batch = 0
        self.loss_sum, self.correct, self.images, self.train_s = 0.0, 0.0, 0, 0.0


@dataclass(frozen=True)
class CheckpointState:
    """A run at one moment. Its tensors are those of who made it, not copies."""

    config: RunConfig
    network: Tensors
    """Its state dict, under torchvision's names."""
    optimizer: Mapping[int, Buffers]
    """By the number of the parameter (`Optimizers`)."""
    position: Position
    generator: Tensor
    """State of torch's random generator."""
    average: AverageState | None = None
    """None: the run keeps none."""

    @property
    def evaluated_weights(self) -> Tensors:
        """Those whose predictions were evaluated: the moving average's where the run keeps one."""
        return self.network if self.average is None else self.average.network

    def to_file(self) -> memoryview:
        """The content of a checkpoint's file."""
        position = dict(vars(self.position))
        position["rate_changes"] = [list(change) for change in self.position.rate_changes]
        tree: dict[str, Any] = {
            "config": self.config.model_dump_json(),
            "model": dict(self.network),
            "optimizer": {"state": {number: dict(buffers) for number, buffers in self.optimizer.items()}},
            "position": position,
            "torch_rng": self.generator,
        }
        if self.average is not None:
            tree["average"] = {"network": dict(self.average.network), "steps": self.average.steps}
        buffer = io.BytesIO()
        torch.save(tree, buffer)
        return buffer.getbuffer()

    @classmethod
    def from_file(cls, content: bytes, origin: str) -> "CheckpointState":
        """The inverse of `to_file`, on the CPU; also of what earlier versions wrote.

        Args:
            origin: names the file in errors.

        Raises:
            UserError: it cannot be read, or is no checkpoint of a run; names the field, and what is allowed.
        """
        tree = read_tensors(io.BytesIO(content), f"cannot read {origin}", "expected one that the workbench saved")
        return _Reader(origin).state(tree)


class _Reader:
    """Looks at every field of a checkpoint's tree; `origin` names it in errors."""

    def __init__(self, origin: str) -> None:
        self._origin = origin

    def state(self, tree: Any) -> CheckpointState:
        if not isinstance(tree, dict):
            raise self._odd(f"it holds {_described(tree)}, not an object of fields")
        unknown = next((name for name in tree if name not in _FIELDS), None)
        if unknown is not None:
            raise self._odd(f"it has '{shown(unknown)}'; known are {', '.join(_FIELDS)}")
        text = self._field(tree, "config", _is_text, "a text of JSON")
        return CheckpointState(
            config=RunConfig.from_json(text, f"the configuration in {self._origin}"),
            network=self._tensors(tree, "model"),
            optimizer=self._optimizer(tree),
            position=self._position(tree),
            generator=self._field(tree, "torch_rng", _is_generator, "the state of a random generator"),
            average=self._average(tree) if "average" in tree else None,
        )

    def _average(self, tree: _Tree) -> AverageState:
        average = self._field(tree, "average", _is_object, "an object of network and steps")
        network = self._tensors(average, "network", "average.")
        return AverageState(network, self._field(average, "steps", _is_count, _COUNT, "average."))

    def _optimizer(self, tree: _Tree) -> dict[int, Buffers]:
        """Earlier versions wrote groups of settings beside the state, which follow from the configuration."""
        optimizer = self._field(tree, "optimizer", _is_object, "an object with state")
        state = self._field(optimizer, "state", _is_object, "an object of buffers", "optimizer.")
        for number in state:
            if not _is_count(number):
                raise self._odd(f"optimizer.state has {_described(number)} for the number of a parameter")
            buffers = self._field(state, number, _is_object, "an object of tensors", "optimizer.state.")
            for name in buffers:
                self._field(buffers, name, _is_buffer, f"{_TENSOR}, or null", f"optimizer.state.{number}.")
        return dict(state)

    def _position(self, tree: _Tree) -> Position:
        """Earlier versions lack its later fields."""
        saved = self._field(tree, "position", _is_object, "an object of numbers")
        position, kinds = Position(), {each.name: each.type for each in fields(Position)}
        for name in saved:
            if name not in kinds:
                raise self._odd(f"position has '{shown(name)}'; known are {', '.join(kinds)}")
            value: Any
            if name == "rate_changes":
                value = self._field(saved, name, _are_rate_changes, _RATE_CHANGES, "position.")
                value = [(step, float(factor)) for step, factor in value]
            elif kinds[name] is int:
                value = self._field(saved, name, _is_count, _COUNT, "position.")
            else:
                value = float(self._field(saved, name, _is_number, "a number", "position."))
            setattr(position, name, value)
        return position

    def _tensors(self, tree: _Tree, name: str, within: str = "") -> dict[str, Tensor]:
        tensors: dict[str, Tensor] = self._field(tree, name, _is_object, "an object of tensors", within)
        for key in tensors:
            if not _is_text(key):
                raise self._odd(f"{within}{name} has {_described(key)} for a name; it must be a text")
            self._field(tensors, key, _is_tensor, _TENSOR, f"{within}{name}.")
        return tensors

    def _field(
        self, tree: _Tree, name: Any, is_allowed: Callable[[Any], bool], allowed: str, within: str = ""
    ) -> Any:
        """`within`: dotted names of what `tree` is in."""
        dotted = shown(f"{within}{name}")
        if name not in tree:
            raise self._odd(f"it lacks {dotted}, {allowed}")
        if not is_allowed(tree[name]):
            raise self._odd(f"{dotted} is {_described(tree[name])}; it must be {allowed}")
        return tree[name]

    def _odd(self, what: str) -> UserError:
        return UserError(f"{self._origin} is no checkpoint of a run: {what}")


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST


def _is_number(value: object) -> bool:
    return isinstance(value, float) or (
        isinstance(value, int) and not isinstance(value, bool) and abs(value) < _MOST
    )


def _are_rate_changes(value: object) -> bool:
    return isinstance(value, list | tuple) and all(
        isinstance(change, list | tuple)
        and len(change) == 2
        and _is_count(change[0])
        and _is_number(change[1])
        and 0 < change[1] < math.inf
        for change in value
    )


def _is_tensor(value: object) -> bool:
    """One that can be copied into another."""
    if not isinstance(value, Tensor) or value.layout != torch.strided or value.device.type != "cpu":
        return False
    return not value.is_quantized and not value.is_complex()


def _is_buffer(value: object) -> bool:
    return value is None or _is_tensor(value)


def _is_generator(value: object) -> bool:
    try:
        torch.Generator().set_state(value)  # type: ignore[arg-type]  # what is none is refused
    except (RuntimeError, TypeError):
        return False
    return True


def _described(value: object) -> str:
    match value:
        case Tensor():
            return f"a tensor of {str(value.dtype).removeprefix('torch.')}, {tuple(value.shape)}"
        case dict():
            return "an object"
        case list() | tuple():
            return "a list"
        case None | bool() | int() | float() | str():
            return literal(value)
        case _:
            return "of another kind"
