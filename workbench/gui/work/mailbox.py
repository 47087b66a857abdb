"""How a lane's thread hands what jobs say to the window's: a locked box that a timer empties.

A signal per event would flood the window's event loop; the box is emptied 20 times a second, and once more when
a job ends.
"""

import threading
from typing import Any


class Mailbox:
    """What jobs said, in order. Both methods may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._said: list[Any] = []

    def post(self, said: Any) -> None:
        with self._lock:
            self._said.append(said)

    def take(self) -> list[Any]:
        with self._lock:
            said, self._said = self._said, []
        return said
