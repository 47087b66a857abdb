"""The list of all runs: which are drawn, how they did, and what can be done with them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QPoint, Qt, Signal, Slot
from PySide6.QtGui import QColor, QPixmap
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QMenu,
    QPushButton,
    QStackedLayout,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from workbench.core.formats import duration, percent
from workbench.core.run_record import DamagedRun, RunRecord
from workbench.gui.widgets.field_form import labeled
from workbench.gui.widgets.tables import dress
from workbench.gui.widgets.theme import FIELD_GAP, GAP, MARGIN, Theme

_Index = QModelIndex | QPersistentModelIndex
_SWATCH_PX = 10
_STATUS_COLUMN = 1
_ROW_PX = 26
_NAME_WIDTH = 132
_ROLE = Qt.ItemDataRole


@dataclass(frozen=True)
class _Column:
    title: str
    tooltip: str
    is_number: bool = False


class RunsModel(QAbstractTableModel):
    """One row per run, newest first. The check box of a row says whether the run is drawn."""

    checked_changed = Signal(str, bool)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.records: list[RunRecord] = []
        self.damaged: tuple[DamagedRun, ...] = ()
        """Those that cannot be read; they stand below the others."""
        self.checked: set[str] = set()
        # The most telling ones first: a narrow table shows only these.
        self._columns = (
            _Column(self.tr("Run"), self.tr("Name (and model where it differs); checked runs are drawn")),
            _Column(
                self.tr("Status"), self.tr("How the run ended, if it has; (!): it has warned, see its tooltip")
            ),
            _Column(self.tr("Validation"), self.tr("Validation accuracy of the best epoch"), True),
            _Column(
                self.tr("Test"), self.tr("Test accuracy of it; with nothing held out, of the last epoch"), True
            ),
            _Column(self.tr("Epochs"), self.tr("Finished epochs of those planned"), True),
            _Column(self.tr("Time"), self.tr("Time spent training"), True),
            _Column(self.tr("Recipe"), self.tr("How it was trained")),
            _Column(self.tr("Data"), self.tr("Source of the images")),
        )

    def show(self, records: list[RunRecord], damaged: Sequence[DamagedRun] = ()) -> None:
        """Take the present list; rows stay where they are unless runs came or went."""
        same = [r.id for r in records] == [r.id for r in self.records] and tuple(damaged) == self.damaged
        if same:
            self.records = records
            if records:
                last = self.index(len(records) - 1, len(self._columns) - 1)
                self.dataChanged.emit(self.index(0, 0), last)
            return
        self.beginResetModel()
        self.records, self.damaged = records, tuple(damaged)
        self.endResetModel()

    def set_checked(self, run_id: str, checked: bool) -> None:
        (self.checked.add if checked else self.checked.discard)(run_id)
        self.checked_changed.emit(run_id, checked)
        for row, record in enumerate(self.records):
            if record.id == run_id:
                self.dataChanged.emit(self.index(row, 0), self.index(row, 0))

    def rowCount(self, parent: _Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.records) + len(self.damaged)

    def columnCount(self, _parent: _Index | None = None) -> int:
        return len(self._columns)

    def flags(self, index: _Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        can_be_drawn = index.column() == 0 and index.row() < len(self.records)
        return flags | Qt.ItemFlag.ItemIsUserCheckable if can_be_drawn else flags

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
            return self._texts(record)[column]
        if role == _ROLE.CheckStateRole and column == 0:
            return Qt.CheckState.Checked if record.id in self.checked else Qt.CheckState.Unchecked
        if role == _ROLE.DecorationRole and column == 0:
            return self._swatch(record)
        if role == _ROLE.TextAlignmentRole and self._columns[column].is_number:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == _ROLE.ForegroundRole and column == _STATUS_COLUMN:
            return self._status_color(record)
        if role == _ROLE.ToolTipRole:
            return self._tooltip(record)
        return None

    def _damaged_data(self, run: DamagedRun, column: int, role: int) -> Any:
        if role == _ROLE.DisplayRole:
            return {0: run.name or run.id, _STATUS_COLUMN: self.tr("damaged")}.get(column, "")
        if role == _ROLE.ForegroundRole and column == _STATUS_COLUMN:
            return self._theme.color("wrong")
        return self.tr("Run {0}: {1}").format(run.id, run.reason) if role == _ROLE.ToolTipRole else None

    def setData(self, index: _Index, value: Any, role: int = _ROLE.EditRole) -> bool:
        if role != _ROLE.CheckStateRole or index.row() >= len(self.records):
            return False
        self.set_checked(self.records[index.row()].id, Qt.CheckState(value) == Qt.CheckState.Checked)
        return True

    def _texts(self, record: RunRecord) -> tuple[str, ...]:
        best = record.best
        name = record.name if record.name == record.model else f"{record.name} ({record.model})"
        source = record.source.rstrip("/").rpartition("/")[2]
        return (
            f"{record.number}  {name}", self._status_text(record),
            percent(best.validation_accuracy if best else None), percent(best.test_accuracy if best else None),
            f"{len(record.epochs)}/{record.config.training.epochs}", duration(record.elapsed_s),
            record.recipe, source,
        )  # fmt: skip

    def _tooltip(self, record: RunRecord) -> str:
        """How it ended, and what it has warned of, whichever process trains it."""
        about = record.message or self.tr("{0} ({1}), started {2}").format(
            record.name, record.id, record.created_utc
        )
        return "\n".join([about, *(self.tr("Warning: {0}").format(sentence) for sentence in record.warnings)])

    def _status_text(self, record: RunRecord) -> str:
        words = {
            "running": self.tr("running"), "finished": self.tr("finished"), "stopped": self.tr("stopped"),
            "failed": self.tr("failed"), "interrupted": self.tr("interrupted"),
        }  # fmt: skip
        return words[record.status] + (" (!)" if record.warnings else "")

    def _status_color(self, record: RunRecord) -> QColor:
        roles = {"finished": "right", "failed": "wrong", "interrupted": "warning", "stopped": "warning"}
        return self._theme.color(roles.get(record.status, "accent"))

    def _swatch(self, record: RunRecord) -> QPixmap:
        pixmap = QPixmap(_SWATCH_PX, _SWATCH_PX)
        pixmap.fill(self._theme.series(record.number - 1))
        return pixmap


class RunsPanel(QWidget):
    """The table with its buttons. `run_chosen` carries the id of the run to look at."""

    run_chosen = Signal(str)
    run_drawn_changed = Signal(str, bool)
    resume_asked = Signal(str)
    rerun_asked = Signal(str)
    weights_asked = Signal(str)
    export_asked = Signal(str)
    training_export_asked = Signal(str)
    delete_asked = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.model = RunsModel(theme)
        self.model.checked_changed.connect(self.run_drawn_changed)
        self._can_train = True
        self._table = self._make_table()
        self._empty = labeled("", "secondary")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack = QStackedLayout()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._table)
        self._resume = self._button(self.tr("Resume"), self.tr("Go on with this run from its last checkpoint"))
        self._resume.clicked.connect(self._on_resume)
        self._rerun = self._button(self.tr("Use settings"), self.tr("Fill the left side with this run's settings"))
        self._rerun.clicked.connect(self._on_rerun)
        self._more = self._more_button()
        self._delete = self._button(self.tr("Delete…"), self.tr("Remove this run and its files"))
        self._delete.clicked.connect(self._on_delete)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, GAP, MARGIN, FIELD_GAP)
        layout.setSpacing(FIELD_GAP)
        layout.addLayout(self._stack, 1)
        row = QHBoxLayout()
        row.addStretch(1)
        for button in (self._more, self._rerun, self._resume, self._delete):
            row.addWidget(button)
        layout.addLayout(row)
        self.set_readable(True)
        self._update_buttons()

    def _make_table(self) -> QTableView:
        table = QTableView()
        table.setModel(self.model)
        dress(table, _ROW_PX)
        header = table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        header.resizeSection(0, _NAME_WIDTH)
        header.setStretchLastSection(True)
        header.setMinimumSectionSize(48)
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        table.customContextMenuRequested.connect(self._show_menu)
        table.selectionModel().currentRowChanged.connect(self._on_current)
        table.setAccessibleName(self.tr("Runs"))
        return table

    def _more_button(self) -> QToolButton:
        menu = QMenu(self)
        self._weights = menu.addAction(self.tr("Use weights"), self._on_weights)
        self._weights.setToolTip(self.tr("Start the next run from this run's weights (fine-tuning)"))
        self._export = menu.addAction(self.tr("Export as code…"), self._on_export)
        self._export.setToolTip(self.tr("Write this network as a PyTorch file, with its weights beside it"))
        self._export_training = menu.addAction(self.tr("Export with training…"), self._on_export_training)
        self._export_training.setToolTip(self.tr("Write the script too that trains it so, in plain PyTorch"))
        menu.setToolTipsVisible(True)
        button = QToolButton()
        button.setText(self.tr("More"))
        button.setProperty("role", "button")
        button.setToolTip(self.tr("Fine-tune from this run, or export it"))
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setMenu(menu)
        return button

    def _button(self, text: str, tooltip: str) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tooltip)
        return button

    @Slot(object)
    def show_runs(self, records: list[RunRecord], damaged: Sequence[DamagedRun] = ()) -> None:
        """Take the present list; the selected run stays selected."""
        chosen = self.chosen
        self.model.show(records, damaged)
        self._stack.setCurrentWidget(self._table if records or damaged else self._empty)
        if chosen is not None and self.chosen is None:
            self.select(chosen.id)
        self._update_buttons()

    def set_readable(self, is_readable: bool) -> None:
        """Whether there is a list to show: one that cannot be read must not look as if it had just begun."""
        if is_readable:
            self._empty.setText(self.tr("No runs yet. Press Start to train the network on the left."))
        else:
            self._empty.setText(self.tr("The list of runs cannot be read."))
            self.show_runs([])

    def select(self, run_id: str) -> None:
        for row, record in enumerate(self.model.records):
            if record.id == run_id:
                self._table.setCurrentIndex(self.model.index(row, 0))

    @property
    def chosen(self) -> RunRecord | None:
        row = self._table.currentIndex().row()
        return self.model.records[row] if 0 <= row < len(self.model.records) else None

    def allow_training(self, allowed: bool) -> None:
        """Whether a run could be resumed now."""
        self._can_train = allowed
        self._update_buttons()

    def _update_buttons(self) -> None:
        chosen = self.chosen
        self._resume.setEnabled(chosen is not None and chosen.can_resume and self._can_train)
        self._more.setEnabled(chosen is not None)
        self._rerun.setEnabled(chosen is not None)
        has_weights = chosen is not None and bool(chosen.epochs)
        self._weights.setEnabled(has_weights)
        self._export.setEnabled(has_weights)
        self._export_training.setEnabled(has_weights)
        self._delete.setEnabled(chosen is not None and chosen.status != "running")

    @Slot(QModelIndex, QModelIndex)
    def _on_current(self, _current: QModelIndex, _previous: QModelIndex) -> None:
        self._update_buttons()
        chosen = self.chosen
        if chosen is not None:
            self.run_chosen.emit(chosen.id)

    @Slot()
    def _on_resume(self) -> None:
        if self.chosen is not None:
            self.resume_asked.emit(self.chosen.id)

    @Slot()
    def _on_rerun(self) -> None:
        if self.chosen is not None:
            self.rerun_asked.emit(self.chosen.id)

    @Slot()
    def _on_weights(self) -> None:
        if self.chosen is not None:
            self.weights_asked.emit(self.chosen.id)

    @Slot()
    def _on_export(self) -> None:
        if self.chosen is not None:
            self.export_asked.emit(self.chosen.id)

    @Slot()
    def _on_delete(self) -> None:
        if self.chosen is not None:
            self.delete_asked.emit(self.chosen.id)

    @Slot()
    def _on_export_training(self) -> None:
        if self.chosen is not None:
            self.training_export_asked.emit(self.chosen.id)

    @Slot(QPoint)
    def _show_menu(self, position: QPoint) -> None:
        menu = QMenu(self)
        menu.addActions([self._weights, self._export, self._export_training])
        menu.addSeparator()
        for button, do in (
            (self._rerun, self._on_rerun),
            (self._resume, self._on_resume),
            (self._delete, self._on_delete),
        ):
            action = menu.addAction(button.text())
            action.setEnabled(button.isEnabled())
            action.triggered.connect(do)
        menu.popup(self._table.viewport().mapToGlobal(position))
