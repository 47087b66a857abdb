"""The recorded runs as rows, for whichever table shows them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPixmap

from workbench.core.formats import duration, percent
from workbench.core.records.run_record import DamagedRun, RunRecord
from workbench.gui.widgets.field_form import plain_tip
from workbench.gui.widgets.theme import Theme

_Index = QModelIndex | QPersistentModelIndex
_SWATCH_PX = 10
NAME, STATUS, _VALIDATION, _TEST, _EPOCHS, TIME, RECIPE, DATA = range(8)
_ROLE = Qt.ItemDataRole
_Row = RunRecord | DamagedRun
# Whether it can be read, and its id.
_Key = tuple[bool, str]


@dataclass(frozen=True)
class _Column:
    title: str
    tooltip: str
    is_number: bool = False


class RunsModel(QAbstractTableModel):
    """One row per run, newest first. The check box of a row says whether the run is drawn.

    A name can be edited in its cell; it changes once whoever hears `name_entered` has recorded it.
    """

    checked_changed = Signal(str, bool)
    name_entered = Signal(str, str)
    """The run's id and another name than it has."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.records: list[RunRecord] = []
        self.damaged: tuple[DamagedRun, ...] = ()
        """Those that cannot be read; they stand below the others."""
        self.checked: set[str] = set()
        self._live: tuple[str, float] = ("", 0.0)
        self._is_paused = False
        self._columns = self._make_columns()

    def _make_columns(self) -> tuple[_Column, ...]:
        """The most telling ones first: a narrow table shows only these."""
        return (
            _Column(
                self.tr("Run"),
                self.tr("Name (and model where it differs); checked runs are drawn; a double click inspects"),
            ),
            _Column(
                self.tr("Status"), self.tr("How the run ended, if it has; (!): it has warned, see its tooltip")
            ),
            _Column(
                self.tr("Validation"),
                self.tr("Validation accuracy of the epoch that is kept: the best by validation"),
                True,
            ),
            _Column(
                self.tr("Test"),
                self.tr("Test accuracy of the epoch that is kept; with nothing held out, the last one"),
                True,
            ),
            _Column(self.tr("Epochs"), self.tr("Finished epochs, or the present one, of those planned"), True),
            _Column(self.tr("Time"), self.tr("Time spent training, pauses not counted"), True),
            _Column(self.tr("Recipe"), self.tr("How it was trained")),
            _Column(self.tr("Data"), self.tr("Source of the images")),
        )

    # Changes

    def show(self, records: list[RunRecord], damaged: Sequence[DamagedRun] = ()) -> None:
        """Take the present list.

        Only rows of runs that came or went are new or gone, so that what is edited, chosen or in sight stays so;
        in another order, all rows are new.
        """
        rows: list[_Row] = [*records, *damaged]
        before, after = ([_key(row) for row in each] for each in (self._rows, rows))
        left, came = set(before) - set(after), set(after) - set(before)
        if [key for key in before if key not in left] != [key for key in after if key not in came]:
            self.beginResetModel()
            self._take(rows)
            self.endResetModel()
            return
        for first, last in reversed(_blocks(before, left)):
            self.beginRemoveRows(QModelIndex(), first, last)
            self._take(self._rows[:first] + self._rows[last + 1 :])
            self.endRemoveRows()
        for first, last in _blocks(after, came):
            self.beginInsertRows(QModelIndex(), first, last)
            self._take(self._rows[:first] + rows[first : last + 1] + self._rows[first:])
            self.endInsertRows()
        self._take(rows)
        if rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, len(self._columns) - 1))

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
        before, self._live = self._live, (run_id, elapsed_s)
        if run_id != before[0]:
            self._redraw(before[0], TIME)
        if run_id != before[0] or duration(elapsed_s) != duration(before[1]):
            self._redraw(run_id, TIME)

    def set_paused(self, is_paused: bool) -> None:
        """Whether the run that is trained here (`set_live`) is held."""
        if is_paused != self._is_paused:
            self._is_paused = is_paused
            self._redraw(self._live[0], STATUS)

    def _redraw(self, run_id: str, column: int) -> None:
        row = self.row_of(run_id)
        if row is not None:
            self.dataChanged.emit(self.index(row, column), self.index(row, column))

    def row_of(self, run_id: str) -> int | None:
        """None of a run that is not listed, or cannot be read."""
        return next((row for row, record in enumerate(self.records) if record.id == run_id), None)

    # What Qt asks

    def rowCount(self, parent: _Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.records) + len(self.damaged)

    def columnCount(self, _parent: _Index | None = None) -> int:
        return len(self._columns)

    def flags(self, index: _Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        if index.column() != NAME or index.row() >= len(self.records):
            return flags
        return flags | Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsEditable

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _ROLE.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        column = self._columns[section]
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
            return self._text(record, column)
        if role == _ROLE.ToolTipRole:
            return plain_tip(self._tooltip(record, column))
        if role == _ROLE.TextAlignmentRole and self._columns[column].is_number:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == _ROLE.ForegroundRole and column == STATUS:
            return self._status_color(record)
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

    # Texts

    def _text(self, record: RunRecord, column: int) -> str:
        kept = record.best
        match column:
            case 0:
                name = record.name if record.name == record.model else f"{record.name} ({record.model})"
                return f"{record.number}  {name}"
            case 1:
                return self._status_text(record)
            case 2:
                return percent(kept.validation_accuracy if kept else None)
            case 3:
                return percent(kept.test_accuracy if kept else None)
            case 4:
                return f"{self._epoch(record)}/{record.config.training.epochs}"
            case 5:
                return duration(self._live[1] if record.id == self._live[0] else record.elapsed_s)
            case 6:
                return record.recipe
            case _:
                return record.source.rstrip("/").rpartition("/")[2]

    def _epoch(self, record: RunRecord) -> int:
        """Of a run that goes on, the present one, as soon as it has begun."""
        done = len(record.epochs)
        return min(done + 1, record.config.training.epochs) if _goes_on(record) and record.started else done

    def _tooltip(self, record: RunRecord, column: int) -> str:
        """What a figure is of; how the run ended, and what it has warned of, whichever process trains it."""
        about = record.message or self.tr("{0} ({1}), started {2}").format(
            record.name, record.id, record.created_utc
        )
        warnings = [self.tr("Warning: {0}").format(sentence) for sentence in record.warnings]
        return "\n".join(filter(None, [self._origin(record, column), about, *warnings]))

    def _origin(self, record: RunRecord, column: int) -> str:
        kept = record.best
        if column in (RECIPE, DATA):
            # There may be no room for it in the cell.
            return self.tr("Recipe: {0}").format(record.recipe) if column == RECIPE else record.source
        if column == _EPOCHS and _goes_on(record) and record.started:
            return self.tr("Epoch {0} goes on").format(self._epoch(record))
        if column not in (_VALIDATION, _TEST) or kept is None:
            return ""
        if kept.validation_accuracy is None and column == _VALIDATION:
            return self.tr("Nothing was held out to validate by")
        of = self.tr("Validation accuracy") if column == _VALIDATION else self.tr("Test accuracy")
        why = self.tr("the last") if kept.validation_accuracy is None else self.tr("the best by validation")
        return self.tr("{0} of the kept epoch {1}, {2}").format(of, kept.epoch, why)

    def _status_text(self, record: RunRecord) -> str:
        words = {
            "running": self.tr("running"), "finished": self.tr("finished"), "stopped": self.tr("stopped"),
            "failed": self.tr("failed"), "interrupted": self.tr("interrupted"),
        }  # fmt: skip
        is_held = self._is_paused and _goes_on(record) and record.id == self._live[0]
        word = self.tr("paused") if is_held else words[record.status]
        return word + (" (!)" if record.warnings else "")

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


def _goes_on(record: RunRecord) -> bool:
    return record.status == "running"


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
