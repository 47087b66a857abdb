"""The recorded runs as rows, for whichever table shows them: filtered and in the order that was asked for."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPixmap

from workbench.core.formats import duration
from workbench.core.records.run_filter import RunFilter
from workbench.core.records.run_record import DamagedRun, RunRecord
from workbench.gui.runs.run_columns import NAME, STAR, STATUS, TIME, RunColumns, sorted_runs
from workbench.gui.widgets.field_form import plain_tip
from workbench.gui.widgets.theme import Theme

_Index = QModelIndex | QPersistentModelIndex
_SWATCH_PX = 10
_ROLE = Qt.ItemDataRole
_Row = RunRecord | DamagedRun
# Whether it can be read, and its id.
_Key = tuple[bool, str]


class RunsModel(QAbstractTableModel):
    """One row per run that the filter leaves, newest first or sorted. The check box says whether the run is drawn.

    A name can be edited in its cell; it changes once whoever hears `name_entered` has recorded it.
    """

    checked_changed = Signal(str, bool)
    star_asked = Signal(str, bool)
    """A run's id, and whether it shall have a star."""
    name_entered = Signal(str, str)
    """The run's id and another name than it has."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.records: list[RunRecord] = []
        """Those that are shown, in their order."""
        self.damaged: tuple[DamagedRun, ...] = ()
        """Those that cannot be read; they stand below the others."""
        self.every: tuple[RunRecord, ...] = ()
        """All that can be read, newest first."""
        self.every_damaged: tuple[DamagedRun, ...] = ()
        """All that cannot be."""
        self.checked: set[str] = set()
        self.columns = RunColumns()
        self._filter = RunFilter()
        self._sorted_by, self._descending = -1, False

    # Changes

    def show(self, records: Sequence[RunRecord], damaged: Sequence[DamagedRun] = ()) -> None:
        """Take the present list.

        Only rows of runs that came or went are new or gone, so that what is edited, chosen or in sight stays so.
        """
        self.every, self.every_damaged = tuple(records), tuple(damaged)
        self._arrange()

    def set_filter(self, text: str) -> None:
        """Show only runs that a typed line means (`RunFilter.parse`)."""
        self._filter = RunFilter.parse(text)
        self._arrange()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """By a column; -1: newest first, as the list comes."""
        self._sorted_by, self._descending = column, order == Qt.SortOrder.DescendingOrder
        self._arrange()

    def _arrange(self) -> None:
        shown = self._filter.chosen(self.every)
        if 0 <= self._sorted_by < len(self.columns.all):
            shown = sorted_runs(shown, self.columns.all[self._sorted_by], descending=self._descending)
        rows: list[_Row] = [*shown, *self._filter.chosen(self.every_damaged)]
        self._remove_and_move(rows)
        before, after = ([_key(row) for row in each] for each in (self._rows, rows))
        for first, last in _blocks(after, set(after) - set(before)):
            self.beginInsertRows(QModelIndex(), first, last)
            self._take(self._rows[:first] + rows[first : last + 1] + self._rows[first:])
            self.endInsertRows()
        self._take(rows)
        if rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, len(self.columns.all) - 1))

    def _remove_and_move(self, rows: Sequence[_Row]) -> None:
        """What is not in `rows` goes, and what stays takes their order."""
        before, after = ([_key(row) for row in each] for each in (self._rows, rows))
        for first, last in reversed(_blocks(before, set(before) - set(after))):
            self.beginRemoveRows(QModelIndex(), first, last)
            self._take(self._rows[:first] + self._rows[last + 1 :])
            self.endRemoveRows()
        stays = {_key(row): row for row in self._rows}
        moved = [stays[key] for key in after if key in stays]
        if moved == self._rows:
            return
        self.layoutAboutToBeChanged.emit()
        places = {_key(row): place for place, row in enumerate(moved)}
        held = self.persistentIndexList()
        goes_to = [self.index(places[_key(self._rows[index.row()])], index.column()) for index in held]
        self._take(moved)
        self.changePersistentIndexList(held, goes_to)
        self.layoutChanged.emit()

    @property
    def _rows(self) -> list[_Row]:
        return [*self.records, *self.damaged]

    def _take(self, rows: Sequence[_Row]) -> None:
        self.records = [row for row in rows if isinstance(row, RunRecord)]
        self.damaged = tuple(row for row in rows if isinstance(row, DamagedRun))

    def set_checked(self, run_id: str, checked: bool) -> None:
        (self.checked.add if checked else self.checked.discard)(run_id)
        self.checked_changed.emit(run_id, checked)
        self._redraw(run_id, NAME)

    def set_live(self, run_id: str, elapsed_s: float) -> None:
        """The time that the run which is trained here has taken so far: newer than the list's. No run: empty."""
        live = self.columns.live
        before_id, before_s = live.run_id, live.elapsed_s
        live.run_id, live.elapsed_s = run_id, elapsed_s
        if run_id != before_id:
            self._redraw(before_id, TIME)
        if run_id != before_id or duration(elapsed_s) != duration(before_s):
            self._redraw(run_id, TIME)

    def set_paused(self, is_paused: bool) -> None:
        """Whether the run that is trained here (`set_live`) is held."""
        if is_paused != self.columns.live.is_paused:
            self.columns.live.is_paused = is_paused
            self._redraw(self.columns.live.run_id, STATUS)

    def _redraw(self, run_id: str, column: int) -> None:
        row = self.row_of(run_id)
        if row is not None:
            self.dataChanged.emit(self.index(row, column), self.index(row, column))

    def row_of(self, run_id: str) -> int | None:
        """None of a run that is not shown, or cannot be read."""
        return next((row for row, record in enumerate(self.records) if record.id == run_id), None)

    # What Qt asks

    def rowCount(self, parent: _Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.records) + len(self.damaged)

    def columnCount(self, _parent: _Index | None = None) -> int:
        return len(self.columns.all)

    def flags(self, index: _Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        if index.column() != NAME or index.row() >= len(self.records):
            return flags
        return flags | Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsEditable

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _ROLE.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        column = self.columns.all[section]
        if role == _ROLE.DisplayRole:
            return column.title
        if role == _ROLE.ToolTipRole:
            return column.tooltip
        if role == _ROLE.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if column.is_number else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: _Index, role: int = _ROLE.DisplayRole) -> Any:
        row, column = index.row(), index.column()
        if row >= len(self.records):
            return self._damaged_data(self.damaged[row - len(self.records)], column, role)
        record = self.records[row]
        if role == _ROLE.DisplayRole:
            return self.columns.all[column].text(record)
        if role == _ROLE.ToolTipRole:
            return plain_tip(self.columns.tooltip(record, column))
        if role == _ROLE.TextAlignmentRole and self.columns.all[column].is_number:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == _ROLE.ForegroundRole and column in (STATUS, STAR):
            return self._status_color(record) if column == STATUS else self._theme.color("warning")
        return self._name_data(record, role) if column == NAME else None

    def _name_data(self, record: RunRecord, role: int) -> Any:
        if role == _ROLE.CheckStateRole:
            return Qt.CheckState.Checked if record.id in self.checked else Qt.CheckState.Unchecked
        if role == _ROLE.DecorationRole:
            return self._swatch(record)
        return record.name if role == _ROLE.EditRole else None

    def _damaged_data(self, run: DamagedRun, column: int, role: int) -> Any:
        if role == _ROLE.DisplayRole:
            return {NAME: run.name or run.id, STATUS: self.tr("damaged")}.get(column, "")
        if role == _ROLE.ForegroundRole and column == STATUS:
            return self._theme.color("wrong")
        why = plain_tip(self.tr("Run {0}: {1}").format(run.id, run.reason))
        return why if role == _ROLE.ToolTipRole else None

    def setData(self, index: _Index, value: Any, role: int = _ROLE.EditRole) -> bool:
        if index.row() >= len(self.records) or index.column() != NAME:
            return False
        record = self.records[index.row()]
        if role == _ROLE.CheckStateRole:
            self.set_checked(record.id, Qt.CheckState(value) == Qt.CheckState.Checked)
            return True
        name = str(value).strip()
        if role == _ROLE.EditRole and name and name != record.name:
            self.name_entered.emit(record.id, name)
        return False

    def _status_color(self, record: RunRecord) -> QColor:
        roles = {"finished": "right", "failed": "wrong", "interrupted": "warning", "stopped": "warning"}
        return self._theme.color(roles.get(record.status, "accent"))

    def _swatch(self, record: RunRecord) -> QIcon:
        pixmap = QPixmap(_SWATCH_PX, _SWATCH_PX)
        pixmap.fill(self._theme.series(record.number - 1))
        icon = QIcon(pixmap)
        # Of a chosen row, the style would tint it: another run's color, maybe.
        icon.addPixmap(pixmap, QIcon.Mode.Selected)
        return icon


def _key(row: _Row) -> _Key:
    return isinstance(row, RunRecord), row.id


def _blocks(keys: Sequence[_Key], chosen: set[_Key]) -> list[tuple[int, int]]:
    """Where chosen keys stand, one beside the other: the first and last row of each block."""
    blocks = list[tuple[int, int]]()
    for row in (row for row, key in enumerate(keys) if key in chosen):
        if blocks and blocks[-1][1] == row - 1:
            blocks[-1] = blocks[-1][0], row
        else:
            blocks.append((row, row))
    return blocks
