"""The four workspaces of the window: each has its page in the middle and its own arrangement of the docks."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QByteArray, QObject, QSettings, Qt, Signal, Slot
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QDockWidget, QMainWindow, QStackedWidget, QWidget

from workbench.gui.widgets.paint_once import PaintOnce

# Raised whenever docks are others, so that what was remembered of former ones is not taken for theirs.
_VERSION = 4
# Of the window manager's title bar, which is not known before the window is shown.
_FRAME_HEIGHT = 48
_FIRST_SIZE = (1440, 900)

LEFT, RIGHT, BOTTOM = (
    Qt.DockWidgetArea.LeftDockWidgetArea,
    Qt.DockWidgetArea.RightDockWidgetArea,
    Qt.DockWidgetArea.BottomDockWidgetArea,
)


@dataclass(frozen=True)
class Place:
    """Where a dock stands in a workspace unless the person has moved it.

    Args:
        size: pixels across its area: the width at a side, the height below.
        size_low: the same where the window is low or narrow.
        behind: another dock of the workspace whose place it shares, as a tab; it has no size of its own then, and
            is not shown before it is asked for.
    """

    dock: QDockWidget
    area: Qt.DockWidgetArea
    size: int
    size_low: int = 0
    behind: QDockWidget | None = None


@dataclass(frozen=True)
class Workspace:
    """One of the four.

    Args:
        name: by which it is remembered.
        page: what stands in the middle; two workspaces may share one.
        has_wide_bottom: whether what stands below is as wide as the window.
    """

    name: str
    title: str
    tooltip: str
    page: QWidget
    places: tuple[Place, ...]
    has_wide_bottom: bool = False


_LOW_HEIGHT, _NARROW_WIDTH = 800, 1400
_MOST_GROWTH = 1.5


class Workspaces(QObject):
    """Switches between them. `actions` has one entry for each, for the menu and the control in the tool bar.

    Args:
        window: whose docks all of them are made of; every dock is in it already.
        stack: holds the pages.
    """

    changed = Signal(str)

    def __init__(self, window: QMainWindow, stack: QStackedWidget, every: Sequence[Workspace]) -> None:
        super().__init__(window)
        self._window, self._stack = window, stack
        self._every = {workspace.name: workspace for workspace in every}
        self._current = ""
        self._between = QWidget()
        stack.addWidget(self._between)
        self._states: dict[str, QByteArray] = {}
        self.actions: list[QAction] = []
        group = QActionGroup(self)
        for number, workspace in enumerate(every, 1):
            if stack.indexOf(workspace.page) < 0:
                stack.addWidget(workspace.page)
            action = QAction(workspace.title, group)
            action.setCheckable(True)
            action.setData(workspace.name)
            action.setShortcut(f"Ctrl+{number}")
            action.setToolTip(f"{workspace.tooltip} (Ctrl+{number})")
            self.actions.append(action)
        group.triggered.connect(self._on_action)

    @property
    def current(self) -> str:
        """The name of the present one."""
        return self._current

    @Slot(QAction)
    def _on_action(self, action: QAction) -> None:
        self.show(action.data())

    def show(self, name: str) -> None:
        """Switch to a workspace, as the person left it."""
        if name == self._current:
            return
        window, workspace = self._window, self._every[name]
        with PaintOnce(window) as painting:
            self._remember()
            self._current = name
            # Pages keep their size for the next time: docks come and go around none of them.
            self._stack.setCurrentWidget(self._between)
            self._set_corners(workspace)
            state = self._states.get(name)
            if state is None or not window.restoreState(state, _VERSION):
                self._arrange(workspace)
            painting.settle()
            self._stack.setCurrentWidget(workspace.page)
            painting.settle()
            for action in self.actions:
                action.setChecked(action.data() == name)
            self.changed.emit(name)

    def _remember(self) -> None:
        if self._current:
            self._states[self._current] = self._window.saveState(_VERSION)

    def _set_corners(self, workspace: Workspace) -> None:
        for corner, side in (
            (Qt.Corner.BottomLeftCorner, LEFT),
            (Qt.Corner.BottomRightCorner, RIGHT),
        ):
            self._window.setCorner(corner, BOTTOM if workspace.has_wide_bottom else side)

    @Slot()
    def reset(self) -> None:
        """Put the docks of the present workspace back where they were at first."""
        self._states.pop(self._current, None)
        self._arrange(self._every[self._current])

    def _arrange(self, workspace: Workspace) -> None:
        window = self._window
        mine = [place.dock for place in workspace.places]
        for dock in window.findChildren(QDockWidget):
            if dock not in mine:
                dock.hide()
        for place in workspace.places:
            place.dock.setFloating(False)
            window.addDockWidget(place.area, place.dock)
            place.dock.setVisible(place.behind is None)
            if place.behind is not None:
                window.tabifyDockWidget(place.behind, place.dock)
        for direction, sides in (
            (Qt.Orientation.Horizontal, (LEFT, RIGHT)),
            (Qt.Orientation.Vertical, (BOTTOM,)),
        ):
            is_small = window.width() < _NARROW_WIDTH if BOTTOM not in sides else window.height() < _LOW_HEIGHT
            places = [place for place in workspace.places if place.area in sides and place.behind is None]
            length, usual = (
                (window.height(), _FIRST_SIZE[1]) if BOTTOM in sides else (window.width(), _FIRST_SIZE[0])
            )
            growth = min(max(length / usual, 1.0), _MOST_GROWTH)
            sizes = [
                place.size_low if is_small and place.size_low else round(place.size * growth) for place in places
            ]
            window.resizeDocks([place.dock for place in places], sizes, direction)

    # Remembered

    def restore(self, settings: QSettings) -> None:
        """As the person left it, or as at first where an earlier version remembered it, or what is odd."""
        window = self._window
        available = window.screen().availableGeometry()
        width, height = _FIRST_SIZE
        window.resize(min(width, available.width()), min(height, available.height() - _FRAME_HEIGHT))
        geometry = settings.value("geometry")
        if isinstance(geometry, QByteArray):
            window.restoreGeometry(geometry)
        settings.remove("state")
        for name in self._every:
            state = settings.value(f"workspaces/{name}")
            if isinstance(state, QByteArray):
                self._states[name] = state
        last = settings.value("workspace")
        self.show(last if isinstance(last, str) and last in self._every else next(iter(self._every)))

    def save(self, settings: QSettings) -> None:
        self._remember()
        settings.setValue("geometry", self._window.saveGeometry())
        settings.setValue("workspace", self._current)
        for name, state in self._states.items():
            settings.setValue(f"workspaces/{name}", state)
