"""The queue: runs that are trained one after the other, by whichever processes work on it.

It is a table of the run database, so that it survives a restart, and several processes may look at it, change it
and work it off at once. Who trains an entry holds a lock of its own on it, from before its run exists until its
outcome is recorded: an entry whose process died waits again, with what was saved of its run.
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

from workbench.core.errors import UserError, literal
from workbench.core.names import run_name, tag_names
from workbench.core.records.database import Database
from workbench.core.records.queue_entry import DONE, DoneState, QueueEntry, QueueList, QueueState, TakenOut
from workbench.core.records.queue_reader import COLUMNS, QueueReader, unknown
from workbench.core.records.run_folder import new_run_id
from workbench.core.records.run_lock import RunLock
from workbench.core.records.run_record import RunRecord
from workbench.core.settings.config import RunConfig

_INSERT = f"INSERT INTO queue ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"
_AT_FRONT, _AT_END = "coalesce(min(place), 1)-1", "coalesce(max(place), 0)+1"
_MOST_FAILURES = 1_000_000
# A lab of a hundred seeds takes some seconds, on a slow disk more.
_ADDING_PATIENCE_S = 60.0


class RunQueue(QueueReader):
    """A reader that may change the queue, and take entries from it."""

    def add(
        self,
        config: RunConfig,
        *,
        name: str = "",
        model: str = "custom",
        recipe: str = "custom",
        tags: Iterable[str] = (),
        at_front: bool = False,
    ) -> QueueEntry:
        """Have a run trained later, by these settings whatever is changed until then.

        Args:
            config: whose names of images and weights are lasting (`engine.training.queue_work.frozen`).
            name: of the run; by default the model's.

        Raises:
            UserError: name or tags are not allowed, or the store refuses.
        """
        entry_id, added = new_run_id(), datetime.now(UTC).isoformat(timespec="seconds")
        row = (run_name(name) or model, model, recipe, config.model_dump_json(), json.dumps(tag_names(tags)))
        with self._changing():
            place = self._next_place(at_front)
            self._db.execute(_INSERT, (entry_id, place, *row, "waiting", "", added))
        return self.entry(entry_id)

    def rename(self, entry_id: str, name: str) -> None:
        """Have the run of an entry called `name`.

        Raises:
            UserError: it may not be called so, or the entry has begun or is not in the queue.
        """
        if not run_name(name):
            raise UserError("the run's name is ''; it must have at least one character")
        with self._changing():
            self._require_open([entry_id])
            if self.entry(entry_id).has_begun:
                raise UserError(f"entry {entry_id} has begun; rename its run")
            self._db.execute("UPDATE queue SET name=? WHERE id=?", (name, entry_id))

    def add_begun(self, record: RunRecord) -> QueueEntry:
        """Have a run that was stopped resumed later, whether the queue has known it or not.

        Raises:
            UserError: it is being trained by the queue, or the store refuses.
        """
        row = (record.name, record.model, record.recipe, record.config.model_dump_json(), json.dumps(record.tags))
        with self._changing():
            states = [each["state"] for each in self._db.read("SELECT state FROM queue WHERE id=?", record.id)]
            if "running" in states:
                raise UserError(f"entry {record.id} is being trained; stop its run first")
            self._db.execute("DELETE FROM queue WHERE id=?", (record.id,))
            added = datetime.now(UTC).isoformat(timespec="seconds")
            place = self._next_place(at_front=False)
            self._db.execute(_INSERT, (record.id, place, *row, "waiting", "", added))
        return self.entry(record.id)

    def move(self, entry_ids: Sequence[str], place: int) -> None:
        """Put entries, in the order in which they stand, so that the first is at `place`, from 1, among those that
        are to be trained; beyond the last it is the last.

        Raises:
            UserError: one is not in the queue, or not to be trained any more; or the place is below 1.
        """
        if place < 1:
            raise UserError(f"the place is {place}; it must be at least 1, which is trained next")
        with self._changing():
            open_ids = [entry.id for entry in self._require_open(entry_ids).open]
            moved = [entry_id for entry_id in open_ids if entry_id in entry_ids]
            rest = [entry_id for entry_id in open_ids if entry_id not in entry_ids]
            order = [*rest[: place - 1], *moved, *rest[place - 1 :]]
            for number, entry_id in enumerate(order, 1):
                self._db.execute("UPDATE queue SET place=? WHERE id=?", (number, entry_id))

    def skip(self, entry_ids: Sequence[str], is_skipped: bool = True) -> None:
        """Leave entries out where they stand, or not any more.

        Raises:
            UserError: as of `move`.
        """
        with self._changing():
            self._require_open(entry_ids)
            for entry_id in entry_ids:
                self._set_state(entry_id, "skipped" if is_skipped else "waiting")

    @contextmanager
    def looking_and_adding(self) -> Iterator[None]:
        """Let no other process add what it finds to be lacking, while this one looks and adds.

        Raises:
            UserError: another one does so for long.
        """
        lock = self._lock_of("adding")
        try:
            lock.acquire(_ADDING_PATIENCE_S)
        except UserError:
            raise UserError("another process is adding runs to the queue; try again in a moment") from None
        try:
            yield
        finally:
            lock.release()

    def retry(self, entry_ids: Sequence[str]) -> None:
        """Have entries that failed trained again, after those that wait; a run that had begun goes on.

        Raises:
            UserError: one has not failed, or is not in the queue.
        """
        with self._changing():
            for entry_id in entry_ids:
                if (state := self.entry(entry_id).state) != "failed":
                    raise UserError(f"entry {entry_id} is {state}; only one that has failed can be tried again")
            for entry_id in entry_ids:
                place = self._next_place(at_front=False)
                self._db.execute(
                    "UPDATE queue SET state='waiting', message='', place=? WHERE id=?", (place, entry_id)
                )

    def remove(self, entry_ids: Sequence[str]) -> TakenOut:
        """Take entries out, also such that are done or damaged; runs of theirs stay in the list of runs.

        Raises:
            UserError: one is being trained, or is not in the queue.
        """
        with self._changing():
            for entry_id in entry_ids:
                if not (rows := self._db.read("SELECT state FROM queue WHERE id=?", entry_id)):
                    raise unknown(entry_id)
                if rows[0]["state"] == "running":
                    raise UserError(f"entry {entry_id} is being trained; stop its run before removing it")
            return self._take_out(entry_ids)

    def clear(self) -> TakenOut:
        """Take out what is finished or has failed."""
        with self._changing():
            return self._take_out([entry.id for entry in self.listing().entries if entry.is_done])

    def put_back(self, taken: TakenOut) -> None:
        """Undo `remove` or `clear`."""
        with self._changing():
            there = {row["id"] for row in self._db.read("SELECT id FROM queue")}
            rows = [tuple(row[column] for column in COLUMNS) for row in taken.rows if row["id"] not in there]
            self._db.execute_many(_INSERT, rows)

    def pause(self, reason: str = "") -> None:
        """Let no process begin an entry, until `proceed`; one that is being trained goes on."""
        self._change_state(lambda state: replace(state, is_paused=True, reason=reason))

    def proceed(self) -> None:
        """Let entries be begun again; failures are counted anew."""
        self._change_state(lambda state: replace(state, is_paused=False, reason="", failures=0))

    def stop_after(self, failures: int) -> None:
        """Pause when so many have failed from now on; 0: never.

        Raises:
            UserError: there cannot be so many.
        """
        if type(failures) is not int or not 0 <= failures <= _MOST_FAILURES:
            allowed = f"a whole number from 0 (never) to {_MOST_FAILURES}"
            raise UserError(f"the number of failures is {literal(failures)}; it must be {allowed}")
        self._change_state(lambda state: replace(state, stop_after_failures=failures, failures=0))

    # Working it off

    def claim(self, only: Collection[str] | None = None) -> QueueEntry | None:
        """Take the next entry to train it, for this process alone, until `finish` or `give_back`; None if nothing
        waits, or the queue is paused.

        Args:
            only: the ids of those that may be taken; None: all.

        Raises:
            UserError: the store refuses.
        """
        if self.state().is_paused:
            return None
        for entry in self.listing().waiting:
            is_wanted = only is None or entry.id in only
            if not is_wanted or self._is_resumed_by_hand(entry) or not self._acquire(entry.id):
                continue
            try:
                if self._take(entry.id):
                    return self.entry(entry.id)
            except BaseException:
                self._release(entry.id)
                raise
            self._release(entry.id)
        return None

    def finish(self, entry_id: str, state: DoneState, message: str = "") -> None:
        """Record how a claimed entry ended. After as many failures as are allowed, the queue is paused."""
        try:
            with self._db.transaction():
                self._db.execute(
                    f"UPDATE queue SET state=?, message=?, place=(SELECT {_AT_END} FROM queue WHERE state IN"
                    " ('finished', 'failed')) WHERE id=?",
                    (state, message, entry_id),
                )
                if state == "failed":
                    self._write_state(_after_failure(self.state()))
        finally:
            self._release(entry_id)
        with suppress(OSError):
            self._lock_path(entry_id).unlink(missing_ok=True)

    def give_back(self, entry_id: str) -> None:
        """A claimed entry is the next one again; its run is resumed then."""
        try:
            with self._db.transaction():
                place = self._next_place(at_front=True)
                self._db.execute("UPDATE queue SET state='waiting', place=? WHERE id=?", (place, entry_id))
        finally:
            self._release(entry_id)

    def let_go(self) -> None:
        """Of all entries that were claimed and not finished: they count as left by their process."""
        for entry_id in list(self._locks):
            self._release(entry_id)

    def copy_to(self, target: Database) -> None:
        """Put all that can be read of it into a new database, within a transaction.

        Raises:
            UserError: nothing of it can be read.
        """
        for entry in self.listing().entries:
            rows = self._db.read(f"SELECT {', '.join(COLUMNS)} FROM queue WHERE id=?", entry.id)
            target.execute_many(_INSERT, [tuple(row) for row in rows])
        RunQueue(self._home, target)._write_state(self.state())

    # Parts of these

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """A transaction in which what dead processes have left waits again, in its order before all others."""
        with self._db.transaction():
            rows = self._db.read("SELECT id FROM queue WHERE state='running' ORDER BY place DESC")
            for entry_id in (row["id"] for row in rows if self._is_left(row["id"])):
                place = self._next_place(at_front=True)
                self._db.execute("UPDATE queue SET state='waiting', place=? WHERE id=?", (place, entry_id))
            yield

    def _is_resumed_by_hand(self, entry: QueueEntry) -> bool:
        rows = self._db.read("SELECT 1 FROM runs WHERE id=? AND status='running'", entry.id)
        return bool(rows) and not RunLock(self._home.runs / entry.id).is_free()

    def _acquire(self, entry_id: str) -> bool:
        lock = self._lock_of(entry_id)
        try:
            lock.acquire()
        except UserError:
            # Another process has just taken it.
            return False
        self._locks[entry_id] = lock
        return True

    def _take(self, entry_id: str) -> bool:
        """Mark an entry whose lock is held as running, unless another process was faster."""
        with self._db.transaction():
            rows = self._db.read("SELECT state FROM queue WHERE id=?", entry_id)
            # Whoever ran it has lost its lock: it is gone.
            is_free = bool(rows) and rows[0]["state"] in ("waiting", "running") and not self.state().is_paused
            if is_free:
                self._set_state(entry_id, "running")
            return is_free

    def _set_state(self, entry_id: str, state: str) -> None:
        self._db.execute("UPDATE queue SET state=? WHERE id=?", (state, entry_id))

    def _next_place(self, at_front: bool) -> float:
        which = _AT_FRONT if at_front else _AT_END
        open_only = "typeof(place) IN ('integer', 'real') AND state IN ('waiting', 'skipped')"
        return float(self._db.read(f"SELECT {which} FROM queue WHERE {open_only}")[0][0])

    def _require_open(self, entry_ids: Sequence[str]) -> QueueList:
        listing = self.listing()
        states = {entry.id: entry.state for entry in listing.entries}
        for entry_id in entry_ids:
            state = states.get(entry_id) or self.entry(entry_id).state
            if state == "running":
                raise UserError(f"entry {entry_id} is being trained; stop its run first")
            if state in DONE:
                raise UserError(
                    f"entry {entry_id} has {state} already; only what is still to be trained has a place"
                )
        return listing

    def _take_out(self, entry_ids: Sequence[str]) -> TakenOut:
        taken = list[dict[str, Any]]()
        for entry_id in dict.fromkeys(entry_ids):
            rows = self._db.read(f"SELECT {', '.join(COLUMNS)} FROM queue WHERE id=?", entry_id)
            taken += [dict(row) for row in rows]
            self._db.execute("DELETE FROM queue WHERE id=?", (entry_id,))
        return TakenOut(tuple(taken))

    def _change_state(self, change: Callable[[QueueState], QueueState]) -> None:
        with self._changing():
            self._write_state(change(self.state()))

    def _write_state(self, state: QueueState) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO settings (name, value) VALUES ('queue', ?)", (json.dumps(asdict(state)),)
        )

    def _release(self, entry_id: str) -> None:
        lock = self._locks.pop(entry_id, None)
        if lock is not None:
            lock.release()


def _after_failure(state: QueueState) -> QueueState:
    failures, most = state.failures + 1, state.stop_after_failures
    if not most or failures < most or state.is_paused:
        return replace(state, failures=failures)
    reason = "a run has failed" if failures == 1 else f"{failures} runs have failed"
    return replace(state, failures=failures, is_paused=True, reason=reason)
