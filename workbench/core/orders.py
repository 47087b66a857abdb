"""What a person may ask of a run while it is being trained."""

import threading


class Orders:
    """A box between the one who asks and the run, which looks into it at every step. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rate_factor = 1.0
        self._stop = self._finish = False
        self.reason = ""
        """Why it was asked to finish, for the run's record; empty: by hand."""

    def change_rate(self, factor: float) -> None:
        """Multiply the rest of the schedule by `factor`; several changes between two steps are one."""
        with self._lock:
            self._rate_factor *= factor

    def stop(self) -> None:
        """End after the present step; the run can be resumed. For runs of several processes, whose generators
        cannot be closed one by one."""
        self._stop = True

    def finish(self, reason: str = "") -> None:
        """End after the present step and count as finished: its best epoch is the result."""
        self.reason, self._finish = reason, True

    def take_rate_factor(self) -> float:
        """What the rate is to be multiplied by from now on; 1 if nothing was asked."""
        with self._lock:
            factor, self._rate_factor = self._rate_factor, 1.0
        return factor

    @property
    def wants_stop(self) -> bool:
        return self._stop

    @property
    def wants_finish(self) -> bool:
        return self._finish
