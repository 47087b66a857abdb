"""Who is training a run: a lock on a file in its folder, which the system frees when the process ends."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.core.errors import UserError

if TYPE_CHECKING:
    from filelock import BaseFileLock

_log = logging.getLogger(__name__)

# What filelock raises on file systems without locks, such as some network ones, and on those that are read-only.
_NO_LOCKS = (OSError, NotImplementedError)
# Another process may hold it for an instant, to ask whether the run is still trained.
_PATIENCE_S = 2.0


class RunLock:
    """Held by the process that trains a run. A second one, of this process too, cannot have it."""

    def __init__(self, folder: Path, name: str = "lock") -> None:
        # 45 ms that only a run, or the question for one, needs.
        from filelock import FileLock

        self._folder = folder
        self._lock: BaseFileLock = FileLock(folder / name)

    def acquire(self, patience_s: float = _PATIENCE_S) -> None:
        """Take the lock, waiting so long for it.

        Raises:
            UserError: another process has it.
        """
        from filelock import Timeout

        try:
            self._lock.acquire(timeout=patience_s)
        except Timeout:
            sentence = f"run {self._folder.name} is being trained by another process; stop it there first"
            raise UserError(sentence) from None
        except _NO_LOCKS as error:
            # A run is worth more than its guard.
            _log.warning("run %s is not guarded against a second process: %s", self._folder.name, error)

    def release(self) -> None:
        self._lock.release()

    def is_free(self) -> bool:
        """Whether no process has it, as far as this machine can tell."""
        is_free = self.try_acquire()
        if is_free:
            self._lock.release()
        return is_free

    def try_acquire(self) -> bool:
        """Take the lock unless a process has it, or nobody could tell."""
        from filelock import Timeout

        try:
            self._lock.acquire(timeout=0)
        except (Timeout, *_NO_LOCKS):
            return False
        return True
