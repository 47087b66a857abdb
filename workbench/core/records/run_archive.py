"""Runs in one file, to keep or to move to another machine: what is in it, and how it is read without trusting it.

A zip. `manifest.json`, written last, names every other member with its size and SHA-256: of each run its folder
below `runs/<id>/`, and in `histories/<id>.json` what the list said of it (`RunHistory.first_line`).
"""

import hashlib
import json
import re
import stat
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO, Literal

from pydantic import Field, ValidationError

from workbench.core.errors import UserError, reason, shown
from workbench.core.fields import FieldGroup
from workbench.core.files import require_file
from workbench.core.formats import memory

VERSION: Literal[1] = 1
MANIFEST = "manifest.json"
FORMAT: Literal["resnet-workbench runs"] = "resnet-workbench runs"
CHUNK = 1 << 20
LOCK = "lock"
"""A run's file that is of this machine alone."""

MOST_HISTORY_BYTES = 1 << 26
"""Of one run: twice what a million steps take. It is read into memory, where odd JSON takes 20 times as much."""
_MOST_MANIFEST_BYTES = 1 << 26
# JSON of ours packs to a quarter at best; what is small may be anything.
_MOST_JSON_GROWTH, _JSON_GROWS_FREELY_BYTES = 10, 1 << 24
# Weights are stored as they are, so that no honest archive grows much.
_MOST_GROWTH, _GROWS_FREELY_BYTES = 100, 1 << 27
# Where an old zip cannot say a size any more, with room for what is added while it is packed.
_ZIP64_BYTES = 1 << 31
_KINDS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,119}")
MOST_PARTS = 4
"""How deep files may lie below a run's folder."""
# Names that Windows gives to devices, with whatever suffix.
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.I)
# zipfile and zlib name damage in many ways; RuntimeError is of encryption, NotImplementedError of odd methods.
_DAMAGE = (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, ValueError, OverflowError, MemoryError,
           RuntimeError, KeyError, IndexError, struct.error)  # fmt: skip

_Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
_Text = Annotated[str, Field(max_length=4096)]


class ArchivedFile(FieldGroup):
    """One member."""

    name: _Text
    """Below the run's folder, with slashes; of a history, in the archive."""
    size_bytes: Annotated[int, Field(ge=0)]
    sha256: _Sha256


class ArchivedRun(FieldGroup):
    """One run: what it is called, and all that is its own."""

    id: Annotated[str, Field(pattern="^[0-9a-f]{8}$")]
    name: _Text
    history: ArchivedFile
    files: tuple[ArchivedFile, ...]

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)

    def member(self, file: ArchivedFile) -> str:
        """The whole name of one of its files in the archive."""
        return f"runs/{self.id}/{file.name}"


class Manifest(FieldGroup):
    """What an archive says that it holds."""

    format: Literal["resnet-workbench runs"]
    version: Literal[1]
    workbench: _Text
    """Version of the workbench that wrote it."""
    created_utc: _Text
    runs: tuple[ArchivedRun, ...]

    @property
    def size_bytes(self) -> int:
        return sum(run.size_bytes for run in self.runs)


def history_name(run_id: str) -> str:
    return f"histories/{run_id}.json"


def is_portable(name: str) -> bool:
    """Whether a file below a run's folder may be called so on every system, and cannot lie outside of it."""
    parts = name.split("/")
    return len(parts) <= MOST_PARTS and all(
        _PART.fullmatch(part) and not part.endswith(".") and not _DEVICES.fullmatch(part) for part in parts
    )


class RunArchive:
    """An archive that is open for reading. Every member was looked at, none was read but the manifest.

    Raises:
        UserError: it is damaged, of a newer workbench, or holds what no archive of runs does.
    """

    def __init__(self, path: Path, zipped: zipfile.ZipFile, size_bytes: int) -> None:
        self._path, self._zip = path, zipped
        names = [info.filename for info in zipped.infolist()]
        self._members = {info.filename: info for info in zipped.infolist()}
        if len(self._members) < len(names):
            raise self._odd(f"it holds '{shown(Counter(names).most_common(1)[0][0])}' twice")
        self.manifest = self._read_manifest(size_bytes)
        self._check_members(size_bytes)

    @classmethod
    @contextmanager
    def opened(cls, path: Path) -> "Iterator[RunArchive]":
        """
        Raises:
            UserError: as the constructor, or it cannot be read.
        """
        try:
            require_file(path)
            with path.open("rb") as file, _indexed(file, path) as zipped:
                yield cls(path, zipped, path.stat().st_size)
        except OSError as error:
            raise UserError(f"cannot read {shown(path)}: {reason(error)}") from error

    def _odd(self, why: str) -> UserError:
        return UserError(f"{shown(self._path)} is no whole archive of runs: {why}")

    def _refuse_growth(self, infos: Sequence[zipfile.ZipInfo], size_bytes: int, what: str) -> None:
        """Of what is read into memory; what an index says of packed sizes counts up to the archive's own."""
        packed = min(sum(info.compress_size for info in infos), size_bytes)
        unpacked = sum(info.file_size for info in infos)
        if unpacked > max(_JSON_GROWS_FREELY_BYTES, _MOST_JSON_GROWTH * packed):
            raise self._odd(f"{what} of {memory(packed, ' ')} would grow to {memory(unpacked, ' ')}")

    def _read_manifest(self, size_bytes: int) -> Manifest:
        info = self._members.get(MANIFEST)
        if info is None:
            raise self._odd(f"it has no {MANIFEST}; it was cut, or is another kind of zip")
        if info.file_size > _MOST_MANIFEST_BYTES:
            raise self._odd(f"its {MANIFEST} has {memory(info.file_size, ' ')}")
        self._refuse_growth([info], size_bytes, f"its {MANIFEST}")
        text = b"".join(self._chunks(info, info.file_size))
        try:
            tree = json.loads(text)
        except MemoryError as error:
            raise self._odd(f"its {MANIFEST} takes more memory than there is") from error
        except (ValueError, RecursionError) as error:
            raise self._odd(f"its {MANIFEST} is not JSON: {reason(error)}") from error
        if not isinstance(tree, dict) or tree.get("format") != FORMAT:
            raise self._odd(f"its {MANIFEST} does not say that it is one")
        version = tree.get("version")
        if isinstance(version, int) and version > VERSION:
            raise UserError(
                f"{shown(self._path)} has format {version}, written by workbench {shown(tree.get('workbench'))}; "
                f"this one reads up to format {VERSION}: update it"
            )
        try:
            return Manifest.model_validate_json(text)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(map(str, first["loc"]))
            raise self._odd(f"{shown(where)} in its {MANIFEST}: {shown(first['msg'], 160)}") from error

    def _check_members(self, size_bytes: int) -> None:
        """That the archive holds just what its manifest says, under names that any system can have."""
        expected = {MANIFEST}
        for run in self.manifest.runs:
            if run.history.name != history_name(run.id):
                raise self._odd(f"the history of run {run.id} is called '{shown(run.history.name)}'")
            folded = {file.name.casefold() for file in run.files}
            if len(folded) < len(run.files) or run.history.name in expected:
                raise self._odd(f"run {run.id} has a file twice")
            self._check_member(run.history.name, run.history)
            for file in run.files:
                if not is_portable(file.name) or file.name.casefold() == LOCK:
                    raise self._odd(f"a file of run {run.id} is called '{shown(file.name)}'")
                self._check_member(run.member(file), file)
            expected |= {run.history.name, *map(run.member, run.files)}
        folders = {f"{parent}/" for name in expected for parent in _parents(name)}
        if odd := sorted(self._members.keys() - expected - folders):
            raise self._odd(f"it holds '{shown(odd[0])}', which its {MANIFEST} does not name")
        histories = [self._members[run.history.name] for run in self.manifest.runs]
        self._refuse_growth(histories, size_bytes, "what it says of its runs")
        whole = self.manifest.size_bytes + sum(run.history.size_bytes for run in self.manifest.runs)
        if whole > max(_GROWS_FREELY_BYTES, _MOST_GROWTH * size_bytes):
            raise self._odd(f"it says that {memory(size_bytes, ' ')} hold {memory(whole, ' ')}")

    def _check_member(self, member: str, file: ArchivedFile) -> None:
        info = self._members.get(member)
        if info is None:
            raise self._odd(f"'{shown(member)}' is missing")
        if info.file_size != file.size_bytes:
            sizes = f"{file.size_bytes} bytes by its {MANIFEST} and {info.file_size} by its index"
            raise self._odd(f"'{shown(member)}' has {sizes}")
        if info.flag_bits & 1 or info.compress_type not in _KINDS or stat.S_ISLNK(info.external_attr >> 16):
            raise self._odd(f"'{shown(member)}' is a link, encrypted, or packed in an unknown way")

    # Reading

    def history(self, run: ArchivedRun) -> dict[str, object]:
        """What the list said of a run, as JSON has it.

        Raises:
            UserError: it is damaged, or too large.
        """
        if run.history.size_bytes > MOST_HISTORY_BYTES:
            size, most = memory(run.history.size_bytes, " "), memory(MOST_HISTORY_BYTES, " ")
            raise self._odd(f"the history of run {run.id} has {size}, and {most} are read")
        try:
            tree = json.loads(b"".join(self._checked(run.history.name, run.history)))
        except MemoryError as error:
            raise self._odd(f"the history of run {run.id} takes more memory than there is") from error
        except (ValueError, RecursionError) as error:
            raise self._odd(f"the history of run {run.id} is not JSON: {reason(error)}") from error
        if not isinstance(tree, dict):
            raise self._odd(f"the history of run {run.id} holds no object")
        return tree

    def chunks(self, run: ArchivedRun, file: ArchivedFile) -> Iterator[bytes]:
        """A file's bytes, which count only once the last one was given: they are compared with their SHA-256 then.

        Raises:
            UserError: it is damaged.
        """
        return self._checked(run.member(file), file)

    def _checked(self, member: str, file: ArchivedFile) -> Iterator[bytes]:
        digest = hashlib.sha256()
        for chunk in self._chunks(self._members[member], file.size_bytes):
            digest.update(chunk)
            yield chunk
        if digest.hexdigest() != file.sha256:
            raise self._odd(f"'{shown(member)}' is damaged: its SHA-256 is another")

    def _chunks(self, info: zipfile.ZipInfo, size_bytes: int) -> Iterator[bytes]:
        """Never more than `size_bytes`, whatever comes out of the packing."""
        left = size_bytes
        try:
            with self._zip.open(info) as member:
                while chunk := member.read(min(CHUNK, left + 1)):
                    left -= len(chunk)
                    if left < 0:
                        raise self._odd(f"'{shown(info.filename)}' is longer than it says")
                    yield chunk
        except _DAMAGE as error:
            raise self._odd(f"'{shown(info.filename)}' is damaged: {reason(error)}") from error
        if left:
            raise self._odd(f"'{shown(info.filename)}' is shorter than it says")


def _indexed(file: BinaryIO, path: Path) -> zipfile.ZipFile:
    """
    Raises:
        UserError: its index cannot be read.
    """
    try:
        return zipfile.ZipFile(file)
    except _DAMAGE as error:
        raise UserError(
            f"cannot read {shown(path)}: it is no zip file, or it was cut or damaged ({reason(error)})"
        ) from error


def _parents(name: str) -> Iterator[str]:
    parts = name.split("/")
    return ("/".join(parts[:count]) for count in range(1, len(parts)))


def write_member(
    zipped: zipfile.ZipFile, name: str, read: Callable[[int], bytes], size_bytes: int
) -> Generator[int, None, tuple[int, str]]:
    """Pack a file; yields the sizes of its chunks, and returns its size and SHA-256.

    Args:
        read: gives at most so many of the next bytes, and at the end none.
        size_bytes: as far as it is known.
    """
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFREG | 0o644) << 16
    is_text = name.endswith((".json", ".jsonl"))
    info.compress_type = zipfile.ZIP_DEFLATED if is_text else zipfile.ZIP_STORED
    digest, written = hashlib.sha256(), 0
    with zipped.open(info, "w", force_zip64=size_bytes >= _ZIP64_BYTES) as member:
        while chunk := read(CHUNK):
            member.write(chunk)
            digest.update(chunk)
            written += len(chunk)
            yield len(chunk)
    return written, digest.hexdigest()
