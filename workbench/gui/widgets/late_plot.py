"""Room for a plot that is built late, so that the window's first paint waits for no plot."""

from collections.abc import Callable

from PySide6.QtCore import QSize
from PySide6.QtGui import QPalette, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

# What every plot of pyqtgraph asks for, so that nothing moves when it comes.
_SIZE, _LEAST_SIZE = QSize(640, 480), QSize(56, 56)


class LatePlot(QWidget):
    """Holds the plot that `build` returns: built when it is first seen or asked for."""

    def __init__(self, build: Callable[[], QWidget], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._build: Callable[[], QWidget] | None = build
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self.setAutoFillBackground(True)

    @property
    def is_built(self) -> bool:
        return self._build is None

    def build(self) -> None:
        """Build the plot now, if that has not been done."""
        if self._build is not None:
            build, self._build = self._build, None
            plot = build()
            self._layout.addWidget(plot)
            # By itself, the layout would show and place it only after the next paint.
            plot.show()
            self._layout.activate()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.build()

    def sizeHint(self) -> QSize:
        return _SIZE

    def minimumSizeHint(self) -> QSize:
        return _LEAST_SIZE
