"""The table of runs: how it looks, and when a click edits a name."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QFocusEvent, QMouseEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from workbench.gui.runs.name_delegate import NameDelegate
from workbench.gui.runs.runs_model import RunsModel
from workbench.gui.widgets.tables import dress

_ROW_PX = 26
_NAME_WIDTH = 132
_Trigger = QAbstractItemView.EditTrigger


class RunsTable(QTableView):
    """Shows a RunsModel. A second click on a chosen name edits it; keys are whoever's the table is."""

    def __init__(self, model: RunsModel) -> None:
        super().__init__()
        self._was_elsewhere = False
        self.setModel(model)
        dress(self, _ROW_PX)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        header.resizeSection(0, _NAME_WIDTH)
        header.setStretchLastSection(True)
        header.setMinimumSectionSize(48)
        self.setEditTriggers(_Trigger.SelectedClicked)
        self.setItemDelegateForColumn(0, NameDelegate(self))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setAccessibleName(self.tr("Runs"))

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._was_elsewhere = event.reason() == Qt.FocusReason.MouseFocusReason
        super().focusInEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The click that only comes back to the table, whose run may be chosen already, edits nothing."""
        if self._was_elsewhere:
            self.setEditTriggers(_Trigger.NoEditTriggers)
        super().mouseReleaseEvent(event)
        self.setEditTriggers(_Trigger.SelectedClicked)
        self._was_elsewhere = False
