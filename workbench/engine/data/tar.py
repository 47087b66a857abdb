"""Tar files that must be whole: Python's own reader takes one cut between two members for a shorter one."""

import gzip
import io
import lzma
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Self, cast

from workbench.engine.data.bombs import require_no_bomb

_END = bytes(2 * tarfile.BLOCKSIZE)
# Passed over at once: 3 ms of zeros from gzip, some 20 of photographs from xz.
_PIECE = 1 << 20
# Of what a member is called and other words about it, which Python's reader takes at once.
_LONGEST_WORDS = 1 << 20
_WORDS = (
    tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE,
)  # fmt: skip
_GZIP_MAGIC, _XZ_MAGIC = b"\x1f\x8b", b"\xfd7zXZ\x00"


@contextmanager
def opened_tar(path: Path) -> Iterator[tarfile.TarFile]:
    """Open a .tar, .tar.gz or .tar.xz as a stream; its members must be read in order.

    Raises:
        tarfile.ReadError, EOFError, lzma.LZMAError: it is damaged, or ends before its end mark.
        UserError: far more comes out of it than images are packed.
    """
    with path.open("rb") as raw:
        magic = raw.read(len(_XZ_MAGIC))
        raw.seek(0)
        with (
            _Tail(_decompressed(raw, magic), path) as content,
            _Tar.open(fileobj=content, mode="r|", tarinfo=_Member) as stream,
        ):
            yield stream
            while content.read(1 << 16):
                pass
            if not content.tail.endswith(_END):
                raise tarfile.ReadError("the archive ends before its end mark")


def members_of(stream: tarfile.TarFile) -> Iterator[tarfile.TarInfo | None]:
    """The members in their order, and None after each piece of one, or of what follows the last, is passed over.

    Left to itself, Python's reader skips a member without a pause: 3 GB of zeros in a .tar.gz of 13 MB take 8 s.
    """
    content = stream.fileobj
    if content is None:
        raise ValueError("the archive is closed")
    while (member := stream.next()) is not None:
        # All that have been would be kept, which nothing asks for.
        stream.members.clear()  # type: ignore[attr-defined]
        yield member
        # The last piece is left to the reader, which sees whether it is there.
        while stream.offset - content.tell() > _PIECE:
            content.seek(content.tell() + _PIECE - 1)
            if not content.read(1):
                # The reader would go on skipping, up to a size that may be anything.
                raise tarfile.ReadError("unexpected end of data")
            yield None
    while content.read(_PIECE):
        yield None


class _Tar(tarfile.TarFile):
    def next(self) -> tarfile.TarInfo | None:
        try:
            return super().next()
        # What it looks for in words about sparse files and sizes need not be there, nor be numbers.
        except (ValueError, LookupError, ArithmeticError) as error:
            raise tarfile.ReadError("a header in it has words that cannot be understood") from error


class _Member(tarfile.TarInfo):
    """Refuses a damaged header, and words about a member that nobody would write by hand, before they are read."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        try:
            member = super().frombuf(buf, encoding, errors)
        except tarfile.InvalidHeaderError as error:  # type: ignore[attr-defined]
            # Python's reader takes it for the end, whatever follows.
            raise tarfile.ReadError(str(error)) from error
        if member.type in _WORDS and member.size > _LONGEST_WORDS:
            raise tarfile.ReadError(f"a name or header in it is longer than {_LONGEST_WORDS >> 20} MiB")
        return member


def _decompressed(raw: IO[bytes], magic: bytes) -> IO[bytes]:
    # Unlike tarfile's own streams, these raise EOFError when the compressed data are cut.
    if magic.startswith(_GZIP_MAGIC):
        return cast(IO[bytes], gzip.GzipFile(fileobj=raw))
    if magic.startswith(_XZ_MAGIC):
        return cast(IO[bytes], lzma.LZMAFile(raw))
    return raw


class _Tail(io.RawIOBase):
    """Passes reads on, remembers the last bytes, and counts how many there were."""

    def __init__(self, source: IO[bytes], path: Path) -> None:
        super().__init__()
        self._source, self._path, self._bytes = source, path, 0
        self.tail = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        content = self._source.read(size)
        self.tail = (self.tail + content)[-len(_END) :]
        self._bytes += len(content)
        require_no_bomb(self._path, self._bytes)
        return content
