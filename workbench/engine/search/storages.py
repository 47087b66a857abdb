"""Optuna's storages, opened so that several processes can work on one study."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING, Any

from workbench.core.errors import UserError, reason, shown
from workbench.core.search.storage_place import ALLOWED, journal_path, sqlite_path

if TYPE_CHECKING:
    from optuna.storages import BaseStorage

# A process that writes holds the file for milliseconds.
_PATIENCE_S = 60


def load_optuna() -> ModuleType:
    """
    Raises:
        UserError: it is not installed; says how to.
    """
    try:
        import optuna
    except ImportError as error:
        raise UserError(
            f"searching needs Optuna, which is not installed ({error}); install it with: pip install optuna"
        ) from error
    # What it has to say, the workbench says.
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna


@contextmanager
def opened(url: str, *, is_new: bool = False) -> Iterator["BaseStorage"]:
    """The storage at `url` (`core.search.storage_place`), until the end of the block.

    Args:
        is_new: it may be made.

    Raises:
        UserError: it is not there, or cannot be used; also from within the block.
    """
    load_optuna()
    with storage_errors(url) as where:
        path = journal_path(url) or sqlite_path(url)
        if path is not None and not path.exists() and not is_new:
            raise UserError(f"there are no studies in {shown(path)}; 'resnet-workbench search start' begins one")
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        try:
            storage = _journal(str(path)) if journal_path(url) is not None else _database(url)
        # What Optuna raises of lines and tables that are not its own, or of another version's.
        except (KeyError, ValueError, TypeError, RuntimeError, AssertionError) as error:
            raise UserError(f"the studies in {where} cannot be used: they are damaged, or of another version of "
                            "Optuna") from error  # fmt: skip
        try:
            yield storage
        finally:
            if journal_path(url) is None:
                storage.remove_session()
                storage.engine.dispose()


def _journal(path: str) -> Any:
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

    # Links need a privilege on Windows; elsewhere they work on older network drives too.
    lock = JournalFileOpenLock(path) if sys.platform == "win32" else None
    return JournalStorage(JournalFileBackend(path, lock))


def _database(url: str) -> Any:
    from optuna.storages import RDBStorage

    if sqlite_path(url) is None:
        return RDBStorage(url)
    storage = RDBStorage(url, engine_kwargs={"connect_args": {"timeout": _PATIENCE_S}})
    _begin_at_once(storage.engine)
    return storage


def _begin_at_once(engine: Any) -> None:
    """Have SQLite lock before it reads: by itself it does so with the first write, and two processes that read the
    same waiting trial, or the same count of trials, before that would both take it.
    """
    from sqlalchemy import event

    @event.listens_for(engine, "connect")
    def _leave_transactions_to_us(connection: Any, _record: Any) -> None:
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    # Connections that were made before know nothing of it.
    engine.dispose()


@contextmanager
def storage_errors(url: str) -> Iterator[str]:
    """What goes wrong in a storage, as a sentence. Gives the place as sentences name it."""
    from optuna.exceptions import StorageInternalError
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

    place = journal_path(url) or sqlite_path(url)
    where = shown(place) if place is not None else _without_password(url)
    try:
        yield where
    except (ArgumentError, NoSuchModuleError) as error:
        raise UserError(f"--storage is '{where}'; it must be {ALLOWED}") from error
    except ImportError as error:
        cause = error.__cause__ or error
        scheme = url.partition("://")[0].partition("+")[0]
        hint = f"pip install it, or name another driver as {scheme}+DRIVER://…"
        raise UserError(f"the driver of the database {where} is not installed: {cause}; {hint}") from error
    except (StorageInternalError, SQLAlchemyError) as error:
        raise UserError(f"the studies in {where} cannot be used: {_cause(error)}") from error
    except OSError as error:
        raise UserError(f"the studies in {where} cannot be used: {reason(error)}") from error


def _cause(error: Exception) -> str:
    """What the database said, in its first line, without the statement."""
    inner = error.__cause__ or error
    original = getattr(inner, "orig", None) or inner
    return reason(Exception(str(original)))


def _without_password(url: str) -> str:
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return shown(make_url(url).render_as_string(hide_password=True))
    except (ArgumentError, ValueError):
        return shown(url.partition("@")[2] or url)
