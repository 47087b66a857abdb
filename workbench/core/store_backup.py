"""Checked copies of the run database beside it: one a day at most, the last two."""

import contextlib
import logging
import os
import re
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path

from workbench.core.database import Database
from workbench.core.errors import UserError, reason
from workbench.core.files import sync_folder
from workbench.core.home import Home
from workbench.core.run_reader import RunReader

_log = logging.getLogger(__name__)

_KEPT = 2
_NAME = re.compile(r"workbench-(\d{4}-\d\d-\d\d)\.copy\.db")


def copies(home: Home) -> list[Path]:
    """Newest first."""
    with contextlib.suppress(OSError):
        return [home.root / name for name in sorted(filter(_NAME.fullmatch, os.listdir(home.root)), reverse=True)]
    return []


def day_of(copy: Path) -> str:
    """`2026-11-28`, in UTC."""
    match = _NAME.fullmatch(copy.name)
    return match[1] if match else ""


def keep_copy(home: Home, today: date | None = None) -> Path | None:
    """Copy the database, unless there is a copy of this day or a later one; a failure is only logged.

    A copy counts once SQLite's check finds it whole and every run in it can be read: a damaged database never
    takes the place of a good copy.

    Returns:
        The new copy, if there is one.
    """
    day = (today or datetime.now(UTC).date()).isoformat()
    existing = copies(home)
    if existing and day_of(existing[0]) >= day:
        return None
    target = home.root / f"workbench-{day}.copy.db"
    try:
        with tempfile.TemporaryDirectory(prefix=".workbench-copy-", suffix=".tmp", dir=home.root) as folder:
            unchecked = Path(folder) / "copy.db"
            with contextlib.closing(RunReader(home, Database(home.database, read_only=True))) as reader:
                if not reader.ids():
                    return None
                reader.copy_to(unchecked)
            problem = problem_of(home, unchecked)
            if problem:
                _log.warning("no copy of the run database is kept: %s", problem)
                return None
            with unchecked.open("rb+") as file:
                os.fsync(file.fileno())
            os.replace(unchecked, target)
            sync_folder(home.root)
    except (UserError, OSError) as error:
        _log.warning("no copy of the run database is kept: %s", reason(error))
        return None
    for old in copies(home)[_KEPT:]:
        with contextlib.suppress(OSError):
            old.unlink()
    return target


def problem_of(home: Home, path: Path) -> str:
    """What is wrong with a database, after looking at every page and every run; empty if nothing is."""
    try:
        with contextlib.closing(RunReader(home, Database(path, read_only=True))) as reader:
            return reader.problem()
    except UserError as error:
        return str(error)
