"""The window's view of all recorded runs: reads them, and follows those that other processes train."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from workbench.core.dataset import Dataset, ImageSet
from workbench.core.errors import UserError
from workbench.core.evaluation import Evaluation
from workbench.core.events import EvaluationReady, Event
from workbench.core.home import Home
from workbench.core.run_record import RunRecord
from workbench.core.store import RunStore

_WATCH_INTERVAL_MS = 2000


class RunLibrary(QObject):
    """Runs of one home folder. All of it is empty until `open`.

    `event_read` carries what a run that another process trains has said since it was last looked at: the same
    events as a run of this window.
    """

    runs_changed = Signal(object)
    event_read = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store: RunStore | None = None
        self._datasets: dict[str, Dataset] = {}
        self._followed: dict[str, tuple[int, int]] = {}
        self._seen_version = -1
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

    def set_watching(self, on: bool) -> None:
        """Off while this window trains, whose own writes look like another's and cost a reading of all runs."""
        if on and self._store is not None:
            self._timer.start()
        else:
            self._timer.stop()

    def refresh(self) -> None:
        """Say the present list of runs."""
        if self._store is not None:
            self._seen_version = self._store.version_of_others()
            self.runs_changed.emit(self._store.runs())

    def record(self, run_id: str) -> RunRecord:
        return self._opened().run(run_id)

    def images(self, record: RunRecord) -> ImageSet:
        """The test images of a run.

        Raises:
            UserError: their decoded copy is gone.
        """
        path = record.started["dataset_path"]
        if path not in self._datasets:
            self._datasets[path] = Dataset.require(Path(path))
        return self._datasets[path].test

    def evaluation(self, run_id: str) -> Evaluation | None:
        """What the run last said of its test images; None before its first epoch."""
        return self._opened().evaluation(run_id)

    def events(self, run_id: str) -> Iterator[Event]:
        """Everything a run has said; what it says from now on comes as `event_read`."""
        store = self._opened()
        steps, record = store.steps(run_id), store.run(run_id)
        self._followed[run_id] = (int(steps.steps[-1]) if steps else 0, len(record.epochs))
        return store.events(run_id)

    def forget(self, run_id: str) -> None:
        """Follow a run no longer, because it is trained here or gone."""
        self._followed.pop(run_id, None)

    def delete(self, run_id: str) -> None:
        self.forget(run_id)
        with closing(RunStore(self._opened().home)) as store:
            store.delete(run_id)
        self.refresh()

    def _opened(self) -> RunStore:
        if self._store is None:
            raise UserError("the folder of runs is not open")
        return self._store

    @Slot()
    def watch(self) -> None:
        """Look whether another connection has written, and pass on what it wrote."""
        if self._store is None or self._store.version_of_others() == self._seen_version:
            return
        self.refresh()
        for run_id in list(self._followed):
            self._read_on(self._store, run_id)

    def _read_on(self, store: RunStore, run_id: str) -> None:
        last_step, epochs = self._followed[run_id]
        try:
            record = store.run(run_id)
        except UserError:
            self.forget(run_id)
            return
        steps = store.steps(run_id, after=last_step)
        if steps is not None:
            last_step = int(steps.steps[-1])
            self.event_read.emit(steps)
        for epoch in record.epochs[epochs:]:
            self.event_read.emit(epoch)
        if len(record.epochs) > epochs:
            evaluation = store.evaluation(run_id)
            if evaluation is not None:
                self.event_read.emit(EvaluationReady(run_id, evaluation))
        self._followed[run_id] = (last_step, len(record.epochs))
