"""The list of labs, and the one that is opened in its place."""

from PySide6.QtWidgets import QStackedLayout, QWidget

from workbench.gui.labs.lab_list import LabList
from workbench.gui.labs.lab_page import LabPage
from workbench.gui.widgets.theme import Theme


class LabsView(QWidget):
    """Two pages; who looks at a lab goes back to the list by its button."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.list, self.page = LabList(), LabPage(theme)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self.list)
        self._stack.addWidget(self.page)
        self.page.back_asked.connect(self.show_list)

    @property
    def is_list(self) -> bool:
        return self._stack.currentWidget() is self.list

    def show_list(self) -> None:
        self._stack.setCurrentWidget(self.list)

    def show_page(self) -> None:
        self._stack.setCurrentWidget(self.page)
