"""The table of runs: how it looks, and when a click edits a name."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, Qt, Slot
from PySide6.QtGui import QFocusEvent, QMouseEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from workbench.gui.runs.name_delegate import NameDelegate
from workbench.gui.runs.runs_model import TIME, RunsModel
from workbench.gui.widgets.tables import dress
from workbench.gui.widgets.theme import FIELD_GAP

_ROW_PX = 26
_NAME_WIDTH = 132
# From the first that is seen on.
_MEASURED_ROWS = 40
_Trigger = QAbstractItemView.EditTrigger


class RunsTable(QTableView):
    """Shows a RunsModel. A second click on a chosen name edits it; keys are whoever's the table is."""

    def __init__(self, model: RunsModel) -> None:
        super().__init__()
        self._was_elsewhere = False
        self.setModel(model)
        dress(self, _ROW_PX)
        # Its value is then the first row that is seen.
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        header = self.horizontalHeader()
        # Not to contents: each cell that changes, once a second while a run is trained, would have all rows
        # measured anew, which takes 90 ms where there are 300.
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setResizeContentsPrecision(_MEASURED_ROWS)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        header.resizeSection(0, _NAME_WIDTH)
        header.setStretchLastSection(True)
        header.setMinimumSectionSize(48)
        self.setEditTriggers(_Trigger.SelectedClicked)
        self.setItemDelegateForColumn(0, NameDelegate(self))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setAccessibleName(self.tr("Runs"))
        model.modelReset.connect(self._fit)
        model.dataChanged.connect(self._on_data)
        self._fit()

    @Slot(QModelIndex, QModelIndex)
    def _on_data(self, first: QModelIndex, last: QModelIndex) -> None:
        if first.column() != last.column():
            self._fit()

    @Slot()
    def _fit(self) -> None:
        """Make columns as wide as what stands in them, but for the name's, which is the person's to choose."""
        for column in range(1, self.horizontalHeader().count()):
            self.resizeColumnToContents(column)
        # It grows while nothing else changes.
        longest = self.fontMetrics().horizontalAdvance("0:00:00") + 2 * FIELD_GAP
        self.setColumnWidth(TIME, max(self.columnWidth(TIME), longest))

    def top(self) -> QPersistentModelIndex:
        """What is seen first, for `keep_top`; none where the table is not scrolled and new runs are to be seen."""
        is_scrolled = self.verticalScrollBar().value() > 0
        return QPersistentModelIndex(self.indexAt(QPoint(0, 0)) if is_scrolled else QModelIndex())

    def keep_top(self, top: QPersistentModelIndex) -> None:
        """Scroll what was seen first there again, after rows above it came or went."""
        if top.isValid():
            # The range of the scroll bar is that of the rows before until then.
            self.updateGeometries()
            self.verticalScrollBar().setValue(top.row())

    def rowsAboutToBeRemoved(self, parent: QModelIndex | QPersistentModelIndex, start: int, end: int) -> None:
        """Nothing is chosen in place of a run that goes: Qt would choose, and so show, the one beside it."""
        if start <= self.currentIndex().row() <= end:
            self.selectionModel().clear()
        super().rowsAboutToBeRemoved(parent, start, end)

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
