"""Checked copies of the run database beside it: one a day at most, the last two."""

import contextlib
import logging
import os
import re
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from workbench.core.errors import DamagedDatabase, UserError, reason
from workbench.core.files import sync_folder
from workbench.core.home import Home
from workbench.core.records.database import Database
from workbench.core.records.run_reader import RunReader

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


def keep_copy(home: Home, today: date | None = None, every_days: int = 1) -> Path | None:
    """Copy the database, unless there is a copy already that is young enough; a failure is only logged.

    A copy counts once SQLite's check finds it whole and every run in it can be read: a damaged database never
    takes the place of a good copy. For a million steps it takes 1.3 s on two busy cores.

    Returns:
        The new copy, if there is one.
    """
    today = today or datetime.now(UTC).date()
    existing = copies(home)
    if existing and day_of(existing[0]) > (today - timedelta(days=every_days)).isoformat():
        return None
    day = today.isoformat()
    target = home.root / f"workbench-{day}.copy.db"
    try:
        with tempfile.TemporaryDirectory(prefix=".workbench-copy-", suffix=".tmp", dir=home.root) as folder:
            unchecked = Path(folder) / "copy.db"
            with contextlib.closing(RunReader(home, Database(home.database, read_only=True))) as reader:
                if not reader.ids():
                    return None
                reader.copy_to(unchecked)
            problem = problem_of(home, unchecked, in_depth=False)
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


def problem_of(home: Home, path: Path, *, in_depth: bool = True) -> str:
    """What is wrong with a database, after looking at every page and every run; empty if nothing is.

    Args:
        in_depth: at every step and every index too, which takes three times as long.
    """
    try:
        with contextlib.closing(RunReader(home, Database(path, read_only=True))) as reader:
            return reader.problem(in_depth)
    except DamagedDatabase as error:
        return error.what
    except UserError as error:
        return str(error)
