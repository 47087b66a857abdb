"""What lies in a folder, .zip or .tar: its files by name, to be looked through or read."""

import lzma
import os
import tarfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from workbench.core.data.image_layout import is_image
from workbench.core.errors import UserError, reason, shown
from workbench.engine.data.tar import members_of, opened_tar

REPORT_EVERY_S = 0.05

# What the standard library raises for cut, damaged or mislabeled archives.
_DAMAGED = (tarfile.TarError, zipfile.BadZipFile, EOFError, lzma.LZMAError, zlib.error, OSError)


@dataclass(frozen=True)
class Entry:
    """A file or folder in a container."""

    name: str
    """From the container's root, with slashes."""
    is_folder: bool
    read: Callable[[], bytes]
    """Of a file, its content; to be called before the next entry is asked for."""


def entries(path: Path, *, in_order: bool) -> Iterator[Entry | None]:
    """Everything in a folder or archive; of what is named like an image of a class, only files.

    None comes every REPORT_EVERY_S, between entries and while a long one is passed over: then there is time to
    say how far it is, or to leave.

    Args:
        in_order: sort what is in a folder, which takes all names at once. Archives have the order that they have.

    Raises:
        OSError, or what the standard library raises for damaged archives; `said_of` makes sentences of it.
    """
    paused_at = time.monotonic()
    for entry in _found(path, in_order):
        if entry is not None:
            yield entry
        if time.monotonic() - paused_at > REPORT_EVERY_S:
            yield None
            paused_at = time.monotonic()


def _found(path: Path, in_order: bool) -> Iterator[Entry | None]:
    if path.is_dir():
        return _of_folder(path, in_order)
    return _of_zip(path) if path.suffix.lower() == ".zip" else _of_tar(path)


def _of_folder(path: Path, in_order: bool) -> Iterator[Entry]:
    for file, is_folder in below(path) if in_order else _walked(path):
        name = file.relative_to(path).as_posix()
        # Links that lead nowhere are no files, nor are pipes.
        if is_folder or not is_image(name) or file.is_file():
            yield Entry(name, is_folder, file.read_bytes)


def _of_zip(path: Path) -> Iterator[Entry]:
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            yield Entry(entry.filename, entry.is_dir(), lambda entry=entry: archive.read(entry))  # type: ignore[misc]


def _of_tar(path: Path) -> Iterator[Entry | None]:
    with opened_tar(path) as stream:
        for member in members_of(stream):
            if member is None:
                yield None
            elif member.isfile() or member.isdir():
                yield Entry(member.name, member.isdir(), lambda member=member: _content(stream, member))  # type: ignore[misc]


def _content(stream: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    opened = stream.extractfile(member)
    return opened.read() if opened else b""


def below(folder: Path) -> list[tuple[Path, bool]]:
    """Everything in it and whether it is a folder, sorted."""
    return sorted(_walked(folder))


def _walked(folder: Path) -> Iterator[tuple[Path, bool]]:
    """Unlike with rglob, a folder that cannot be read is an error, not an empty one."""
    for root, folders, files in os.walk(folder, onerror=_raise):
        yield from ((Path(root, name), True) for name in folders)
        yield from ((Path(root, name), False) for name in files)


def _raise(error: OSError) -> None:
    raise error


@contextmanager
def said_of(path: Path) -> Iterator[None]:
    """What goes wrong while `path` is read becomes a sentence."""
    try:
        yield
    except PermissionError as error:
        raise UserError(f"cannot read {shown(Path(error.filename or path))}: {reason(error)}") from error
    # Of zipfile.
    except UnicodeError as error:
        raise UserError(f"cannot read {shown(path)}: a name in it is marked as UTF-8, but is none") from error
    except _DAMAGED as error:
        # zipfile's words show the bytes of both names, as Python writes them.
        is_named_twice = str(error).startswith("File name in directory")
        words = "a file in it has two different names" if is_named_twice else reason(error)
        raise UserError(f"cannot read {shown(path)}: {words}; the file is damaged or cut short") from error
    # Of zipfile: a password, or (a subclass of it) a compression that Python does not know.
    except RuntimeError as error:
        raise UserError(
            f"cannot read {shown(path)}: {reason(error)}; use a .zip without password, or a .tar"
        ) from error
