"""What is no archive of images: one that leads elsewhere, or that a few bytes of claim to be gigabytes.

It is told from heads alone, before anything in it costs time or memory.
"""

import os
import struct
from pathlib import Path, PureWindowsPath

from workbench.core.errors import UserError, shown
from workbench.core.formats import count, memory

MOST_FILES = 500_000
# Images are compressed already: what is packed a hundred times smaller is mostly zeros, such as drawings as BMP.
_MOST_RATIO = 200
_NO_MATTER = 256 << 20

# Zip's end of its table of contents (APPNOTE.TXT, 4.3.14 to 4.3.16), which may be followed by a comment.
_END, _LOCATOR64, _END64 = b"PK\x05\x06", b"PK\x06\x07", b"PK\x06\x06"
_END_SIZE, _LOCATOR64_SIZE, _END64_SIZE, _LONGEST_COMMENT = 22, 20, 56, 1 << 16
# Bytes of the table for one file: 46 and its name; Python keeps some 600 of each, and counts by the table's size.
_BYTES_A_FILE = 120


def require_within(name: str, origin: Path) -> None:
    """
    Raises:
        UserError: a name in an archive leads out of it.
    """
    # Looked at closer only where it is odd: there are many names.
    is_odd = ".." in name or name[:1] in ("/", "\\") or name[1:2] == ":"
    if is_odd and (name[:1] in ("/", "\\") or ".." in name.replace("\\", "/").split("/") or _has_drive(name)):
        raise UserError(f"the entry {shown(name)} in {shown(origin)} leads out of it; such an archive is not read")


def _has_drive(name: str) -> bool:
    return name[1:2] == ":" and bool(PureWindowsPath(name).root)


def require_no_bomb(path: Path, unpacked: int) -> None:
    """
    Args:
        unpacked: bytes that have come out of the archive so far, or that it says will.

    Raises:
        UserError: no images are packed so tightly.
    """
    if unpacked > _NO_MATTER and unpacked > _MOST_RATIO * path.stat().st_size:
        raise UserError(
            f"{shown(path)} has {memory(path.stat().st_size)}, but more than {memory(_NO_MATTER)} come out of it, "
            f"over {_MOST_RATIO} times as much; that is no archive of images"
        )


def require_sane_zip(path: Path) -> None:
    """Look at the size of a zip's table of contents, which Python reads at once.

    Raises:
        UserError: it is that of more files than are read.
    """
    files, size = _table_of(path)
    if files > MOST_FILES or size > MOST_FILES * _BYTES_A_FILE:
        said = f"has {count(files)} files" if files > MOST_FILES else f"has a table of contents of {memory(size)}"
        raise UserError(f"{shown(path)} {said}; give an archive of at most {count(MOST_FILES)} files")


def _table_of(path: Path) -> tuple[int, int]:
    """How many files a zip says that it has, and the bytes of their table; zeros where it is no zip, which Python
    will say."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _LONGEST_COMMENT - _END_SIZE - _LOCATOR64_SIZE - _END64_SIZE))
        end = file.read()
        found = end.rfind(_END)
        if found < 0 or len(end) - found < _END_SIZE:
            return 0, 0
        files, table = struct.unpack_from("<HL", end, found + 10)
        locator = found - _LOCATOR64_SIZE
        if locator >= 0 and end[locator : locator + 4] == _LOCATOR64:
            record = end[max(0, locator - _END64_SIZE) : locator]
            if record[:4] == _END64:
                files, table = struct.unpack_from("<QQ", record, 32)
        return files, table
