"""What a loss landscape shows, in words that follow from its figures."""

import math
from collections.abc import Sequence

import numpy as np

from workbench.core.formats import percent
from workbench.core.inspection.landscape import Landscape, Slope

# Distances at which the loss has doubled, as shares of the weights' own length.
_NARROW, _BROAD = 0.15, 0.4
# The wider direction by the narrower one.
_ROUND, _OVAL = 1.25, 2.0
# Widths that differ by less are the same: other directions would change them by as much.
_SAME = 1.2
# Of the loss at the center: what is less far below it is no other place.
_SAME_LOSS = 0.98
# From such a ratio on, doubling the one loss is another thing than doubling the other.
_OTHER_LOSS = 1.25


def caption(landscape: Landscape, *, shares: bool = True) -> str:
    """Loss, where it doubles, and what kind of basin that is. Empty before anything is known.

    Args:
        shares: also where the network does better than guessing.
    """
    if not landscape.size:
        return ""
    lowest, first, second = landscape.lowest
    if not math.isfinite(lowest):
        return "The loss is no finite number anywhere in the picture: the weights have diverged."
    start = f"Loss {_loss(landscape.center_loss)} at the center"
    if not landscape.is_lowest_at_center:
        center = landscape.center_loss
        lower = "hardly lower" if lowest > _SAME_LOSS * center else f"lowest {_loss(lowest)}"
        start += f", {lower} at ({_signed(first)}, {_signed(second)})"
    # Where it doubles is not known then.
    cliff = "right beside its lowest point it is no finite number"
    basin = cliff if landscape.is_on_a_cliff else f"{_doubling(landscape.slopes)}: {_basin(landscape)}"
    text = f"{start}; {basin}."
    if landscape.dips:
        text += f" {landscape.dips} other dip{'s' if landscape.dips > 1 else ''}: the surface is not one bowl."
    if not shares:
        return text
    share = percent(landscape.share_below_chance, 0)
    return f"{text} Better than guessing (loss {landscape.chance_loss:.2f}) on {share} of the picture."


def told_apart(landscapes: Sequence[Landscape], names: Sequence[str]) -> tuple[str, ...]:
    """The names of their runs, with epoch or id where they are the same."""
    if len(set(names)) == len(names):
        return tuple(names)
    are_one_run = len({each.run_id for each in landscapes}) == 1
    tellers = [f"epoch {each.epoch}" if are_one_run else f"run {each.run_id}" for each in landscapes]
    return tuple(f"{name} ({teller})" for name, teller in zip(names, tellers, strict=True))


def comparison(first: Landscape, second: Landscape, names: Sequence[str]) -> str:
    """A sentence on two landscapes on one grid; empty before both are known."""
    if not first.size or not second.size:
        return ""
    names = told_apart((first, second), names)
    widths = [_mean_distance(each) for each in (first, second)]
    words = _compared_widths(widths, names)
    shares = " against ".join(percent(each.share_below_chance, 0) for each in (first, second))
    away = min(first.grid.reach, second.grid.reach) / 2
    rises = " against ".join(f"{each.rise(away):.2g}" for each in (first, second))
    text = f"{words}. {away:.2g} away from the weights the loss is {rises} nats higher on average"
    text += f"; better than guessing on {shares} of the picture."
    if first.dips != second.dips:
        text += f" Other dips: {first.dips} against {second.dips}."
    if first.source != second.source or not np.array_equal(first.indices, second.indices):
        text += " Each is about training images of its own."
    losses = [each.lowest[0] for each in (first, second)]
    if max(losses) > _OTHER_LOSS * min(losses):
        text += (
            f" Their lowest losses differ ({_loss(losses[0])} against {_loss(losses[1])}): doubling a small loss "
            "takes a shorter way."
        )
    return text


def _compared_widths(widths: list[float | None], names: Sequence[str]) -> str:
    first, second = widths
    if first is None and second is None:
        return "Neither loss doubles within the picture"
    if first is None or second is None:
        open_one, other = names if first is None else names[::-1]
        return f"The loss of {open_one} does not double within the picture, that of {other} does"
    ratio = first / second
    if max(ratio, 1 / ratio) < _SAME:
        return f"The basins of {names[0]} and {names[1]} are about as wide"
    wide, narrow = names if ratio > 1 else names[::-1]
    return f"The basin of {wide} is {max(ratio, 1 / ratio):.1f} times as wide as that of {narrow}"


def _mean_distance(landscape: Landscape) -> float | None:
    distances = [slope.distance for slope in landscape.slopes]
    known = [distance for distance in distances if distance is not None]
    return sum(known) / len(known) if len(known) == 2 else None


def _doubling(slopes: tuple[Slope, Slope]) -> str:
    parts = [
        f"{slope.distance:.2f} {which}{' (to one side only)' if slope.is_one_sided else ''}"
        for slope, which in zip(slopes, ("away along the first direction", "along the second"), strict=True)
        if slope.distance is not None
    ]
    if not parts:
        return "it doubles nowhere within the picture along either direction"
    if len(parts) == 1:
        return f"it doubles {parts[0]}, and along the other one not within the picture"
    return f"it doubles {' and '.join(parts)}"


def _basin(landscape: Landscape) -> str:
    first, second = (slope.distance for slope in landscape.slopes)
    if first is None or second is None:
        return "flat" if first is second else "a long valley"
    mean, ratio = (first + second) / 2, max(first, second) / max(min(first, second), 1e-9)
    size = "narrow" if mean < _NARROW else "broad" if mean >= _BROAD else "moderately wide"
    form = "nearly round" if ratio <= _ROUND else "oval" if ratio <= _OVAL else "long and thin"
    return f"a {size}, {form} basin"


def _loss(value: float) -> str:
    return f"{value:.2f}" if value >= 0.095 else f"{value:.2g}"


def _signed(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")
