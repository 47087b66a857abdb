"""How a command is stopped by Ctrl+C, or by whoever ends its process."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from workbench.commands import console
from workbench.core.orders import Orders


@contextmanager
def ended_by_term() -> Iterator[None]:
    """SIGTERM is what Ctrl+C is: what was begun is cleared away. Else nothing would be told of it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    former = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


class StopSignals:
    """The first Ctrl+C or SIGTERM asks the run to stop and be saved; the second one interrupts at once.

    Args:
        lasting: never interrupt: a launcher may pass on the same signal that the terminal has sent already, and
            ends its processes itself when they take too long.
    """

    def __init__(self, lasting: bool = False) -> None:
        self.asked = False
        self.message = "stopping"
        self.orders: Orders | None = None
        """Through which to stop; without, the caller does."""
        self._lasting = lasting
        self._former: dict[signal.Signals, Any] = {}

    def __enter__(self) -> "StopSignals":
        for number in (signal.SIGINT, signal.SIGTERM):
            self._former[number] = signal.signal(number, self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._former.items():
            signal.signal(number, handler)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        if self.asked:
            if self._lasting:
                return
            # Not an Exception: nothing on the way may take it for a failure of its own.
            raise KeyboardInterrupt
        self.asked = True
        if self.orders is not None:
            self.orders.stop()
        console.print_error(self.message)
