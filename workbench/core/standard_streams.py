"""Standard output and error that take everything: what cannot be printed changes nothing of what is done.

A reader may go (`| head`, a closed terminal), its disk may fill up, it may stop reading (Ctrl+S, a lost network).
What is said is written by a thread for each stream, which alone waits. From the first write that fails, the stream
leads nowhere, for C libraries and child processes too.
"""

import errno
import io
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

from workbench.core.uncut import briefly_uncut

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

# Who reads takes what is said within a moment, and is waited for: else one stream would overtake the other.
_MOMENT_S = 0.5
# How much is kept for one who does not.
_MOST_BYTES = 16_000_000
# How long an ending program waits for one who reads nothing.
_PATIENCE_S = 3.0
_LOOK_S = 0.1
_PIECE_BYTES = 65_536


class _Ending:
    """When the program was asked to end; set by handlers of signals."""

    since: float | None = None


class _Lasting(io.RawIOBase):
    """Bytes to a descriptor, whatever becomes of it.

    Args:
        is_kept: all of it counts: what is too much waits for the reader. Else it is dropped.
    """

    def __init__(self, descriptor: int, is_kept: bool) -> None:
        self._descriptor, self._is_kept = descriptor, is_kept
        self._was_terminal = os.isatty(descriptor)
        self._changed = threading.Condition()
        self._pending = deque[memoryview]()
        self._bytes = 0
        self._moved_at = 0.0
        self._writer: threading.Thread | None = None
        self._has_ended = False
        self.failure: OSError | None = None
        """Of the first write that failed."""

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)

    def write(self, content: "ReadableBuffer", /) -> int:
        data = bytes(content)
        with briefly_uncut(), self._changed:
            if self._bytes + len(data) > _MOST_BYTES:
                if not self._is_kept:
                    return len(data)
                self._wait_until_written()
            if self.failure is None and data:
                is_read = not self._pending
                self._pending.append(memoryview(data))
                self._bytes += len(data)
                self._changed.notify_all()
                self._begin()
                if is_read:
                    self._changed.wait_for(lambda: not self._pending, _MOMENT_S)
        return len(data)

    def drain(self) -> None:
        """Wait until all is written; for an ending program, only as long as somebody reads."""
        with briefly_uncut(), self._changed:
            self._wait_until_written()

    def end(self) -> None:
        """Let go of its thread, when that has nothing left to write."""
        with briefly_uncut(), self._changed:
            self._has_ended = True
            self._changed.notify_all()

    def _wait_until_written(self) -> None:
        while self._pending:
            if _Ending.since is not None:
                since = max(_Ending.since, self._moved_at)
                if time.monotonic() - since > _PATIENCE_S:
                    self._give_up(TimeoutError(errno.ETIMEDOUT, "nobody reads it"))
            # Handlers of signals cannot notify.
            self._changed.wait(_LOOK_S)

    def _give_up(self, failure: OSError) -> None:
        self.failure = failure
        self._pending.clear()
        self._bytes = 0
        lead_nowhere(self._descriptor)
        self._changed.notify_all()

    def _begin(self) -> None:
        if self._writer is None:
            # A program does not wait for it to end: it may be held up for ever.
            self._writer = threading.Thread(target=self._write_on, name=f"writes {self._descriptor}", daemon=True)
            self._writer.start()

    def _write_on(self) -> None:
        while self.failure is None:
            with self._changed:
                self._changed.wait_for(lambda: self._pending or self._has_ended)
                if not self._pending:
                    return
                piece = self._pending[0][:_PIECE_BYTES]
            try:
                written = os.write(self._descriptor, piece)
            except BlockingIOError:
                # Somebody has set the descriptor not to wait, as some programs leave a terminal.
                time.sleep(_LOOK_S)
                continue
            except OSError as error:
                with self._changed:
                    self._give_up(error)
                return
            with self._changed:
                if self.failure is None:
                    self._take_off(written)

    def _take_off(self, written: int) -> None:
        self._moved_at = time.monotonic()
        self._bytes -= written
        rest = self._pending.popleft()[written:]
        if rest:
            self._pending.appendleft(rest)
        self._changed.notify_all()

    @property
    def loss(self) -> str:
        """Why some of it is missing where it was to be kept; empty: nobody misses it."""
        if self.failure is None or self._was_terminal or self.failure.errno == errno.EPIPE:
            return ""
        return self.failure.strerror or str(self.failure)


class _Present:
    """What stands in for standard output and error, in this order; empty: nothing does."""

    streams: tuple[_Lasting, ...] = ()


@contextmanager
def lasting_streams() -> Iterator[None]:
    """Within, writing to `sys.stdout` and `sys.stderr` never fails; others that somebody has put there stay."""
    is_ours = sys.stdout is sys.__stdout__ and sys.stderr is sys.__stderr__
    # Python writes to a console of Windows in a way of its own, without bytes.
    if not is_ours or (os.name == "nt" and any(map(os.isatty, (1, 2)))):
        yield
        return
    former = sys.stdout, sys.stderr
    _Ending.since = None
    output, errors = _Present.streams = _Lasting(1, is_kept=True), _Lasting(2, is_kept=False)
    sys.stdout = _text(output, former[0], is_by_line=output.isatty())
    sys.stderr = _text(errors, former[1], is_by_line=True)
    try:
        yield
    finally:
        end_is_near()
        drain()
        for stream in _Present.streams:
            stream.end()
        _Present.streams = ()
        sys.stdout, sys.stderr = former


def _text(raw: _Lasting, before: TextIO | None, is_by_line: bool) -> TextIO:
    settings: dict[str, Any] = {"encoding": "utf-8"}
    if isinstance(before, io.TextIOWrapper):
        before.flush()
        settings = {"encoding": before.encoding}
        # Asked for by -u; by line it is cheaper, and nobody sees the difference.
        is_by_line = is_by_line or before.write_through
    # Strict in most locales, standard output could not print a path that is no UTF-8.
    return io.TextIOWrapper(raw, errors="backslashreplace", line_buffering=is_by_line, **settings)  # type: ignore[type-var]  # all that it needs


def drain() -> None:
    """Wait until all that was said is written, as long as somebody reads it or the program is not asked to end."""
    if _Present.streams:
        sys.stdout.flush()
        sys.stderr.flush()
    for stream in _Present.streams:
        stream.drain()


def loss() -> str:
    """Why some of standard output is missing where it was to be kept; empty: nobody misses it."""
    return _Present.streams[0].loss if _Present.streams else ""


def open_missing() -> None:
    """Lead standard streams that are closed (`>&-`) nowhere: else the next file opened would be printed to."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            lead_nowhere(descriptor)
    if sys.stdin is None:
        sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False))


def lead_nowhere(descriptor: int) -> None:
    """Let what is written to `descriptor` vanish (docs.python.org/3/library/signal.html#note-on-sigpipe)."""
    nothing = os.open(os.devnull, os.O_RDWR)
    if nothing == descriptor:
        # Else child processes would have it closed again.
        os.set_inheritable(descriptor, True)
        return
    os.dup2(nothing, descriptor)
    os.close(nothing)


def end_is_near() -> None:
    """From now on nobody is waited for long who has stopped reading. Safe in handlers of signals."""
    if _Ending.since is None:
        _Ending.since = time.monotonic()
