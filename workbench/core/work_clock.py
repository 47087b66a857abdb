"""How long a run has worked, between the events that say so."""

from workbench.core.events import EpochMetrics, Event, Progress, RunStarted, StepMetrics

# Evaluations speak every 50 ms or so: a longer silence is a pause, which does not count.
_LONGEST_SILENCE_S = 1.0


class WorkClock:
    """Seconds of work of a run that is trained here, of which events tell only with steps and at an epoch's end:
    in between, while it evaluates, it goes by the events that come."""

    def __init__(self) -> None:
        self.elapsed_s = 0.0
        self._heard_at = 0.0

    def take(self, event: Event, now_s: float) -> float:
        """`now_s`: of any clock that never goes back."""
        silence, self._heard_at = now_s - self._heard_at, now_s
        if isinstance(event, RunStarted | StepMetrics | EpochMetrics):
            self.elapsed_s = event.elapsed_s
        elif isinstance(event, Progress):
            self.elapsed_s += min(silence, _LONGEST_SILENCE_S)
        return self.elapsed_s
