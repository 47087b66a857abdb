"""One connection to the run database, whose errors are sentences: damage, a lock, a full disk."""

import os
import sqlite3
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from workbench.core.errors import DamagedDatabase, UserError, reason, shown
from workbench.core.files import require_file
from workbench.core.records import earlier_steps, store_schema

# Flipped bits make sqlite3 raise more than its own errors: texts and messages that are no UTF-8, absurd sizes.
_BROKEN = (sqlite3.Error, UnicodeError, MemoryError, OverflowError, SystemError)
# What is no damage of the file: someone else, or the disk.
_SITUATIONS = ("BUSY", "LOCKED", "FULL", "CANTOPEN", "PERM", "READONLY", "INTERRUPT", "AUTH")


class Busy(UserError):
    """Another process holds the database."""


class Database:
    """A connection to a database of runs. Belongs to one thread.

    Args:
        read_only: refuse every change; the file must exist. Otherwise it is made, or brought up to date.
        patience_s: how long another process is waited for.
        any_version: read what it has, whatever version a damaged header says; only with `read_only`.

    Raises:
        DamagedDatabase: it cannot be read.
        Busy: another process holds it.
        UserError: of a newer version, or it cannot be opened.
    """

    def __init__(
        self, path: Path, *, read_only: bool = False, patience_s: float = 30.0, any_version: bool = False
    ) -> None:
        self.path, self._any_version = path, any_version
        self._read_only, self._patience_s = read_only, patience_s
        self._connect()

    def _connect(self) -> None:
        if self._read_only or os.path.lexists(self.path):
            self._require_file()
        for companion in companions(self.path.resolve()):
            if is_odd(companion):
                raise damaged(self.path, f"{companion.name} beside it is no file")
        # Not mode=ro: it cannot undo what a killed writer left (sqlite.org/rescode.html#readonly_rollback).
        mode = "rw" if self._read_only else "rwc"
        with self._in_words("open"):
            self._db = sqlite3.connect(
                f"{self.path.as_uri()}?mode={mode}", uri=True, isolation_level=None, timeout=self._patience_s
            )
        try:
            self._db.row_factory = sqlite3.Row
            # One bad letter must not hide the rows beside it; who reads a row looks for the marks.
            self._db.text_factory = lambda content: content.decode("utf-8", "surrogateescape")
            self._identity = self._present_identity()
            self._configure()
        except BaseException:
            self._db.close()
            raise

    def _require_file(self) -> None:
        try:
            require_file(self.path)
        except FileNotFoundError as error:
            if self.path.is_symlink():
                # Whatever it led to may have had the runs.
                raise damaged(self.path, "it is a link to what is not there") from error
            raise UserError(f"cannot open the run database {shown(self.path)}: it is not there") from error
        except PermissionError as error:
            raise UserError(f"cannot open the run database {shown(self.path)}: {reason(error)}") from error
        except OSError as error:
            raise damaged(self.path, reason(error)) from error

    def _configure(self) -> None:
        # WAL before SQLite 3.51.3 can corrupt when two connections write (sqlite.org/wal.html#walresetbug).
        with self._in_words("open"):
            self._db.execute("PRAGMA query_only=ON" if self._read_only else "PRAGMA journal_mode=TRUNCATE")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute("PRAGMA foreign_keys=ON")
        if not self._any_version:
            self._check_version()

    def _check_version(self) -> None:
        version = self.version()
        if version > store_schema.VERSION:
            raise DamagedDatabase(
                f"the run database {shown(self.path)} has version {version}, written by a newer workbench (this "
                f"one reads up to {store_schema.VERSION}): update it, choose another --home or, if it is only "
                "damaged, repair it"
            )
        has_later = bool(store_schema.later_tables(version) & self.tables())
        # Read again: another process may have brought it up to date in between.
        if version < 0 or (version == 0 and self.tables()) or (has_later and self.version() == version):
            raise damaged(self.path, f"its version is {version}")
        if version < store_schema.VERSION and not self._read_only:
            self._bring_up_to_date()
        if version and (gone := store_schema.TABLES - self.tables()) and version == store_schema.VERSION:
            raise damaged(self.path, f"its table {min(gone)} is missing")

    def _bring_up_to_date(self) -> None:
        with self.transaction():
            # Read again: another process may have done it while this one waited for the lock.
            version = self.version()
            for statement in store_schema.missing(version):
                self.execute(statement)
            if version < store_schema.BLOCKS_SINCE:
                earlier_steps.convert(self)
        free, pages = (self.read(f"PRAGMA {name}")[0][0] for name in ("freelist_count", "page_count"))
        if free > pages // 2:
            # What rows took is given back, if nobody else is at it and there is room for a copy; if not, later
            # runs fill it.
            with suppress(*_BROKEN):
                self._db.execute("VACUUM")

    def wait_for_others(self, patience_s: float) -> None:
        """How long another process is waited for from now on."""
        self.read(f"PRAGMA busy_timeout={round(1000 * patience_s)}")

    def close(self) -> None:
        self._db.close()

    # Reading

    def version(self) -> int:
        """Of the schema; 0 of an empty file."""
        return int(self.read("PRAGMA user_version")[0][0])

    def tables(self) -> set[str]:
        return {str(row[0]) for row in self.read("SELECT name FROM sqlite_master WHERE type='table'")}

    def read(self, query: str, *values: object) -> list[sqlite3.Row]:
        with self._in_words("read"):
            return self._db.execute(query, values).fetchall()

    def each(self, query: str) -> Iterator[sqlite3.Row]:
        """One row after the other, of more than memory should hold."""
        with self._in_words("read"):
            yield from self._db.execute(query)

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Everything read within is of one moment, whatever others write meanwhile: they wait to commit."""
        self.read("BEGIN")
        try:
            yield
        finally:
            self.read("COMMIT")

    def problem(self, in_depth: bool = True) -> str:
        """What SQLite's own check of every page finds, `in_depth` with all indexes; empty if all is well."""
        try:
            found = [str(row[0]) for row in self.read(f"PRAGMA {'integrity' if in_depth else 'quick'}_check(3)")]
            orphans = self.read("PRAGMA foreign_key_check") if in_depth else []
        except DamagedDatabase as error:
            return error.what
        if found != ["ok"]:
            return "; ".join(shown(each, 120) for each in found)
        return "it has figures of runs that it does not know" if orphans else ""

    def copy_to(self, path: Path) -> None:
        """Write all of it, as it is at one moment, into a new file.

        Raises:
            UserError: one of the two cannot be read or written.
        """
        with self._in_words("copy"):
            copy = sqlite3.connect(path)
            try:
                self._db.backup(copy)
            finally:
                copy.close()

    # Writing

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything written within is there, or nothing of it."""
        self._begin()
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            # A busy COMMIT leaves the transaction open, and with it the lock that keeps others from writing.
            if self._db.in_transaction:
                with suppress(*_BROKEN):
                    self._db.execute("ROLLBACK")
            raise

    def hold(self) -> None:
        """Keep others from writing until this connection is closed.

        Raises:
            Busy: another process is writing.
        """
        self.execute("PRAGMA query_only=OFF")
        self.execute("BEGIN IMMEDIATE")

    def _begin(self) -> None:
        self.execute("BEGIN IMMEDIATE")
        if self.is_replaced():
            # Repaired by another process: what is written into the old file would be lost.
            self._db.close()
            self._connect()
            self.execute("BEGIN IMMEDIATE")

    def execute(self, statement: str, values: Iterable[object] = ()) -> None:
        with self._in_words("write"):
            self._db.execute(statement, tuple(values))

    def execute_many(self, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
        with self._in_words("write"):
            self._db.executemany(statement, rows)

    def is_replaced(self) -> bool:
        """Whether another file stands in the place of the one that is open."""
        return self._present_identity() != self._identity

    def _present_identity(self) -> tuple[int, int] | None:
        try:
            found = os.stat(self.path)
        except OSError:
            return None
        return found.st_dev, found.st_ino

    @contextmanager
    def _in_words(self, doing: str) -> Iterator[None]:
        try:
            yield
        except _BROKEN as error:
            raise self._said(error, doing) from error

    def _said(self, error: BaseException, doing: str) -> UserError:
        name = str(getattr(error, "sqlite_errorname", "")).removeprefix("SQLITE_")
        # A damaged header may say that the file is read-only.
        is_writable = os.access(self.path, os.W_OK)
        is_situation = name.startswith(_SITUATIONS) and not (name.startswith("READONLY") and is_writable)
        # Ours is a connection that refuses to write.
        if isinstance(error, sqlite3.ProgrammingError) or is_situation or (self._read_only and doing == "write"):
            sentence = f"cannot {doing} the run database {shown(self.path)}: {reason(error)}"  # type: ignore[arg-type]  # _BROKEN
            return Busy(sentence) if name.startswith(("BUSY", "LOCKED")) else UserError(sentence)
        why = str(error) if isinstance(error, sqlite3.Error) else "what it says is no text or number"
        return damaged(self.path, shown(why, 160))


def companions(path: Path) -> list[Path]:
    """Files that SQLite keeps beside a database, and reads before it."""
    return [path.with_name(f"{path.name}-{kind}") for kind in ("journal", "wal", "shm")]


def is_odd(companion: Path) -> bool:
    """Whether something stands there that SQLite did not make: a pipe it would wait for, for ever."""
    return os.path.lexists(companion) and not stat.S_ISREG(companion.lstat().st_mode)


def damaged(path: Path, why: str) -> DamagedDatabase:
    return DamagedDatabase(f"the run database {shown(path)} is damaged ({why})")
