"""How long a run will still take, told by its own pace."""

import math
from dataclasses import dataclass

# How far back the pace looks: as far as the run still goes. Near its end a change must be told at once, while ten
# minutes and more hide that the machine was busy for a while.
_SHORTEST_MEMORY_S, _LONGEST_MEMORY_S = 20.0, 600.0
# Fewer steps say nothing yet.
_LEAST_S = 3.0
_NEW_EVALUATION = 0.5


@dataclass(frozen=True)
class TimeLeft:
    """A statement."""

    seconds: float
    is_rough: bool
    """Before an epoch is finished: what evaluating takes is not known yet, nor whether the pace lasts."""


class Pace:
    """Follows a run and says what it still needs; knows no clock.

    All times are the run's own (`elapsed_s`): seconds of work since its start, evaluations included, pauses not.
    What is told moves with the passage of time; beyond that it stands still or goes twice as fast at most, and
    where more than ten minutes are left, changes by a tenth in a minute at most.

    Args:
        first_step, elapsed_s: done and spent before, of a run that is resumed.
    """

    def __init__(self, *, epochs: int, steps_per_epoch: int, first_step: int = 0, elapsed_s: float = 0.0) -> None:
        self._total, self._epochs = epochs * steps_per_epoch, epochs
        self._first_step, self._begun_at = first_step, elapsed_s
        self._step, self._at = first_step, elapsed_s
        self._epoch = first_step // steps_per_epoch
        self._is_warm = False
        # Sums in which what is recent weighs most.
        self._seconds = self._steps = 0.0
        self._evaluation_s: float | None = None
        self._told: TimeLeft | None = None
        self._told_at = elapsed_s

    def take_steps(self, elapsed_s: float, step: int) -> None:
        """The run has done `step` steps, `elapsed_s` after its start."""
        seconds, steps = elapsed_s - self._at, step - self._step
        self._at, self._step = elapsed_s, step
        # The first ones choose algorithms and fill caches: they are slow as no later one.
        if self._is_warm and steps > 0 and seconds >= 0:
            self._weigh(seconds, steps)
        self._is_warm = True
        self._tell()

    def take_epoch(self, elapsed_s: float, epoch: int) -> None:
        """The run has evaluated `epoch`, which is over."""
        if not self._steps and self._step > self._first_step:
            # All steps came at once.
            self._weigh(self._at - self._begun_at, self._step - self._first_step)
        seconds = max(0.0, elapsed_s - self._at)
        before = seconds if self._evaluation_s is None else self._evaluation_s
        self._evaluation_s = before + _NEW_EVALUATION * (seconds - before)
        self._at, self._epoch = elapsed_s, epoch
        self._tell()

    def left(self, elapsed_s: float) -> TimeLeft | None:
        """What is left, `elapsed_s` after the run's start; None while it is too early to say."""
        if self._told is None:
            return None
        passed = max(0.0, elapsed_s - self._told_at)
        return TimeLeft(max(0.0, self._told.seconds - passed), self._told.is_rough)

    def _weigh(self, seconds: float, steps: int) -> None:
        left = self._told.seconds if self._told else 0.0
        kept = math.exp(-seconds / min(max(left, _SHORTEST_MEMORY_S), _LONGEST_MEMORY_S))
        self._seconds = kept * self._seconds + seconds
        self._steps = kept * self._steps + steps

    def _tell(self) -> None:
        is_rough = self._evaluation_s is None
        if not self._steps or (is_rough and self._seconds < _LEAST_S):
            return
        found = (self._total - self._step) * self._seconds / self._steps
        found += (self._epochs - self._epoch) * (self._evaluation_s or 0.0)
        # What was rough is put right at once.
        if self._told is not None and not self._told.is_rough:
            passed = max(0.0, self._at - self._told_at)
            most = passed * max(1.0, self._told.seconds / _LONGEST_MEMORY_S)
            expected = self._told.seconds - passed
            found = min(max(found, expected - most), expected + most)
        self._told, self._told_at = TimeLeft(max(0.0, found), is_rough), self._at
