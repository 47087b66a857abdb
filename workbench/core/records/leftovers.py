"""What killed processes have left in a home: temporary files, and folders of runs that were never recorded."""

import contextlib
import os
import re
import shutil
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from workbench.core.formats import memory
from workbench.core.home import Home
from workbench.core.records.run_folder import RunFolder, run_folders
from workbench.core.records.run_lock import RunLock
from workbench.core.records.unlisted_runs import is_nobodys

# The names that `write_atomically` gives.
_TEMPORARY = re.compile(r"\..+\.[a-z0-9_]{8}\.tmp")
_TEMPORARY_FOLDER = re.compile(r"\.workbench-(copy|repair|import)-.+\.tmp")
# Longer than the largest checkpoint takes to be written, and than a run to be recorded.
_AGE_S = 300


@dataclass
class Leftovers:
    """What was found and removed."""

    files: int = 0
    size_bytes: int = 0
    folders: int = 0

    @property
    def sentence(self) -> str:
        """Empty if there was nothing."""
        parts = []
        if self.files:
            files = "1 temporary file" if self.files == 1 else f"{self.files} temporary files"
            parts.append(f"{files} ({memory(self.size_bytes, ' ')})")
        if self.folders:
            folders = (
                "the empty folder of a run that was"
                if self.folders == 1
                else (f"the empty folders of {self.folders} runs that were")
            )
            parts.append(f"{folders} never recorded")
        return f"removed what killed processes had left: {' and '.join(parts)}" if parts else ""


def clean_up(home: Home, listed: Collection[str], now: float | None = None) -> Leftovers:
    """Remove what is provably nobody's: some minutes old, of a name of ours, and in no run that is being trained.

    Args:
        listed: ids of all recorded runs, of a list that is whole.
        now: seconds since 1970.
    """
    found, before = Leftovers(), (time.time() if now is None else now) - _AGE_S
    for folder in run_folders(home.runs):
        is_unlisted = folder.run_id not in listed and _newest(folder) < before
        old = [path for path in _temporary(folder) if _time_of(path) < before]
        if not (old or is_unlisted):
            continue
        lock, is_empty = RunLock(folder.path), False
        if not lock.try_acquire():
            continue
        try:
            for path in old:
                _remove(path, found)
            with contextlib.suppress(OSError):
                is_empty = is_unlisted and is_nobodys(folder) and _is_bare(folder)
        finally:
            lock.release()
        if is_empty and _remove_bare(folder):
            found.folders += 1
    for place in (home.root, home.presets, home.runs):
        for path in _entries(place):
            if _TEMPORARY.fullmatch(path.name) and path.is_file() and _time_of(path) < before:
                _remove(path, found)
            elif _TEMPORARY_FOLDER.fullmatch(path.name) and path.is_dir() and _time_of(path) < before:
                _remove_workshop(path)
    return found


def _temporary(folder: RunFolder) -> Iterator[Path]:
    for place in folder.all:
        yield from (path for path in _entries(place) if _TEMPORARY.fullmatch(path.name) and path.is_file())


def _remove_workshop(folder: Path) -> None:
    """Unless somebody still works in it: an import may take longer than its folder is left alone."""
    if not (folder / "lock").exists() or RunLock(folder).is_free():
        shutil.rmtree(folder, ignore_errors=True)


def _newest(folder: RunFolder) -> float:
    """When anything in it last changed, the lock apart, which a mere question touches."""
    paths = [folder.path, *(path for place in folder.all for path in _entries(place) if path.name != "lock")]
    return max(map(_time_of, paths))


def _is_bare(folder: RunFolder) -> bool:
    """Whether nothing is in it but what a run has before it is recorded."""
    known = {folder.config, folder.journal, folder.path / "lock", *folder.all[1:]}
    inside = [path for place in folder.all[1:] for path in _entries(place)]
    return not inside and set(_entries(folder.path)) <= known


def _remove_bare(folder: RunFolder) -> bool:
    with contextlib.suppress(OSError):
        for place in folder.all[1:]:
            if place.exists():
                place.rmdir()
        for path in _entries(folder.path):
            path.unlink()
        folder.path.rmdir()
        return True
    return False


def _remove(path: Path, found: Leftovers) -> None:
    with contextlib.suppress(OSError):
        size = path.stat().st_size
        path.unlink()
        found.files += 1
        found.size_bytes += size


def _time_of(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return time.time()


def _entries(folder: Path) -> list[Path]:
    try:
        return [folder / name for name in os.listdir(folder)]
    except OSError:
        return []
