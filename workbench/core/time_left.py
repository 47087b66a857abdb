"""How long a run will still take, told by its own recent pace."""

import math
import statistics
from bisect import bisect_right
from collections import deque
from dataclasses import dataclass
from itertools import pairwise

# How far back the pace looks, as a share of what is left: near the end a change must be told soon, far from it a
# machine that was busy for a while should not count for much.
_SHARE = 0.5
_SHORTEST_S, _LONGEST_S = 20.0, 180.0
# Fewer seconds of steps say nothing yet, or not much.
_LEAST_S, _ENOUGH_S = 3.0, 10.0
# A pace is another one when three parts of so many seconds, one after the other, are all so many times slower or
# faster than what was before. Something that keeps the machine busy for 20 s is over by then.
_PART_S, _CHANGE = 9.0, 1.75
# The figure has "~" while the last third of the window differs so much from all of it; less to lose it again, or
# it would come and go.
_ROUGH, _FINE = 0.2, 0.15
_SMOOTHED_S = 4.0
# Evaluations: one that was slow among three does not count.
_EVALUATIONS = 3


@dataclass(frozen=True)
class TimeLeft:
    """A statement."""

    seconds: float
    is_rough: bool
    """The pace is changing, or there is too little to go by, such as no evaluation yet."""


class Pace:
    """Follows a run and says what it still needs; knows no clock.

    All times are the run's own (`elapsed_s`): seconds of work since its start, evaluations included, pauses not.
    The pace is that of a window of the last seconds of steps. The window shrinks with what is left and grows only
    with time, so that what has been left out of it does not come back.

    Args:
        first_step, elapsed_s: done and spent before, of a run that is resumed.
    """

    def __init__(self, *, epochs: int, steps_per_epoch: int, first_step: int = 0, elapsed_s: float = 0.0) -> None:
        self._total, self._epochs = epochs * steps_per_epoch, epochs
        self._first_step, self._begun_at = first_step, elapsed_s
        self._step, self._at = first_step, elapsed_s
        self._epoch = first_step // steps_per_epoch
        self._course = _Course()
        self._since = 0.0
        # In steps that would take as long: a machine that becomes slower evaluates more slowly, too.
        self._evaluations = deque[float](maxlen=_EVALUATIONS)
        self._told: TimeLeft | None = None
        self._told_at = elapsed_s

    def take_steps(self, elapsed_s: float, step: int) -> None:
        """The run has done `step` steps, `elapsed_s` after its start."""
        if step <= self._step:
            return
        # Those before the first report choose algorithms and fill caches: they are slow as no later ones.
        seconds = max(0.0, elapsed_s - self._at) if self._course.is_begun else 0.0
        self._course.add(seconds, step)
        self._at, self._step = elapsed_s, step
        self._tell()

    def take_epoch(self, elapsed_s: float, epoch: int) -> None:
        """The run has evaluated `epoch`, which is over."""
        if self._course.is_begun and not self._course.now:
            # All steps came at once.
            self._course.begin_earlier(self._at - self._begun_at, self._first_step)
        if self._course.now:
            pace = self._course.pace(self._since, self._course.now)
            self._evaluations.append(max(0.0, elapsed_s - self._at) / pace)
        self._at, self._epoch = elapsed_s, epoch
        self._tell()

    def left(self, elapsed_s: float) -> TimeLeft | None:
        """What is left, `elapsed_s` after the run's start; None while it is too early to say."""
        if self._told is None:
            return None
        passed = max(0.0, elapsed_s - self._told_at)
        return TimeLeft(max(0.0, self._told.seconds - passed), self._told.is_rough)

    def _tell(self) -> None:
        now = self._course.now
        if not now or (not self._evaluations and now < _LEAST_S):
            return
        before, is_changing = self._told, self._look_for_change(now)
        if before is not None:
            length = min(max(_SHARE * before.seconds, _SHORTEST_S), _LONGEST_S)
            self._since = max(self._since, now - length)
        pace = self._course.pace(self._since, now)
        # The lower one of two: the first evaluation is slower than others.
        evaluation = statistics.median_low(self._evaluations) if self._evaluations else 0.0
        found = (self._total - self._step + (self._epochs - self._epoch) * evaluation) * pace
        is_rough = is_changing or not self._evaluations or self._is_rough(now, pace, found)
        # What was rough is put right at once, and so is the end.
        if found and before is not None and not before.is_rough and not is_rough:
            passed = max(0.0, self._at - self._told_at)
            expected = before.seconds - passed
            found = expected + (1 - math.exp(-passed / _SMOOTHED_S)) * (found - expected)
        self._told, self._told_at = TimeLeft(max(0.0, found), is_rough), self._at

    def _look_for_change(self, now: float) -> bool:
        """Begin the window anew where the pace has become another one; whether it may be doing so."""
        part = max(_PART_S, self._course.longest_of_last)
        begin = now - 3 * part
        # Before three parts are there, the last one can still tell that something has changed.
        rest = min(max(begin, self._since + _LEAST_S), now - part)
        if rest - self._since < _LEAST_S:
            return False
        before = self._course.pace(self._since, rest)
        changes = [self._course.pace(at, at + part) / before for at in (begin, begin + part, now - part)]
        # What has just ended fills most of the third part.
        changes.append(self._course.pace(now - part / 3, now) / before)
        is_whole = rest == begin
        if is_whole and (min(changes) > _CHANGE or max(changes) < 1 / _CHANGE):
            # The first of the three may be of both.
            self._since = now - 2 * part
            return False
        return not 1 / _CHANGE < changes[2] < _CHANGE

    def _is_rough(self, now: float, pace: float, found: float) -> bool:
        length = now - self._since
        if length < min(_ENOUGH_S, found / 4):
            return True
        last = self._course.pace(now - length / 3, now)
        limit = _ROUGH if self._told is not None and not self._told.is_rough else _FINE
        return abs(last / pace - 1) > limit


class _Course:
    """Steps done over seconds of training, evaluations left out; straight between what was reported."""

    # More often than that, reports are joined.
    _DISTANCE_S = 0.25

    def __init__(self) -> None:
        self._seconds, self._steps = list[float](), list[float]()

    @property
    def is_begun(self) -> bool:
        return bool(self._steps)

    @property
    def now(self) -> float:
        return self._seconds[-1] if self._seconds else 0.0

    @property
    def longest_of_last(self) -> float:
        """Seconds between two of the last reports."""
        last = self._seconds[-4:]
        return max((after - before for before, after in pairwise(last)), default=0.0)

    def add(self, seconds: float, step: int) -> None:
        now = self.now + seconds
        if len(self._seconds) > 2 and now - self._seconds[-2] < self._DISTANCE_S:
            self._seconds[-1], self._steps[-1] = now, step
        else:
            self._seconds.append(now)
            self._steps.append(step)
        # Twice the longest window; not at every report.
        if len(self._seconds) % 1000 == 0:
            old = bisect_right(self._seconds, now - 2 * _LONGEST_S - 3 * self.longest_of_last) - 1
            del self._seconds[: max(0, old)], self._steps[: max(0, old)]

    def begin_earlier(self, seconds: float, step: int) -> None:
        """Of one report: it came after `seconds`, which began at `step`."""
        self._seconds, self._steps = [0.0, seconds], [step, *self._steps]

    def pace(self, begin: float, end: float) -> float:
        """Seconds per step between two times."""
        return (end - begin) / (self._at(end) - self._at(begin))

    def _at(self, seconds: float) -> float:
        after = min(max(bisect_right(self._seconds, seconds), 1), len(self._seconds) - 1)
        begin, end = self._seconds[after - 1], self._seconds[after]
        share = (seconds - begin) / (end - begin) if end > begin else 1.0
        return self._steps[after - 1] + share * (self._steps[after] - self._steps[after - 1])
