"""What people change of recorded runs: names, tags, notes, stars; and runs that are deleted, or brought back."""

import json
import logging
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from workbench.core.errors import UserError, reason
from workbench.core.home import Home
from workbench.core.names import note_text, run_name, tag_names
from workbench.core.records.database import Database
from workbench.core.records.run_history import RunHistory
from workbench.core.records.run_journal import RunJournal
from workbench.core.records.run_lock import RunLock
from workbench.core.records.run_reader import RunReader
from workbench.core.records.run_record import RunRecord
from workbench.core.records.run_rows import SET_ASIDE
from workbench.core.records.unlisted_runs import journal_history

_log = logging.getLogger(__name__)

# Whoever deleted a run and was killed might still have brought it back; a window may be open for days.
_FORGOTTEN_AFTER = timedelta(days=7)


class RunEditor(RunReader):
    """A reader that may change what the list says of runs, those that other processes train too.

    The database first, only then the journal: what was refused must not come back with a repair. The process that
    trains the run may append at the same moment: a line is one write in append mode, which the system puts behind
    all others. Where it does not (Windows, drives of a network), a line written over is known by its CRC, and a
    repair takes what the database says.
    """

    def __init__(self, home: Home, database: Database) -> None:
        super().__init__(home, database)
        self._journals: dict[str, RunJournal] = {}

    def _journal(self, run_id: str) -> RunJournal:
        return self._journals.setdefault(run_id, RunJournal(self._layout(run_id).journal))

    def _change(self, run_ids: Sequence[str], column: str, value: object, kind: str, **said: Any) -> None:
        for run_id in run_ids:
            self.run(run_id)
        with self._db.transaction():
            for run_id in run_ids:
                self._db.execute(f"UPDATE runs SET {column}=? WHERE id=?", (value, run_id))
        for run_id in run_ids:
            self._journal(run_id).say(kind, **said)

    def rename(self, run_id: str, name: str) -> None:
        """Call a run `name` from now on.

        Raises:
            UserError: it may not be called so, is not known, or the store refuses.
        """
        if not run_name(name):
            raise UserError("the run's name is ''; it must have at least one character")
        self._change([run_id], "name", name, "renamed", name=name)

    def tag(self, run_ids: Sequence[str], add: Sequence[str] = (), remove: Sequence[str] = ()) -> None:
        """Give runs these tags, and take those away, all or none.

        Raises:
            UserError: a tag may not be called so, a run is not known, or the store refuses.
        """
        add = tag_names(add)
        for run_id in run_ids:
            before = self.run(run_id).tags
            kept = [tag for tag in before if tag not in remove]
            tags = tuple(dict.fromkeys([*kept, *add]))
            if tags != before:
                self._change([run_id], "tags", json.dumps(tags), "tagged", tags=tags)

    def write_note(self, run_id: str, note: str) -> None:
        """Replace what is noted of a run.

        Raises:
            UserError: it is too long or cannot be written as UTF-8, or as of `tag`.
        """
        self._change([run_id], "note", note_text(note), "noted", note=note_text(note))

    def star(self, run_ids: Sequence[str], is_starred: bool = True) -> None:
        """
        Raises:
            UserError: a run is not known, or the store refuses.
        """
        self._change(run_ids, "starred", int(is_starred), "starred", starred=is_starred)

    def insert(self, histories: Mapping[str, RunHistory]) -> dict[str, int]:
        """List runs by their ids, all or none, whose folders lie here already; returns the numbers they got.

        Raises:
            UserError: one is listed already, or the store refuses.
        """
        with self._db.transaction():
            listed = set(self.ids())
            for run_id in histories:
                if run_id in listed:
                    raise UserError(f"run {run_id} is in the list already")
            first = 1 + (self._db.read("SELECT max(rowid) FROM runs")[0][0] or 0)
            numbers = {run_id: number for number, run_id in enumerate(histories, first)}
            for run_id, history in histories.items():
                history.write(run_id, numbers[run_id], self._db)
        for run_id, number in numbers.items():
            self._journal(run_id).say("recorded", number=number)
        return numbers

    def take_from_journal(self, run_id: str) -> RunRecord:
        """Have the list know all epochs of a claimed run that its journal has, if that is whole.

        Raises:
            UserError: the run is not known, cannot be read, or the store refuses.
        """
        record = self.run(run_id)
        said = journal_history(self._layout(run_id))
        if said is None or not said.is_whole or len(said.epochs) <= len(record.epochs):
            return record
        # What people say of it is in the list first.
        trained = {column: said.row[column] for column in ("started", "elapsed_s", "test_looks")}
        with self._db.transaction():
            said.row = RunHistory.of_database(self, run_id).row | trained
            self._db.execute("DELETE FROM runs WHERE id=?", (run_id,))
            said.write(run_id, record.number, self._db)
        return self.run(run_id)

    # Deleting

    def set_aside(self, run_ids: Sequence[str]) -> None:
        """Take runs out of the list, all or none; `bring_back` undoes it until `purge`.

        Raises:
            UserError: one is running or not known.
        """
        self._refuse_running(run_ids)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self._change(run_ids, "deleted_utc", now, "set_aside", deleted_utc=now)

    def bring_back(self, run_ids: Sequence[str]) -> None:
        """Put runs that were set aside back into the list, as far as they are still there.

        Raises:
            UserError: all of them are gone for good, or the store refuses.
        """
        known = set(self.ids())
        there = [run_id for run_id in run_ids if run_id in known] or run_ids
        self._change(there, "deleted_utc", "", "set_aside", deleted_utc="")

    def set_aside_runs(self, before: str = "9999") -> list[str]:
        """Ids of what was set aside before a moment in UTC."""
        query = f"SELECT id FROM runs WHERE {SET_ASIDE} AND deleted_utc<?"
        return [row["id"] for row in self._db.read(query, before)]

    def purge(self, run_ids: Sequence[str]) -> dict[str, str]:
        """Remove runs that were set aside for good; those that were brought back meanwhile stay.

        So do those whose journal, if it is whole, knows nothing of it: they are in the list again.

        Returns:
            What is not removed now, and why.
        """
        kept = dict[str, str]()
        for run_id in run_ids:
            try:
                if not self.set_aside_at(run_id):
                    continue
                said = journal_history(self._layout(run_id))
                if said is not None and said.is_whole and not said.row["deleted_utc"]:
                    self.bring_back([run_id])
                    raise UserError("its journal does not say that it was deleted; it is in the list again")
                self._remove_run(run_id)
            except UserError as error:
                _log.warning("deleted run %s is kept for now: %s", run_id, error)
                kept[run_id] = str(error)
        return kept

    def purge_forgotten(self, now: datetime | None = None) -> None:
        """Remove what was set aside so long ago that nobody can bring it back any more."""
        before = ((now or datetime.now(UTC)) - _FORGOTTEN_AFTER).isoformat(timespec="seconds")
        self.purge(self.set_aside_runs(before))

    def delete(self, run_id: str) -> None:
        """Remove a run, its series and its folder.

        Raises:
            UserError: it is running.
        """
        self._refuse_running([run_id])
        self._remove_run(run_id)

    def _refuse_running(self, run_ids: Sequence[str]) -> None:
        for run_id in run_ids:
            if self.run(run_id).status == "running":
                raise UserError(f"run {run_id} is running; stop it before deleting it")

    def _remove_run(self, run_id: str) -> None:
        """Its files first: without its row they would be a run that the list has lost."""
        lock = RunLock(self.folder(run_id))
        if self.folder(run_id).is_dir() and not lock.try_acquire():
            raise UserError(f"run {run_id} is being trained; stop it before deleting it")
        try:
            # First what a repair would rebuild it from, should the rest not go.
            for path in (self._layout(run_id).journal, self._layout(run_id).config):
                path.unlink(missing_ok=True)
        except OSError as error:
            raise UserError(f"cannot remove run {run_id}: {reason(error)}") from error
        finally:
            lock.release()
        with self._db.transaction():
            self._db.execute("DELETE FROM runs WHERE id=?", (run_id,))
        self._journals.pop(run_id, None)
        shutil.rmtree(self.folder(run_id), ignore_errors=True)


def remove_file(path: Path) -> None:
    """A run does not end because somebody has the file open where such files cannot be removed."""
    with suppress(OSError):
        path.unlink(missing_ok=True)
