"""What only one process does at a time, and the others wait for, so that they can be told and left."""

import time
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.core.events import Progress

if TYPE_CHECKING:
    from filelock import BaseFileLock

# What filelock raises on file systems without locks, such as some network ones, and on those that are read-only.
_NO_LOCKS = (OSError, NotImplementedError)


def lock_at(path: Path) -> "BaseFileLock":
    # 45 ms that only long work needs.
    from filelock import FileLock

    # A generator may be closed by another thread than the one that ran it.
    return FileLock(path, thread_local=False)


def acquired(lock: "BaseFileLock", activity: str, beat_s: float) -> Generator[Progress, None, bool]:
    """Wait until no other process has the lock, saying `activity` every `beat_s`.

    Returns:
        False where the file system has no locks: others may do the same at the same time.
    """
    from filelock import Timeout

    while True:
        try:
            Path(lock.lock_file).parent.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=0)
            return True
        except Timeout:
            yield Progress(activity, 0, 0)
            time.sleep(beat_s)
        except _NO_LOCKS:
            return False
