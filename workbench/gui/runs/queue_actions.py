"""What can be done with an entry of the queue: the same by the right mouse button, a button, and keys."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal, SignalInstance, Slot
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QMenu, QWidget

from workbench.core.records.queue_entry import DamagedEntry, QueueEntry

_Row = QueueEntry | DamagedEntry | None


class QueueActions(QObject):
    """Actions on one entry (`show_entry`), each of which says what it does, or why it cannot be done now.

    Signals carry the entry's id; `move_asked` its new place too, `skip_asked` whether it is skipped from now on.
    """

    move_asked = Signal(str, int)
    skip_asked = Signal(str, bool)
    retry_asked = Signal(str)
    remove_asked = Signal(str)
    run_asked = Signal(str)
    settings_asked = Signal(str)
    rename_asked = Signal(str)
    clear_asked = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._row: _Row = None
        self._last = 0
        self._has_done = False
        self._group = QActionGroup(self)
        self._group.setExclusionPolicy(QActionGroup.ExclusionPolicy.None_)
        self._group.triggered.connect(self._ask)
        self._can: dict[QAction, tuple[str, Callable[[], str]]] = {}
        self._up = self._action(self.tr("Move up"), self.tr("Train it sooner"), self._no_up)
        self._down = self._action(self.tr("Move down"), self.tr("Train it later"), self._no_down)
        self._first = self._action(self.tr("Move to the front"), self.tr("Train it next"), self._no_up)
        self._skip = self._action(self.tr("Skip"), self.tr("Pass it over where it stands"), self._no_change)
        self._retry = self._action(
            self.tr("Try again"), self.tr("Train it again after all that waits; a run that had begun goes on"),
            self._no_retry,
        )  # fmt: skip
        self._rename = self._action(self.tr("Rename"), self.tr("Call its run otherwise"), self._no_rename)
        self._run = self._action(self.tr("Show run"), self.tr("Look at its run"), self._no_run)
        self._settings = self._action(
            self.tr("Show settings"), self.tr("Fill the left side with what it is trained by"), self._no_settings
        )
        self._remove = self._action(
            self.tr("Remove"), self.tr("Take it out of the queue; its run stays"), self._no_remove
        )
        self._clear = self._action(
            self.tr("Remove all that are done"), self.tr("Runs stay in the list of runs"), self._no_clear
        )
        self._skip.setCheckable(True)
        self.menu = self._make_menu(parent)
        self._update()

    def _action(self, text: str, does: str, why_not: Callable[[], str]) -> QAction:
        action = QAction(text, self)
        self._group.addAction(action)
        self._can[action] = (does, why_not)
        return action

    def _make_menu(self, parent: QWidget) -> QMenu:
        menu = QMenu(parent)
        menu.setToolTipsVisible(True)
        menu.addActions([self._up, self._down, self._first, self._skip, self._retry])
        menu.addSeparator()
        menu.addActions([self._run, self._settings, self._rename])
        menu.addSeparator()
        menu.addActions([self._remove, self._clear])
        return menu

    def add_keys(self, table: QAbstractItemView) -> None:
        """They work while `table` has the focus."""
        keys = (
            (self._up, "Alt+Up"), (self._down, "Alt+Down"), (self._first, "Alt+Home"), (self._skip, "Space"),
            (self._rename, "F2"), (self._run, "Return"), (self._remove, "Del"),
        )  # fmt: skip
        for action, key in keys:
            action.setShortcut(QKeySequence(key))
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
            table.addAction(action)

    @Slot(QAction)
    def _ask(self, action: QAction) -> None:
        row = self._row
        if action is self._clear:
            self.clear_asked.emit()
        elif row is not None and action is self._skip:
            self.skip_asked.emit(row.id, action.isChecked())
        elif isinstance(row, QueueEntry) and action in (self._up, self._down, self._first):
            places = {self._up: row.place - 1, self._down: row.place + 1, self._first: 1}
            self.move_asked.emit(row.id, places[action])
        elif row is not None:
            asked: dict[QAction, SignalInstance] = {
                self._remove: self.remove_asked, self._run: self.run_asked, self._settings: self.settings_asked,
                self._rename: self.rename_asked, self._retry: self.retry_asked,
            }  # fmt: skip
            asked[action].emit(row.id)

    def show_entry(self, row: _Row, *, last: int, has_done: bool) -> None:
        """Which entry they are for, the last place there is, and whether any entry is done."""
        self._row, self._last, self._has_done = row, last, has_done
        self._update()

    def _update(self) -> None:
        for action, (does, why_not) in self._can.items():
            reason = why_not()
            action.setEnabled(not reason)
            action.setToolTip(reason or does)
        self._skip.setChecked(isinstance(self._row, QueueEntry) and self._row.state == "skipped")

    # Why not

    def _no_entry(self) -> str:
        if self._row is None:
            return self.tr("Choose an entry in the table first")
        return self.tr("This entry cannot be read") if isinstance(self._row, DamagedEntry) else ""

    def _no_change(self) -> str:
        if reason := self._no_entry():
            return reason
        if isinstance(self._row, QueueEntry) and self._row.state == "running":
            return self.tr("This entry is being trained")
        return "" if isinstance(self._row, QueueEntry) and self._row.is_open else self.tr("This entry is done")

    def _no_up(self) -> str:
        is_first = isinstance(self._row, QueueEntry) and self._row.place == 1
        return self._no_change() or (self.tr("It is the next already") if is_first else "")

    def _no_down(self) -> str:
        is_last = isinstance(self._row, QueueEntry) and self._row.place == self._last
        return self._no_change() or (self.tr("It is the last already") if is_last else "")

    def _no_retry(self) -> str:
        has_failed = isinstance(self._row, QueueEntry) and self._row.state == "failed"
        return self._no_entry() or ("" if has_failed else self.tr("It has not failed"))

    def _no_rename(self) -> str:
        has_begun = isinstance(self._row, QueueEntry) and self._row.has_begun
        return self._no_change() or (self.tr("It has begun; its run can be renamed") if has_begun else "")

    def _no_run(self) -> str:
        has_begun = isinstance(self._row, QueueEntry) and self._row.has_begun
        return self._no_entry() or ("" if has_begun else self.tr("It has no run yet"))

    def _no_settings(self) -> str:
        return self._no_entry()

    def _no_remove(self) -> str:
        if self._row is None:
            return self._no_entry()
        is_on = isinstance(self._row, QueueEntry) and self._row.state == "running"
        return self.tr("This entry is being trained; stop its run first") if is_on else ""

    def _no_clear(self) -> str:
        return "" if self._has_done else self.tr("No entry is done")
