"""Decoding on all cores: in processes that are spawned, since forking a window with its threads may lock it up."""

import logging
import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Self

from workbench.core.errors import UserError
from workbench.engine.data.decoder import Packed, Unpacked, decode

_log = logging.getLogger(__name__)

# What takes less is done before a process would have begun.
_ALONE_S = 0.3
# Each takes 60 MB before it has an image.
MOST_PROCESSES = 4
_BATCH_IMAGES, _BATCH_BYTES = 64, 2 << 20
# A file of a folder is read by who decodes it: its size is not known here, and it is taken for a photograph.
_FILE_BYTES = 100_000
_WAIT_S = 0.05


class DecodingPool:
    """Takes image files one after another, and gives their pixels in some order.

    The first ones are decoded here; where that goes on for long, processes do it. `with` it: they end with it.
    """

    def __init__(self, side: int, processes: int | None = None) -> None:
        self._side = side
        self._processes = min(cores(), MOST_PROCESSES) if processes is None else processes
        self._pool: ProcessPoolExecutor | None = None
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
            # Not waited for: a batch takes up to a second, and who cancels does not want to wait.
            self._pool.shutdown(wait=kind is None, cancel_futures=True)

    def put(self, packed: Packed) -> Iterator[list[Unpacked]]:
        """Take an image; yields what is ready, if anything is, and empty lists while waiting."""
        self._batch.append(packed)
        self._batch_bytes += len(packed.content) if isinstance(packed.content, bytes) else _FILE_BYTES
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
            self._pool = _spawned(self._processes)
        while len(self._waiting) >= 2 * self._processes:
            yield from self._next()
        if self._pool is None:
            # It broke meanwhile.
            yield decode(batch, self._side)
            return
        try:
            self._waiting.append((self._pool.submit(decode, batch, self._side, is_alone=False), batch))
        except BrokenProcessPool as error:
            yield from self._go_on_alone(error, batch)

    def _next(self) -> Iterator[list[Unpacked]]:
        """The oldest batch, once it is done; empty lists until then."""
        future, batch = self._waiting[0]
        while not wait([future], timeout=_WAIT_S).done:
            yield []
        self._waiting.popleft()
        try:
            found = future.result()
        except BrokenProcessPool as error:
            yield from self._go_on_alone(error, batch)
            return
        self._has_answered = True
        yield [unpacked for unpacked in found if not unpacked.is_left]
        for packed, unpacked in zip(batch, found, strict=True):
            if unpacked.is_left:
                yield decode([packed], self._side)

    def _go_on_alone(self, error: BrokenProcessPool, batch: Sequence[Packed]) -> Iterator[list[Unpacked]]:
        """Where no process can be started, as in a script that has no guard against being imported.

        Raises:
            UserError: they could, and one of them ended: an image may have done that, and would do so here.
        """
        if self._has_answered:
            raise UserError(
                "a process that decodes images ended unexpectedly, perhaps for want of memory; close other "
                "programs and try again"
            ) from error
        _log.warning("no processes to decode images could be started, so that one goes on alone: %s", error)
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


def _spawned(processes: int) -> ProcessPoolExecutor:
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(processes, context, initializer=_begin)


def _begin() -> None:
    """Of a process: Ctrl+C is for who asks, and without who asks there is nothing to do."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent,), daemon=True).start()


def _end_after(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)
