"""Redrawing that does not compete with training for the cores."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

# 10 ms of drawing at every second is 1 % of one core.
_INTERVAL_MS = 1000


class RedrawTimer(QTimer):
    """Calls `redraw` once, a second after it was first asked."""

    def __init__(self, redraw: Callable[[], None], parent: QObject) -> None:
        super().__init__(parent)
        self.setSingleShot(True)
        self.setInterval(_INTERVAL_MS)
        self.timeout.connect(redraw)

    def ask(self) -> None:
        """However often: until it has redrawn, one more time is enough."""
        if not self.isActive():
            self.start()
