"""The list of all runs: which are drawn, how they did, and what can be done with them."""

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QHBoxLayout,
    QStackedLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from workbench.core.records.run_record import DamagedRun, RunRecord
from workbench.gui.runs.run_actions import RunActions
from workbench.gui.runs.runs_model import RunsModel
from workbench.gui.runs.runs_table import RunsTable
from workbench.gui.widgets.field_form import labeled
from workbench.gui.widgets.menus import PopupButton
from workbench.gui.widgets.theme import FIELD_GAP, GAP, MARGIN, Theme


class RunsPanel(QWidget):
    """The table with its buttons. `run_chosen` carries the id of the run to look at."""

    run_chosen = Signal(str)
    run_drawn_changed = Signal(str, bool)
    resume_asked = Signal(str)
    longer_asked = Signal(str)
    rerun_asked = Signal(str)
    weights_asked = Signal(str)
    export_asked = Signal(str)
    training_export_asked = Signal(str)
    delete_asked = Signal(str)
    inspect_asked = Signal(str)
    """A run was opened: by a double click, or by Return."""
    name_entered = Signal(str, str)
    """A run's id, and what it shall be called."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = RunsModel(theme)
        self.model.checked_changed.connect(self.run_drawn_changed)
        self.model.name_entered.connect(self.name_entered)
        self._actions = self._make_actions()
        self._table = self._make_table()
        self._empty = labeled("", "secondary")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack = QStackedLayout()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._table)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, GAP, MARGIN, FIELD_GAP)
        layout.setSpacing(FIELD_GAP)
        layout.addLayout(self._stack, 1)
        layout.addLayout(self._make_buttons())
        self.set_readable(True)

    def _make_actions(self) -> RunActions:
        actions = RunActions(self)
        actions.rename_asked.connect(self._edit_name)
        actions.resume_asked.connect(self.resume_asked)
        actions.longer_asked.connect(self.longer_asked)
        actions.rerun_asked.connect(self.rerun_asked)
        actions.weights_asked.connect(self.weights_asked)
        actions.export_asked.connect(self.export_asked)
        actions.training_export_asked.connect(self.training_export_asked)
        actions.delete_asked.connect(self.delete_asked)
        return actions

    def _make_table(self) -> RunsTable:
        table = RunsTable(self.model)
        table.menu_asked.connect(self._actions.menu.popup)
        table.opened.connect(self._on_opened)
        table.selectionModel().currentRowChanged.connect(self._on_current)
        self._actions.add_keys(table)
        return table

    def _make_buttons(self) -> QHBoxLayout:
        self._more = PopupButton(self.tr("Actions"), "", self._actions.menu)
        resume = QToolButton()
        resume.setDefaultAction(self._actions.resume)
        resume.setProperty("role", "button")
        row = QHBoxLayout()
        row.addStretch(1)
        for button in (self._more, resume):
            row.addWidget(button)
        self._offer(None)
        return row

    def _offer(self, run: RunRecord | None) -> None:
        """Let be done what can be done with a run; None without one that can be read."""
        self._actions.show_run(run)
        self._more.setEnabled(run is not None)
        self._more.setToolTip(
            self.tr("What can be done with the chosen run (also by the right mouse button on it)")
            if run is not None
            else self.tr("Choose a run in the table first")
        )

    @Slot(object)
    def show_runs(self, records: list[RunRecord], damaged: Sequence[DamagedRun] = ()) -> None:
        """Take the present list; the selected run stays selected."""
        chosen, top = self.chosen, self._table.top()
        self.model.show(records, damaged)
        self._table.keep_top(top)
        self._stack.setCurrentWidget(self._table if records or damaged else self._empty)
        if chosen is not None and self.chosen is None:
            self.select(chosen.id)
        self._offer(self.chosen)

    def focus_table(self) -> None:
        """Let keys move over the runs."""
        self._table.setFocus()

    def set_readable(self, is_readable: bool) -> None:
        """Whether there is a list to show: one that cannot be read must not look as if it had just begun."""
        if is_readable:
            self._empty.setText(
                self.tr("No runs yet. Start (Ctrl+Return) trains the network of the workspace Build.")
            )
        else:
            self._empty.setText(self.tr("The list of runs cannot be read."))
            self.show_runs([])

    def select(self, run_id: str) -> None:
        row = self.model.row_of(run_id)
        if row is not None:
            self._table.setCurrentIndex(self.model.index(row, 0))

    @property
    def chosen(self) -> RunRecord | None:
        row = self._table.currentIndex().row()
        return self.model.records[row] if 0 <= row < len(self.model.records) else None

    def allow_training(self, allowed: bool) -> None:
        """Whether a run could be resumed now."""
        self._actions.allow_training(allowed)

    @Slot(QModelIndex, QModelIndex)
    def _on_current(self, _current: QModelIndex, _previous: QModelIndex) -> None:
        chosen = self.chosen
        self._offer(chosen)
        if chosen is not None:
            self.run_chosen.emit(chosen.id)

    @Slot()
    def _edit_name(self) -> None:
        self._table.edit(self.model.index(self._table.currentIndex().row(), 0))

    @Slot(int)
    def _on_opened(self, row: int) -> None:
        if row < len(self.model.records):
            self.inspect_asked.emit(self.model.records[row].id)
