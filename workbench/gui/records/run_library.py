"""The window's view of all recorded runs: reads them, and follows those that other processes train."""

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from workbench.core.data.dataset import Dataset, ImageSet
from workbench.core.data.image_marks import ImageMarks
from workbench.core.errors import DamagedDatabase, UserError
from workbench.core.evaluation import Evaluation
from workbench.core.events import Event
from workbench.core.home import Home
from workbench.core.records.run_listing import RunListing
from workbench.core.records.run_record import DamagedRun, RunRecord

# The first picture needs no database: it is loaded after it, by `open`.
if TYPE_CHECKING:
    from workbench.core.records.run_follower import Place, RunFollower
    from workbench.core.records.store import RunStore

_log = logging.getLogger(__name__)

_WATCH_INTERVAL_MS = 2000
# Of the window's thread, for another process to end what it writes, before the list is read past it.
_PATIENCE_S = 0.2
# And before a name or a deletion is refused.
_WRITING_PATIENCE_S = 1.0
# How long a part of a list may be read: less than a frame.
_SLICE_S = 0.012


class RunLibrary(QObject):
    """Runs of one home folder. All of it is empty until `open`."""

    runs_changed = Signal(object)
    """The present list of records."""
    event_read = Signal(object)
    """What a run that another process trains has said, the same events as a run of this window; of runs whose
    `events` were asked for."""
    damage_found = Signal(str)
    """Why the list, or a run in it, cannot be read: in a sentence."""
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
        self._set_aside: list[str] = []
        """Runs that were deleted here, and can be brought back."""
        self._list = RunListing()
        self._told = ""
        self._seen_version = -1
        self._timer = QTimer(self)
        self._timer.setInterval(_WATCH_INTERVAL_MS)
        self._timer.timeout.connect(self.watch)
        self._filler = QTimer(self)
        self._filler.setInterval(0)
        self._filler.timeout.connect(self._read_more)

    @property
    def damaged(self) -> tuple[DamagedRun, ...]:
        """Those of the list that cannot be read."""
        return self._list.damaged

    @property
    def is_whole(self) -> bool:
        """Whether the whole list is read: it is shown from its newest runs on."""
        return self._list.is_whole

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
        from workbench.core.records.store import RunStore

        if self._store is not None and self._store.home != home:
            self._followers.clear()
            self._datasets.clear()
        self.close(for_good=self._store is not None and self._store.home != home)
        self._told, self._list = "", RunListing()
        # Makes the database if there is none; after that, this thread changes it only to delete or rename a run.
        self._store = RunStore.for_reading(home.prepare(), _PATIENCE_S)
        for follower in self._followers.values():
            follower.move_to(self._store)
        self._timer.start()
        self._read_list(self._store)

    def close(self, *, for_good: bool = False) -> None:
        """Read no runs any more.

        Args:
            for_good: nobody can undo a deletion here any more.
        """
        self._timer.stop()
        self._filler.stop()
        if self._store is not None:
            self._store.close()
            if for_good:
                self._purge(self._store.home)
            self._store = None

    def set_own_run(self, run_id: str) -> None:
        """The run that is trained here, if any: it says its events itself, and is followed again after it."""
        from workbench.core.records.run_follower import RunFollower

        before, self._own_run = self._own_run, run_id
        self._followers.pop(run_id, None)
        if before and before != run_id and self._store is not None:
            follower = RunFollower(self._store, before)
            follower.skip()
            self._followers[before] = follower

    def refresh(self, *, anew: bool = False) -> None:
        """Say the present list of runs.

        Args:
            anew: read all of it again, as what is damaged has not changed as far as can be seen at a glance.
        """
        if anew:
            self._list.read_again()
        if self._store is not None:
            try:
                self._read_list(self._store)
            except UserError as error:
                self._report_once(error)

    def _read_list(self, store: "RunStore") -> None:
        """What has changed of it, and say it; of a long one that is new, its newest runs, and the rest soon."""
        self._seen_version = store.version_of_others()
        self._list.look(store)
        self._list.read(store, _SLICE_S)
        if not self._list.is_whole:
            self._filler.start()
        self._tell_list()

    @Slot()
    def _read_more(self) -> None:
        store = self._store
        try:
            if store is not None:
                self._list.read(store, _SLICE_S)
        except UserError as error:
            self._filler.stop()
            self._report_once(error)
            return
        if store is None or self._list.is_whole:
            self._filler.stop()
            self._tell_list()

    def _tell_list(self) -> None:
        self.runs_changed.emit(list(self._list.records))
        if self.damaged:
            first, count = self.damaged[0], len(self.damaged)
            which = (
                self.tr("Run '{0}'").format(first.name or first.id)
                if count == 1
                else (self.tr("{0} runs").format(count))
            )
            self._report_once(DamagedDatabase(self.tr("{0} cannot be read in the list of runs").format(which)))

    def report(self, error: DamagedDatabase) -> None:
        """Say that the list, or a run in it, cannot be read."""
        self.damage_found.emit(error.what)

    def _report_once(self, error: UserError) -> None:
        """What was not asked for: damage is said once, and who is busy for a moment is asked again soon."""
        if not isinstance(error, DamagedDatabase):
            _log.warning("%s", error)
        elif str(error) != self._told:
            self._told = str(error)
            self.report(error)

    def record(self, run_id: str) -> RunRecord:
        return self._opened().run(run_id)

    def weights_by_epoch(self, run_id: str) -> Mapping[int, Path]:
        """The files of single epochs' weights."""
        return self._opened().weights_by_epoch(run_id)

    def images(self, record: RunRecord) -> ImageSet:
        """The test images of a run.

        Raises:
            UserError: their decoded copy is gone.
        """
        path = record.started.get("dataset_path")
        if path is None:
            raise UserError(f"which images run {record.id} was tested with is not known any more")
        key = path or record.id
        if key not in self._datasets:
            self._datasets[key] = (Dataset.open(Path(path)) if path else None) or self._copy(record)
        return self._datasets[key].test

    def _copy(self, record: RunRecord) -> Dataset:
        """Of a run from another machine, as soon as this one has read its source."""
        from workbench.core.records.run_copies import find_copy

        said = None
        with suppress(UserError):
            said = self.evaluation(record.id)
        return Dataset.require(find_copy(record, said, self.home) or Path(record.started["dataset_path"]))

    def marks(self, record: RunRecord) -> ImageMarks:
        """Where the marked images of a run's source are kept."""
        return ImageMarks(self.home, record.source)

    def evaluation(self, run_id: str, epoch: int | None = None) -> Evaluation | None:
        """What the run said of its test images after an epoch, or last; None before its first one."""
        return self._opened().evaluation(run_id, epoch)

    def validation(self, run_id: str, epoch: int) -> Evaluation | None:
        """What it said of the images that are held out; None where that is not kept."""
        return self._opened().validation(run_id, epoch)

    def evaluated_epochs(self, run_id: str) -> list[int]:
        """Those of which that is known, in order."""
        return self._opened().evaluated_epochs(run_id)

    def follow(self, run_id: str, place: "Place") -> None:
        """What the run says from `place` on comes as `event_read`, unless it is trained here."""
        from workbench.core.records.run_follower import RunFollower

        # One that is followed already has heard more.
        if run_id != self._own_run and run_id not in self._followers:
            self._followers[run_id] = RunFollower(self._opened(), run_id, place)

    def events(self, run_id: str) -> list[Event]:
        """Everything a run has said; what it says from now on comes as `event_read`."""
        from workbench.core.records.run_follower import RunFollower

        follower = RunFollower(self._opened(), run_id)
        events = follower.news()
        self._followers[run_id] = follower
        return events

    # What people change

    def rename(self, run_id: str, name: str) -> None:
        """Call a run `name`, whichever process trains it.

        Raises:
            UserError: it may not be called so, is gone, or the list cannot be written; so of the others below.
        """
        self._edit(lambda store: store.rename(run_id, name))

    def tag(self, run_ids: Sequence[str], add: Sequence[str], remove: Sequence[str] = ()) -> None:
        """Give runs tags, and take others away."""
        self._edit(lambda store: store.tag(run_ids, add, remove))

    def write_note(self, run_id: str, note: str) -> None:
        """Replace what is noted of a run."""
        self._edit(lambda store: store.write_note(run_id, note))

    def star(self, run_ids: Sequence[str], is_starred: bool) -> None:
        """Give runs a star, or take it away."""
        self._edit(lambda store: store.star(run_ids, is_starred))

    def set_aside(self, run_ids: Sequence[str]) -> None:
        """Take runs out of the list; they are removed for good when this library is closed."""
        self._edit(lambda store: store.set_aside(run_ids))
        self._set_aside += run_ids
        for run_id in run_ids:
            self._followers.pop(run_id, None)

    def bring_back(self, run_ids: Sequence[str]) -> None:
        """Put runs that were set aside back."""
        self._edit(lambda store: store.bring_back(run_ids))
        self._set_aside = [run_id for run_id in self._set_aside if run_id not in run_ids]

    def _edit(self, change: Callable[["RunStore"], None]) -> None:
        from workbench.core.records.store import RunStore

        with closing(RunStore(self._opened().home, patience_s=_WRITING_PATIENCE_S)) as store:
            change(store)
        self.refresh()

    def _purge(self, home: Home) -> None:
        """Remove what was set aside, and what was forgotten so; a list that refuses keeps it for another day."""
        from workbench.core.records.store import RunStore

        try:
            with closing(RunStore(home, read_only=True, patience_s=_PATIENCE_S)) as reader:
                if not reader.set_aside_runs():
                    return
            with closing(RunStore(home, patience_s=_WRITING_PATIENCE_S)) as store:
                store.purge(self._set_aside)
                store.purge_forgotten()
        except UserError as error:
            _log.warning("deleted runs are kept for now: %s", error)
        finally:
            self._set_aside = []

    def _opened(self) -> "RunStore":
        if self._store is None:
            raise UserError("the folder of runs is not open")
        return self._store

    @Slot()
    def watch(self) -> None:
        """Look whether other processes have written, or are gone, and pass on what their runs say."""
        store = self._store
        if store is None:
            return
        try:
            self._watch(store)
        except UserError as error:
            self._report_once(error)

    def _watch(self, store: "RunStore") -> None:
        if store.is_behind or store.is_replaced():
            self._open_again(store)
            return
        going_on = {
            run_id for run_id, glance in self._list.seen.items() if glance.status == "running"
        } | self._behind
        going_on.discard(self._own_run)
        # Who is gone has written nothing.
        if store.version_of_others() == self._seen_version and not going_on:
            return
        self._look_around(store, going_on)

    def _open_again(self, former: "RunStore") -> None:
        """Read the file that is there now, if it can be: repaired, or held no longer."""
        from workbench.core.records.store import RunStore

        store = RunStore.for_reading(former.home, 0.0)
        if store.is_behind:
            store.close()
            return
        self._store = store
        for follower in self._followers.values():
            follower.move_to(store)
        former.close()
        self._list.read_again()
        self._look_around(store, set(self._followers))
        self._read_list(store)

    def _look_around(self, store: "RunStore", going_on: set[str]) -> None:
        version, now, before = store.version_of_others(), store.glance(), self._list.seen
        changed = {run_id for run_id in now.keys() | before.keys() if now.get(run_id) != before.get(run_id)}
        changed.discard(self._own_run)
        for run_id in self._followers.keys() - now.keys():
            del self._followers[run_id]
            self.run_gone.emit(run_id)
        if changed:
            self.refresh()
        self._seen_version = version
        for run_id in sorted(self._followers.keys() & (changed | going_on)):
            self._pass_on(run_id)

    def _pass_on(self, run_id: str) -> None:
        self._behind.discard(run_id)
        try:
            events = self._followers[run_id].news()
        except UserError as error:
            _log.warning("%s", error)
            self._behind.add(run_id)
            return
        for event in events:
            self.event_read.emit(event)
