"""What was sampled of several runs while they were trained."""

from collections.abc import Callable, Iterator
from typing import Generic, Protocol, TypeVar

from workbench.core.events import Event, GradientsMeasured, RunStarted


class SampledRun(Protocol):
    """Grows with its events."""

    name: str

    def start(self, event: RunStarted) -> None:
        """Take up a run; a resumed one does the steps after its checkpoint again."""

    def append(self, event: GradientsMeasured) -> None:
        """Take a sample."""


R = TypeVar("R", bound=SampledRun)


class SampledRuns(Generic[R]):
    """By their ids. Each change returns whether there is something to be drawn anew.

    Args:
        make: a run of an id and a name, of which nothing is known yet.
    """

    def __init__(self, make: Callable[[str, str], R]) -> None:
        self._make = make
        self._known: dict[str, R] = {}

    def __iter__(self) -> Iterator[R]:
        return iter(self._known.values())

    def get(self, run_id: str) -> R | None:
        return self._known.get(run_id)

    def add(self, run_id: str, name: str) -> R:
        """Make a run known, unless it is."""
        if run_id not in self._known:
            self._known[run_id] = self._make(run_id, name)
        return self._known[run_id]

    def append(self, event: Event) -> bool:
        """Take one event of a run that is known; others are ignored."""
        run = self._known.get(event.run_id)
        match event:
            case RunStarted() if run is not None:
                run.start(event)
            case GradientsMeasured() if run is not None:
                run.append(event)
            case _:
                return False
        return True

    def rename(self, run_id: str, name: str) -> bool:
        run = self._known.get(run_id)
        if run is None or run.name == name:
            return False
        run.name = name
        return True

    def remove(self, run_id: str) -> bool:
        return self._known.pop(run_id, None) is not None
