"""Reading only what is a file, and writing so that a crash leaves the old or the new one, never half of it."""

import errno
import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from workbench.core.errors import UserError, reason, shown

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


def read_text(path: Path) -> str:
    """A text file in UTF-8.

    Raises:
        OSError: as `require_file`.
        UnicodeDecodeError: it is no text.
    """
    require_file(path)
    return path.read_text(encoding="utf-8")


def write_atomically(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Call `write(file)` on a temporary file beside `path`, flush it to disk, and put it in place.

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
            write(file)  # type: ignore[arg-type]  # the wrapper has every method of BinaryIO
            file.flush()
            os.fsync(file.fileno())
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


def sync_folder(folder: Path) -> None:
    """Make the renaming itself durable. Windows cannot open folders and needs no such call."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
