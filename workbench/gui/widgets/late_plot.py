"""Room for a plot that is built late, so that the window's first paint waits for no plot."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QSize, QTimer, Signal, Slot
from PySide6.QtGui import QPalette, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

# What every plot of pyqtgraph asks for, so that nothing moves when it comes.
_SIZE, _LEAST_SIZE = QSize(640, 480), QSize(56, 56)


class LatePlot(QWidget):
    """Holds the plot that `build` returns: built when it is first seen or asked for.

    Args:
        is_plot: False for another part of the window that is not seen at first, and takes its time too.
    """

    def __init__(
        self, build: Callable[[], QWidget], parent: QWidget | None = None, *, is_plot: bool = True
    ) -> None:
        super().__init__(parent)
        self._build: Callable[[], QWidget] | None = build
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        if is_plot:
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


class PlotBuilder(QObject):
    """Builds what has not been seen yet of a window's plots, a little in each turn of the event loop."""

    finished = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window

    @Slot()
    def start(self) -> None:
        """Begin with the next turn of the event loop; `finished` comes when all are built."""
        QTimer.singleShot(0, self._load)

    @Slot()
    def _load(self) -> None:
        # Takes longer than all plots together.
        from workbench.gui.widgets import plotting  # noqa: F401  # loads pyqtgraph

        QTimer.singleShot(0, self._build_next)

    @Slot()
    def _build_next(self) -> None:
        plot = next((plot for plot in self._window.findChildren(LatePlot) if not plot.is_built), None)
        if plot is None:
            self.finished.emit()
            return
        # Before it is built, so that one that cannot be built keeps nothing from going on.
        QTimer.singleShot(0, self._build_next)
        plot.build()
