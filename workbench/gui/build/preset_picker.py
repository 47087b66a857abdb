"""Choosing a model preset: a field that opens a list of them."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QComboBox, QWidget

from workbench.core.settings.presets import Presets
from workbench.gui.widgets.theme import Theme

if TYPE_CHECKING:
    from workbench.gui.build.preset_popup import PresetPopup


class PresetPicker(QComboBox):
    """Looks like any other choice; its list can be searched by name and description. `chosen` carries a name."""

    chosen = Signal(str)

    def __init__(self, presets: Presets, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._presets, self._theme = presets, theme
        self._popup: PresetPopup | None = None
        self.addItem("")

    def set_presets(self, presets: Presets) -> None:
        self._presets = presets
        if self._popup is not None:
            self._popup.set_presets(presets)

    def show_title(self, title: str) -> None:
        """What stands in the field."""
        self.setItemText(0, title)

    @Slot()
    def showPopup(self) -> None:
        if self._popup is None:
            # Not before it is opened: the window's first paint needs none of it.
            from workbench.gui.build.preset_popup import PresetPopup

            self._popup = PresetPopup(self._presets, self._theme, self)
            self._popup.chosen.connect(self.chosen)
        self._popup.open_below(self)

    def wheelEvent(self, event: QWheelEvent) -> None:
        # One entry: there is nothing to turn through; the panel scrolls.
        event.ignore()
