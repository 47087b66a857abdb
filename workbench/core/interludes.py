"""What one thread has another one compute for it, between two pieces of that one's own work.

A run's threads wait for each other at every layer, so that a stranger's thread on one of their cores holds up all
of them. To give the stranger as many threads of its own is no help: a second pool costs the first a sixth of its
rate by being there, since no thread waits actively any more once there are more of them than cores (GOMP_SPINCOUNT
in libgomp's manual). So who looks on while a run trains asks the run's own thread, idle between two steps.
"""

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

T = TypeVar("T")

# Of the host's time, at the most, for others. In the long run: what was saved up may be spent at once.
_SHARE = 0.12
_MOST_SAVED_S = 0.5
# Of one interlude, so that a run is not seen to halt; after a long step twice the share of that, while there is
# something saved up.
_LONGEST_S, _MOST_SHARES = 0.033, 2
# How long the host waits for one more piece: who asked needs to hear of the last one first.
_TURNAROUND_S = 0.002
# What takes longer than that is no step of a run, and nobody waits for it.
_PATIENCE_S = 2.0
# Between two pieces of its own work the host is not gone.
_GAP_S = 0.05


class Piece(Generic[T]):
    """Something that was asked for. To be withdrawn by whoever asked, or waited for to its end."""

    def __init__(self, do: Callable[[], T], interludes: "Interludes") -> None:
        self._do, self._interludes = do, interludes
        self._result: list[T] = []
        self._error: Exception | None = None
        self.took_s = 0.0
        """How long it computed, once it is done."""
        self.is_done = False

    def compute(self) -> None:
        started = time.perf_counter()
        try:
            self._result.append(self._do())
        # It is the asker's, not the host's, whose own work goes on.
        except Exception as error:  # noqa: BLE001
            self._error = error
        self.took_s = time.perf_counter() - started

    def wait(self, seconds: float) -> bool:
        """Whether it is done after so long; it is computed here if the host is not there to do it."""
        if self._interludes.is_due_here(self, seconds):
            self.compute()
            self.is_done = True
        return self.is_done

    def withdraw(self) -> None:
        """Nobody waits for it any more. It may be computed at this moment; what it says is dropped."""
        self._interludes.withdraw(self)

    def result(self) -> T:
        """What it said, once it is done.

        Raises:
            Exception: what it raised.
        """
        if self._error is not None:
            raise self._error
        return self._result[0]


class Interludes:
    """The place where a host, a thread with work of its own, does pieces for others. Safe from any thread."""

    def __init__(self, share: float = _SHARE, patience_s: float = _PATIENCE_S) -> None:
        self._saved_per_s, self._patience_s = share / (1 - share), patience_s
        self._changed = threading.Condition()
        self._waiting: deque[Piece[Any]] = deque()
        self._is_at_work, self._turned_at = False, -math.inf
        self._saved_s = _MOST_SAVED_S

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Around each piece of the host's own work, after which it does what others asked for meanwhile."""
        began = time.perf_counter()
        with self._changed:
            self._is_at_work, self._turned_at = True, began
        try:
            yield
            worked = time.perf_counter() - began
            earned = self._saved_per_s * worked
            self._saved_s = min(_MOST_SAVED_S, self._saved_s + earned)
            self._serve(max(_LONGEST_S, _MOST_SHARES * earned))
        finally:
            with self._changed:
                self._is_at_work, self._turned_at = False, time.perf_counter()

    @property
    def is_at_work(self) -> bool:
        """Whether the host computes at this moment."""
        return self._is_at_work

    def ask(self, do: Callable[[], T]) -> Piece[T]:
        """Have something computed by the host, or by the caller while it waits for it, if there is none.

        Args:
            do: takes some 20 ms; the host waits for it.
        """
        piece = Piece(do, self)
        with self._changed:
            self._waiting.append(piece)
            self._changed.notify_all()
        return piece

    def is_due_here(self, piece: Piece[Any], seconds: float) -> bool:
        """Whether the caller has to do it, because there is no host that will; else wait so long for it."""
        with self._changed:
            if piece in self._waiting and not self._host_is_coming():
                self._waiting.remove(piece)
                return True
            self._changed.wait_for(lambda: piece.is_done, seconds)
            return False

    def withdraw(self, piece: Piece[Any]) -> None:
        with self._changed:
            if piece in self._waiting:
                self._waiting.remove(piece)

    def _host_is_coming(self) -> bool:
        patience_s = self._patience_s if self._is_at_work else _GAP_S
        return time.perf_counter() - self._turned_at < patience_s

    def _serve(self, longest_s: float) -> None:
        """Do what was asked for, as long as more than half of another piece like the last one fits in."""
        waits, started, next_s = 0.0, time.perf_counter(), 0.0
        while self._saved_s > 0 and time.perf_counter() - started + next_s / 2 <= longest_s:
            began = time.perf_counter()
            with self._changed:
                piece = self._waiting.popleft() if self._changed.wait_for(lambda: self._waiting, waits) else None
            if piece is not None:
                piece.compute()
                with self._changed:
                    piece.is_done = True
                    self._changed.notify_all()
            # What it waited in vain is spent too.
            self._saved_s -= time.perf_counter() - began
            if piece is None:
                return
            waits, next_s = _TURNAROUND_S, piece.took_s


BESIDE_RUNS = Interludes()
"""Of this process, whose host is the thread that trains."""
