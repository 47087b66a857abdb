"""Light, dark, or as the system is: chosen in the menu View and remembered."""

from PySide6.QtCore import QObject, QSettings, Slot
from PySide6.QtGui import QAction

from workbench.gui.widgets.menus import Menus
from workbench.gui.widgets.theme import Theme


class ThemeMenu(QObject):
    """Connects the theme with its entries."""

    def __init__(self, theme: Theme, settings: QSettings, parent: QObject) -> None:
        super().__init__(parent)
        self._theme, self._settings = theme, settings

    def add_to(self, menus: Menus) -> None:
        names = self.tr("&System colors"), self.tr("&Light"), self.tr("&Dark")
        choices = tuple(zip(names, ("system", "light", "dark"), strict=True))
        menus.add_choice(menus.view, choices, self._theme.choice, self._choose)

    @Slot(QAction)
    def _choose(self, action: QAction) -> None:
        self._theme.choose(action.data())
        self._settings.setValue("theme", action.data())
