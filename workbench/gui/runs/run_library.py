"""The window's view of all recorded runs: reads them, and follows those that other processes train."""

import logging
from contextlib import closing
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from workbench.core.dataset import Dataset, ImageSet
from workbench.core.errors import UserError
from workbench.core.evaluation import Evaluation
from workbench.core.events import Event, Warned
from workbench.core.home import Home
from workbench.core.run_follower import RunFollower
from workbench.core.run_record import RunRecord
from workbench.core.store import Glance, RunStore

_log = logging.getLogger(__name__)

_WATCH_INTERVAL_MS = 2000


class RunLibrary(QObject):
    """Runs of one home folder. All of it is empty until `open`."""

    runs_changed = Signal(object)
    """The present list of records."""
    event_read = Signal(object)
    """What a run that another process trains has said, the same events as a run of this window; of runs whose
    `events` were asked for."""
    run_gone = Signal(str)
    """One of those was deleted by another process."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store: RunStore | None = None
        self._datasets: dict[str, Dataset] = {}
        self._followers: dict[str, RunFollower] = {}
        self._behind: set[str] = set()
        """Runs of which there may be more to tell: they could not be read."""
        self._own_run = ""
        self._seen_version = -1
        self._seen: dict[str, Glance] = {}
        self._timer = QTimer(self)
        self._timer.setInterval(_WATCH_INTERVAL_MS)
        self._timer.timeout.connect(self.watch)

    @property
    def home(self) -> Home:
        """Whose runs these are.

        Raises:
            UserError: it is not open.
        """
        return self._opened().home

    def open(self, home: Home) -> None:
        """Read the runs of `home` from now on.

        Raises:
            UserError: the folder cannot be written, or its database cannot be read.
        """
        self.close()
        # Makes the database if there is none; after that, this thread changes it only to delete a run.
        RunStore(home.prepare()).close()
        self._store = RunStore(home, read_only=True)
        self._timer.start()
        self.refresh()

    def close(self) -> None:
        self._timer.stop()
        if self._store is not None:
            self._store.close()
            self._store = None

    def set_own_run(self, run_id: str) -> None:
        """The run that is trained here, if any: it says its events itself, and is followed again after it."""
        before, self._own_run = self._own_run, run_id
        self._followers.pop(run_id, None)
        if before and before != run_id and self._store is not None:
            follower = RunFollower(self._store, before)
            follower.skip()
            self._followers[before] = follower

    def refresh(self) -> None:
        """Say the present list of runs."""
        if self._store is not None:
            self._seen_version = self._store.version_of_others()
            self._seen = self._store.glance()
            self.runs_changed.emit(self._store.runs())

    def record(self, run_id: str) -> RunRecord:
        return self._opened().run(run_id)

    def images(self, record: RunRecord) -> ImageSet:
        """The test images of a run.

        Raises:
            UserError: their decoded copy is gone.
        """
        path = record.started.get("dataset_path")
        if path is None:
            raise UserError(f"which images run {record.id} was tested with is not known any more")
        if path not in self._datasets:
            self._datasets[path] = Dataset.require(Path(path))
        return self._datasets[path].test

    def evaluation(self, run_id: str) -> Evaluation | None:
        """What the run last said of its test images; None before its first epoch."""
        return self._opened().evaluation(run_id)

    def events(self, run_id: str) -> list[Event]:
        """Everything a run has said; what it says from now on comes as `event_read`."""
        follower = RunFollower(self._opened(), run_id)
        events = follower.news()
        self._followers[run_id] = follower
        return events

    def delete(self, run_id: str) -> None:
        self._followers.pop(run_id, None)
        with closing(RunStore(self._opened().home)) as store:
            store.delete(run_id)
        self.refresh()

    def _opened(self) -> RunStore:
        if self._store is None:
            raise UserError("the folder of runs is not open")
        return self._store

    @Slot()
    def watch(self) -> None:
        """Look whether other processes have written, or are gone, and pass on what their runs say."""
        store = self._store
        if store is None:
            return
        going_on = {run_id for run_id, glance in self._seen.items() if glance.status == "running"} | self._behind
        going_on.discard(self._own_run)
        # Who is gone has written nothing.
        if store.version_of_others() == self._seen_version and not going_on:
            return
        try:
            self._look_around(store, going_on)
        except UserError as error:
            # Busy for a moment: it is asked again soon. Who acts on a run is told.
            _log.warning("%s", error)

    def _look_around(self, store: RunStore, going_on: set[str]) -> None:
        version, now, before = store.version_of_others(), store.glance(), self._seen
        changed = {run_id for run_id in now.keys() | before.keys() if now.get(run_id) != before.get(run_id)}
        changed.discard(self._own_run)
        for run_id in self._followers.keys() - now.keys():
            del self._followers[run_id]
            self.run_gone.emit(run_id)
        if changed:
            self.refresh()
        self._seen_version = version
        told = [self._pass_on(run_id) for run_id in sorted(self._followers.keys() & (changed | going_on))]
        if any(isinstance(event, Warned) for events in told for event in events):
            # They stand in the list.
            self.refresh()

    def _pass_on(self, run_id: str) -> list[Event]:
        self._behind.discard(run_id)
        try:
            events = self._followers[run_id].news()
        except UserError as error:
            _log.warning("%s", error)
            self._behind.add(run_id)
            return []
        for event in events:
            self.event_read.emit(event)
        return events
