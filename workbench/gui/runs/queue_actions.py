"""What can be done with entries of the queue: the same by the right mouse button, a button, and keys."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Qt, Signal, SignalInstance, Slot
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QMenu, QWidget

from workbench.core.records.queue_entry import DamagedEntry, QueueEntry

_Row = QueueEntry | DamagedEntry


class QueueActions(QObject):
    """Actions on entries (`show_entries`), each of which says what it does, or why it cannot be done now.

    Signals carry ids; `move_asked` the new place of the first too, `skip_asked` whether they are skipped from now
    on. What can be done with one entry alone carries its id.
    """

    move_asked = Signal(list, int)
    skip_asked = Signal(list, bool)
    retry_asked = Signal(list)
    remove_asked = Signal(list)
    run_asked = Signal(str)
    settings_asked = Signal(str)
    rename_asked = Signal(str)
    clear_asked = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._rows: list[_Row] = []
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
        ids, places = [row.id for row in self._rows], self._places
        of_all = {self._retry: self.retry_asked, self._remove: self.remove_asked}
        if action is self._clear:
            self.clear_asked.emit()
        elif action is self._skip:
            self.skip_asked.emit(ids, action.isChecked())
        elif action in (self._up, self._down, self._first):
            wanted = {self._up: max(1, places[0] - 1), self._down: places[0] + 1, self._first: 1}
            self.move_asked.emit(ids, wanted[action])
        elif action in of_all:
            of_all[action].emit(ids)
        else:
            of_one: dict[QAction, SignalInstance] = {
                self._run: self.run_asked, self._settings: self.settings_asked, self._rename: self.rename_asked,
            }  # fmt: skip
            of_one[action].emit(ids[0])

    def show_entries(self, rows: Sequence[_Row], *, last: int, has_done: bool) -> None:
        """Which entries they are for, the last place there is, and whether any entry is done."""
        self._rows, self._last, self._has_done = list(rows), last, has_done
        self._update()

    @property
    def _entries(self) -> list[QueueEntry]:
        return [row for row in self._rows if isinstance(row, QueueEntry)]

    @property
    def _places(self) -> list[int]:
        return sorted(entry.place for entry in self._entries)

    def _update(self) -> None:
        for action, (does, why_not) in self._can.items():
            reason = why_not()
            action.setEnabled(not reason)
            action.setToolTip(reason or does)
        states = {entry.state for entry in self._entries}
        self._skip.setChecked(states == {"skipped"})

    # Why not

    def _no_entry(self) -> str:
        if not self._rows:
            return self.tr("Choose an entry in the table first")
        return "" if len(self._entries) == len(self._rows) else self.tr("This entry cannot be read")

    def _no_single(self) -> str:
        if len(self._rows) > 1:
            return self.tr("Choose one entry")
        return self._no_entry()

    def _no_change(self) -> str:
        return self._no_entry() or self._no_running() or self._no_done()

    def _no_running(self) -> str:
        is_on = any(entry.state == "running" for entry in self._entries)
        return self.tr("This entry is being trained; stop its run first") if is_on else ""

    def _no_done(self) -> str:
        return "" if all(entry.is_open for entry in self._entries) else self.tr("This entry is done")

    def _no_up(self) -> str:
        are_first = self._places == list(range(1, len(self._rows) + 1))
        return self._no_change() or (self.tr("It is the next already") if are_first else "")

    def _no_down(self) -> str:
        are_last = self._places == list(range(self._last - len(self._rows) + 1, self._last + 1))
        return self._no_change() or (self.tr("It is the last already") if are_last else "")

    def _no_retry(self) -> str:
        have_failed = all(entry.state == "failed" for entry in self._entries)
        return self._no_entry() or ("" if have_failed else self.tr("It has not failed"))

    def _no_rename(self) -> str:
        has_begun = any(entry.has_begun for entry in self._entries)
        begun = self.tr("It has begun; its run can be renamed") if has_begun else ""
        return self._no_single() or self._no_change() or begun

    def _no_run(self) -> str:
        has_begun = any(entry.has_begun for entry in self._entries)
        return self._no_single() or ("" if has_begun else self.tr("It has no run yet"))

    def _no_settings(self) -> str:
        return self._no_single()

    def _no_remove(self) -> str:
        return self._no_running() if self._rows else self._no_entry()

    def _no_clear(self) -> str:
        return "" if self._has_done else self.tr("No entry is done")
