"""Standard output and error that take everything: what cannot be printed changes nothing of what is done.

A reader may go (`| head`, a closed terminal), its disk may fill up, and it may stop reading while the program is
to end. From the first write that fails, that stream leads nowhere, for C libraries and child processes too.
"""

import errno
import io
import os
import select
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

# Of a pipe that is ready to be written to, so much never waits (PIPE_BUF of Linux).
_PIECE_BYTES = 4096
_LOOK_S = 0.2
# How long an ending program waits for who has stopped reading.
_PATIENCE_S = 2.0
_NOBODY_READS = (errno.EPIPE, errno.ETIMEDOUT)


class _Ending:
    """Whether the program is to end; set by handlers of signals."""

    is_near = False


class _Lasting(io.FileIO):
    """Bytes to a descriptor that stays open; whatever it does not take is dropped."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor, "w", closefd=False)
        self._was_terminal = self.isatty()
        self.failure: OSError | None = None
        """Of the first write that failed."""

    def write(self, content: "ReadableBuffer", /) -> int:
        with memoryview(content) as whole, whole.cast("B") as view, view[:_PIECE_BYTES] as piece:
            try:
                written = None
                # None: somebody has set the descriptor not to wait.
                while written is None:
                    self._wait_for_room()
                    written = super().write(piece)
                return written
            except OSError as error:
                self.failure = self.failure or error
                lead_nowhere(self.fileno())
                return len(view)

    def _wait_for_room(self) -> None:
        # There, select knows sockets only.
        if os.name == "nt":
            return
        began = time.monotonic()
        while not select.select((), (self.fileno(),), (), _LOOK_S)[1]:
            if _Ending.is_near and time.monotonic() - began > _PATIENCE_S:
                raise TimeoutError(errno.ETIMEDOUT, "nobody reads it")

    @property
    def loss(self) -> str:
        """Why somebody who waits for what was written misses some of it; empty: nobody does."""
        if self.failure is None or self._was_terminal or self.failure.errno in _NOBODY_READS:
            return ""
        return self.failure.strerror or str(self.failure)


class Printed:
    """What has become of standard output."""

    def __init__(self, output: _Lasting | None) -> None:
        self._output = output

    @property
    def loss(self) -> str:
        """As of a stream: why some of it is missing where it was to be kept."""
        return "" if self._output is None else self._output.loss


@contextmanager
def lasting_streams() -> Iterator[Printed]:
    """Within, writing to `sys.stdout` and `sys.stderr` never fails; others that somebody has put there stay."""
    if sys.stdout is not sys.__stdout__ or sys.stderr is not sys.__stderr__:
        yield Printed(None)
        return
    former = sys.stdout, sys.stderr
    raws = _Lasting(1), _Lasting(2)
    # In most locales strict by default, and then a path that is no UTF-8 could not be printed.
    sys.stdout, sys.stderr = (
        _text(raw, before, "backslashreplace") for raw, before in zip(raws, former, strict=True)
    )
    try:
        yield Printed(raws[0])
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        sys.stdout, sys.stderr = former


def _text(raw: _Lasting, before: TextIO | None, errors: str) -> TextIO:
    if isinstance(before, io.TextIOWrapper):
        before.flush()
        settings: dict[str, Any] = {
            name: getattr(before, name) for name in ("encoding", "line_buffering", "write_through")
        }
    else:
        settings = {"encoding": "utf-8"}
    return io.TextIOWrapper(io.BufferedWriter(raw), errors=errors, **settings)


def open_missing() -> None:
    """Lead standard streams that are closed (`>&-`) nowhere: else the next file opened would be printed to."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            lead_nowhere(descriptor)


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
    """From now on nobody is waited for who has stopped reading. Safe in handlers of signals."""
    _Ending.is_near = True
