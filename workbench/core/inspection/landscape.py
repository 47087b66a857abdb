"""The loss around a run's weights: over two random directions, as numbers (no torch).

Li, Xu, Taylor, Studer and Goldstein 2018, "Visualizing the Loss Landscape of Neural Nets", section 4.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from workbench.core.errors import UserError

Values = NDArray[np.float64]
Indices = NDArray[np.int64]

QUICK_SIZE, FINE_SIZE = 15, 41
_LEAST_SIZE, _MOST_SIZE = 5, 101
# Along an axis, from the first glance on. All numbers are odd: the weights themselves are a point of each.
_LADDER = (5, 9, QUICK_SIZE, 29, FINE_SIZE)
_MOST_RANGE = 10.0
# As a share of the loss: what is lower by less may be rounding.
_LEAST_DIP = 0.02
LEAST_LOSS = 1e-4
"""Where a scale of logarithms begins at the lowest."""
_MOST_LEVELS = 12
# From dense to sparse, in each power of ten.
_ROUND_FACTORS = (
    (1, 1.1, 1.2, 1.35, 1.5, 1.65, 1.8, 2, 2.2, 2.5, 2.75, 3, 3.35, 3.7, 4, 4.5, 5, 5.5, 6, 6.7, 7.5, 8.2, 9),
    (1, 1.2, 1.5, 1.8, 2.2, 2.7, 3.3, 4, 5, 6, 7, 8.5),
    (1, 1.5, 2, 3, 4, 5, 7),
    (1, 2, 5),
    (1, 3),
    (1,),
)


@dataclass(frozen=True)
class Grid:
    """`size` x `size` points, `reach` along either direction to both sides of a network's weights.

    Raises:
        UserError: too small, too large, or without a point in the middle.
    """

    size: int = FINE_SIZE
    reach: float = 1.0

    def __post_init__(self) -> None:
        if not _LEAST_SIZE <= self.size <= _MOST_SIZE or self.size % 2 == 0:
            raise UserError(
                f"size is {self.size}; it must be an odd number from {_LEAST_SIZE} to {_MOST_SIZE}, so that the "
                "weights themselves are a point of the grid"
            )
        if not 0 < self.reach <= _MOST_RANGE:
            raise UserError(f"range is {self.reach:g}; it must be above 0 and at most {_MOST_RANGE:g}")

    @property
    def axis(self) -> Values:
        """(size,) positions along a direction; 1 is as far as the weights are long."""
        return np.linspace(-self.reach, self.reach, self.size)

    @cached_property
    def levels(self) -> tuple[Indices, ...]:
        """Which positions of the axis belong to coarser grids, from coarse to fine; the last one is all.

        Each level's points are among the next one's. Both ends and the middle belong to all, and between them
        points lie as evenly as those of the finer level allow: the 15 of 41 are 2 or 3 apart.
        """
        middle = self.size // 2
        half = np.arange(middle + 1)
        found = [half]
        for size in reversed([size for size in _LADDER if size < self.size]):
            half = half[np.rint(np.linspace(0, len(half) - 1, size // 2 + 1)).astype(np.int64)]
            found.append(half)
        return tuple(np.concatenate([middle - half[:0:-1], middle + half]) for half in reversed(found))

    def order(self, until: int | None = None) -> Indices:
        """(points, 2) rows and columns, level after level and from the middle outward, each point once.

        Args:
            until: points along an axis of the last level; None: all.
        """
        seen = np.zeros((self.size, self.size), bool)
        parts: list[Indices] = []
        for level in self.levels:
            if until is not None and len(level) > until and parts:
                break
            new = np.zeros_like(seen)
            new[np.ix_(level, level)] = True
            points = np.argwhere(new & ~seen)
            distance = np.hypot(*(points - self.size // 2).T)
            parts.append(points[np.argsort(distance, kind="stable")])
            seen |= new
        return np.concatenate(parts)


@dataclass(frozen=True)
class Slope:
    """How the loss rises along one direction through the lowest point of the picture."""

    before: float | None
    """How far away, to the negative side, the loss is twice the lowest; None: not within the picture."""
    after: float | None
    """The same to the positive side."""
    room: tuple[float, float]
    """As far as the picture goes to both sides."""
    curvature: float | None
    """Second difference at the lowest point, in nats per squared distance; None at the picture's edge."""

    @property
    def width(self) -> float | None:
        """Of the basin at twice the lowest loss; None: it is wider than the picture."""
        return None if self.before is None or self.after is None else self.before + self.after

    @property
    def distance(self) -> float | None:
        """From the lowest point to where the loss has doubled: the mean of both sides, or the side in sight."""
        sides = [side for side in (self.before, self.after) if side is not None]
        return sum(sides) / len(sides) if sides else None

    @property
    def is_one_sided(self) -> bool:
        """Whether that is in sight to one side only."""
        return (self.before is None) is not (self.after is None)


@dataclass(frozen=True, eq=False)
class Landscape:
    """Losses around the weights of a run, as far as they are computed."""

    run_id: str
    epoch: int
    grid: Grid
    seed: int
    """Of the directions."""
    indices: Indices
    """Which training images it is about."""
    classes: int
    loss: Values
    """(size, size) mean cross-entropy in nats: rows along the second direction, columns along the first one.
    Infinite where it is not a number."""
    accuracy: Values
    """(size, size) share of right answers."""
    known: NDArray[np.bool_]
    """(size, size) which of these points are computed."""
    source: str = ""
    """Of the images."""

    @property
    def images(self) -> int:
        return len(self.indices)

    @property
    def chance_loss(self) -> float:
        """Of who guesses."""
        return math.log(self.classes)

    @cached_property
    def level(self) -> Indices:
        """Positions of the finest grid all of whose points are known; empty before the first."""
        whole = [each for each in self.grid.levels if self.known[np.ix_(each, each)].all()]
        return whole[-1] if whole else np.zeros(0, np.int64)

    @property
    def size(self) -> int:
        """Points along an axis of that grid."""
        return len(self.level)

    @property
    def axis(self) -> Values:
        """(points,) positions of that grid."""
        return self.grid.axis[self.level]

    @property
    def level_loss(self) -> Values:
        """(points, points) losses of that grid."""
        return self.loss[np.ix_(self.level, self.level)]

    @property
    def level_accuracy(self) -> Values:
        return self.accuracy[np.ix_(self.level, self.level)]

    @property
    def center_loss(self) -> float:
        """Of the run's own weights."""
        return float(self.loss[self.grid.size // 2, self.grid.size // 2])

    @property
    def center_accuracy(self) -> float:
        return float(self.accuracy[self.grid.size // 2, self.grid.size // 2])

    @cached_property
    def lowest(self) -> tuple[float, float, float]:
        """The lowest loss in sight, and where: along the first and the second direction."""
        row, column = np.unravel_index(int(np.argmin(self.level_loss)), self.level_loss.shape)
        return float(self.level_loss[row, column]), float(self.axis[column]), float(self.axis[row])

    @property
    def is_lowest_at_center(self) -> bool:
        return self.lowest[1:] == (0.0, 0.0)

    @cached_property
    def slopes(self) -> tuple[Slope, Slope]:
        """Along the first and the second direction, through the lowest point."""
        row, column = np.unravel_index(int(np.argmin(self.level_loss)), self.level_loss.shape)
        along_first = _slope(self.axis, self.level_loss[row], int(column))
        return along_first, _slope(self.axis, self.level_loss[:, column], int(row))

    @property
    def is_on_a_cliff(self) -> bool:
        """Whether a point next to the lowest one, along either direction, is no finite number."""
        loss = self.level_loss
        row, column = np.unravel_index(int(np.argmin(loss)), loss.shape)
        beside = (*loss[max(row - 1, 0) : row + 2, column], *loss[row, max(column - 1, 0) : column + 2])
        return not np.isfinite(beside).all()

    @cached_property
    def dips(self) -> int:
        """Points lower than all eight neighbors, other than the lowest one and those at the edge."""
        loss = self.level_loss
        if min(loss.shape) < 3:
            return 0
        inner = loss[1:-1, 1:-1]
        shifts = [(y, x) for y in (0, 1, 2) for x in (0, 1, 2) if (y, x) != (1, 1)]
        rows, columns = inner.shape
        around = np.min([loss[y : y + rows, x : x + columns] for y, x in shifts], axis=0)
        found = inner < (1 - _LEAST_DIP) * around
        lowest = np.unravel_index(int(np.argmin(loss)), loss.shape)
        is_inner = all(0 < at < side - 1 for at, side in zip(lowest, loss.shape, strict=True))
        return int(found.sum()) - int(is_inner and found[lowest[0] - 1, lowest[1] - 1])

    def rise(self, distance: float) -> float:
        """How much higher the loss is so far from the weights, in nats: the mean of both ways along each axis."""
        middle, losses = self.size // 2, np.minimum(self.level_loss, np.finfo(np.float64).max)
        lines = (losses[middle], losses[:, middle])
        places = [np.interp((-distance, distance), self.axis, line).mean() for line in lines]
        return float(np.mean(places)) - self.center_loss

    @property
    def share_below_chance(self) -> float:
        """Of the picture's points: where the network does better than guessing."""
        return float((self.level_loss < self.chance_loss).mean())


def _slope(axis: Values, losses: Values, lowest: int) -> Slope:
    # Twice nothing would be reached at once: of losses below what is drawn, those are as good as nothing.
    twice = 2 * max(losses[lowest], LEAST_LOSS)
    before = _crossing(axis[lowest::-1], losses[lowest::-1], twice)
    after = _crossing(axis[lowest:], losses[lowest:], twice)
    room = float(axis[lowest] - axis[0]), float(axis[-1] - axis[lowest])
    if not 0 < lowest < len(axis) - 1:
        return Slope(before, after, room, None)
    (left, here, right), (x0, x1, x2) = losses[lowest - 1 : lowest + 2], axis[lowest - 1 : lowest + 2]
    # Of points that are not evenly spaced; of even ones, (left - 2 here + right) / spacing squared.
    curvature = 2 * ((right - here) / (x2 - x1) - (here - left) / (x1 - x0)) / (x2 - x0)
    return Slope(before, after, room, float(curvature))


def _crossing(positions: Values, losses: Values, level: float) -> float | None:
    """How far from the first position the loss is first as high as `level`, in straight lines between points."""
    for (start, low), (stop, high) in pairwise(zip(positions, losses, strict=True)):
        if high >= level:
            share = (level - low) / (high - low) if math.isfinite(high) and high > low else 1.0
            return float(abs(start + share * (stop - start) - positions[0]))
    return None


def loss_limits(landscapes: Sequence[Landscape]) -> tuple[float, float]:
    """Lowest and highest finite loss of all that is known: the scale that pictures beside each other share."""
    losses = np.concatenate([each.loss[each.known] for each in landscapes])
    finite = losses[np.isfinite(losses)]
    if not len(finite):
        return 0.0, 1.0
    return float(finite.min()), float(finite.max())


def round_losses(low: float, high: float) -> list[float]:
    """Round numbers between two losses, about evenly spaced as logarithms, for lines and ticks."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    levels: list[float] = []
    for factors in _ROUND_FACTORS:
        levels = [factor * 10.0**power for power in powers for factor in factors]
        levels = [level for level in levels if low < level < high]
        if len(levels) <= _MOST_LEVELS:
            return levels
    return levels[:: math.ceil(len(levels) / _MOST_LEVELS)]


def shown_losses(landscape: Landscape) -> Values:
    """(size, size) losses for drawing only: between known points, logarithms are interpolated in straight lines.

    NaN everywhere before the coarsest grid is whole.
    """
    if not landscape.size:
        return np.full_like(landscape.loss, np.nan)
    axis, found = landscape.grid.axis, np.log(np.clip(landscape.loss, 1e-12, 1e30))
    at, values = landscape.level, found[np.ix_(landscape.level, landscape.level)]
    # By way of the level that is being computed: single points of it would stand out as dots in the finest one.
    for level in (each for each in landscape.grid.levels if len(each) > len(at)):
        between = interpolated(axis[at], values, axis[level])
        place = np.ix_(level, level)
        at, values = level, np.where(landscape.known[place], found[place], between)
    return np.exp(values)


def interpolated(axis: Values, values: Values, wanted: Values) -> Values:
    """(wanted, wanted) values in straight lines between (axis, axis) ones, along either direction."""
    across = np.array([np.interp(wanted, axis, row) for row in values])
    return np.array([np.interp(wanted, axis, column) for column in across.T]).T
