"""Downloading one file: gone on with where it broke off, checked before it takes its name."""

import contextlib
import hashlib
import http.client
import json
import os
import shutil
import time
import urllib.error
from collections import deque
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.core.errors import UserError, reason, shown
from workbench.core.events import Progress
from workbench.core.files import read_text, require_writable, sync_folder, write_atomically
from workbench.core.formats import memory, transferred
from workbench.engine.data.transfer import Answer, Transfer, is_passing, words
from workbench.engine.data.waiting_lock import acquired, lock_at

if TYPE_CHECKING:
    from filelock import BaseFileLock

_Told = Generator[Progress, None, None]

_PIECE = 1 << 20
# How long the speed is looked back at: shorter, it would jump; longer, it would not tell of a stall.
_SPEED_S = 3.0
_NOT_SATISFIABLE = 416


@dataclass(frozen=True)
class Patience:
    """How long a server is waited for, and how often it is asked."""

    timeout_s: float = 30.0
    """That nothing comes."""
    tries: int = 5
    """In a row that bring nothing new."""
    pause_s: float = 1.0
    """Before the second try; doubled before each further one."""
    beat_s: float = 0.1
    """Between two chances to cancel."""


PATIENCE = Patience()


def download(
    url: str,
    path: Path,
    *,
    algorithm: str,
    digest: str,
    activity: str,
    by_hand: str,
    size: int = 0,
    patience: Patience = PATIENCE,
) -> _Told:
    """Download `url` to `path` unless it is there, once among all processes that want it.

    What has come stays in `path` + `.part` when the generator is closed or gives up, for the next start to go on.

    Args:
        algorithm: md5 or sha256.
        digest: in hexadecimal, or its beginning.
        activity: what the progress is called.
        by_hand: ends an error's sentence: what to do without a network.
        size: of the file in bytes, as published; 0: what the server announces is believed.

    Raises:
        UserError: no network, no room, or what arrived is not the file.
    """
    if path.exists():
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"cannot make the folder {shown(path.parent)}: {reason(error)}") from error
    require_writable(path)
    work = _Download(url, path, algorithm, digest, activity, by_hand, size, patience)
    with contextlib.ExitStack() as stack:
        yield from work.alone(stack)
        # Another process may have been faster.
        if not path.exists():
            yield from work.run()


class _Broken(Exception):
    """A try has ended; by `met`, where it was not the bytes that were wrong."""

    def __init__(self, why: str, met: Exception | None = None) -> None:
        super().__init__(why)
        self.met = met

    def may_pass(self, has_begun: bool) -> bool:
        return self.met is None or is_passing(self.met, has_begun)


@dataclass
class _Speed:
    """Bytes per second of the last few seconds."""

    seen: deque[tuple[float, int]] = field(default_factory=deque)

    def at(self, done: int) -> float:
        now = time.monotonic()
        self.seen.append((now, done))
        while now - self.seen[0][0] > _SPEED_S and len(self.seen) > 2:
            self.seen.popleft()
        (begun, first), passed = self.seen[0], now - self.seen[0][0]
        return (done - first) / passed if begun < now else 0.0


@dataclass
class _Download:
    url: str
    path: Path
    algorithm: str
    digest: str
    activity: str
    by_hand: str
    size: int
    patience: Patience
    is_resumed: bool = False
    """Whether the file is made of more than one answer."""

    def __post_init__(self) -> None:
        self.partial = self.path.with_name(self.path.name + ".part")
        self.source = self.path.with_name(self.path.name + ".part.json")
        self.total = self.size

    # One process at a time

    def alone(self, stack: contextlib.ExitStack) -> _Told:
        """Wait until no other process downloads the same file; let go with `stack`."""
        lock = lock_at(self.path.with_name(self.path.name + ".lock"))
        waiting = "Waiting for another process that downloads the same"
        if not (yield from acquired(lock, waiting, self.patience.beat_s)):
            # Downloaded twice at worst.
            return
        stack.callback(self._unlock, lock)

    def _unlock(self, lock: "BaseFileLock") -> None:
        lock.release()
        # Whoever waited for it finds the file. While there is none, two could hold locks of one name.
        if self.path.exists():
            with contextlib.suppress(OSError):
                Path(lock.lock_file).unlink(missing_ok=True)

    # All tries

    def run(self) -> _Told:
        """Download, check, and put in place."""
        yield from self._receive_all()
        if not (yield from self._is_whole()):
            found = self._found
            self._forget()
            if not self.is_resumed:
                raise self._damaged(found)
            self.is_resumed = False
            yield Progress(f"{self.activity}: what was gone on with is damaged; beginning anew", 0, 0, "bytes")
            yield from self._receive_all()
            if not (yield from self._is_whole()):
                found = self._found
                self._forget()
                raise self._damaged(found)
        with self._files():
            os.replace(self.partial, self.path)
            self.source.unlink(missing_ok=True)
            sync_folder(self.path.parent)

    def _receive_all(self) -> _Told:
        failures, farthest, begun_at = 0, self._have(), self._have()
        while True:
            try:
                yield from self._receive()
                return
            except _Broken as broken:
                have = self._have()
                # A server that breaks off at the same byte each time brings nothing new.
                failures = 1 if have > farthest else failures + 1
                farthest = max(have, farthest)
                if not broken.may_pass(farthest > begun_at) or failures >= self.patience.tries:
                    raise self._error(str(broken)) from broken
                again = f"{self.activity}: {broken}; trying again ({failures + 1} of {self.patience.tries})"
                yield from self._pause(again, have, self.patience.pause_s * 2 ** (failures - 1))

    def _pause(self, activity: str, have: int, seconds: float) -> _Told:
        until = time.monotonic() + seconds
        while True:
            yield Progress(activity, have, self.total, "bytes")
            left = until - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(left, self.patience.beat_s))

    # One try

    def _receive(self) -> _Told:
        have = self._have()
        if self.size and have > self.size:
            self._forget()
            have = 0
        known = self._remembered()
        if have and have == (self.size or known.total):
            self.is_resumed = True
            return
        transfer = Transfer(self.url, have, known.validator, self.patience.timeout_s)
        try:
            answer = yield from self._answer(transfer, have)
            self._take(answer, have)
            yield from self._write(transfer, answer.start)
        finally:
            transfer.close()

    def _answer(self, transfer: Transfer, have: int) -> Generator[Progress, None, Answer]:
        for message in self._messages(transfer):
            if isinstance(message, Answer):
                return message
            yield Progress(self.activity, have, self.total, "bytes")
        raise _Broken("the server said nothing")

    def _take(self, answer: Answer, have: int) -> None:
        """Whether what is offered is the file, and goes on where we are or begins anew."""
        if self.size and answer.total and answer.total != self.size:
            raise self._error(f"the server offers {answer.total} bytes, and the file has {self.size}")
        if answer.start not in (0, have):
            self._forget()
            raise _Broken("the server sent another part than was asked for")
        self.total = self.size or answer.total
        self.is_resumed = answer.start > 0
        with self._files():
            free = shutil.disk_usage(self.partial.parent).free + (have - answer.start)
        if self.total - answer.start > free:
            raise self._error(
                f"it needs {memory(self.total - answer.start, ' ')}, and {memory(free, ' ')} are free in "
                f"{shown(self.partial.parent)}"
            )
        said = {"url": self.url, "total": answer.total, "validator": answer.validator}
        write_atomically(self.source, lambda file: file.write(json.dumps(said).encode()))

    def _write(self, transfer: Transfer, start: int) -> _Told:
        have, speed, told = start, _Speed(), time.monotonic()
        speed.at(have)
        with self._files(), self.partial.open("ab" if start else "wb") as file:
            for message in self._messages(transfer):
                if isinstance(message, bytes):
                    have += len(message)
                    if self.total and have > self.total:
                        file.close()
                        self._forget()
                        raise self._error(f"more came than the {self.total} bytes of the file")
                    file.write(message)
                # A socket may give a few kB at a time: thousands of events a second would tell no more.
                if time.monotonic() - told > self.patience.beat_s / 2:
                    yield Progress(self.activity, have, self.total, "bytes", speed_per_s=speed.at(have))
                    told = time.monotonic()
            yield Progress(self.activity, have, self.total, "bytes", speed_per_s=speed.at(have))
        if have < self.total:
            raise _Broken("the connection broke off")

    def _messages(self, transfer: Transfer) -> Iterator[Answer | bytes | None]:
        """What comes, and None where nothing has for a moment."""
        heard = time.monotonic()
        while not transfer.is_over:
            try:
                message = transfer.next(self.patience.beat_s)
            # Whatever the network, the server or a proxy do; anything else is told with its traceback.
            except (OSError, ValueError, http.client.HTTPException) as error:
                raise self._broken(error) from error
            if transfer.is_over:
                return
            now = time.monotonic()
            heard = now if message is not None else heard
            # The thread knows a silent server itself; not one whose name is looked up for minutes.
            if now - heard > self.patience.timeout_s + 1:
                raise self._broken(TimeoutError())
            yield message

    def _broken(self, error: Exception) -> _Broken:
        if isinstance(error, urllib.error.HTTPError) and error.code == _NOT_SATISFIABLE and self._have():
            self._forget()
            return _Broken("the server has no such part")
        return _Broken(words(error, self.url, self.patience.timeout_s), error)

    # What has come

    def _have(self) -> int:
        with contextlib.suppress(OSError):
            return self.partial.stat().st_size
        return 0

    def _remembered(self) -> Answer:
        """Of whom the partial file came; from another address, or of nobody knows whom, it has no validator."""
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
            said = json.loads(read_text(self.source))
            total, validator = said["total"], said["validator"]
            # Written into a header.
            is_plain = isinstance(validator, str) and validator.isascii() and validator.isprintable()
            if said["url"] == self.url and type(total) is int and is_plain:
                return Answer(0, total, validator)
        return Answer(0, 0, "")

    def _forget(self) -> None:
        with self._files():
            self.partial.unlink(missing_ok=True)
            self.source.unlink(missing_ok=True)

    def _is_whole(self) -> Generator[Progress, None, bool]:
        """Whether the checksum is right: of what lies on the disk, whoever wrote it."""
        hasher, done, total = hashlib.new(self.algorithm, usedforsecurity=False), 0, self._have()
        with self._files(), self.partial.open("rb") as file:
            while piece := file.read(_PIECE):
                hasher.update(piece)
                done += len(piece)
                yield Progress(f"Checking {shown(self.path.name)}", done, total, "bytes")
            os.fsync(file.fileno())
        self._found = hasher.hexdigest()
        return self._found.startswith(self.digest)

    # Sentences

    def _damaged(self, found: str) -> UserError:
        what = f"{self.algorithm.upper()} {found}, not {self.digest}"
        return UserError(f"the download of {self.url} is damaged ({what}); {self.by_hand}")

    def _error(self, why: str) -> UserError:
        have, kept = self._have(), ""
        if have:
            much = transferred(have, self.total, space=" ")
            kept = f"; {much} are kept in {shown(self.partial)}, and the next start goes on there"
        return UserError(f"cannot download {self.url}: {why}; {self.by_hand}{kept}")

    @contextmanager
    def _files(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise self._error(f"{shown(self.partial)} cannot be written: {reason(error)}") from error
