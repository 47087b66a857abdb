"""Where the window's parts stand: docks that can be moved, closed and put back."""

from PySide6.QtCore import QByteArray, QObject, QSettings, Qt, Slot
from PySide6.QtWidgets import QDockWidget, QMainWindow, QToolBar, QWidget

_BUILD_WIDTH, _INSPECT_WIDTH, _RUNS_HEIGHT = 312, 432, 190
_LOW_WINDOW, _RUNS_HEIGHT_LOW = 800, 140
_VERSION = 2
# Of the window manager's title bar, which is not known before the window is shown.
_FRAME_HEIGHT = 48


class WindowLayout(QObject):
    """Builds the docks around a window's center and remembers where the person put them.

    Args:
        strip: above everything, and first in the order of the Tab key.
        build, runs, inspect: what stands left, below and right of the center.
    """

    def __init__(
        self, window: QMainWindow, strip: QWidget, build: QWidget, runs: QWidget, inspect: QWidget
    ) -> None:
        super().__init__(window)
        self._window = window
        self._add_tool_bar(strip)
        left, right, bottom = (
            Qt.DockWidgetArea.LeftDockWidgetArea,
            Qt.DockWidgetArea.RightDockWidgetArea,
            Qt.DockWidgetArea.BottomDockWidgetArea,
        )
        window.setCorner(Qt.Corner.BottomLeftCorner, left)
        window.setCorner(Qt.Corner.BottomRightCorner, right)
        self._areas = (left, bottom, right)
        self.docks = [
            self._dock(self.tr("Build"), "build", build, left),
            self._dock(self.tr("Runs"), "runs", runs, bottom),
            self._dock(self.tr("Inspect"), "inspect", inspect, right),
        ]

    def _dock(self, title: str, name: str, content: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
        dock = QDockWidget(title)
        dock.setObjectName(name)
        dock.setWidget(content)
        self._window.addDockWidget(area, dock)
        return dock

    def _add_tool_bar(self, content: QWidget) -> None:
        """For good: hidden, there would be no visible way to start."""
        toolbar = QToolBar(self.tr("Training"))
        toolbar.setObjectName("trainingToolBar")
        toolbar.setMovable(False)
        toolbar.addWidget(content)
        toolbar.toggleViewAction().setEnabled(False)
        self._window.addToolBar(toolbar)

    @Slot()
    def reset(self) -> None:
        """Put the docks back where they were at first."""
        window = self._window
        for dock, area in zip(self.docks, self._areas, strict=True):
            dock.setFloating(False)
            window.addDockWidget(area, dock)
            dock.show()
        build, runs, inspect = self.docks
        window.resizeDocks([build, inspect], [_BUILD_WIDTH, _INSPECT_WIDTH], Qt.Orientation.Horizontal)
        height = _RUNS_HEIGHT_LOW if window.height() < _LOW_WINDOW else _RUNS_HEIGHT
        window.resizeDocks([runs], [height], Qt.Orientation.Vertical)

    def restore(self, settings: QSettings) -> None:
        """As the person left it, or as at first."""
        window = self._window
        available = window.screen().availableGeometry()
        window.resize(min(1440, available.width()), min(900, available.height() - _FRAME_HEIGHT))
        geometry, state = settings.value("geometry"), settings.value("state")
        if isinstance(geometry, QByteArray):
            window.restoreGeometry(geometry)
        if not (isinstance(state, QByteArray) and window.restoreState(state, _VERSION)):
            self.reset()

    def save(self, settings: QSettings) -> None:
        settings.setValue("geometry", self._window.saveGeometry())
        settings.setValue("state", self._window.saveState(_VERSION))
