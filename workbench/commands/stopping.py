"""How a command is ended by Ctrl+C, or by whoever ends its process or closes its terminal."""

import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import Any

from workbench.commands import console
from workbench.commands.live_bar import LiveBar
from workbench.core.orders import Orders
from workbench.core.standard_streams import end_is_near
from workbench.core.uncut import is_uncut, uncut

# Windows knows no SIGHUP.
_ENDING = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
# Within it, the same wish has come twice: terminal and shell, or a launcher, send signals both.
_SAME_WISH_S = 0.5

Handler = Callable[[int, FrameType | None], object]


@contextmanager
def handled(handler: Handler) -> Iterator[None]:
    """Call `handler` for every signal that asks the program to end; not for a hang-up under nohup."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    with ExitStack() as stack:
        for number in _ENDING:
            former = signal.getsignal(number)
            if number == signal.SIGINT or former is not signal.SIG_IGN:
                signal.signal(number, handler)
                stack.callback(signal.signal, number, former)
        yield


class Interruption:
    """Any of these signals is what Ctrl+C is: what was begun is cleared away. Else nothing would be told of it."""

    def __init__(self) -> None:
        self.came = False
        """Whatever ends the command then: in the middle of an import, an interruption ends as another error."""

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        self.came = True
        end_is_near()
        raise KeyboardInterrupt


@contextmanager
def closed_whole(events: Generator[Any, None, Any]) -> Iterator[None]:
    """As contextlib.closing; what is saved and recorded by closing is not cut by another signal."""
    try:
        yield
    finally:
        with uncut():
            events.close()


class StopSignals:
    """The first signal asks the run to stop and be saved; a second Ctrl+C interrupts at once, but never a saving.

    Other signals are not counted: a closed terminal sends several, and who must have the process gone kills it.
    """

    def __init__(self, message: str = "stopping") -> None:
        self.asked = False
        self.message = message
        self.display: LiveBar | None = None
        """Above whose bar it is said."""
        self.is_lasting = False
        """Never interrupt: a launcher may pass on the same signal that the terminal has sent already, and ends its
        processes itself when they take too long."""
        self._asked_at = 0.0
        self._orders: Orders | None = None
        self._stack = ExitStack()
        # Handlers run between any two lines, also within a write: there, printing raises or waits for ever. Unlike
        # an event, this queue may be filled within its own methods.
        self._sentences = queue.SimpleQueue[str | None]()

    def __enter__(self) -> "StopSignals":
        teller = threading.Thread(target=self._tell, name="stop signals", daemon=True)
        teller.start()
        self._stack.callback(teller.join)
        self._stack.callback(self._sentences.put, None)
        self._stack.enter_context(handled(self._ask))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def ask(self, orders: Orders) -> None:
        """Pass the wish on to `orders`, also one of before; else the caller looks at `asked`."""
        self._orders = orders
        if self.asked:
            orders.stop()

    def _ask(self, number: int, _frame: FrameType | None) -> None:
        if not self.asked:
            self.asked, self._asked_at = True, time.monotonic()
            end_is_near()
            if self._orders is not None:
                self._orders.stop()
            self._sentences.put(self.message)
        elif number == signal.SIGINT and not self.is_lasting and time.monotonic() - self._asked_at > _SAME_WISH_S:
            if is_uncut():
                self._sentences.put("saving; this takes a moment")
                return
            # Not an Exception: nothing on the way may take it for a failure of its own.
            raise KeyboardInterrupt

    def _tell(self) -> None:
        while (sentence := self._sentences.get()) is not None:
            if self.display is None or self.display.console.quiet:
                console.print_error(sentence)
            else:
                self.display.say(sentence)
            sys.stderr.flush()
