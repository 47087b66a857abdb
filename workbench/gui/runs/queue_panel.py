"""The queue: what will be trained, in which order, and how long that takes."""

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QPoint, Qt, Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QStackedLayout,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from workbench.core.formats import rough_duration
from workbench.core.records.epoch_times import total
from workbench.core.records.queue_entry import DamagedEntry, QueueEntry, QueueList, QueueState
from workbench.gui.runs.queue_actions import QueueActions
from workbench.gui.runs.queue_model import DATA, NAME, QueueModel
from workbench.gui.widgets.elided_label import ElidedLabel
from workbench.gui.widgets.empty_state import EmptyState
from workbench.gui.widgets.menus import PopupButton
from workbench.gui.widgets.tables import dress
from workbench.gui.widgets.theme import FIELD_GAP, GAP, MARGIN, Theme

_ROW_PX = 26
_DATA_WIDTH = 120
_FLAG = QItemSelectionModel.SelectionFlag


class QueuePanel(QWidget):
    """The table with its buttons. What is done with entries is asked by the signals of `actions_of_entry`."""

    start_asked = Signal()
    pause_asked = Signal()
    dropped = Signal(list, int)
    name_entered = Signal(str, str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = QueueModel(theme)
        self.model.dropped.connect(self.dropped)
        self.model.name_entered.connect(self.name_entered)
        self.actions_of_entry = QueueActions(self)
        self.actions_of_entry.rename_asked.connect(self._edit_name)
        self._chosen, self._first = list[str](), ""
        self._listing = QueueList(())
        self._table = self._make_table()
        self._empty = EmptyState()
        self._stack = QStackedLayout()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._table)
        self._words = ElidedLabel("secondary")
        self._start, self._pause = QPushButton(self.tr("Start the queue")), QPushButton(self.tr("Pause the queue"))
        self._start.clicked.connect(self.start_asked)
        self._pause.clicked.connect(self.pause_asked)
        self._more = PopupButton(self.tr("Actions"), "", self.actions_of_entry.menu)
        self._lay_out()
        self.show_queue(QueueList(()), QueueState(), {}, is_working=False)

    def _make_table(self) -> QTableView:
        table = QTableView()
        table.setModel(self.model)
        dress(table, _ROW_PX)
        table.setAccessibleName(self.tr("Queue"))
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        table.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        table.setDragDropOverwriteMode(False)
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        table.customContextMenuRequested.connect(self._show_menu)
        table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        table.horizontalHeader().setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        table.horizontalHeader().setSectionResizeMode(DATA, QHeaderView.ResizeMode.Interactive)
        table.horizontalHeader().resizeSection(DATA, _DATA_WIDTH)
        table.selectionModel().selectionChanged.connect(self._on_selection)
        self.actions_of_entry.add_keys(table)
        return table

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(FIELD_GAP)
        row.addWidget(self._words, 1)
        for button in (self._more, self._pause, self._start):
            row.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, GAP, MARGIN, FIELD_GAP)
        layout.setSpacing(FIELD_GAP)
        layout.addLayout(self._stack, 1)
        layout.addLayout(row)

    def offer_adding(self, do: Callable[[], object]) -> None:
        """What the empty queue offers."""
        self._empty.show_text(
            self.tr("Runs that are added to the queue are trained one after the other, also overnight."),
            self.tr("Add to queue"),
            self.tr("Have what the workspace Build describes trained later (Ctrl+Shift+Return)"),
            do,
        )

    def show_queue(
        self, listing: QueueList, state: QueueState, seconds: Mapping[str, float | None], *, is_working: bool
    ) -> None:
        """Take the present queue.

        Args:
            seconds: what is still to be trained of each entry.
            is_working: whether this window works it off.
        """
        self._listing = listing
        self.model.show(listing, seconds)
        has_any = bool(listing.entries or listing.damaged)
        self._stack.setCurrentIndex(1 if has_any else 0)
        for widget in (self._more, self._pause, self._start):
            widget.setVisible(has_any)
        self._choose(self._chosen)
        self._scroll_past_done(listing)
        self._words.setText(self._sentence(listing, state, seconds))
        self._words.setToolTip(self._words.text())
        is_on = is_working and not state.is_paused
        self._pause.setEnabled(not state.is_paused)
        self._pause.setToolTip(
            self.tr("It is paused already")
            if state.is_paused
            else self.tr("Begin no other run; the present one goes on")
        )
        self._start.setText(self.tr("Continue the queue") if state.is_paused else self.tr("Start the queue"))
        self._start.setEnabled(bool(listing.waiting) and not is_on)
        self._start.setToolTip(self._why_not_start(listing, is_on=is_on))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        # Out of sight, the table had no height to scroll in.
        self._first = ""
        self._scroll_past_done(self._listing)

    def _scroll_past_done(self, listing: QueueList) -> None:
        """What is trained now, or next, is seen first; not again before it is another one."""
        first = next((entry.id for entry in listing.entries if not entry.is_done), "")
        row = self.model.row_of(first)
        if first != self._first and row is not None:
            self._table.scrollTo(self.model.index(row, NAME), QAbstractItemView.ScrollHint.PositionAtTop)
        self._first = first

    def _why_not_start(self, listing: QueueList, *, is_on: bool) -> str:
        if is_on:
            return self.tr("It is worked off already")
        return self.tr("Train what waits, one after the other") if listing.waiting else self.tr("Nothing waits")

    def _sentence(self, listing: QueueList, state: QueueState, seconds: Mapping[str, float | None]) -> str:
        going = [entry for entry in listing.entries if entry.state in ("waiting", "running")]
        if not (listing.entries or listing.damaged):
            return ""
        said = self.tr("1 run to go") if len(going) == 1 else self.tr("{0} runs to go").format(len(going))
        if not going:
            said = self.tr("Nothing waits")
        left, is_all = total(seconds.get(entry.id) for entry in going)
        if left:
            words = self.tr("{0}, {1}") if is_all else self.tr("{0}, more than {1}")
            said = words.format(said, rough_duration(left))
        if state.is_paused:
            why = self.tr("paused: {0}").format(state.reason) if state.reason else self.tr("paused")
            said = self.tr("{0} · {1}").format(said, why)
        return said

    # The chosen entries

    @property
    def chosen(self) -> list[QueueEntry | DamagedEntry]:
        """In their order."""
        rows = sorted(index.row() for index in self._table.selectionModel().selectedRows())
        return [self.model.rows[row] for row in rows]

    def choose(self, entry_ids: Sequence[str]) -> None:
        """Choose these entries and no others."""
        self._chosen = list(entry_ids)
        self._choose(self._chosen)

    def _choose(self, entry_ids: Sequence[str]) -> None:
        """Rows that come anew have lost their choice; one that is gone stays chosen in case it returns."""
        rows = [row for entry_id in entry_ids if (row := self.model.row_of(entry_id)) is not None]
        if rows and sorted(rows) != [self.model.row_of(each.id) for each in self.chosen]:
            chosen = QItemSelection()
            for row in rows:
                chosen.select(self.model.index(row, 0), self.model.index(row, DATA))
            selection = self._table.selectionModel()
            selection.setCurrentIndex(self.model.index(rows[0], NAME), _FLAG.NoUpdate)
            selection.select(chosen, _FLAG.ClearAndSelect)
        self._offer()

    @Slot()
    def _on_selection(self) -> None:
        if chosen := self.chosen:
            self._chosen = [each.id for each in chosen]
        self._offer()

    def _offer(self) -> None:
        listing = self._listing
        has_done = any(entry.is_done for entry in listing.entries)
        self.actions_of_entry.show_entries(self.chosen, last=len(listing.open), has_done=has_done)

    @Slot(str)
    def _edit_name(self, entry_id: str) -> None:
        if (row := self.model.row_of(entry_id)) is not None:
            self._table.edit(self.model.index(row, NAME))

    @Slot(QPoint)
    def _show_menu(self, place: QPoint) -> None:
        if self.chosen:
            self.actions_of_entry.menu.popup(self._table.viewport().mapToGlobal(place))
