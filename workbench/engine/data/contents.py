"""What the files of a source contain, as one digest: it names the decoded copy, wherever the source lies.

All bytes are looked at once; from then on, place, size and time of each file tell that nothing has changed.
"""

import hashlib
import os
import re
from collections.abc import Generator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from workbench.core.data.image_layout import may_be_image
from workbench.core.errors import UserError, shown
from workbench.core.events import Progress
from workbench.core.files import read_text, write_atomically
from workbench.core.home import Home
from workbench.engine.data.containers import LARGEST_FILE, Pacer, below, status_of
from workbench.engine.data.decoding_pool import cores

# Raise it when the same files give other images: copies get other names then.
_READER = 1
_CHUNK = 1 << 20
_AT_ONCE = 64
_DIGEST = re.compile(r"[0-9a-f]{64}")


def digest_of(path: Path, home: Home) -> Generator[Progress, None, str]:
    """SHA-256, in hexadecimal, of a file, or of all images in a folder with their names.

    Raises:
        OSError: something in it cannot be looked up.
    """
    files = _files(path)
    remembered = home.data / "seen" / _stamp(path, files)
    known = _remembered(remembered)
    if known:
        return known
    total = sum(size for _, _, size, _ in files)
    digest, done = hashlib.sha256(f"reader {_READER}".encode()), 0
    activity, is_whole = f"Looking at {shown(path.name)}", True
    if not path.is_dir():
        files, content = [], (yield from _digest_of_archive(path, total))
        digest.update(f"|{content}\n".encode())
    with ThreadPoolExecutor(min(cores(), 4)) as threads:
        for start in range(0, len(files), _AT_ONCE):
            some = files[start : start + _AT_ONCE]
            for (name, _, size, _), content in zip(some, threads.map(_digest_of_file, some), strict=True):
                digest.update(os.fsencode(f"{name}|{content or 'unreadable'}\n"))
                is_whole &= bool(content)
                done += size
            yield Progress(activity, done, total, "bytes")
    found = digest.hexdigest()
    if not is_whole:
        # What could not be read may be readable the next time, which changes neither its time nor its size.
        return found
    try:
        write_atomically(remembered, lambda file: file.write(found.encode()))
    except UserError:
        # Then all is looked at again the next time; the copy itself says better why it cannot be written.
        return found
    return found


_File = tuple[str, Path, int, int]
"""Name in the source, place, size, time."""


def _files(path: Path) -> list[_File]:
    if not path.is_dir():
        status = path.stat()
        return [("", path, status.st_size, status.st_mtime_ns)]
    return list(_images_below(path, (file for file, is_folder in below(path) if not is_folder)))


def _images_below(folder: Path, files: Iterable[Path]) -> Iterable[_File]:
    for file in files:
        name = file.relative_to(folder).as_posix()
        # Links that lead nowhere are no files, nor are pipes.
        if may_be_image(name) and (status := status_of(file)) is not None:
            yield name, file, status.st_size, status.st_mtime_ns


def _stamp(path: Path, files: Sequence[_File]) -> str:
    digest = hashlib.sha256(os.fsencode(f"reader {_READER}|{path}"))
    for name, _, size, time_ns in files:
        digest.update(os.fsencode(f"{name}|{size}|{time_ns}\n"))
    return digest.hexdigest()[:32]


def _remembered(path: Path) -> str:
    try:
        text = read_text(path)
    except (OSError, ValueError):
        return ""
    return text if _DIGEST.fullmatch(text) else ""


def _digest_of_archive(path: Path, size: int) -> Generator[Progress, None, str]:
    """Between pieces, as one may have many gigabytes."""
    digest, pacer = hashlib.sha256(), Pacer()
    with path.open("rb") as opened:
        while chunk := opened.read(_CHUNK):
            digest.update(chunk)
            if pacer.is_due():
                yield Progress(f"Looking at {shown(path.name)}", opened.tell(), size, "bytes")
    return digest.hexdigest()


def _digest_of_file(file: _File) -> str:
    """Empty where it cannot be read: it will be listed as such."""
    if file[2] > LARGEST_FILE:
        # It is left out, whatever it contains.
        return "too large"
    digest = hashlib.sha256()
    try:
        with file[1].open("rb") as opened:
            while chunk := opened.read(_CHUNK):
                digest.update(chunk)
    except OSError:
        return ""
    return digest.hexdigest()
