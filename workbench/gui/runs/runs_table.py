"""The table of runs: how wide its columns are, and what mouse and keys do in it."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, Qt, Signal, Slot
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from workbench.gui.runs.name_delegate import NameDelegate
from workbench.gui.runs.runs_model import DATA, NAME, RECIPE, STATUS, TIME, RunsModel
from workbench.gui.widgets.tables import dress
from workbench.gui.widgets.theme import FIELD_GAP

_ROW_PX = 26
# The name takes the room that is left, and at least this; a folder's name is cut here.
_NAME_WIDTH, _MOST_DATA_WIDTH = 132, 160
# Where there is too little room, these are cut, in this order, and where that is not enough, they are left out.
_FIRST_CUT, _LEAST_WIDTH = (DATA, RECIPE), 48
# From the first that is seen on.
_MEASURED_ROWS = 40


class RunsTable(QTableView):
    """Shows a RunsModel. Names are edited only when they are asked to be (`edit`)."""

    opened = Signal(int)
    """The row that was double-clicked, or on which Return was pressed."""
    menu_asked = Signal(QPoint)
    """Where on the screen a menu for the current run shall open."""

    def __init__(self, model: RunsModel) -> None:
        super().__init__()
        self._wanted: list[int] = []
        self.setModel(model)
        dress(self, _ROW_PX)
        # Its value is then the first row that is seen.
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        header = self.horizontalHeader()
        # Not to contents: each cell that changes, once a second while a run is trained, would have all rows
        # measured anew, which takes 90 ms where there are 300.
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setResizeContentsPrecision(_MEASURED_ROWS)
        header.setMinimumSectionSize(_LEAST_WIDTH)
        self._name_delegate = NameDelegate(self)
        self.setItemDelegateForColumn(NAME, self._name_delegate)
        self.setAccessibleName(self.tr("Runs"))
        model.modelReset.connect(self._fit)
        model.dataChanged.connect(self._on_data)
        self._fit()

    # Columns

    @Slot(QModelIndex, QModelIndex)
    def _on_data(self, first: QModelIndex, last: QModelIndex) -> None:
        if first.column() != last.column() or first.column() == STATUS:
            self._fit()

    @Slot()
    def _fit(self) -> None:
        """Measure what stands in the columns, but for the name's."""
        header = self.horizontalHeader()
        self._wanted = [
            max(self.sizeHintForColumn(column), header.sectionSizeHint(column)) if column != NAME else _NAME_WIDTH
            for column in range(header.count())
        ]
        # It grows while nothing else changes.
        longest = self.fontMetrics().horizontalAdvance("0:00:00") + 2 * FIELD_GAP
        self._wanted[TIME] = max(self._wanted[TIME], longest)
        self._wanted[DATA] = min(self._wanted[DATA], _MOST_DATA_WIDTH)
        self._share_room()

    def _share_room(self) -> None:
        widths = list(self._wanted)
        room = self.viewport().width() - sum(widths)
        for column in _FIRST_CUT:
            cut = max(0, min(-room, widths[column] - _LEAST_WIDTH))
            widths[column] -= cut
            room += cut
        for column in _FIRST_CUT:
            if room < 0:
                room += widths[column]
                widths[column] = 0
        widths[NAME] += max(room, 0)
        for column, width in enumerate(widths):
            self.setColumnHidden(column, not width)
            if width:
                self.setColumnWidth(column, width)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share_room()

    # Rows

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

    # Mouse and keys

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        super().mouseDoubleClickEvent(event)
        index, place = self.indexAt(event.position().toPoint()), event.position().toPoint()
        if event.button() == Qt.MouseButton.LeftButton and index.isValid() and not self._is_box(index, place):
            self.opened.emit(index.row())

    def _is_box(self, index: QModelIndex, place: QPoint) -> bool:
        """Whether a check box is there, which two quick clicks switch there and back."""
        return index.column() == NAME and self._name_delegate.check_box(index).contains(place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return opens; Shift+F10 is the menu key where there is none, which Qt knows on Windows only."""
        row, modifiers = self.currentIndex().row(), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        is_return = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if is_return and modifiers == Qt.KeyboardModifier.NoModifier and row >= 0 and self.hasFocus():
            self.opened.emit(row)
        elif event.key() == Qt.Key.Key_F10 and modifiers == Qt.KeyboardModifier.ShiftModifier:
            self._ask_menu()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """By mouse where a run is, by key at the current one: Qt's place of the key is the middle of the table."""
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            self._ask_menu()
        elif self.indexAt(event.pos()).isValid():
            self.menu_asked.emit(event.globalPos())

    def _ask_menu(self) -> None:
        index = self.currentIndex().siblingAtColumn(NAME)
        if index.isValid():
            self.scrollTo(index)
            # Below the name, which stays in sight.
            place = QPoint(self._name_delegate.check_box(index).right(), self.visualRect(index).bottom())
            self.menu_asked.emit(self.viewport().mapToGlobal(place))
