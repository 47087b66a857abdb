"""Decoding on all cores: in processes that are started anew, as forking a window with its threads may lock it up.

Not by multiprocessing, whose processes import the program that started them: of a script without a guard against
that, each would do all that the script does.
"""

import logging
import os
import pickle
import queue
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import workbench
from workbench.core.errors import UserError
from workbench.engine.data.decoder import Answer, Packed, Unpacked, decode

_log = logging.getLogger(__name__)

# What takes less is done before a process would have begun.
_ALONE_S = 0.3
_MODULE = "workbench.engine.data.decoding_process"
# Each takes 60 MB before it has an image.
MOST_PROCESSES = 4
_BATCH_IMAGES, _BATCH_BYTES = 64, 2 << 20
# A file of a folder is read by who decodes it: its size is not known here, and it is taken for a photograph.
_FILE_BYTES = 100_000
# Of a file that is decoded here, after all that wait.
_LARGE_BYTES = 8 << 20
_WAIT_S = 0.05
_ALONE = "no processes to decode images could be started, so that one goes on alone: %s"


class DecodingPool:
    """Takes image files one after another, and gives their pixels in some order.

    The first ones are decoded here; where that goes on for long, processes do it. `with` it: they end with it.
    """

    def __init__(self, side: int, processes: int | None = None) -> None:
        self._side = side
        self._processes = min(cores(), MOST_PROCESSES) if processes is None else processes
        self._pool: _Processes | None = None
        self._waiting: deque[tuple[Future[list[Unpacked]], list[Packed]]] = deque()
        self._batch: list[Packed] = []
        self._batch_bytes = 0
        self._begun_at, self._has_answered = 0.0, False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.end()

    def put(self, packed: Packed) -> Iterator[list[Unpacked]]:
        """Take an image; yields what is ready, if anything is, and empty lists while waiting."""
        size = len(packed.content) if isinstance(packed.content, bytes) else _FILE_BYTES
        if size > _LARGE_BYTES:
            # Several that wait would add up.
            yield from self.finish()
            yield decode([packed], self._side)
            return
        self._batch.append(packed)
        self._batch_bytes += size
        if len(self._batch) >= _BATCH_IMAGES or self._batch_bytes >= _BATCH_BYTES or self._pool is None:
            yield from self._hand_out()

    def finish(self) -> Iterator[list[Unpacked]]:
        """What is left."""
        if self._batch:
            yield from self._hand_out()
        while self._waiting:
            yield from self._next()

    def _hand_out(self) -> Iterator[list[Unpacked]]:
        batch, self._batch, self._batch_bytes = self._batch, [], 0
        if self._pool is None:
            now = time.monotonic()
            self._begun_at = self._begun_at or now
            if self._processes < 2 or now - self._begun_at < _ALONE_S:
                yield decode(batch, self._side)
                return
            self._pool = self._begun()
        while len(self._waiting) >= 2 * self._processes:
            yield from self._next()
        if self._pool is None:
            # None could be started, or one broke meanwhile.
            yield decode(batch, self._side)
            return
        self._waiting.append((self._pool.submit(batch), batch))

    def _begun(self) -> "_Processes | None":
        try:
            return _Processes(self._processes, self._side)
        except OSError as error:
            _log.warning(_ALONE, error)
            self._processes = 1
            return None

    def _next(self) -> Iterator[list[Unpacked]]:
        """The oldest batch, once it is done; empty lists until then."""
        future, batch = self._waiting[0]
        while not wait([future], timeout=_WAIT_S).done:
            yield []
        self._waiting.popleft()
        try:
            found = future.result()
        except EndedError as error:
            yield from self._go_on_alone(error, batch)
            return
        self._has_answered = True
        yield [unpacked for unpacked in found if not unpacked.is_left]
        for packed, unpacked in zip(batch, found, strict=True):
            if unpacked.is_left:
                yield decode([packed], self._side)

    def _go_on_alone(self, error: Exception, batch: Sequence[Packed]) -> Iterator[list[Unpacked]]:
        """Where no process can be started.

        Raises:
            UserError: they could, and one of them ended: an image may have done that, and would do so here.
        """
        if self._has_answered:
            raise UserError(
                "a process that decodes images ended unexpectedly, perhaps for want of memory; close other "
                "programs and try again"
            ) from error
        _log.warning(_ALONE, error)
        if self._pool is not None:
            self._pool.end()
        self._processes, self._pool = 1, None
        lost, self._waiting = [each for _, each in self._waiting], deque()
        for each in (batch, *lost):
            for packed in each:
                yield decode([packed], self._side)


def cores() -> int:
    """That this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class EndedError(Exception):
    """Of a process that has no answer to give any more."""


class _Processes:
    """Some, each with a thread that talks to it.

    Raises:
        OSError: one cannot be started.
    """

    def __init__(self, number: int, side: int) -> None:
        self._threads = ThreadPoolExecutor(number)
        self._started = list[subprocess.Popen[bytes]]()
        try:
            for _ in range(number):
                self._started.append(_started(side))
        except OSError:
            self.end()
            raise
        self._idle = queue.SimpleQueue[subprocess.Popen[bytes]]()
        for process in self._started:
            self._idle.put(process)

    def submit(self, batch: Sequence[Packed]) -> Future[list[Unpacked]]:
        """What `decode` says of it, or EndedError."""
        return self._threads.submit(self._ask, batch)

    def _ask(self, batch: Sequence[Packed]) -> list[Unpacked]:
        process = self._idle.get()
        try:
            if process.stdin is None or process.stdout is None:
                raise EndedError("it has no pipes")
            pickle.dump(batch, process.stdin, pickle.HIGHEST_PROTOCOL)
            process.stdin.flush()
            answer: Answer = pickle.load(process.stdout)
            return answer.unpacked(batch)
        except (OSError, EOFError, pickle.UnpicklingError, ValueError) as error:
            raise EndedError(f"code {process.poll()}") from error
        finally:
            self._idle.put(process)

    def end(self) -> None:
        """At once, whatever they are doing."""
        for process in self._started:
            process.kill()
        self._threads.shutdown(wait=True, cancel_futures=True)
        for process in self._started:
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with suppress(OSError):
                        pipe.close()
            process.wait()


def _started(side: int) -> "subprocess.Popen[bytes]":
    # As it was imported here: the program may be started from its folder without having been installed.
    root = str(Path(workbench.__file__).parents[1])
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    return subprocess.Popen(
        # Without the present folder among those that modules are looked for in.
        [sys.executable, "-P", "-m", _MODULE, str(side)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )  # fmt: skip
