"""Axes of plots: limits and ticks that are round numbers."""

import math

_ROUND = (1, 1.2, 1.6, 2, 2.5, 3, 4, 5, 6, 8, 10)


def short(value: float) -> str:
    """`2.8e5`, and `0` for 0."""
    return f"{value:.2g}".replace("e+0", "e").replace("e+", "e")


def decades(low: float, high: float) -> tuple[int, int]:
    """The powers of ten around two values above 0, at least one apart."""
    # What is a power of ten but for the rounding of 32 bits.
    first, last = math.floor(math.log10(low) + 1e-6), math.ceil(math.log10(high) - 1e-6)
    return first, max(last, first + 1)


def decade_ticks(first: int, last: int, most: int) -> list[list[tuple[float, str]]]:
    """Ticks of an axis of logarithms at powers of ten, or at every second or third where there are many."""
    distance = -(-(last - first + 1) // most)
    return [[(float(power), _power_text(power)) for power in range(first, last + 1, distance)]]


def _power_text(power: int) -> str:
    """`0.01` to `1000`; the others as `1e-3`, so that they are narrow."""
    return f"{10.0**power:g}" if -2 <= power <= 3 else f"1e{power}"


def round_up(value: float) -> float:
    """The next round number."""
    power = 10.0 ** math.floor(math.log10(max(value, 1e-9)))
    return next(step * power for step in _ROUND if step * power >= value * (1 - 1e-9))


def round_out(low: float, high: float) -> tuple[float, float]:
    """`low` down and `high` up to multiples of about a fifth of what lies between."""
    step = round_up(max(high - low, 1e-3) / 5)
    return math.floor(low / step) * step, math.ceil(high / step) * step
