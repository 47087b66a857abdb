"""Means over seeds, and how sure they and their differences are."""

import math
import statistics
from dataclasses import dataclass

_UPPER = 0.975
# Of a mean of fractions: no number of images makes errors differ by so little.
_ROUNDING = 1e-20


@dataclass(frozen=True)
class Spread:
    """One figure of several runs that differ in their seed alone."""

    values: tuple[float, ...]
    """At least one."""

    @property
    def mean(self) -> float:
        return statistics.fmean(self.values)

    @property
    def deviation(self) -> float | None:
        """Of the seeds: the standard deviation, by one less than their number; None of a single one."""
        return statistics.stdev(self.values) if len(self.values) > 1 else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """95 %, of the mean over all seeds there could be, by Student's t, from 0 to 1; None of a single one."""
        if self.deviation is None:
            return None
        count = len(self.values)
        reach = _student(count - 1) * self.deviation / math.sqrt(count)
        return max(0.0, self.mean - reach), min(1.0, self.mean + reach)

    @property
    def pair_bound(self) -> float | None:
        """How far apart two more runs lie by chance alone, 19 times in 20 (a prediction interval: the deviation is
        itself known from few runs); None of a single one."""
        if self.deviation is None:
            return None
        return math.sqrt(2) * _student(len(self.values) - 1) * self.deviation


@dataclass(frozen=True)
class Difference:
    """How far one mean lies above another."""

    value: float
    interval: tuple[float, float] | None
    """95 %; None where one side has a single seed, which says nothing about chance."""

    @property
    def is_sure(self) -> bool:
        return self.interval is not None and (self.interval[0] > 0 or self.interval[1] < 0)


def difference(a: Spread, b: Spread) -> Difference:
    """Of b above a, with Welch's interval (1947)."""
    value = b.mean - a.mean
    if a.deviation is None or b.deviation is None:
        return Difference(value, None)
    parts = [(each.deviation or 0.0) ** 2 / len(each.values) for each in (a, b)]
    variance = sum(parts)
    if variance < _ROUNDING:
        return Difference(value, (value, value))
    freedom = variance**2 / sum(part**2 / (len(each.values) - 1) for part, each in zip(parts, (a, b), strict=True))
    reach = _student(freedom) * math.sqrt(variance)
    return Difference(value, (value - reach, value + reach))


def _student(freedom: float) -> float:
    # scipy.special alone takes 0.2 s to import.
    from scipy.special import stdtrit

    return float(stdtrit(freedom, _UPPER))
