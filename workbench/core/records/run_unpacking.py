"""Runs of an archive in a folder of their own, checked there as a list would read them."""

import json
import os
import sys
import tempfile
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench import __version__
from workbench.core.data.dataset import Dataset
from workbench.core.data.image_sources import IMAGE_SOURCES
from workbench.core.errors import DamagedDatabase, UserError, literal, reason, shown
from workbench.core.events import Progress, Warned
from workbench.core.files import sync_folder, write_atomically
from workbench.core.home import Home
from workbench.core.names import is_name, note_text, tag_names
from workbench.core.records.database import Database
from workbench.core.records.run_archive import ArchivedRun, RunArchive
from workbench.core.records.run_copies import find_copy
from workbench.core.records.run_folder import RunFolder
from workbench.core.records.run_history import NoHistory, RunHistory
from workbench.core.records.run_journal import JournalLines, RunJournal
from workbench.core.records.run_lock import RunLock
from workbench.core.records.run_reader import RunReader
from workbench.core.records.run_record import RunRecord
from workbench.core.records.run_rows import is_moment
from workbench.core.records.unlisted_runs import journal_history

_ONE_LINE = ("name", "model", "recipe", "source", "created_utc")


@dataclass(frozen=True)
class Incoming:
    """A run that is taken out of an archive."""

    archived: ArchivedRun
    id: str
    """Under which it will be listed."""
    history: RunHistory


def incoming(archive: RunArchive, run: ArchivedRun, run_id: str) -> Incoming:
    """What the list there said, with nothing in it that could not have come from a list.

    Raises:
        UserError: it says something else.
    """
    line: dict[str, Any] = {**archive.history(run), "kind": "created"}
    try:
        history = RunHistory.of_journal(JournalLines((line,), 0))
        row = history.row
        for column, value in row.items():
            if not isinstance(value, str | int | float):
                raise UserError(f"its {column} is {literal(value)}")
            if not isinstance(value, str) and not abs(value) <= sys.float_info.max:
                raise UserError(f"its {column} is {shown(value)}, which is no number of a list")
        for column in _ONE_LINE:
            if not is_name(row[column]):
                raise UserError(f"its {column} is '{shown(row[column])}'")
        if not is_moment(row["created_utc"]):
            raise UserError(f"its created_utc is '{shown(row['created_utc'])}', which is no date in ISO 8601")
        tag_names(json.loads(row["tags"]))
        for text in (row["note"], row["message"], *history.warnings):
            note_text(text)
    except MemoryError as error:
        raise _refusal(run.id, "its history takes more memory than there is") from error
    except NoHistory as error:
        raise _refusal(run.id, "its history holds what this workbench does not write") from error
    except (UserError, ValueError, TypeError, RecursionError) as error:
        raise _refusal(run.id, str(error)) from error
    # Nobody trains it here, and whoever deleted it there has kept it in the archive.
    status = "interrupted" if row["status"] == "running" else row["status"]
    row |= {"number": 0, "deleted_utc": "", "status": status}
    return Incoming(run, run_id, history)


def _refusal(run_id: str, why: str) -> UserError:
    return UserError(f"run {shown(run_id)} of the archive cannot be imported, and no other was: {why}")


@contextmanager
def workshop(home: Home) -> Iterator[Home]:
    """A home beside the folders of the runs that is gone at the end; its lock says that somebody works in it."""
    with tempfile.TemporaryDirectory(
        prefix=".workbench-import-", suffix=".tmp", dir=home.runs, ignore_cleanup_errors=True
    ) as folder:
        lock = RunLock(Path(folder))
        lock.acquire()
        try:
            yield Home(Path(folder))
        except OSError as error:
            raise UserError(
                f"the runs cannot be unpacked into {shown(home.runs)}: {reason(error)}; nothing was imported"
            ) from error
        finally:
            lock.release()


def unpack(archive: RunArchive, runs: Sequence[Incoming], shop: Home) -> Generator[Progress, None, None]:
    """Write the runs' folders below the workshop's.

    Raises:
        UserError: a file is damaged.
        OSError: a file cannot be written.
    """
    done, total = 0, sum(run.archived.size_bytes for run in runs)
    for run in runs:
        layout = RunFolder(shop.runs / run.id)
        for folder in layout.all:
            folder.mkdir(parents=True)
        for member in run.archived.files:
            path = layout.path / member.name
            path.parent.mkdir(parents=True, exist_ok=True)
            # Exclusively: no name leads to what is there already.
            with path.open("xb") as file:
                for chunk in archive.chunks(run.archived, member):
                    file.write(chunk)
                    done += len(chunk)
                    yield Progress("Unpacking the runs", done, total, "bytes")
                file.flush()
                os.fsync(file.fileno())
        if run.id != run.archived.id:
            _give_id(layout)


def _give_id(layout: RunFolder) -> None:
    """Into its settings, which say it too."""
    with suppress(ValueError, RecursionError, FileNotFoundError):
        about = json.loads(layout.config.read_bytes())
        if isinstance(about, dict) and "id" in about:
            text = json.dumps(about | {"id": layout.run_id}, indent=2).encode()
            write_atomically(layout.config, lambda file: file.write(text))


def finish(home: Home, runs: Sequence[Incoming], shop: Home) -> Generator[Warned, None, None]:
    """Read the runs as a list would, tell each where its images are here, and begin their journals.

    Raises:
        UserError: a run is none that could be listed.
        OSError: a file cannot be written.
    """
    with closing(Database(shop.database)) as database:
        reader = RunReader(shop, database)
        for record, run in zip(_rehearsed(reader, database, runs), runs, strict=True):
            warning = _find_images(home, reader, record, run.history)
            if warning:
                yield Warned(warning)
    for run in runs:
        layout = RunFolder(shop.runs / run.id)
        # Anew: it holds what the list there said last, and where it is now.
        layout.journal.unlink(missing_ok=True)
        RunJournal(layout.journal).begin(run=run.id, workbench=__version__, **run.history.first_line())
        if journal_history(layout) is None:
            raise OSError(f"the journal of run {run.id} cannot be written; the disk may be full")
        for folder in layout.all:
            sync_folder(folder)


def _rehearsed(reader: RunReader, database: Database, runs: Sequence[Incoming]) -> list[RunRecord]:
    """The records of a list that has these runs alone, in their order."""
    former = {run.id: run.archived.id for run in runs}
    with database.transaction():
        for number, run in enumerate(runs, 1):
            try:
                run.history.write(run.id, number, database)
            # Of a value that no column can hold.
            except DamagedDatabase as error:
                raise _refusal(run.archived.id, "a value is none that a list holds") from error
    listing = reader.listing()
    if listing.damaged:
        raise _refusal(former[listing.damaged[0].id], listing.damaged[0].reason)
    problem = reader.problem()
    if problem:
        raise UserError(f"the archive cannot be imported: {problem}")
    found = {record.id: record for record in listing.records}
    return [found[run.id] for run in runs]


def _find_images(home: Home, reader: RunReader, record: RunRecord, history: RunHistory) -> str:
    """Let the run know where this home keeps its images; returns a warning where they are nowhere to be found."""
    said = None
    with suppress(UserError):
        said = reader.evaluation(record.id)
    folder = find_copy(record, said, home)
    if record.started:
        left = record.started["dataset_path"]
        # Others may lie there on this machine.
        are_others = folder is None and bool(left) and Dataset.open(Path(left)) is not None
        if folder is not None or are_others:
            place = "" if folder is None else str(folder)
            # Its name tells, even where it is gone, whether other runs had the very same images.
            kept = {"copy_left": record.started.get("copy_left") or left}
            history.row["started"] = json.dumps(dict(record.started) | kept | {"dataset_path": place})
    if folder is not None or record.source in IMAGE_SOURCES or _exists(record.source):
        return ""
    return (
        f"the images of run {record.id} ({shown(Path(record.source))}) are not on this machine: its figures can "
        "be looked at, its pictures not; put them there, or give evaluate others with --data"
    )


def _exists(source: str) -> bool:
    try:
        return Path(source).expanduser().exists()
    except (OSError, ValueError, RuntimeError):
        return False
