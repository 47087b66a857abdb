"""Python's garbage collection, kept on the window's thread."""

import gc
from typing import ClassVar

from PySide6.QtCore import QObject, QTimer, Slot

_INTERVAL_MS = 1000


class GarbageCollector(QObject):
    """Collects on a timer instead of wherever Python happens to allocate.

    The automatic collector runs on any thread, also the worker's; freeing a QObject of the window there aborts
    the process. It comes back when the last window of the process has stopped its own.
    """

    _started: ClassVar[set[int]] = set()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thresholds = gc.get_threshold()
        self._timer = QTimer(self)
        self._timer.setInterval(_INTERVAL_MS)
        self._timer.timeout.connect(self.check)

    def start(self) -> None:
        self._started.add(id(self))
        gc.disable()
        self._timer.start()

    def stop(self) -> None:
        """As it was before `start`."""
        self._timer.stop()
        self._started.discard(id(self))
        if not self._started:
            gc.unfreeze()
            gc.enable()

    def settle(self) -> None:
        """Leave out what is there now from later collections: walking through all of torch takes 0.1 s."""
        gc.freeze()

    @Slot()
    def check(self) -> None:
        """Collect the oldest generation that is due, as Python would."""
        counts = gc.get_count()
        for generation in (2, 1, 0):
            if counts[generation] > self._thresholds[generation]:
                gc.collect(generation)
                return
