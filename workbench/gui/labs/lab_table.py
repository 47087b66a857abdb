"""The tables of labs: rows of texts, of which some columns hold numbers."""

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, Qt, Signal, Slot
from PySide6.QtWidgets import QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from workbench.gui.widgets.field_form import plain_tip
from workbench.gui.widgets.tables import dress

_ROW_PX = 24
_GAP_PX = 16


class LabTable(QTableWidget):
    """`row_opened` carries the number of a row that was opened by a double click or Return."""

    row_opened = Signal(int)

    def __init__(
        self,
        name: str,
        columns: Sequence[tuple[str, str]],
        numbers: Sequence[int],
        wide: int,
        parent: QWidget | None = None,
    ) -> None:
        """
        Args:
            name: for assistive technology.
            columns: titles with their tooltips.
            numbers: columns whose texts stand on the right.
            wide: the column that takes what room is left.
        """
        super().__init__(0, len(columns), parent)
        dress(self, _ROW_PX)
        self.setAccessibleName(name)
        self._numbers, self._wide = frozenset(numbers), wide
        header = self.horizontalHeader()
        header.setMinimumSectionSize(_ROW_PX)
        for column, (title, tip) in enumerate(columns):
            item = QTableWidgetItem(title)
            item.setToolTip(tip)
            item.setTextAlignment(self._side_of(column))
            self.setHorizontalHeaderItem(column, item)
            is_wide = column == wide
            header.setSectionResizeMode(
                column, QHeaderView.ResizeMode.Stretch if is_wide else QHeaderView.ResizeMode.Fixed
            )
        self.activated.connect(self._on_activated)

    def show_rows(self, rows: Sequence[Sequence[str]]) -> None:
        """Put these in place of the former ones; the chosen row stays chosen."""
        chosen = self.currentRow()
        self.setRowCount(len(rows))
        for row, texts in enumerate(rows):
            for column, text in enumerate(texts):
                item = QTableWidgetItem(text)
                item.setToolTip(plain_tip(text))
                item.setTextAlignment(self._side_of(column))
                self.setItem(row, column, item)
        if 0 <= chosen < len(rows):
            self.setCurrentCell(chosen, 0)
        self._fit_columns()

    def _fit_columns(self) -> None:
        """Once for new rows: measured by Qt at every change, a long table would be slow."""
        for column in range(self.columnCount()):
            if column != self._wide:
                texts = max(self.sizeHintForColumn(column), self.horizontalHeader().sectionSizeHint(column))
                self.setColumnWidth(column, texts + _GAP_PX)

    def _side_of(self, column: int) -> Qt.AlignmentFlag:
        side = Qt.AlignmentFlag.AlignRight if column in self._numbers else Qt.AlignmentFlag.AlignLeft
        return side | Qt.AlignmentFlag.AlignVCenter

    @Slot(QModelIndex)
    def _on_activated(self, index: QModelIndex) -> None:
        self.row_opened.emit(index.row())
