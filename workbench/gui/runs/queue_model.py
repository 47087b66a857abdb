"""The queue of runs as rows, in the order in which they will be trained."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QMimeData, QModelIndex, QPersistentModelIndex, Qt, Signal

from workbench.core.formats import count, rough_duration
from workbench.core.records.queue_entry import DamagedEntry, QueueEntry, QueueList
from workbench.gui.widgets.field_form import plain_tip
from workbench.gui.widgets.theme import Theme

_Index = QModelIndex | QPersistentModelIndex
_ROLE = Qt.ItemDataRole
_DRAGGED = "application/x-resnet-workbench-queue-entry"
PLACE, NAME, STATE, TIME, EPOCHS, MODEL, RECIPE, DATA = range(8)
_Row = QueueEntry | DamagedEntry


@dataclass(frozen=True)
class _Column:
    title: str
    tooltip: str
    is_number: bool = False


class QueueModel(QAbstractTableModel):
    """One row an entry. What is dragged or edited in it changes once whoever hears of it has recorded that."""

    name_entered = Signal(str, str)
    """The entry's id and another name than it has."""
    dropped = Signal(list, int)
    """The ids of entries, in their order, and the place that the first of them shall have."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.rows: list[_Row] = []
        self._seconds: Mapping[str, float | None] = {}
        self._columns = self._make_columns()

    def _make_columns(self) -> tuple[_Column, ...]:
        return (
            _Column("", self.tr("Place in the queue: 1 is trained next"), True),
            _Column(self.tr("Run"), self.tr("What the run will be called (F2 changes it)")),
            _Column(self.tr("State"), self.tr("Whether it waits, is trained, or how it ended")),
            _Column(self.tr("Time"), self.tr("About how long it still takes on this machine"), True),
            _Column(self.tr("Epochs"), self.tr("How many epochs it is trained"), True),
            _Column(self.tr("Model"), self.tr("The network")),
            _Column(self.tr("Recipe"), self.tr("How it is trained")),
            _Column(self.tr("Data"), self.tr("Source of the images")),
        )

    def show(self, listing: QueueList, seconds: Mapping[str, float | None]) -> None:
        """Take the present queue, and what is still to be trained of its entries, in seconds."""
        rows: list[_Row] = [*listing.entries, *listing.damaged]
        is_same = [row.id for row in rows] == [row.id for row in self.rows]
        if not is_same:
            self.beginResetModel()
        self.rows, self._seconds = rows, seconds
        if not is_same:
            self.endResetModel()
        elif rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, len(self._columns) - 1))

    def row_of(self, entry_id: str) -> int | None:
        return next((number for number, row in enumerate(self.rows) if row.id == entry_id), None)

    # What Qt asks

    def rowCount(self, parent: _Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: _Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _ROLE.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        column = self._columns[section]
        match role:
            case _ROLE.DisplayRole:
                return column.title
            case _ROLE.ToolTipRole:
                return plain_tip(column.tooltip)
            case _ROLE.TextAlignmentRole:
                return self._alignment(section)
        return None

    def data(self, index: _Index, role: int = _ROLE.DisplayRole) -> Any:
        row = self.rows[index.row()]
        match role:
            case _ROLE.DisplayRole:
                return self._text(row, index.column())
            case _ROLE.EditRole if index.column() == NAME:
                return row.name
            case _ROLE.ToolTipRole:
                return plain_tip(self._tip(row, index.column()))
            case _ROLE.TextAlignmentRole:
                return self._alignment(index.column())
            case _ROLE.ForegroundRole:
                return self._color(row, index.column())
        return None

    def _alignment(self, column: int) -> int:
        side = Qt.AlignmentFlag.AlignRight if self._columns[column].is_number else Qt.AlignmentFlag.AlignLeft
        return int(side | Qt.AlignmentFlag.AlignVCenter)

    def _text(self, row: _Row, column: int) -> str:
        if isinstance(row, DamagedEntry):
            return {NAME: row.name, STATE: self.tr("damaged")}.get(column, "")
        seconds = self._seconds.get(row.id)
        texts = {
            PLACE: str(row.place or ""),
            NAME: row.name,
            STATE: self.state_words(row),
            TIME: "" if row.is_done or not seconds else rough_duration(seconds),
            EPOCHS: count(row.config.training.epochs),
            MODEL: row.model,
            RECIPE: row.recipe,
            DATA: row.config.data.source,
        }
        return texts[column]

    def state_words(self, entry: QueueEntry) -> str:
        """In a word or two."""
        match entry.state:
            case "waiting":
                return self.tr("to be resumed") if entry.has_begun else self.tr("waiting")
            case "skipped":
                return self.tr("skipped")
            case "running":
                return self.tr("running")
            case "finished":
                return self.tr("finished")
            case "failed":
                return self.tr("failed")

    def _tip(self, row: _Row, column: int) -> str:
        if isinstance(row, DamagedEntry):
            return row.reason
        return row.message or self._text(row, column)

    def _color(self, row: _Row, column: int) -> Any:
        if column == STATE and (isinstance(row, DamagedEntry) or row.state == "failed"):
            return self._theme.color("wrong")
        if isinstance(row, DamagedEntry) or row.is_done or row.state == "skipped":
            return self._theme.color("secondary")
        return None

    # Editing a name, dragging a row

    def flags(self, index: _Index) -> Qt.ItemFlag:
        if not index.isValid():
            # Between two rows.
            return Qt.ItemFlag.ItemIsDropEnabled
        flags = super().flags(index)
        row = self.rows[index.row()]
        if isinstance(row, QueueEntry) and row.is_open:
            flags |= Qt.ItemFlag.ItemIsDragEnabled
            if index.column() == NAME and not row.has_begun:
                flags |= Qt.ItemFlag.ItemIsEditable
        return flags

    def setData(self, index: _Index, value: Any, role: int = _ROLE.EditRole) -> bool:
        row = self.rows[index.row()]
        if role == _ROLE.EditRole and index.column() == NAME and str(value) != row.name:
            self.name_entered.emit(row.id, str(value))
        return False

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction

    def mimeTypes(self) -> list[str]:
        return [_DRAGGED]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        data = QMimeData()
        ids = [self.rows[row].id for row in sorted({index.row() for index in indexes})]
        data.setData(_DRAGGED, "\n".join(ids).encode())
        return data

    def dropMimeData(self, data: QMimeData, action: Qt.DropAction, row: int, _column: int, parent: _Index) -> bool:
        """Tell where it was dropped; rows move once that is recorded, so that Qt must not take one away."""
        ids = data.data(_DRAGGED).toStdString().split("\n")
        below = row if row >= 0 else parent.row() if parent.isValid() else len(self.rows)
        before = (each for each in self.rows[:below] if isinstance(each, QueueEntry) and each.is_open)
        place = 1 + sum(each.id not in ids for each in before)
        if action == Qt.DropAction.MoveAction and all(self.row_of(each) is not None for each in ids):
            self.dropped.emit(ids, place)
        return False
