"""Jobs that look into a trained network: all of them open the same one, again and again."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.core.home import Home
from workbench.gui.work.job import Job, Work

if TYPE_CHECKING:
    from workbench.engine.inspection.subject import Subject, Subjects


@dataclass(frozen=True)
class Place:
    """Which network: that of a run after one of its epochs."""

    run_id: str
    epoch: int | None = None
    """Counted from 1; None: the one that the run keeps."""

    def is_redone(self, run_id: str, epochs_done: int) -> bool:
        """Whether it is another network now that a run was taken up again after so many epochs."""
        return self.run_id == run_id and (self.epoch is None or self.epoch > epochs_done)


class Looker:
    """What the inspecting lane has opened last. Its own members are touched by that lane's thread alone."""

    def __init__(self) -> None:
        self._subjects: Subjects | None = None

    def job(self, place: Place, look: Callable[["Subject"], Work]) -> Job:
        """Open the network of `place`, unless it is the last one, and look into it. Result: that of `look`."""

        def begin(home: Home) -> Work:
            from workbench.core.records.store import RunStore
            from workbench.engine.inspection.subject import Subjects

            if self._subjects is None:
                self._subjects = Subjects()
            with closing(RunStore.for_reading(home)) as store:
                subject = yield from self._subjects.open(place.run_id, store, place.epoch)
            return (yield from look(subject))

        return Job(begin)
