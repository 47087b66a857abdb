"""Axes of a figure: where a value lies, at which values a line stands, and how these are written."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_MOST_TICKS = 6
# Nearer to each other, or to 0, numbers are the same to who reads them.
_LEAST_SPAN, _LEAST_VALUE = 1e-6, 1e-100
# On a logarithmic axis of a few decades, lines between them too.
_FEW_DECADES = 2.5


@dataclass(frozen=True)
class Axis:
    """From `low` to `high`."""

    title: str
    """With its unit."""
    low: float
    high: float
    is_log: bool = False
    is_share: bool = False
    """Values from 0 to 1 are written as per cent."""

    @classmethod
    def around(
        cls, title: str, values: Sequence[Floats], *, is_log: bool = False, is_share: bool = False,
        from_zero: bool = False,
    ) -> "Axis":  # fmt: skip
        """One that holds all finite values, with round ends; without any, from 0 to 1."""
        known = np.concatenate([np.asarray(each, np.float64).ravel() for each in values] or [np.empty(0)])
        known = known[np.isfinite(known) & ((known > 0) | (not is_log))]
        if not len(known):
            return cls(title, 1e-3 if is_log else 0.0, 1.0, is_log, is_share)
        low, high = float(known.min()), float(known.max())
        if is_log:
            low, high = (low, high) if high > low else (low / 2, high * 2)
            return cls(title, low / (high / low) ** 0.04, high * (high / low) ** 0.04, True, is_share)
        if from_zero:
            low, high = min(low, 0.0), max(high, 0.0)
        largest = max(abs(low), abs(high))
        if high - low <= _LEAST_SPAN * largest or largest < _LEAST_VALUE:
            # All but one value: it stands in the middle.
            half = largest / 2 if largest >= _LEAST_VALUE else 0.5
            low, high = low - half, high + half
        step = _round_step(high - low)
        return cls(title, math.floor(low / step) * step, math.ceil(high / step) * step, False, is_share)

    def place(self, values: Floats) -> Floats:
        """0 at the low end, 1 at the high one; NaN where a value has no place."""
        with np.errstate(divide="ignore", invalid="ignore"):
            if self.is_log:
                low, high = math.log(self.low), math.log(self.high)
                placed = (np.log(np.where(values > 0, values, np.nan)) - low) / (high - low)
            else:
                placed = (values - self.low) / (self.high - self.low)
        return np.where(np.isfinite(placed), placed, np.nan)

    def ticks(self) -> list[float]:
        """Round values within, the lowest first."""
        if self.is_log:
            return self._log_ticks()
        step = _round_step(self.high - self.low)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [number * step for number in range(first, last + 1)]

    def _log_ticks(self) -> list[float]:
        decades = math.log10(self.high / self.low)
        factors = (1, 2, 5) if decades < _FEW_DECADES else (1,)
        every = max(1, math.ceil(decades / _MOST_TICKS))
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        values = [factor * 10.0**power for power in range(first, last + 1, every) for factor in factors]
        found = [value for value in values if self.low <= value <= self.high]
        return found if len(found) > 1 else [self.low, self.high]

    def text(self, value: float) -> str:
        """As a tick is written."""
        if self.is_share:
            span = 100 * (self.high - self.low)
            return f"{100 * value:.{0 if span >= _MOST_TICKS else 1 if span >= 0.6 else 2}f}"
        return number_text(value, None if self.is_log else _round_step(self.high - self.low))


def _round_step(span: float) -> float:
    """1, 2 or 5 times a power of ten, of which at most so many lie in the span."""
    power = 10.0 ** math.floor(math.log10(span / _MOST_TICKS))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= span / _MOST_TICKS * (1 - 1e-9))


def number_text(value: float, step: float | None = None) -> str:
    """`0.25`, `1 200`, `2e-5`: with as many digits as values that are `step` apart need."""
    if value and (abs(value) < 1e-3 or abs(value) >= 1e6):
        mantissa, exponent = f"{value:.2e}".split("e")
        return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"
    digits = 0 if step is None or step >= 1 else -math.floor(math.log10(step) + 1e-9)
    text = f"{value:.3g}" if step is None and abs(value) < 100 else f"{value:,.{digits}f}"
    return text.replace(",", "\u202f").replace("-", "\u2212")
