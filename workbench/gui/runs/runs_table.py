"""The table of runs: which columns are shown and how wide, and what mouse and keys do in it."""

from collections.abc import Iterable

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, Qt, Signal, Slot
from PySide6.QtGui import QAction, QContextMenuEvent, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTableView

from workbench.gui.runs.name_delegate import NameDelegate
from workbench.gui.runs.run_columns import (
    DATA,
    DEVICE,
    FIRST_SHOWN,
    IN_ORDER,
    LOSS,
    MODEL,
    NAME,
    NOTE,
    RECIPE,
    STAR,
    STARTED,
    STATUS,
    TAGS,
    TIME,
)
from workbench.gui.runs.runs_model import RunsModel
from workbench.gui.widgets.tables import dress
from workbench.gui.widgets.theme import FIELD_GAP

_ROW_PX = 26
# The name takes the room that is left, and at least this; texts of people are cut here.
_NAME_WIDTH, _USUAL_NAME_WIDTH, _MOST_NAME_WIDTH, _STAR_WIDTH = 132, 200, 320, 24
_MOST_WIDTH = {DATA: 160, TAGS: 160, DEVICE: 120, NOTE: 240, MODEL: 160}
# Where there is too little room, they are left out in this order, and the next ones are cut.
_LEFT_OUT = (NOTE, MODEL, DEVICE, STARTED, LOSS)
_FIRST_CUT, _LEAST_WIDTH = (DATA, RECIPE, TAGS), 48
_ARROW_PX = 16
# From the first that is seen on.
_MEASURED_ROWS = 40


class RunsTable(QTableView):
    """Shows a RunsModel. Names are edited only when they are asked to be (`edit`)."""

    opened = Signal(int)
    """The row that was double-clicked, or on which Return was pressed."""
    menu_asked = Signal(QPoint)
    """Where on the screen a menu for the chosen runs shall open."""

    def __init__(self, model: RunsModel) -> None:
        super().__init__()
        self._model = model
        self._wanted: list[int] = []
        self._shown = set(FIRST_SHOWN)
        self.setModel(model)
        dress(self, _ROW_PX)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        # Its value is then the first row that is seen.
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self._set_up_header()
        self._name_delegate = NameDelegate(self)
        self.setItemDelegateForColumn(NAME, self._name_delegate)
        self.setAccessibleName(self.tr("Runs"))
        model.modelReset.connect(self._fit)
        model.dataChanged.connect(self._on_data)
        model.rowsRemoved.connect(self._fit)
        self._fit()

    def _set_up_header(self) -> None:
        header = self.horizontalHeader()
        # Not to contents: each cell that changes, once a second while a run is trained, would have all rows
        # measured anew, which takes 90 ms where there are 300.
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setResizeContentsPrecision(_MEASURED_ROWS)
        header.setMinimumSectionSize(_STAR_WIDTH)
        for place, column in enumerate(IN_ORDER):
            header.moveSection(header.visualIndex(column), place)
        header.setSectionsClickable(True)
        # A third click goes back to the newest first.
        header.setSortIndicatorClearable(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)
        header.sortIndicatorChanged.connect(self._fit)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._choose_columns)

    # Columns

    @property
    def shown_columns(self) -> list[int]:
        """Those that are shown as far as there is room."""
        return sorted(self._shown)

    def show_columns(self, columns: Iterable[int]) -> None:
        self._shown = {NAME, *columns}
        self._fit()

    @Slot(QPoint)
    def _choose_columns(self, place: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for column in IN_ORDER:
            if column == NAME:
                continue
            about = self._model.columns.all[column]
            action = menu.addAction(self.tr("Star") if column == STAR else about.title)
            action.setData(column)
            action.setCheckable(True)
            action.setChecked(column in self._shown)
        menu.triggered.connect(self._switch_column)
        menu.popup(self.horizontalHeader().mapToGlobal(place))

    @Slot(QAction)
    def _switch_column(self, action: QAction) -> None:
        self.show_columns(self._shown ^ {action.data()})

    @Slot(QModelIndex, QModelIndex)
    def _on_data(self, first: QModelIndex, last: QModelIndex) -> None:
        if first.column() != last.column() or first.column() == STATUS:
            self._fit()

    @Slot()
    def _fit(self) -> None:
        """Measure what stands in the columns, but for the name's."""
        header, runs = self.horizontalHeader(), self._model.records
        used = {TAGS: any(run.tags for run in runs), NOTE: any(run.note for run in runs)}
        self._wanted = [0] * header.count()
        for column in self._shown:
            if used.get(column, True):
                self._wanted[column] = min(self._width_of(column), _MOST_WIDTH.get(column, 1000))
        self._share_room()

    def _width_of(self, column: int) -> int:
        if column == STAR:
            return _STAR_WIDTH
        if column == NAME:
            return max(_NAME_WIDTH, min(self.sizeHintForColumn(NAME), _MOST_NAME_WIDTH))
        header = self.horizontalHeader()
        title = header.fontMetrics().horizontalAdvance(self._model.columns.all[column].title) + 2 * FIELD_GAP
        # Not the header's own hint, which has room for the arrow in each of them.
        arrow = _ARROW_PX if header.sortIndicatorSection() == column else 0
        width = max(self.sizeHintForColumn(column), title + arrow)
        # It grows while nothing else changes.
        longest = self.fontMetrics().horizontalAdvance("0:00:00") + 2 * FIELD_GAP
        return max(width, longest) if column == TIME else width

    def _share_room(self) -> None:
        widths = list(self._wanted)
        room = self.viewport().width() - sum(widths)
        for column in _LEFT_OUT:
            if room < 0:
                room += widths[column]
                widths[column] = 0
        # A name is worth more than what can be left out or cut, as far as it is of a usual length.
        room += widths[NAME] - (usual := min(widths[NAME], _USUAL_NAME_WIDTH))
        for column in _FIRST_CUT:
            cut = max(0, min(-room, widths[column] - _LEAST_WIDTH))
            widths[column] -= cut
            room += cut
        room += usual - _NAME_WIDTH
        widths[NAME] = _NAME_WIDTH
        for column in (*_FIRST_CUT, STAR):
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

    @property
    def chosen_rows(self) -> list[int]:
        """Of all chosen runs, from above."""
        return sorted({index.row() for index in self.selectionModel().selectedRows()})

    # Mouse and keys

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and index.column() == STAR and self._star(index.row()):
            return
        super().mousePressEvent(event)

    def _star(self, row: int) -> bool:
        """Give a run a star, or take it away."""
        if row >= len(self._model.records):
            return False
        run = self._model.records[row]
        self._model.star_asked.emit(run.id, not run.is_starred)
        return True

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
        elif event.key() == Qt.Key.Key_Space and len(self.chosen_rows) > 1:
            self._check_chosen()
        elif event.key() == Qt.Key.Key_F10 and modifiers == Qt.KeyboardModifier.ShiftModifier:
            self._ask_menu()
        else:
            super().keyPressEvent(event)

    def _check_chosen(self) -> None:
        """Draw all chosen runs, or none if all of them are drawn."""
        ids = [self._model.records[row].id for row in self.chosen_rows if row < len(self._model.records)]
        are_drawn = all(run_id in self._model.checked for run_id in ids)
        for run_id in ids:
            self._model.set_checked(run_id, not are_drawn)

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
