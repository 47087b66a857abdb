"""Numbers on the axes of the learning curves, and the unit of time."""

from workbench.core.curves.step_axis import Axis
from workbench.gui.widgets.axes import round_up, short

LARGE = 1e4
# Seconds from which on they are counted in another unit, its length and its name.
_TIME_UNITS = ((2 * 3600.0, 3600.0, "h"), (120.0, 60.0, "min"), (0.0, 1.0, "s"))


def time_unit(longest_s: float) -> tuple[float, str]:
    """In which unit times up to this one are written: its length in seconds, and its name."""
    return next((length, name) for least, length, name in _TIME_UNITS if longest_s >= least)


def rounded_end(axis: Axis, longest: float) -> float:
    """A round number at or beyond the longest run, in the unit in which the axis is written."""
    length = time_unit(longest)[0] if axis == "time" else 1.0
    return length * round_up(longest / length)


def written(value: float) -> str:
    """A number of an axis: `0.001`, `250`, `1.5e6`."""
    return f"{value:.4g}" if 1e-3 <= value < LARGE else short(value)
