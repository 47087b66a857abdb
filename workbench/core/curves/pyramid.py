"""Values of every step, with the least and greatest of ever longer stretches, so that any part is drawn fast."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workbench.core.curves.growing import Growing

Values = NDArray[np.float32]

FACTOR = 8
"""So many buckets of a level are one of the next."""
RAW_PER_COLUMN = 4
"""Up to so many values a pixel column, all of them are drawn."""
# A drawn bucket is made of at least so many of its level, so that it is a quarter wider than a column at most.
_FINEST = 4


@dataclass(frozen=True, eq=False)
class Window:
    """What to draw of a part: (P,) rising positions among all values, and the least and greatest values there.

    What is no finite number is NaN: a gap. `bucket` is 1 where these are all values there are, `lows` and `highs`
    being the same; else each stretch of so many stands at its middle.
    """

    positions: NDArray[np.int64]
    lows: Values
    highs: Values
    bucket: int


class Pyramid:
    """Values in the order of steps. Levels are brought up to date when they are needed, where values are new."""

    def __init__(self) -> None:
        self._raw = Growing(np.float32)
        # Least and greatest values of buckets, which the last level has at most FACTOR of.
        self._levels: list[tuple[Growing[np.float32], Growing[np.float32]]] = []
        self._folded = 0

    def __len__(self) -> int:
        return len(self._raw)

    @property
    def values(self) -> Values:
        """(N,) as they were appended, not to be written to."""
        return self._raw.values

    @property
    def nbytes(self) -> int:
        return self._raw.nbytes + sum(low.nbytes + high.nbytes for low, high in self._levels)

    def append(self, values: ArrayLike) -> None:
        self._raw.append(values)

    def cut(self, count: int) -> None:
        """Keep the first `count` values."""
        if count < len(self):
            self._raw.cut(count)
            self._levels.clear()
            self._folded = 0

    def fold(self) -> None:
        """Bring the levels up to date; `window` and `limits` do it by themselves."""
        if len(self) == self._folded:
            return
        # The first bucket of a level that is new, or has got more values.
        changed, number, below = self._folded // FACTOR, 0, len(self)
        while below > FACTOR:
            if number == len(self._levels):
                self._levels.append((Growing(np.float32), Growing(np.float32)))
                changed = 0
            lows, highs = self._part(number, changed * FACTOR, below)
            self._levels[number][0].put(changed, _folded(lows, np.fmin, FACTOR))
            self._levels[number][1].put(changed, _folded(highs, np.fmax, FACTOR))
            below = len(self._levels[number][0])
            changed, number = changed // FACTOR, number + 1
        self._folded = len(self)

    def limits(self) -> tuple[float, float]:
        """The least and the greatest finite value; NaN if there is none."""
        self.fold()
        lows, highs = self._part(len(self._levels), 0, len(self))
        if not len(lows):
            return float("nan"), float("nan")
        return float(np.fmin.reduce(lows)), float(np.fmax.reduce(highs))

    def window(self, first: int, last: int, columns: int) -> Window:
        """What to draw of the values from `first` up to, but not including, `last` in so many pixel columns.

        Least and greatest values are exact. Buckets begin at multiples of their length, those at both ends
        included, so that moving the window a little changes none of them.
        """
        first, last, columns = max(first, 0), min(last, len(self)), max(columns, 1)
        count = last - first
        if count <= RAW_PER_COLUMN * columns:
            return Window(np.arange(first, max(first, last)), *self._part(0, first, last), 1)
        self.fold()
        level = 0
        while count > columns * _FINEST * FACTOR ** (level + 1):
            level += 1
        together = -(-count // (columns * FACTOR**level))
        bucket = together * FACTOR**level
        begin, end = first // bucket, -(-last // bucket)
        lows, highs = self._part(level, begin * together, end * together)
        lows, highs = _folded(lows, np.fmin, together), _folded(highs, np.fmax, together)
        middles = np.minimum(np.arange(begin, end) * bucket + bucket // 2, len(self) - 1)
        return Window(middles, lows, highs, bucket)

    def _part(self, level: int, first: int, last: int) -> tuple[Values, Values]:
        """Least and greatest values of a level's buckets, NaN where none is finite; level 0 are the values."""
        if level:
            lows, highs = self._levels[level - 1]
            return lows.values[first:last], highs.values[first:last]
        values = self.values[first:last]
        finite = np.where(np.isfinite(values), values, np.float32(np.nan))
        return finite, finite


def _folded(values: Values, fold: np.ufunc, together: int) -> Values:
    """(N,) to (N / together,) values; the last may be of fewer."""
    whole = len(values) - len(values) % together
    # Along rows of so few values, a reduction takes four times as long.
    columns = np.ascontiguousarray(values[:whole].reshape(-1, together).T)
    parts = [fold.reduce(columns, axis=0)]
    if whole < len(values):
        parts.append(fold.reduce(values[whole:], keepdims=True))
    return np.concatenate(parts)
