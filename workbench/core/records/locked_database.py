"""The last committed state of a database that another process holds for long, to be read meanwhile.

The file and its journal, copied and opened as a second database, are what they were before the transaction that
goes on: SQLite rolls the copy back as it would after a crash. So nothing of the list is a day old, as in a checked
copy, and nothing half written is read, as with `immutable=1` alone. The copy counts only if nothing was written
meanwhile and SQLite's check finds it whole.
"""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

from workbench.core.errors import UserError
from workbench.core.records.database import Database

_TRIES = 3


@contextmanager
def committed_state(path: Path) -> Iterator[Path | None]:
    """A database that can be read, and is gone at the end.

    None if its holder writes too busily to copy it, or there is no room for a copy.
    """
    with ExitStack() as stack:
        state = None
        with suppress(OSError):
            folder = tempfile.TemporaryDirectory(prefix="workbench-", ignore_cleanup_errors=True)
            copy = Path(stack.enter_context(folder)) / path.name
            state = copy if any(_copied(path, copy) for _ in range(_TRIES)) else None
        yield state


def _copied(path: Path, copy: Path) -> bool:
    """Whether it could be copied whole."""
    journal, its_copy = (each.with_name(f"{each.name}-journal") for each in (path, copy))
    copy.unlink(missing_ok=True)
    its_copy.unlink(missing_ok=True)
    try:
        before = _state(path, journal)
        # Through SQLite, though it takes no lock: closing a file that was opened beside it would give up the locks
        # that this process may hold on it (sqlite.org/howtocorrupt.html, 2.2). The journal is never locked.
        unlocked = f"{path.as_uri()}?mode=ro&immutable=1"
        with closing(sqlite3.connect(unlocked, uri=True)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
        if journal.exists():
            its_copy.write_bytes(journal.read_bytes())
        if _state(path, journal) != before:
            return False
        with closing(Database(copy)) as database:
            return not database.problem(in_depth=False)
    except (sqlite3.Error, OSError, UserError):
        return False


def _state(path: Path, journal: Path) -> tuple[object, ...]:
    found = path.stat()
    its = journal.stat() if journal.exists() else None
    return found.st_size, found.st_mtime_ns, its and (its.st_size, its.st_mtime_ns)
