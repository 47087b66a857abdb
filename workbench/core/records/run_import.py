"""Runs out of one file (`run_archive`) into a home: all of them or, whatever goes wrong, none.

They are unpacked and checked beside the runs (`run_unpacking`), put in their places, and only then listed. A
process that is killed between the last two leaves folders that a repair finds by their journals.
"""

import hashlib
import os
import shutil
from collections.abc import Generator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from workbench.core.errors import UserError, shown
from workbench.core.events import Progress, Warned
from workbench.core.files import sync_folder
from workbench.core.formats import memory
from workbench.core.home import Home
from workbench.core.records.run_archive import ArchivedRun, RunArchive
from workbench.core.records.run_folder import RunFolder
from workbench.core.records.run_unpacking import Incoming, finish, incoming, unpack, workshop
from workbench.core.records.store import RunStore
from workbench.core.records.unlisted_runs import is_whole

Importing = Generator[Progress | Warned, None, "ImportedRuns"]

# What changes by being listed, and by what people say of a run.
_CHANGEABLE = ("config.json", "journal.jsonl", "lock")


@dataclass(frozen=True)
class ImportedRun:
    """A run that is here now."""

    id: str
    number: int
    name: str
    former_id: str
    """What it was called in the archive: another one where a different run has that id here."""


@dataclass(frozen=True)
class ImportedRuns:
    """What became of an archive's runs."""

    runs: tuple[ImportedRun, ...]
    skipped: dict[str, str]
    """Ids in the archive, and why they were not taken."""


def import_runs(store: RunStore, path: Path, *, again: bool = False) -> Importing:
    """Take all runs of an archive that are not here yet, under their ids, with new numbers.

    Args:
        again: take those too that are here with other results, under ids that follow from these.

    Raises:
        UserError: the archive is damaged or of a newer workbench, the disk is full, the list cannot be written, or
            a run's folder is here without being listed; nothing is imported then.
    """
    with RunArchive.opened(path) as archive:
        chosen, skipped, deleted = list[Incoming](), dict[str, str](), list[str]()
        for run in archive.manifest.runs:
            if store.set_aside_at(run.id):
                deleted.append(run.id)
                skipped[run.id] = "it was deleted here a moment ago, and is brought back as it was"
                continue
            new_id, why = yield from _new_id(store, run, again)
            if why:
                skipped[run.id] = why
            else:
                chosen.append(incoming(archive, run, new_id))
        numbers = dict[str, int]()
        if chosen:
            _refuse_without_room(store.home, chosen)
            with workshop(store.home) as shop:
                yield from unpack(archive, chosen, shop)
                yield from finish(store.home, chosen, shop)
                numbers = _settle(store, chosen, shop)
    store.bring_back(deleted)
    runs = (ImportedRun(run.id, numbers[run.id], run.history.row["name"], run.archived.id) for run in chosen)
    return ImportedRuns(tuple(runs), skipped)


def _new_id(store: RunStore, run: ArchivedRun, again: bool) -> Generator[Progress, None, tuple[str, str]]:
    """The id that it gets, and why it is not taken, or nothing.

    Raises:
        UserError: the list does not name the run, and its folder is here.
    """
    if not _is_listed(store, run.id):
        return run.id, ""
    if not again:
        return "", "a run of this id is here already"
    theirs = _digest({file.name: file.sha256 for file in run.files})
    if (yield from _results_here(store, run.id)) == theirs:
        return "", "it is here already, with the same results"
    # The same each time, so that a second import finds it.
    other = hashlib.sha256(f"{run.id} {theirs}".encode()).hexdigest()[:8]
    return ("", f"it is here already, as run {other}") if _is_listed(store, other) else (other, "")


def _is_listed(store: RunStore, run_id: str) -> bool:
    """Whether the run is here, as far as the list knows.

    Raises:
        UserError: only its folder is, as a process leaves it that is killed before the run is listed.
    """
    if run_id in store.ids():
        return True
    folder = store.folder(run_id)
    if not os.path.lexists(folder):
        return False
    remedy = "move it away"
    if is_whole(RunFolder(folder)):
        remedy = "'resnet-workbench doctor --repair' lists it"
    raise UserError(
        f"the folder of run {run_id} is in {shown(store.home.runs)}, but the list does not name it; {remedy}. "
        "Nothing was imported"
    )


def _results_here(store: RunStore, run_id: str) -> Generator[Progress, None, str]:
    folder, files = store.folder(run_id), dict[str, str]()
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    for done, path in enumerate(paths):
        yield Progress(f"Comparing with run {run_id}", done, len(paths), "parts")
        with suppress(OSError), path.open("rb") as file:
            files[path.relative_to(folder).as_posix()] = hashlib.file_digest(file, "sha256").hexdigest()
    return _digest(files)


def _digest(files: Mapping[str, str]) -> str:
    """Of a run's results: of all its files but those that change without it."""
    lines = sorted(f"{digest} {name}" for name, digest in files.items() if name not in _CHANGEABLE)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _refuse_without_room(home: Home, chosen: Sequence[Incoming]) -> None:
    needed = sum(run.archived.size_bytes + run.archived.history.size_bytes for run in chosen)
    free = shutil.disk_usage(home.runs).free
    if needed > free:
        raise UserError(
            f"the runs need {memory(needed, ' ')}, but {shown(home.runs)} has room for {memory(free, ' ')}; "
            "free some space or choose another --home"
        )


def _settle(store: RunStore, chosen: Sequence[Incoming], shop: Home) -> dict[str, int]:
    """Put the folders in their places and the runs into the list; returns their numbers."""
    settled = list[Path]()
    try:
        for run in chosen:
            target = store.folder(run.id)
            if os.path.lexists(target):
                raise UserError(f"the folder of run {run.id} has come to {shown(store.home.runs)} meanwhile")
            os.rename(shop.runs / run.id, target)
            settled.append(target)
        sync_folder(store.home.runs)
        # Numbers follow the order of the runs' beginnings, as if they had been trained here.
        by_start = sorted(chosen, key=lambda run: (run.history.row["created_utc"], run.archived.id))
        return store.insert({run.id: run.history for run in by_start})
    except BaseException:
        for folder in settled:
            shutil.rmtree(folder, ignore_errors=True)
        raise
