"""Tar files that must be whole: Python's own reader takes one cut between two members for a shorter one."""

import gzip
import io
import lzma
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

_END = bytes(2 * tarfile.BLOCKSIZE)
_GZIP_MAGIC, _XZ_MAGIC = b"\x1f\x8b", b"\xfd7zXZ\x00"


@contextmanager
def opened_tar(path: Path) -> Iterator[tarfile.TarFile]:
    """Open a .tar, .tar.gz or .tar.xz as a stream; its members must be read in order.

    Raises:
        tarfile.ReadError, EOFError, lzma.LZMAError: it is damaged, or ends before its end mark.
    """
    with path.open("rb") as raw:
        magic = raw.read(len(_XZ_MAGIC))
        raw.seek(0)
        with _Tail(_decompressed(raw, magic)) as content, tarfile.open(fileobj=content, mode="r|") as stream:
            yield stream
            while content.read(1 << 16):
                pass
            if not content.tail.endswith(_END):
                raise tarfile.ReadError("the archive ends before its end mark")


def _decompressed(raw: IO[bytes], magic: bytes) -> IO[bytes]:
    # Unlike tarfile's own streams, these raise EOFError when the compressed data are cut.
    if magic.startswith(_GZIP_MAGIC):
        return cast(IO[bytes], gzip.GzipFile(fileobj=raw))
    if magic.startswith(_XZ_MAGIC):
        return cast(IO[bytes], lzma.LZMAFile(raw))
    return raw


class _Tail(io.RawIOBase):
    """Passes reads on and remembers the last bytes."""

    def __init__(self, source: IO[bytes]) -> None:
        super().__init__()
        self._source = source
        self.tail = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        content = self._source.read(size)
        self.tail = (self.tail + content)[-len(_END) :]
        return content
