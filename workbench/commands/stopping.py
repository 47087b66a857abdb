"""How a command is ended by Ctrl+C, or by whoever ends its process or closes its terminal."""

import queue
import signal
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from workbench.commands import console
from workbench.commands.live_bar import LiveBar
from workbench.core.ending_signals import ending_signals
from workbench.core.orders import Orders
from workbench.core.standard_streams import end_is_near
from workbench.core.uncut import is_saving, is_uncut, uncut

# Within it, the same wish has come twice: terminal and shell, or a launcher, send signals both.
_SAME_WISH_S = 0.5
_RETRY_S = 0.01
# Longer than any module takes to load, unless its drive is gone.
_MOST_LOADING_S = 20.0

Handler = Callable[[int, FrameType | None], object]


def install(handler: Any) -> dict[signal.Signals, Any]:
    """Call `handler` for every signal that asks the program to end; returns what was called before."""
    if threading.current_thread() is not threading.main_thread():
        return {}
    return {number: signal.signal(number, handler) for number in ending_signals()}


def restore(former: dict[signal.Signals, Any]) -> None:
    for number, handler in former.items():
        signal.signal(number, handler)


class Interruption:
    """Any of these signals is what Ctrl+C is: what was begun is cleared away. Else nothing would be told of it.

    Args:
        is_last: the process ends after the command; while it does, such signals are no news any more.
    """

    def __init__(self, is_last: bool = False) -> None:
        self.came = False
        """Whatever ends the command then: in the middle of an import, an interruption ends as another error."""
        self._is_last = is_last
        self._since = 0.0
        self._former: dict[signal.Signals, Any] = {}
        self._former_alarm: Any = None

    def __enter__(self) -> "Interruption":
        self._former = install(self)
        return self

    def __exit__(self, *_: object) -> None:
        if self._former_alarm is not None:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, self._former_alarm)
        restore(dict.fromkeys(self._former, signal.SIG_IGN) if self._is_last else self._former)

    def __call__(self, _number: int, frame: FrameType | None) -> None:
        end_is_near()
        if not self.came:
            self.came, self._since = True, time.monotonic()
        is_late = time.monotonic() - self._since > _MOST_LOADING_S
        # C++ in modules that are being loaded takes an exception for its own, and may abort the process.
        if hasattr(signal, "setitimer") and (is_uncut() or (_is_importing(frame) and not is_late)):
            if self._former_alarm is None:
                self._former_alarm = signal.getsignal(signal.SIGALRM)
            signal.signal(signal.SIGALRM, self)
            signal.setitimer(signal.ITIMER_REAL, _RETRY_S)
            return
        # Not an Exception: nothing on the way may take it for a failure of its own.
        raise KeyboardInterrupt


def _is_importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


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
    Once it is stopped, what little is left of the command is not interrupted.
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
        self._former: dict[signal.Signals, Any] = {}
        # Handlers run between any two lines, also within a write: there, printing raises or waits for ever. Unlike
        # an event, this queue may be filled within its own methods.
        self._sentences = queue.SimpleQueue[str | None]()
        self._teller = threading.Thread(target=self._tell, name="stop signals", daemon=True)

    def __enter__(self) -> "StopSignals":
        self._teller.start()
        self._former = install(self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        restore(dict.fromkeys(self._former, signal.SIG_IGN) if self.asked else self._former)
        self._sentences.put(None)
        self._teller.join()

    def ask(self, orders: Orders) -> None:
        """Pass the wish on to `orders`, also one of before; else the caller looks at `asked`."""
        self._orders = orders
        if self.asked:
            orders.stop()

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if not self.asked:
            self.asked, self._asked_at = True, time.monotonic()
            end_is_near()
            if self._orders is not None:
                self._orders.stop()
            self._sentences.put(self.message)
        elif number == signal.SIGINT and not self.is_lasting and time.monotonic() - self._asked_at > _SAME_WISH_S:
            if is_saving():
                self._sentences.put("saving; this takes a moment")
                return
            former = self._former[signal.SIGINT]
            if callable(former):
                former(number, frame)

    def _tell(self) -> None:
        while (sentence := self._sentences.get()) is not None:
            display = self.display
            if display is None or display.console.quiet:
                console.print_error(sentence)
            else:
                display.say(sentence)
