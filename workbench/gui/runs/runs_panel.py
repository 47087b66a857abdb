"""The list of all runs: which are drawn, how they did, and what can be done with them."""

from collections.abc import Callable, Iterable, Sequence

from PySide6.QtCore import QItemSelection, QModelIndex, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
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
    again_asked = Signal(str, bool)
    compare_asked = Signal(str, str)
    export_asked = Signal(str)
    tags_asked = Signal(object)
    note_asked = Signal(str)
    star_asked = Signal(object, bool)
    delete_asked = Signal(object)
    """Of these and the others, `RunActions` says what they carry."""
    inspect_asked = Signal(str)
    """A run was opened: by a double click, or by Return."""
    name_entered = Signal(str, str)
    """A run's id, and what it shall be called."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = RunsModel(theme)
        self.model.checked_changed.connect(self.run_drawn_changed)
        self.model.name_entered.connect(self.name_entered)
        self.model.star_asked.connect(self._star_one)
        self._actions = self._make_actions()
        search = self._make_search()
        self._table = self._make_table()
        self._is_readable = True
        self._sought_from = ""
        """The run that was chosen before others were looked for."""
        self._empty = labeled("", "secondary")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack = QStackedLayout()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._table)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, GAP, MARGIN, FIELD_GAP)
        layout.setSpacing(FIELD_GAP)
        search.addLayout(self._make_buttons())
        layout.addLayout(search)
        layout.addLayout(self._stack, 1)
        self.set_readable(True)

    def _make_search(self) -> QHBoxLayout:
        self._search = QLineEdit()
        self._search.setClearButtonEnabled(True)
        self._search.setPlaceholderText(self.tr("Find runs: resnet20 tag:lab status:finished is:starred"))
        self._search.setAccessibleName(self.tr("Find runs"))
        self._search.setToolTip(
            self.tr(
                "Words that stand in a run's name, tags, note, model, recipe, data or id. With a key only there: "
                "tag:, status:, model:, recipe:, data:, note:, is:starred; a minus before a word leaves those out "
                "(Ctrl+F)"
            )
        )
        self._search.textChanged.connect(self._on_search)
        self._count = labeled("", "secondary")
        self._count.hide()
        row = QHBoxLayout()
        row.setSpacing(FIELD_GAP)
        row.addWidget(self._search, 1)
        row.addWidget(self._count)
        return row

    def _make_actions(self) -> RunActions:
        actions = RunActions(self)
        actions.rename_asked.connect(self._edit_name)
        for asked, told in (
            (actions.resume_asked, self.resume_asked), (actions.longer_asked, self.longer_asked),
            (actions.again_asked, self.again_asked), (actions.rerun_asked, self.rerun_asked),
            (actions.weights_asked, self.weights_asked), (actions.compare_asked, self.compare_asked),
            (actions.export_asked, self.export_asked), (actions.tags_asked, self.tags_asked),
            (actions.note_asked, self.note_asked), (actions.star_asked, self.star_asked),
            (actions.delete_asked, self.delete_asked),
        ):  # fmt: skip
            asked.connect(told)
        return actions

    def _make_table(self) -> RunsTable:
        table = RunsTable(self.model)
        table.menu_asked.connect(self._actions.menu.popup)
        table.opened.connect(self._on_opened)
        table.selectionModel().currentRowChanged.connect(self._on_current)
        table.selectionModel().selectionChanged.connect(self._on_selection)
        self._actions.add_keys(table)
        return table

    def _make_buttons(self) -> QHBoxLayout:
        self._more = PopupButton(self.tr("Actions"), "", self._actions.menu)
        resume = QToolButton()
        resume.setDefaultAction(self._actions.resume)
        resume.setProperty("role", "button")
        row = QHBoxLayout()
        row.setSpacing(FIELD_GAP)
        for button in (self._more, resume):
            row.addWidget(button)
        self._offer()
        return row

    @Slot(QItemSelection, QItemSelection)
    def _on_selection(self, _chosen: QItemSelection, _left: QItemSelection) -> None:
        self._offer()

    def _offer(self) -> None:
        """Let be done what can be done with the chosen runs."""
        chosen = self.all_chosen
        self._actions.show_runs(chosen)
        self._more.setEnabled(bool(chosen))
        self._more.setToolTip(
            self.tr("What can be done with the chosen runs (also by the right mouse button on them)")
            if chosen
            else self.tr("Choose a run in the table first")
        )

    @Slot(str)
    def _on_search(self, text: str) -> None:
        chosen = self.chosen
        if chosen is not None:
            self._sought_from = chosen.id
        self._keeping_choice(lambda: self.model.set_filter(text))
        # What was chosen before one looked for others is so again when it is back.
        if self.chosen is None and self._sought_from:
            self._mark(self._sought_from)

    def find_runs(self) -> None:
        """Let be typed what to look for."""
        self._search.setFocus()
        self._search.selectAll()

    @Slot(object)
    def show_runs(self, records: Sequence[RunRecord], damaged: Sequence[DamagedRun] = ()) -> None:
        """Take the present list; the selected run stays selected."""
        self._keeping_choice(lambda: self.model.show(records, damaged))

    def _keeping_choice(self, change: Callable[[], None]) -> None:
        chosen, top = self.chosen, self._table.top()
        change()
        self._table.keep_top(top)
        every, shown = len(self.model.every), self.model.rowCount()
        self._stack.setCurrentWidget(self._table if shown else self._empty)
        self._search.setEnabled(bool(every) or bool(self._search.text()))
        self._count.setText(self.tr("{0} of {1}").format(shown, every))
        self._count.setVisible(bool(self._search.text()))
        self._say_empty()
        if chosen is not None and self.chosen is None:
            self._mark(chosen.id)
        self._offer()

    def _say_empty(self) -> None:
        if not self._is_readable:
            self._empty.setText(self.tr("The list of runs cannot be read."))
        elif self.model.every:
            self._empty.setText(self.tr("No run is meant by these words. Escape shows all of them."))
        else:
            self._empty.setText(
                self.tr("No runs yet. Start (Ctrl+Return) trains the network of the workspace Build.")
            )

    def focus_table(self) -> None:
        """Let keys move over the runs."""
        self._table.setFocus()

    def set_readable(self, is_readable: bool) -> None:
        """Whether there is a list to show: one that cannot be read must not look as if it had just begun."""
        self._is_readable = is_readable
        self.show_runs(self.model.every if is_readable else [], self.model.every_damaged if is_readable else ())

    @property
    def columns(self) -> list[int]:
        """Those that the person has chosen to see."""
        return self._table.shown_columns

    def show_columns(self, columns: Iterable[int]) -> None:
        self._table.show_columns(columns)

    def select(self, run_id: str) -> None:
        """Choose a run; what is looked for gives way where that hides it."""
        if self.model.row_of(run_id) is None and any(run.id == run_id for run in self.model.every):
            self._search.clear()
        self._mark(run_id)

    def _mark(self, run_id: str) -> None:
        row = self.model.row_of(run_id)
        if row is not None:
            self._table.setCurrentIndex(self.model.index(row, 0))

    @property
    def chosen(self) -> RunRecord | None:
        row = self._table.currentIndex().row()
        return self.model.records[row] if 0 <= row < len(self.model.records) else None

    @property
    def all_chosen(self) -> list[RunRecord]:
        """All that are chosen and can be read."""
        return [self.model.records[row] for row in self._table.chosen_rows if row < len(self.model.records)]

    def allow_training(self, allowed: bool) -> None:
        """Whether a run could be resumed now."""
        self._actions.allow_training(allowed)

    @Slot(QModelIndex, QModelIndex)
    def _on_current(self, _current: QModelIndex, _previous: QModelIndex) -> None:
        chosen = self.chosen
        if chosen is not None:
            self.run_chosen.emit(chosen.id)

    @Slot()
    def _edit_name(self) -> None:
        # Not the current row: that may be one that was chosen no longer.
        rows = self._table.chosen_rows
        if len(rows) == 1:
            self._table.edit(self.model.index(rows[0], 0))

    @Slot(int)
    def _on_opened(self, row: int) -> None:
        if row < len(self.model.records):
            self.inspect_asked.emit(self.model.records[row].id)

    @Slot(str, bool)
    def _star_one(self, run_id: str, is_starred: bool) -> None:
        self.star_asked.emit([run_id], is_starred)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape in the field shows all runs again, and goes back to the table."""
        if event.key() == Qt.Key.Key_Escape and (self._search.hasFocus() or self._search.text()):
            self._search.clear()
            self._table.setFocus()
        else:
            super().keyPressEvent(event)
