"""Reading only what is a file, and writing so that a crash leaves the old or the new one, never half of it."""

import errno
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from workbench.core.errors import UserError, reason, shown


def _umask() -> int:
    # Can only be read by setting it; never to one that would let others in meanwhile.
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


# Read before there are threads, which would create files under the wrong one.
_UMASK = _umask()

_ODD_KINDS: tuple[tuple[Callable[[int], bool], str], ...] = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def require_file(path: Path) -> None:
    """Look before opening: a pipe would be waited for, and a device such as /dev/zero read, for ever.

    Raises:
        OSError: it is not there, cannot be read, or is no file; `strerror` says which.
    """
    try:
        mode = path.stat().st_mode
    # A NUL in the name.
    except ValueError as error:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path) from error
    kind = next((kind for is_kind, kind in _ODD_KINDS if is_kind(mode)), None)
    if kind is not None:
        raise OSError(errno.EINVAL, f"it is {kind}, not a file", path)
    if not os.access(path, os.R_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)


def require_writable(path: Path) -> None:
    """Look before long work whether its result can be written; the disk may still be full then.

    Raises:
        UserError: it is a folder, or there are no rights, or a file stands where a folder is to be made.
    """
    why = ""
    try:
        folder = next((each for each in path.absolute().parents if each.exists()), None)
        if folder is None:
            # Of Windows.
            why = "there is no such drive"
        elif path.is_dir():
            why = "it is a folder"
        elif not folder.is_dir():
            why = f"{shown(folder)} is no folder"
        elif not os.access(folder, os.W_OK):
            why = f"there is no right to write in {shown(folder)}"
    # A name too long.
    except OSError as error:
        why = reason(error)
    if why:
        raise UserError(f"cannot write {shown(path)}: {why}")


def read_text(path: Path) -> str:
    """A text file in UTF-8.

    Raises:
        OSError: as `require_file`.
        UnicodeDecodeError: it is no text.
    """
    require_file(path)
    return path.read_text(encoding="utf-8")


@contextmanager
def open_atomically(path: Path) -> Iterator[BinaryIO]:
    """A temporary file beside `path` to write into; at the end it is flushed to disk and put in place.

    Left by an exception, also that of a generator which is closed, it is removed.

    Raises:
        UserError: the file cannot be written, for example because the disk is full.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            dir=path.parent, prefix=f".{path.name}.", suffix=".tmp", delete=False
        ) as file:
            temporary = Path(file.name)
            yield file  # type: ignore[misc]  # the wrapper has every method of BinaryIO
            file.flush()
            os.fsync(file.fileno())
        _give_usual_rights(temporary, path)
        os.replace(temporary, path)
        sync_folder(path.parent)
    # torch.save reports a full disk as RuntimeError, not OSError.
    except (OSError, RuntimeError) as error:
        raise UserError(
            f"cannot write {shown(path)}: {reason(error)}; free some space or choose another folder"
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def write_atomically(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Call `write(file)` on a temporary file beside `path`, flush it to disk, and put it in place.

    Raises:
        UserError: as `open_atomically`.
    """
    with open_atomically(path) as file:
        write(file)


def _give_usual_rights(temporary: Path, path: Path) -> None:
    """Those of the file that is replaced, or of any new file: temporary ones are only their owner's."""
    mode = 0o666 & ~_UMASK
    # There is none, or a link that leads nowhere or in a circle, which is replaced like a file.
    with suppress(OSError):
        found = path.stat().st_mode
        if stat.S_ISREG(found):
            mode = stat.S_IMODE(found)
    # File systems that know no rights refuse, each in its own way.
    with suppress(OSError):
        temporary.chmod(mode)


def sync_folder(folder: Path) -> None:
    """Make the renaming itself durable. Windows cannot open folders and needs no such call."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
