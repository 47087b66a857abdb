"""What stands in the middle while the tab Data is chosen: views of the images, as tabs."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from workbench.gui.widgets.scrolling import scrolling
from workbench.gui.widgets.theme import FIELD_GAP, GROUP_GAP, MARGIN


class DataPage(QTabWidget):
    """`seen` and `unseen` say whether somebody looks at any of them."""

    seen = Signal()
    unseen = Signal()

    def __init__(self, views: Sequence[tuple[QWidget, str, str]], parent: QWidget | None = None) -> None:
        """
        Args:
            views: each with its title and a tooltip.
        """
        super().__init__(parent)
        self.setDocumentMode(True)
        self.setAccessibleName(self.tr("Images before training"))
        for number, (view, title, tooltip) in enumerate(views):
            self.addTab(view, title)
            self.setTabToolTip(number, tooltip)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.seen.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.unseen.emit()


def below_each_other(*parts: QWidget) -> QWidget:
    """Parts of one view, which scrolls."""
    page = QWidget()
    layout = QVBoxLayout(page)
    layout.setContentsMargins(MARGIN, FIELD_GAP, MARGIN, MARGIN)
    layout.setSpacing(GROUP_GAP)
    for part in parts:
        layout.addWidget(part)
    layout.addStretch(1)
    return scrolling(page)
