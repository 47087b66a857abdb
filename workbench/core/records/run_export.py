"""Runs into one file: for a backup, or for another machine (`run_archive`)."""

import io
import json
import os
import zipfile
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from workbench import __version__
from workbench.core.errors import UserError, reason, shown
from workbench.core.events import Progress, Warned
from workbench.core.files import open_atomically, require_file
from workbench.core.formats import memory
from workbench.core.records.run_archive import (
    FORMAT,
    LOCK,
    MANIFEST,
    MOST_HISTORY_BYTES,
    MOST_PARTS,
    VERSION,
    ArchivedFile,
    ArchivedRun,
    Manifest,
    history_name,
    is_portable,
    write_member,
)
from workbench.core.records.run_folder import RunFolder
from workbench.core.records.run_history import RunHistory
from workbench.core.records.run_lock import RunLock
from workbench.core.records.run_reader import RunReader
from workbench.core.records.run_record import RunRecord
from workbench.core.records.unlisted_runs import journal_history

Exporting = Generator[Progress | Warned, None, "ExportedRuns"]
_ACTIVITY = "Packing the runs"


@dataclass(frozen=True)
class ExportedRuns:
    """What an archive holds now."""

    path: Path
    size_bytes: int
    runs: tuple[ArchivedRun, ...]
    left_out: dict[str, str] = field(default_factory=dict)
    """Runs that are not in it, and why."""


def export_runs(reader: RunReader, run_ids: Sequence[str], path: Path, *, as_far_as: bool = False) -> Exporting:
    """Pack runs, with all that their folders hold and the list says of them, into a new .zip.

    It takes its name once it is whole; closing the generator leaves what was there before.

    Args:
        as_far_as: leave out, with a warning, what is being trained or cannot be read; else that is refused.

    Raises:
        UserError: a run is being trained, not known or damaged, a file cannot be read, or the disk is full.
    """
    left_out = dict[str, str]()
    records = list[RunRecord]()
    for run_id in dict.fromkeys(run_ids):
        try:
            records.append(_finished(reader, run_id))
        except UserError as error:
            if not as_far_as:
                raise
            left_out[run_id] = str(error)
            yield Warned(f"left out: {error}")
    if not records:
        raise UserError("there are no runs to export" if not left_out else "there is no run that can be exported")
    with open_atomically(path) as file, zipfile.ZipFile(file, "w") as zipped:
        packer = _Packer(reader, zipped)
        packer.total = sum(packer.size_of(record.id) for record in records)
        runs = []
        for record in records:
            try:
                runs.append((yield from packer.run(record)))
            except _TooLong as error:
                if not as_far_as:
                    raise
                left_out[record.id] = str(error)
                yield Warned(f"left out: {error}")
        if not runs:
            raise UserError("there is no run that can be exported")
        now = datetime.now(UTC).isoformat(timespec="seconds")
        manifest = Manifest(
            format=FORMAT, version=VERSION, workbench=__version__, created_utc=now, runs=tuple(runs)
        )
        zipped.writestr(MANIFEST, manifest.model_dump_json(indent=1), zipfile.ZIP_DEFLATED)
    return ExportedRuns(path, path.stat().st_size, manifest.runs, left_out)


def _finished(reader: RunReader, run_id: str) -> RunRecord:
    record = reader.run(run_id)
    if record.status == "running":
        raise UserError(f"run {run_id} is being trained; stop it before it is exported")
    return record


class _TooLong(UserError):
    """A run that no import would read; nothing of it was packed."""


class _Packer:
    """Packs one run after the other."""

    def __init__(self, reader: RunReader, zipped: zipfile.ZipFile) -> None:
        self._reader, self._zip = reader, zipped
        self.total = self._done = 0

    def size_of(self, run_id: str) -> int:
        return sum(_size(path) for _, path in _files(self._reader.folder(run_id)))

    def run(self, record: RunRecord) -> Generator[Progress | Warned, None, ArchivedRun]:
        folder, files = self._reader.folder(record.id), list[ArchivedFile]()
        with _not_trained(folder):
            history = json.dumps(_history(self._reader, record.id).first_line()).encode()
            if len(history) > MOST_HISTORY_BYTES:
                size, most = memory(len(history), " "), memory(MOST_HISTORY_BYTES, " ")
                raise _TooLong(
                    f"what the list says of run {record.id} has {size}, and an archive holds {most} of it"
                )
            name = history_name(record.id)
            kept = yield from self._pack(name, name, io.BytesIO(history).read, len(history))
            for name, path in _files(folder):
                if not is_portable(name):
                    yield Warned(f"left out: {shown(path)}, which is no name that the workbench gives")
                    continue
                with _reading(path) as read:
                    member = f"runs/{record.id}/{name}"
                    files.append((yield from self._pack(member, name, read, _size(path))))
        return ArchivedRun(id=record.id, name=record.name, history=kept, files=tuple(files))

    def _pack(
        self, member: str, name: str, read: Callable[[int], bytes], size_bytes: int
    ) -> Generator[Progress, None, ArchivedFile]:
        packing = write_member(self._zip, member, read, size_bytes)
        while True:
            try:
                self._done += next(packing)
            except StopIteration as end:
                size, digest = end.value
                return ArchivedFile(name=name, size_bytes=size, sha256=digest)
            yield Progress(_ACTIVITY, min(self._done, self.total), self.total, "bytes")


def _history(reader: RunReader, run_id: str) -> RunHistory:
    """As the list says it; where that has lost steps, as the journal does, if it is whole."""
    history = RunHistory.of_database(reader, run_id)
    if history.is_whole:
        return history
    journal = journal_history(RunFolder(reader.folder(run_id)))
    return journal if journal is not None and journal.is_whole else history


def _files(folder: Path, deep: int = MOST_PARTS) -> Iterator[tuple[str, Path]]:
    """Name below the folder and path of each file in it, but the lock and what killed processes left."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        path = Path(entry.path)
        if entry.is_dir() and deep > 1:
            yield from ((f"{entry.name}/{name}", inner) for name, inner in _files(path, deep - 1))
        elif entry.is_file() and entry.name != LOCK and not entry.name.startswith("."):
            yield entry.name, path


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


@contextmanager
def _not_trained(folder: Path) -> Iterator[None]:
    """Keep others from training the run while its files are read.

    Raises:
        UserError: one does.
    """
    if not folder.is_dir():
        # Gone from the disk; the list knows its curves yet.
        yield
        return
    lock = RunLock(folder)
    lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _reading(path: Path) -> Iterator[Callable[[int], bytes]]:
    """What gives the file's next bytes; its errors name the file, not the archive."""

    def read(count: int) -> bytes:
        try:
            return file.read(count)
        except OSError as error:
            raise _unreadable(path, error) from error

    try:
        require_file(path)
        file = path.open("rb")
    except OSError as error:
        raise _unreadable(path, error) from error
    with file:
        yield read


def _unreadable(path: Path, error: OSError) -> UserError:
    return UserError(f"cannot read {shown(path)}: {reason(error)}")
