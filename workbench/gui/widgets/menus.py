"""The menu bar: every action of the window, with its shortcut; buttons that open a menu."""

import html
from collections.abc import Callable, Iterable

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtGui import QAction, QActionGroup, QCursor, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu, QMessageBox, QToolButton

from workbench import __version__
from workbench.core.home import Home


class Menus(QObject):
    """Builds the menus of a window from bound methods; holds the actions that are enabled and disabled."""

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        bar = window.menuBar()
        self.file = bar.addMenu(self.tr("&File"))
        self.edit = bar.addMenu(self.tr("&Edit"))
        self.run = bar.addMenu(self.tr("&Run"))
        self.inspect = bar.addMenu(self.tr("&Inspect"))
        self.view = bar.addMenu(self.tr("&View"))
        self.help = bar.addMenu(self.tr("&Help"))

    def add(
        self, menu: QMenu, text: str, do: Callable[..., object], shortcut: str | QKeySequence.StandardKey = ""
    ) -> QAction:
        action = menu.addAction(text)
        action.triggered.connect(do)
        if shortcut:
            action.setShortcut(QKeySequence(shortcut))
        return action

    def fill(self, menu: QMenu, *groups: Iterable[Callable[["Menus"], object]]) -> None:
        """Let each of them add its entries to `menu`, with a line between groups."""
        for group in groups:
            if not menu.isEmpty():
                menu.addSeparator()
            for add_to in group:
                add_to(self)

    def add_choice(
        self, menu: QMenu, choices: tuple[tuple[str, str], ...], chosen: str, do: Callable[[QAction], object]
    ) -> None:
        """Entries (text, data) of which one is checked; `do` takes the chosen action."""
        group = QActionGroup(self)
        for text, data in choices:
            action = menu.addAction(text)
            action.setData(data)
            action.setCheckable(True)
            action.setChecked(data == chosen)
            group.addAction(action)
        group.triggered.connect(do)


class PopupButton(QToolButton):
    """A button that does nothing but open its menu."""

    def __init__(self, text: str, tooltip: str, menu: QMenu) -> None:
        super().__init__()
        self.setText(text)
        self.setToolTip(tooltip)
        self.setProperty("role", "button")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setMenu(menu)
        menu.aboutToHide.connect(self._look_for_mouse)

    @Slot()
    def _look_for_mouse(self) -> None:
        """Qt tells nobody of a mouse that leaves while a menu is open: the button would look hovered for good."""
        is_over = self.rect().contains(self.mapFromGlobal(QCursor.pos()))
        self.setAttribute(Qt.WidgetAttribute.WA_UnderMouse, is_over)
        self.update()


def show_about(window: QMainWindow, home: Home) -> None:
    """What this is, and where it keeps things."""
    text = window.tr(
        "<b>ResNet Workbench {0}</b><br>Build residual networks, watch them train, and look at what they get "
        "wrong.<br><br>Images: CIFAR-10, Krizhevsky 2009.<br>Runs and data: {1}"
    )
    QMessageBox.about(window, window.tr("About"), text.format(__version__, html.escape(str(home.root))))
