"""Rebuilding the list of runs: from the runs' folders, the copies of the database, and what can be read of it.

Nothing is deleted: the damaged database is kept beside the new one, under another name.
"""

import contextlib
import os
import tempfile
from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from workbench.core.errors import WAY_OUT, DamagedDatabase, UserError, reason, shown
from workbench.core.events import Progress
from workbench.core.files import sync_folder
from workbench.core.home import Home
from workbench.core.records import folder_history, store_backup, unlisted_runs
from workbench.core.records.database import Busy, Database, companions, is_odd
from workbench.core.records.run_folder import RunFolder, run_folders
from workbench.core.records.run_history import NoHistory, RunHistory
from workbench.core.records.run_lock import RunLock
from workbench.core.records.run_reader import RunReader

_PATIENCE_S = 2.0

Source = Literal["journal", "database", "copy", "checkpoints"]


@dataclass(frozen=True)
class Diagnosis:
    """What is wrong with the list of runs."""

    problem: str = ""
    """One sentence about the database; empty if all in it can be read."""
    unlisted: tuple[str, ...] = ()
    """Runs whose folders are whole, but which the list does not name."""

    @property
    def needs_repair(self) -> bool:
        return bool(self.problem or self.unlisted)

    def sentence(self, home: Home) -> str:
        """What is wrong, with the way out; empty if nothing is."""
        if not self.needs_repair:
            return ""
        return f"{self.problem or unlisted_runs.unlisted_sentence(home, self.unlisted)}; {WAY_OUT}"


@dataclass(frozen=True)
class RebuiltRun:
    """A run of the rebuilt list, and what it was read from."""

    run: str
    name: str
    source: Source
    epochs: int


@dataclass(frozen=True)
class Repair:
    """What was found and done; nothing was, without a problem and unlisted runs."""

    diagnosis: Diagnosis
    runs: tuple[RebuiltRun, ...] = ()
    lost: dict[str, str] = field(default_factory=dict)
    """Folders of which no run could be made, and why; they are left as they are."""
    kept: str = ""
    """Where the former database is now; empty if there was none."""
    copy: str = ""
    """The day of the newest good copy that was there to read; empty without."""

    @property
    def sentence(self) -> str:
        """What was wrong and what was done."""
        if not self.diagnosis.needs_repair:
            return "the list of runs is whole; nothing was changed"
        count = len(self.runs)
        done = f"rebuilt the list with {'1 run' if count == 1 else f'{count} runs'}"
        kept = f"; the former one is kept as {shown(Path(self.kept))}" if self.kept else ""
        lost = f"; {len(self.lost)} folders could not be read" if self.lost else ""
        return f"{done}{kept}{lost}"


def source_text(run: RebuiltRun, done: Repair) -> str:
    """In words, what a run was rebuilt from."""
    match run.source:
        case "journal":
            return "the journal in its folder"
        case "database":
            return "the former list"
        case "copy":
            return f"a copy of the list (the newest is of {done.copy})"
        case "checkpoints":
            return "its settings, checkpoints and evaluations; the rest is lost"


def diagnose(home: Home) -> Diagnosis:
    """Look at every page of the database, at every run in it, and at the folders of the runs.

    Raises:
        Busy: another process holds it.
    """
    problem, listed = "", list[str]()
    if home.database.exists() or home.database.is_symlink():
        try:
            with closing(
                RunReader(home, Database(home.database, read_only=True, patience_s=_PATIENCE_S))
            ) as reader:
                if reader.has_list():
                    problem, listed = reader.problem() or _lost_epochs(home, reader), reader.ids()
        except DamagedDatabase as error:
            problem = error.what
    if not problem and not listed and unlisted_runs.whole_folders(home, (), even_trained=True):
        problem = unlisted_runs.lost_list(home).what
    unlisted = tuple(folder.run_id for folder in unlisted_runs.whole_folders(home, listed))
    return Diagnosis(problem, unlisted)


def _lost_epochs(home: Home, reader: RunReader) -> str:
    """Of a list that refused to record them, say on a full disk; empty if none are."""
    for record in reader.runs():
        folder = RunFolder(home.runs / record.id)
        lost = unlisted_runs.unlisted_epochs(folder, [epoch.epoch for epoch in record.epochs])
        if lost:
            epochs = "an epoch" if len(lost) == 1 else f"{len(lost)} epochs"
            return f"run {record.id}: the run database {shown(home.database)} lacks {epochs} of its journal"
    return ""


def repair(home: Home) -> Generator[Progress, None, Repair]:
    """Rebuild the list if anything is wrong with it; done twice, the second time finds nothing to do.

    Raises:
        UserError: a run is being trained, another process writes or repairs, or the disk is full; all is as
            before then.
    """
    home.prepare()
    with ExitStack() as stack:
        lock = RunLock(home.root, "repair.lock")
        if not lock.try_acquire():
            raise UserError("the list of runs is being repaired by another process; wait for it")
        stack.callback(lock.release)
        diagnosis = diagnose(home)
        if not diagnosis.needs_repair:
            return Repair(diagnosis)
        refuse_while_trained(home)
        _set_odd_aside(home)
        stack.enter_context(_nobody_writes(home))
        sources = _Sources(home, stack)
        folder = stack.enter_context(
            tempfile.TemporaryDirectory(prefix=".workbench-repair-", suffix=".tmp", dir=home.root)
        )
        new = Path(folder) / home.database.name
        runs, lost = yield from _rebuild(home, sources, new)
        refuse_while_trained(home)
        return Repair(diagnosis, runs, lost, _put_in_place(home, new), sources.day)


def refuse_while_trained(home: Home) -> None:
    """
    Raises:
        UserError: a process trains a run of this home.
    """
    run_id = unlisted_runs.trained_run(home)
    if run_id:
        raise UserError(f"run {run_id} is being trained; stop it before the list of runs is repaired")


def _set_odd_aside(home: Home) -> None:
    """What keeps a database from being opened that may be whole.

    Raises:
        UserError: it cannot be renamed.
    """
    kept = _free_name(home)
    for companion, its_place in zip(companions(home.database), companions(kept), strict=True):
        if is_odd(companion):
            try:
                os.rename(companion, its_place)
            except OSError as error:
                raise UserError(f"cannot rename {shown(companion)}: {reason(error)}; remove it") from error


@contextlib.contextmanager
def _nobody_writes(home: Home) -> Iterator[None]:
    """Keep others from writing to the present database, as far as it is one."""
    with ExitStack() as stack:
        try:
            database = Database(home.database, read_only=True, patience_s=_PATIENCE_S)
            stack.callback(database.close)
            database.hold()
        except Busy:
            raise UserError(
                f"another process is writing to the run database {shown(home.database)}; wait for it, or end it"
            ) from None
        # It is damaged, or not there: nobody can write to it.
        except UserError:
            pass
        yield


class _Sources:
    """Where the history of a run may come from, the best one first."""

    def __init__(self, home: Home, stack: ExitStack) -> None:
        self._readers: list[tuple[Source, RunReader]] = []
        self.day = ""
        self._add("database", home, home.database, stack)
        for path in store_backup.copies(home):
            if not store_backup.problem_of(home, path):
                self.day = self.day or store_backup.day_of(path)
                self._add("copy", home, path, stack)

    def _add(self, source: Source, home: Home, path: Path, stack: ExitStack) -> None:
        with contextlib.suppress(UserError):
            reader = RunReader(home, Database(path, read_only=True, any_version=True))
            stack.callback(reader.close)
            self._readers.append((source, reader))

    def ids(self) -> list[str]:
        """Runs that some list names, the oldest first."""
        found = dict[str, None]()
        for _, reader in self._readers:
            with contextlib.suppress(UserError):
                found |= dict.fromkeys(reversed(reader.ids()))
        return list(found)

    def is_listed(self, run_id: str) -> bool:
        """Whether the present database names it, not only a copy."""
        with contextlib.suppress(UserError):
            return any(source == "database" and run_id in reader.ids() for source, reader in self._readers)
        return False

    def copy_queue(self, target: Database) -> None:
        """The newest one that can be read."""
        for _, reader in self._readers:
            # An older version has none.
            with contextlib.suppress(UserError):
                reader.queue.copy_to(target)
                return

    def best(self, folder: RunFolder) -> tuple[Source, RunHistory] | None:
        """The journal, if it is whole: it is always the newest. Else what says most."""
        journal = unlisted_runs.journal_history(folder)
        if journal is not None and journal.is_whole:
            return "journal", journal
        found = list(self._others(folder, journal))
        return max(found, key=lambda each: (len(each[1].epochs), each[1].step_count), default=None)

    def _others(self, folder: RunFolder, journal: RunHistory | None) -> Iterator[tuple[Source, RunHistory]]:
        for source, reader in self._readers:
            # An older version's list may lack a table.
            with contextlib.suppress(UserError):
                yield source, RunHistory.of_database(reader, folder.run_id)
        if journal is not None:
            yield "journal", journal
        with contextlib.suppress(NoHistory):
            yield "checkpoints", folder_history.of_folder(folder)


def _rebuild(
    home: Home, sources: _Sources, new: Path
) -> Generator[Progress, None, tuple[tuple[RebuiltRun, ...], dict[str, str]]]:
    folders = {folder.run_id: folder for folder in run_folders(home.runs)}
    for run_id in sources.ids():
        # Gone from the disk but still in the list: its curves are worth keeping. Only in a copy: it was deleted.
        if run_id not in folders and sources.is_listed(run_id):
            folders[run_id] = RunFolder(home.runs / run_id)
    chosen, lost = dict[str, tuple[Source, RunHistory]](), dict[str, str]()
    for done, (run_id, folder) in enumerate(folders.items()):
        yield Progress("Reading the folders of the runs", done, len(folders))
        found = sources.best(folder)
        if found is not None:
            chosen[run_id] = found
        elif not unlisted_runs.is_nobodys(folder):
            lost[run_id] = "neither a copy nor its folder says which run it is"
    runs = []
    with closing(Database(new)) as database, database.transaction():
        for run_id, number in _numbers(chosen).items():
            source, history = chosen[run_id]
            history.write(run_id, number, database)
            runs.append(RebuiltRun(run_id, history.row["name"], source, len(history.epochs)))
        sources.copy_queue(database)
    problem = store_backup.problem_of(home, new)
    if problem:
        raise UserError(f"the list of runs could not be rebuilt: {problem}")
    return tuple(runs), lost


def _numbers(chosen: dict[str, tuple[Source, RunHistory]]) -> dict[str, int]:
    """Each run's number: its own if no other has it, because it decides the color; in the order of their start."""
    by_start = sorted(chosen, key=lambda run_id: (chosen[run_id][1].row["created_utc"], run_id))
    taken = dict[int, str]()
    for run_id in by_start:
        number = chosen[run_id][1].row["number"]
        if number > 0:
            taken.setdefault(number, run_id)
    numbers = {run_id: number for number, run_id in taken.items()}
    following = max(taken, default=0)
    for run_id in by_start:
        if run_id not in numbers:
            following += 1
            numbers[run_id] = following
    return {run_id: numbers[run_id] for run_id in by_start}


def _put_in_place(home: Home, new: Path) -> str:
    """Put the new database where the former one is; returns where that one went."""
    kept = _free_name(home)
    try:
        with new.open("rb+") as file:
            os.fsync(file.fileno())
        # First: rolled back into the new database, they would destroy it.
        for companion, its_place in zip(companions(home.database), companions(kept), strict=True):
            # Those that SQLite has emptied lie there always.
            if is_odd(companion) or (companion.exists() and companion.stat().st_size):
                os.rename(companion, its_place)
        had_one = os.path.lexists(home.database)
        if had_one:
            os.rename(home.database, kept)
        os.replace(new, home.database)
        sync_folder(home.root)
    except OSError as error:
        raise UserError(
            f"cannot put the rebuilt run database in the place of {shown(home.database)}: {reason(error)}; "
            "end the other processes of the workbench"
        ) from error
    return str(kept) if had_one else ""


def _free_name(home: Home) -> Path:
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    names = (
        f"workbench-{stamp}{suffix}.damaged.db" for suffix in ("", *(f"-{count}" for count in range(2, 1000)))
    )
    paths = (home.root / name for name in names)
    return next(path for path in paths if not any(map(os.path.lexists, (path, *companions(path)))))
