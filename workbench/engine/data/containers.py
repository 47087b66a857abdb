"""What lies in a folder, .zip or .tar: its files by name, to be looked through or read.

An archive is judged by its heads before it is unpacked, and while it is: a few kilobytes can claim to be anything.
"""

import errno
import lzma
import os
import stat
import tarfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from workbench.core.data.image_layout import may_be_image
from workbench.core.errors import UserError, reason, shown
from workbench.core.formats import count, memory
from workbench.engine.data.bombs import MOST_FILES, require_no_bomb, require_sane_zip, require_within
from workbench.engine.data.tar import members_of, opened_tar

REPORT_EVERY_S = 0.05
LARGEST_FILE = 128 << 20
"""Of one image as it is packed in its own format: a file that is larger is none that is looked at."""
_SMALL_FILE = 16 << 20
# Of bz2, this much is unpacked to 90 MB at most.
_ZIP_PIECE = 4096

# What the standard library raises for cut, damaged or mislabeled archives.
_DAMAGED = (tarfile.TarError, zipfile.BadZipFile, EOFError, lzma.LZMAError, zlib.error, OSError)


@dataclass(frozen=True)
class Entry:
    """A file or folder in a container."""

    name: str
    """From the container's root, with slashes."""
    is_folder: bool
    size: int
    """Of a file, in bytes, as its head says."""
    content: Callable[[], bytes]
    file: Path | None = None
    """Of a folder's file, where it lies."""

    @property
    def is_small(self) -> bool:
        """Whether it may be read by any process, several at a time."""
        return self.size <= _SMALL_FILE

    def read(self) -> bytes:
        """Of a file, its content; to be called before the next entry is asked for.

        Raises:
            Unusable: it is damaged, or larger than any image.
        """
        if self.size > LARGEST_FILE:
            raise Unusable(f"it has {memory(self.size)}; an image file may have at most {memory(LARGEST_FILE)}")
        try:
            return self.content()
        except OSError as error:
            if self.file is None:
                raise
            raise Unusable(reason(error)) from error


class Unusable(ValueError):
    """Of one file in a container; the others may be whole."""


class Pacer:
    """Says when it is time to say how far long work is."""

    def __init__(self) -> None:
        self._paused_at = time.monotonic()

    def is_due(self) -> bool:
        """Whether REPORT_EVERY_S have passed since it was the last time."""
        now = time.monotonic()
        if now - self._paused_at <= REPORT_EVERY_S:
            return False
        self._paused_at = now
        return True


def entries(path: Path, *, in_order: bool) -> Iterator[Entry | None]:
    """Everything in a folder or archive; of what is named like an image of a class, only files.

    None comes every REPORT_EVERY_S, between entries and while a long one is passed over: then there is time to
    say how far it is, or to leave.

    Args:
        in_order: sort what is in a folder, which takes all names at once. Archives have the order that they have.

    Raises:
        OSError, or what the standard library raises for damaged archives; `said_of` makes sentences of it.
    """
    pacer, files = Pacer(), 0
    for entry in _found(path, in_order):
        if entry is not None:
            files += 1
            require_within(entry.name, path)
            yield _plainly_named(entry)
        if files > MOST_FILES:
            raise _too_many(path)
        if pacer.is_due():
            yield None


def _plainly_named(entry: Entry) -> Entry:
    """As a folder would name it, so that `./a//1.png` is not another image than `a/1.png`."""
    if "//" not in entry.name and not entry.name.startswith("./") and "/./" not in entry.name:
        return entry
    return replace(entry, name="/".join(part for part in entry.name.split("/") if part not in ("", ".")))


def _found(path: Path, in_order: bool) -> Iterator[Entry | None]:
    if path.is_dir():
        return _of_folder(path, in_order)
    return _of_zip(path) if path.suffix.lower() == ".zip" else _of_tar(path)


def _of_folder(path: Path, in_order: bool) -> Iterator[Entry]:
    for file, is_folder in below(path) if in_order else _walked(path):
        name = file.relative_to(path).as_posix()
        # Links that lead nowhere are no files, nor are pipes.
        if is_folder:
            yield Entry(name, True, 0, bytes)
        elif not may_be_image(name):
            yield Entry(name, False, 0, file.read_bytes, file)
        elif (status := status_of(file)) is not None:
            yield Entry(name, False, status.st_size, file.read_bytes, file)


def _of_zip(path: Path) -> Iterator[Entry]:
    require_sane_zip(path)
    with zipfile.ZipFile(path) as archive:
        # Some programs for Windows write its separators.
        members = [(each.filename.replace("\\", "/"), each) for each in archive.infolist()]
        require_no_bomb(path, sum(each.file_size for name, each in members if may_be_image(name)))
        for name, entry in members:
            yield Entry(
                name, entry.is_dir() or name.endswith("/"), entry.file_size,
                lambda entry=entry: _unpacked(archive, entry),  # type: ignore[misc]
            )  # fmt: skip


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """In pieces: at once, gigabytes would be unpacked before they are cut to the size that its head says.

    Raises:
        Unusable: it is damaged.
    """
    try:
        with archive.open(member) as opened:
            return b"".join(iter(partial(opened.read, _ZIP_PIECE), b""))
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError) as error:
        raise Unusable(reason(error)) from error
    except OSError as error:
        # Of bz2: the file system's have a number.
        if error.errno is not None:
            raise
        raise Unusable(reason(error)) from error


def _of_tar(path: Path) -> Iterator[Entry | None]:
    with opened_tar(path) as stream:
        for member in members_of(stream):
            if member is None:
                yield None
            elif member.isfile() or member.isdir():
                yield Entry(
                    member.name, member.isdir(), member.size,
                    lambda member=member: _content(stream, member),  # type: ignore[misc]
                )  # fmt: skip


def _content(stream: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    opened = stream.extractfile(member)
    return opened.read() if opened else b""


def status_of(file: Path) -> os.stat_result | None:
    """None unless it is a file: it may have gone since its folder was looked at."""
    try:
        status = file.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        if error.errno == errno.ELOOP:
            return None
        raise
    return status if stat.S_ISREG(status.st_mode) else None


def below(folder: Path) -> list[tuple[Path, bool]]:
    """Everything in it and whether it is a folder, sorted."""
    return sorted(_walked(folder))


def _walked(folder: Path) -> Iterator[tuple[Path, bool]]:
    """Unlike with rglob, a folder that cannot be read is an error, not an empty one."""
    # Folders that are links are gone into, as data are often laid out by them, unless they lead to one above.
    above: dict[str, frozenset[tuple[int, int]]] = {}
    found = 0
    for root, folders, files in os.walk(folder, onerror=_raise, followlinks=True):
        status = os.stat(root)
        own = (status.st_dev, status.st_ino)
        ancestors = above.pop(root, frozenset())
        if own in ancestors:
            folders.clear()
            continue
        for name in folders:
            above[os.path.join(root, name)] = ancestors | {own}
        found += len(folders) + len(files)
        if found > MOST_FILES:
            raise _too_many(folder)
        yield from ((Path(root, name), True) for name in folders)
        yield from ((Path(root, name), False) for name in files)


def _too_many(path: Path) -> UserError:
    return UserError(f"{shown(path)} has more than {count(MOST_FILES)} files; give one of fewer")


def _raise(error: OSError) -> None:
    raise error


@contextmanager
def said_of(path: Path) -> Iterator[None]:
    """What goes wrong while `path` is read becomes a sentence."""
    try:
        yield
    except PermissionError as error:
        raise UserError(f"cannot read {shown(Path(error.filename or path))}: {reason(error)}") from error
    except FileNotFoundError as error:
        gone = shown(Path(error.filename or path))
        raise UserError(f"cannot read {gone}: it was there a moment ago and is gone; try again") from error
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
        # Its words show the bytes of the name, as Python writes them.
        words = "a file in it needs a password" if "password" in str(error) else reason(error)
        raise UserError(f"cannot read {shown(path)}: {words}; use a .zip without password, or a .tar") from error
