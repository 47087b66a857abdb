"""An exponential moving average without the bias towards its start, as in Adam (Kingma & Ba 2015)."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

# What a processor's nearest memory holds, several times over.
_BLOCK = 16_384
# A value counts no more once it weighs less than this, beside one that is as large.
_NOTHING = 1e-20


class Smoother:
    """Averages what it is given, some at a time; the same values come out as one at a time would give.

    A value that is no finite number is left out of the average, and NaN in its place.

    Args:
        weight: of what was, from 0 (nothing is averaged) to below 1.
    """

    def __init__(self, weight: float) -> None:
        self.weight = weight
        self._sum, self._count = 0.0, 0

    def extend(self, values: ArrayLike) -> NDArray[np.float32]:
        """The averages up to each of (n,) values that go on from the last ones."""
        given = np.asarray(values, np.float64)
        averages = np.full(len(given), np.nan, np.float32)
        places = np.flatnonzero(np.isfinite(given))
        for start in range(0, len(places), _BLOCK):
            block = places[start : start + _BLOCK]
            averages[block] = self._averaged(given[block])
        return averages

    def _averaged(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        sums = (1 - self.weight) * values
        sums[0] += self.weight * self._sum
        shift = 1
        # Each sum reaches twice as far back as the time before (Hillis & Steele 1986).
        while shift < len(sums) and self.weight**shift > _NOTHING:
            sums[shift:] += self.weight**shift * sums[:-shift]
            shift *= 2
        self._sum = float(sums[-1])
        counts = self._count + np.arange(1, len(sums) + 1)
        self._count += len(sums)
        return sums / self._norms(counts)

    def _norms(self, counts: NDArray[np.int64]) -> NDArray[np.float64]:
        """What all weights so far add up to: 1 after a while."""
        if not self.weight:
            return np.ones(len(counts))
        return np.asarray(-np.expm1(counts * math.log(self.weight)))
