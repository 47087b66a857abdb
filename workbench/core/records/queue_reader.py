"""What is in the queue of runs, in the order in which it will be trained."""

import json
import logging
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from workbench.core.errors import UserError, shown
from workbench.core.home import Home
from workbench.core.records.database import Database
from workbench.core.records.queue_entry import DamagedEntry, QueueEntry, QueueList, QueueState
from workbench.core.records.run_lock import RunLock
from workbench.core.records.run_rows import DamagedRow, queue_entry_of

_log = logging.getLogger(__name__)

COLUMNS = ("id", "place", "name", "model", "recipe", "config", "tags", "state", "message", "added_utc")
_HAS_BEGUN = "EXISTS (SELECT 1 FROM runs WHERE runs.id=queue.id) AS has_begun"
_SELECT = f"SELECT {', '.join(COLUMNS)}, {_HAS_BEGUN} FROM queue ORDER BY place, rowid"
_PLACE_DIGITS = 4
_LOST = QueueState(is_paused=True, reason="whether it was paused before cannot be read any more")


class QueueReader:
    """Reads the queue of one home folder from an open database. Belongs to one thread."""

    def __init__(self, home: Home, database: Database) -> None:
        self._home, self._db = home, database
        self._locks: dict[str, RunLock] = {}

    # Reading

    def listing(self) -> QueueList:
        """All entries, and apart those that cannot be read, which are never trained."""
        found, damaged = list[tuple[tuple[int, float], QueueEntry]](), list[DamagedEntry]()
        for row in self._db.read(_SELECT):
            try:
                entry = queue_entry_of(row)
            except (DamagedRow, UserError) as error:
                said = f"{error} cannot be read" if isinstance(error, DamagedRow) else str(error)
                damaged.append(DamagedEntry(shown(row["id"]), shown(row["name"]), said))
                continue
            is_left = entry.state == "running" and self._is_left(entry.id)
            rank = 0 if entry.is_done else 1 if entry.state == "running" else 2
            found.append(((rank, row["place"]), replace(entry, state="waiting") if is_left else entry))
        # Sorting keeps the order of rows where places are equal.
        entries = [entry for _, entry in sorted(found, key=lambda each: each[0])]
        places = {entry.id: place for place, entry in enumerate((e for e in entries if e.is_open), 1)}
        placed = (replace(entry, place=places.get(entry.id, 0)) for entry in entries)
        return QueueList(tuple(placed), tuple(damaged))

    def entry(self, entry_id: str) -> QueueEntry:
        """
        Raises:
            UserError: it is not in the queue, or cannot be read.
        """
        listing = self.listing()
        for entry in listing.entries:
            if entry.id == entry_id:
                return entry
        for damaged in listing.damaged:
            if damaged.id == entry_id:
                raise UserError(f"the queue's entry {entry_id} is damaged: {damaged.reason}; remove it")
        raise unknown(entry_id)

    def find(self, reference: str) -> str:
        """The id meant by a place among those that are to be trained, by an id, or by the beginning of one.

        Raises:
            UserError: none or several match.
        """
        listing = self.listing()
        places = {str(entry.place): entry.id for entry in listing.open}
        if reference in places:
            return places[reference]
        if reference.isdecimal() and len(reference) < _PLACE_DIGITS:
            # Meant as a place, it must not hit another entry because its id begins so.
            raise unknown(reference)
        ids = [entry.id for entry in listing.entries] + [entry.id for entry in listing.damaged]
        found = [entry_id for entry_id in ids if reference and entry_id.startswith(reference)]
        if len(found) > 1:
            raise UserError(f"entry '{shown(reference)}' is not unique: {shown(', '.join(found))}")
        if not found:
            raise unknown(reference)
        return found[0]

    def state(self) -> QueueState:
        """Where that cannot be read, it is paused: nobody waits for what begins by itself."""
        rows = self._db.read("SELECT value FROM settings WHERE name='queue'")
        try:
            told = json.loads(rows[0]["value"]) if rows else {}
            state = QueueState(**told)
        except (TypeError, ValueError, RecursionError) as error:
            _log.warning("whether the queue is paused cannot be read: %s", error)
            return _LOST
        kinds = {name: type(value) for name, value in vars(QueueState()).items()}
        return state if all(type(value) is kinds[name] for name, value in vars(state).items()) else _LOST

    def glance(self) -> tuple[object, ...]:
        """Another value whenever the listing or the state may be another; much cheaper than they are."""
        rows = self._db.read(f"SELECT id, place, name, state, message, {_HAS_BEGUN} FROM queue ORDER BY rowid")
        left = [row["id"] for row in rows if row["state"] == "running" and self._is_left(row["id"])]
        return (*map(tuple, rows), *left, self.state())

    # Who trains them

    def _lock_path(self, entry_id: str) -> Path:
        return self._home.root / "queue" / f"{entry_id}.lock"

    def _lock_of(self, entry_id: str) -> RunLock:
        path = self._lock_path(entry_id)
        with suppress(OSError):
            path.parent.mkdir(exist_ok=True)
        return RunLock(path.parent, path.name)

    def _is_left(self, entry_id: str) -> bool:
        """Whether nobody trains an entry that counts as running."""
        if entry_id in self._locks:
            return False
        return not self._lock_path(entry_id).exists() or self._lock_of(entry_id).is_free()


def unknown(reference: str) -> UserError:
    return UserError(f"entry '{shown(reference)}' is not in the queue; 'queue list' shows all")
