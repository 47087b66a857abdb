"""Where images come from: shipped archives, the official archives, folders, .zip and .tar files.

A decoded copy is kept below `<home>/data` under the digest of what the source contains, so that the next start
only maps it, and what was merely moved or touched is not read again.
"""

import errno
import os
import shutil
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.core.data.copies import copy_name, former_name, same_content
from workbench.core.data.dataset import Dataset
from workbench.core.data.image_layout import is_archive
from workbench.core.data.image_sources import ALLOWED_SOURCES, IMAGE_SOURCES
from workbench.core.errors import LONGEST_PATH, ConfigError, UserError, did_you_mean, reason, shown
from workbench.core.events import Progress
from workbench.core.files import require_file
from workbench.core.home import Home
from workbench.core.resources import resource_path
from workbench.engine.data.containers import said_of
from workbench.engine.data.contents import digest_of
from workbench.engine.data.official import archive_path, copy_digest, fetch_official, read_official
from workbench.engine.data.official_archives import OFFICIALS, Official, official_at
from workbench.engine.data.reading import read_images
from workbench.engine.data.waiting_lock import acquired, lock_at

if TYPE_CHECKING:
    from filelock import BaseFileLock

# Beside a copy that is being written.
_UNFINISHED = ".unfinished-"
_ASK_EVERY_S = 0.1
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG)


def locate(source: str, home: Home) -> Path:
    """The folder or archive that `source` means. The official archive may not be there yet.

    Raises:
        ConfigError: no such source, or one that is neither a file nor a folder.
    """
    if not source:
        # A path of nothing would be the present folder.
        raise _not_a_source(source, "that names nothing")
    known = IMAGE_SOURCES.get(source)
    if known is not None and known.is_shipped:
        path = resource_path(known.resource)
        if not path.exists():
            raise UserError(f"data.source is '{source}', but its archive {path} is missing; install again")
        return path
    if known is not None:
        return archive_path(OFFICIALS[source], home.data)
    try:
        path = Path(source).expanduser()
        if not path.is_dir():
            require_file(path)
            if not is_archive(path) and official_at(path) is None:
                raise _not_a_source(source, "that is no folder, .zip or .tar")
    except FileNotFoundError as error:
        similar = did_you_mean(source, IMAGE_SOURCES)
        raise _not_a_source(source, f"there is no such file{similar}") from error
    # A pipe, no right to read it, a user who is not known, a name too long for a file.
    except (RuntimeError, OSError) as error:
        raise _not_a_source(source, f"that cannot be read: {reason(error)}") from error
    return path.resolve()


def absolute(source: str, home: Home) -> str:
    """`source` as it can be found from any folder: names as they are, paths in full."""
    path = locate(source, home)
    return source if source in IMAGE_SOURCES else str(path)


def read(source: str, image_size: int, home: Home) -> Generator[Progress, None, Path]:
    """Decode `source` unless its decoded copy is there; returns the copy's folder for `Dataset.open`.

    Raises:
        UserError: missing, damaged or wrongly laid out data.
    """
    path = locate(source, home)
    official = OFFICIALS.get(source) or official_at(path)
    if official is not None:
        digest = copy_digest(official)
    else:
        with said_of(path):
            digest = yield from digest_of(path, home)
    found = _former(source, image_size, home) or _copy(home, digest, image_size)
    if found is not None:
        return found
    folder = home.data / copy_name(source if source in IMAGE_SOURCES else path.stem, digest, image_size)
    lock = _lock_of(folder)
    try:
        waiting = f"Waiting for another process that reads {shown(path.name)}"
        is_alone = yield from acquired(lock, waiting, _ASK_EVERY_S)
        # Somebody else may have made it meanwhile.
        found = _copy(home, digest, image_size)
        if found is None:
            make = partial(_official, source, official) if official is not None else partial(_own, home, digest)
            yield from _made(partial(make, path, image_size), folder, is_alone)
    finally:
        lock.release()
    return folder if found is None else found


def _lock_of(folder: Path) -> "BaseFileLock":
    return lock_at(folder.parent / "locks" / f"{folder.name}.lock")


def _copy(home: Home, digest: str, image_size: int) -> Path | None:
    """A whole copy of that content, whatever its source was called."""
    return _first_of(home.data.glob(same_content(digest, image_size)), image_size)


def _first_of(folders: Iterable[Path], image_size: int) -> Path | None:
    for folder in sorted(folders):
        copy = Dataset.open(folder)
        if copy is not None and copy.image_size == image_size:
            return folder
    return None


def _former(source: str, image_size: int, home: Home) -> Path | None:
    """A copy of an official archive of an earlier version: its images may have another order, in which runs on it
    go on.
    """
    if source not in OFFICIALS:
        return None
    return _first_of(home.data.glob(former_name(source)), image_size)


_Making = Callable[[Path], Generator[Progress, None, None]]


def _official(
    source: str, official: Official, path: Path, image_size: int, folder: Path
) -> Generator[Progress, None, None]:
    if source in OFFICIALS:
        path = yield from fetch_official(official, folder.parent)
    dataset = yield from read_official(official, path, image_size)
    dataset.save(folder)


def _own(home: Home, digest: str, path: Path, image_size: int, folder: Path) -> Generator[Progress, None, None]:
    with said_of(path), _said_of_writing(folder):
        yield from read_images(path, image_size, folder)
        if (yield from digest_of(path, home)) != digest:
            raise UserError(f"{shown(path)} has changed while it was read; try again when it is at rest")


def _made(make: _Making, folder: Path, is_alone: bool) -> Generator[Progress, None, None]:
    """Write a copy beside its place, and put it there when it is whole; a canceled one leaves nothing."""
    unfinished = folder.with_name(f"{_UNFINISHED}{folder.name}-{os.getpid()}-{threading.get_ident()}")
    with _said_of_writing(folder):
        for left in folder.parent.glob(f"{_UNFINISHED}{folder.name}-*") if is_alone else ():
            # Whoever was writing it is dead.
            shutil.rmtree(left, ignore_errors=True)
        try:
            unfinished.mkdir(parents=True)
            yield from make(unfinished)
            if not is_alone and Dataset.open(folder) is not None:
                # Somebody else was quicker.
                return
            shutil.rmtree(folder, ignore_errors=True)
            os.replace(unfinished, folder)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)


@contextmanager
def _said_of_writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in _NO_ROOM and not str(error.filename or "").startswith(str(folder.parent)):
            raise
        raise UserError(
            f"cannot write the decoded images {shown(folder)}: {reason(error)}; free some space or choose another "
            "folder with --home"
        ) from error


def _not_a_source(source: str, why: str) -> ConfigError:
    shortened = shown(source, LONGEST_PATH)
    return ConfigError(
        {"data.source": f"data.source is '{shortened}', but {why}; it must be {ALLOWED_SOURCES} of images"}
    )
