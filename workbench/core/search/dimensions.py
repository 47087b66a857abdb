"""What one field is searched over: a range of numbers, or some values."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.core.settings.assignments import parse_value

Value = Any
"""Of a field, as JSON holds it."""


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`, both included; whole ones where these are."""

    low: float
    high: float
    is_log: bool = False
    """Whether each factor counts alike, not each difference: for rates."""
    step: float | None = None
    """Only `low`, `low + step` and so on; None: all, of whole numbers each."""

    @property
    def is_whole(self) -> bool:
        return isinstance(self.low, int) and isinstance(self.high, int)

    @property
    def ends(self) -> tuple[Value, ...]:
        """The values that are checked for all between them."""
        return self.low, self.high

    @property
    def grid(self) -> tuple[Value, ...] | None:
        """All values, if they can be counted."""
        step = self.step or (1 if self.is_whole and not self.is_log else None)
        if step is None:
            return None
        count = math.floor((self.high - self.low) / step + 1e-9) + 1
        # Rounded: 0.1 + 2 x 0.1 is not 0.3.
        return tuple(round(self.low + number * step, 12) for number in range(count))

    def tidy(self, value: float) -> float:
        """As it is trained and shown: with four digits, which forms and commands repeat exactly."""
        return value if self.is_whole else min(max(float(f"{value:.4g}"), self.low), self.high)

    def __str__(self) -> str:
        options = [*(["log"] if self.is_log else []), *([_number(self.step)] if self.step else [])]
        return ":".join([f"{_number(self.low)}..{_number(self.high)}", *options])


@dataclass(frozen=True)
class Choices:
    """Some values of a field, of which none is nearer to one than to another."""

    values: tuple[Value, ...]

    @property
    def ends(self) -> tuple[Value, ...]:
        return self.values

    @property
    def grid(self) -> tuple[Value, ...]:
        return self.values

    def __str__(self) -> str:
        return "|".join(value_text(value) for value in self.values)


Dimension = Range | Choices


def value_text(value: Value) -> str:
    """As it is typed: a bare word where that means the same."""
    if isinstance(value, str) and value and parse_value(value) == value and "|" not in value:
        return value
    return json.dumps(value, separators=(",", ":"))


def to_json(dimension: Dimension) -> dict[str, Value]:
    """Plain values, to be kept with a study."""
    if isinstance(dimension, Choices):
        return {"choices": list(dimension.values)}
    return {"low": dimension.low, "high": dimension.high, "log": dimension.is_log, "step": dimension.step}


def from_json(tree: Mapping[str, Value]) -> Dimension:
    """The inverse of `to_json`.

    Raises:
        KeyError: it is something else.
    """
    if "choices" in tree:
        return Choices(tuple(tree["choices"]))
    return Range(tree["low"], tree["high"], bool(tree["log"]), tree["step"])


def _number(value: float) -> str:
    return repr(value)
