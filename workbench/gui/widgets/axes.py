"""Axes of plots: limits and ticks that are round numbers, and texts beside them."""

import itertools
import math

_ROUND: tuple[float, ...] = (1, 1.2, 1.6, 2, 2.5, 3, 4, 5, 6, 8, 10)
_ROUND_STEPS = (1.0, 2.0, 5.0, 10.0)
# From dense to sparse, in each power of ten.
_LOG_FACTORS = ((1, 1.5, 2, 2.5, 3, 4, 5, 6, 8), (1, 2, 3, 5), (1, 2, 5), (1, 3), (1,))


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


def log_ticks(low: float, high: float, distance: float) -> list[float]:
    """Round numbers on an axis of logarithms, as many as keep this distance.

    Args:
        low, high, distance: as logarithms.
    """
    powers = range(math.floor(low), math.ceil(high) + 1)
    for factors in _LOG_FACTORS:
        ticks = [power + math.log10(factor) for power in powers for factor in factors]
        gaps = (after - before for before, after in itertools.pairwise(ticks))
        shown = [tick for tick in ticks if low <= tick <= high]
        if len(shown) > 1 and min(gaps) >= distance:
            return shown
    if high - low > 1:
        every = math.ceil(distance)
        return [float(power) for power in powers if power % every == 0 and low <= power <= high]
    # Between two of those numbers.
    first, last = 10.0**low, 10.0**high
    step = round_up((last - first) / max(1, min(4, int((high - low) / distance))), _ROUND_STEPS)
    return [math.log10(step * number) for number in range(math.ceil(first / step), math.floor(last / step) + 1)]


def round_up(value: float, round_numbers: tuple[float, ...] = _ROUND) -> float:
    """The next round number."""
    power = 10.0 ** math.floor(math.log10(max(value, 1e-9)))
    return next(step * power for step in round_numbers if step * power >= value * (1 - 1e-9))


def round_out(low: float, high: float) -> tuple[float, float]:
    """`low` down and `high` up to multiples of about a fifth of what lies between."""
    step = round_up(max(high - low, 1e-3) / 5)
    return math.floor(low / step) * step, math.ceil(high / step) * step


def spread(wanted: list[float], distance: float, low: float, high: float) -> list[float]:
    """Places between `low` and `high` that keep this distance and are as near as can be to the wanted ones.

    Args:
        wanted: from the lowest to the highest.
    """
    # Without their distances, places need only not fall: neighbors that would share the middle of what they want
    # (isotonic regression; Best & Chakravarti 1990, "Active set algorithms for isotonic regression").
    groups: list[tuple[float, int]] = []
    for number, place in enumerate(wanted):
        group = (place - number * distance, 1)
        while groups and groups[-1][0] > group[0]:
            (before, count), (after, more) = groups.pop(), group
            group = ((before * count + after * more) / (count + more), count + more)
        groups.append(group)
    last = high - distance * (len(wanted) - 1)
    starts = [min(max(start, low), last) for start, count in groups for _ in range(count)]
    return [start + number * distance for number, start in enumerate(starts)]
