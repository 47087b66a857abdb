"""The queue of runs as the window reads and changes it; other processes may change it too."""

import logging
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from workbench.core.errors import UserError
from workbench.core.home import Home
from workbench.core.records.queue_entry import QueueEntry, QueueList, QueueState, TakenOut

# The first picture needs no database.
if TYPE_CHECKING:
    from workbench.core.records.run_queue import RunQueue
    from workbench.core.records.store import RunStore

_T = TypeVar("_T")
_log = logging.getLogger(__name__)

_WATCH_INTERVAL_MS = 1000
# Of the window's thread, as the list of runs has it.
_PATIENCE_S, _WRITING_PATIENCE_S = 0.2, 1.0


class QueueLibrary(QObject):
    """The queue of one home folder; empty until `open`. What changes it raises UserError where it may not be."""

    changed = Signal()
    """`listing` or `state` are others, whoever has changed them."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.listing, self.state = QueueList(()), QueueState()
        self._store: RunStore | None = None
        self._seen_version = -1
        self._seen: tuple[object, ...] = ()
        self._timer = QTimer(self)
        self._timer.setInterval(_WATCH_INTERVAL_MS)
        self._timer.timeout.connect(self.watch)

    def open(self, home: Home) -> None:
        """Read the queue of `home` from now on.

        Raises:
            UserError: its database cannot be read.
        """
        from workbench.core.records.store import RunStore

        # First: a file that is away for a moment, as while another window repairs it, is looked for again.
        store = RunStore.for_reading(home.prepare(), _PATIENCE_S)
        self.close()
        self._store = store
        self._seen = ()
        self._timer.start()
        self._read(self._store)

    def close(self) -> None:
        self._timer.stop()
        if self._store is not None:
            self._store.close()
            self._store = None

    @Slot()
    def watch(self) -> None:
        """Look whether anybody has changed it, or a process that worked on it is gone."""
        store = self._store
        try:
            if store is None:
                return
            if store.is_behind or store.is_replaced():
                self.open(store.home)
            elif store.version_of_others() != self._seen_version or self._is_worked_on:
                self._read(store)
        except UserError as error:
            # Of damage the list of runs tells.
            _log.warning("%s", error)

    @property
    def _is_worked_on(self) -> bool:
        """Who is gone has written nothing."""
        return any(entry.state == "running" for entry in self.listing.entries)

    def _read(self, store: "RunStore") -> None:
        version, seen = store.version_of_others(), store.queue.glance()
        if seen != self._seen:
            self.listing, self.state = store.queue.listing(), store.queue.state()
            self._seen = seen
            self.changed.emit()
        self._seen_version = version

    def entry(self, entry_id: str) -> QueueEntry | None:
        """As it was read last; None if it is not there, or damaged."""
        return next((entry for entry in self.listing.entries if entry.id == entry_id), None)

    # Changing

    def rename(self, entry_id: str, name: str) -> None:
        self._change(lambda queue: queue.rename(entry_id, name))

    def move(self, entry_ids: Sequence[str], place: int) -> None:
        self._change(lambda queue: queue.move(entry_ids, place))

    def skip(self, entry_ids: Sequence[str], is_skipped: bool) -> None:
        self._change(lambda queue: queue.skip(entry_ids, is_skipped))

    def retry(self, entry_ids: Sequence[str]) -> None:
        self._change(lambda queue: queue.retry(entry_ids))

    def remove(self, entry_ids: Sequence[str]) -> TakenOut:
        return self._change(lambda queue: queue.remove(entry_ids))

    def clear(self) -> TakenOut:
        return self._change(lambda queue: queue.clear())

    def put_back(self, taken: TakenOut) -> None:
        self._change(lambda queue: queue.put_back(taken))

    def pause(self, reason: str = "") -> None:
        self._change(lambda queue: queue.pause(reason))

    def proceed(self) -> None:
        self._change(lambda queue: queue.proceed())

    def stop_after(self, failures: int) -> None:
        self._change(lambda queue: queue.stop_after(failures))

    def _change(self, change: "Callable[[RunQueue], _T]") -> _T:
        """On a connection of its own, as the one for reading can change nothing."""
        from workbench.core.records.store import RunStore

        if self._store is None:
            raise UserError("the folder of runs is not open")
        with closing(RunStore(self._store.home, patience_s=_WRITING_PATIENCE_S)) as store:
            result = change(store.queue)
        self.watch()
        return result
