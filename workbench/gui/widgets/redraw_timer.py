"""Redrawing that does not compete with training for the cores."""

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal, Slot

_SHARE = 0.01
"""Of one core, that drawing may take while it is asked for without end."""
_SHORTEST_MS = 1000
_LONGEST_MS = 3000
_PAINTED_MS = 100
"""After so long the window has painted what was drawn, which is most of the cost and is announced by no signal."""


class RedrawTimer(QTimer):
    """Calls `redraw` once, a second after it was first asked; later if the last time cost much.

    The cost is the processor time of the calling thread, with the painting that follows.
    """

    weighed = Signal()
    """It has redrawn, the window has painted it, and the next interval is set."""

    def __init__(self, redraw: Callable[[], None], parent: QObject) -> None:
        super().__init__(parent)
        self._redraw = redraw
        self._began = 0.0
        self._painted = QTimer(self)
        self._painted.setSingleShot(True)
        self._painted.setInterval(_PAINTED_MS)
        self._painted.timeout.connect(self._weigh)
        self.setSingleShot(True)
        self.setInterval(_SHORTEST_MS)
        self.timeout.connect(self._run)

    def ask(self) -> None:
        """However often: until it has redrawn, one more time is enough."""
        if not self.isActive():
            self.start()

    @Slot()
    def _run(self) -> None:
        self._began = time.thread_time()
        self._painted.start()
        self._redraw()

    @Slot()
    def _weigh(self) -> None:
        cost_ms = 1000 * (time.thread_time() - self._began)
        self.setInterval(round(min(max(cost_ms / _SHARE, _SHORTEST_MS), _LONGEST_MS)))
        self.weighed.emit()
