"""When a search gives up: trials that cannot begin, and say the same each time, never will."""

from workbench.core.search.trial_events import TrialEnded

_MOST = 3


class Refusals:
    """Counts them."""

    def __init__(self) -> None:
        self._said: list[str] = []

    def take(self, ended: TrialEnded) -> str:
        """Why there is no use in going on after this trial; empty if there is."""
        self._said = [*self._said, ended.message][-_MOST:] if ended.is_refused else []
        if len(self._said) == _MOST and len(set(self._said)) == 1:
            return f"{_MOST} trials in a row could not begin: {ended.message}"
        return ""
