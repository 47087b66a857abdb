"""How figures of a lab are written: errors in per cent, differences in points."""

from workbench.core.formats import half_up
from workbench.core.labs.spreads import Difference, Spread


def error(fraction: float) -> str:
    """`12.3 %`."""
    return f"{100 * fraction:.1f} %"


def spread(found: Spread) -> str:
    """`12.3 ± 0.2 %`, the deviation over seeds; without it of a single one."""
    if found.deviation is None:
        return error(found.mean)
    return f"{100 * found.mean:.1f} ± {100 * found.deviation:.1f} %"


def interval(limits: tuple[float, float] | None, *, is_signed: bool = False) -> str:
    """`12.0 to 12.6`; empty where there is none."""
    if limits is None:
        return ""
    return " to ".join(points(limit, is_signed=is_signed) for limit in limits)


def points(fraction: float, *, is_signed: bool = False) -> str:
    """`0.4`, or `+0.4`; with two digits where one would show nothing."""
    digits = 1 if abs(fraction) >= 0.0005 or not fraction else 2
    rounded = half_up(100 * fraction, digits)
    return f"{rounded:{'+' if is_signed and rounded else ''}.{digits}f}".replace("-", "−")


def gap(found: Difference) -> str:
    """`5.2 points above (95 % interval 4.1 to 6.3)`: what the name of the lower or higher one can follow."""
    if not found.value:
        return "level with"
    side = "above" if found.value > 0 else "below"
    return f"{points(abs(found.value))} points {side}"


def gap_interval(found: Difference) -> str:
    """` (95 % interval 4.1 to 6.3)`, in the direction that `gap` tells; empty where chance is not known."""
    if found.interval is None:
        return ""
    low, high = found.interval
    limits = (low, high) if found.value >= 0 else (-high, -low)
    return f" (95 % interval {interval(limits)})"


def listed(texts: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"


def number(count: int, one: str, several: str = "") -> str:
    """`1 run`, `3 runs`."""
    return f"{count} {one if count == 1 else several or one + 's'}"
