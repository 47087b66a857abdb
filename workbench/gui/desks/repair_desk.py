"""A damaged list of runs in the window: what is wrong, the button that repairs it, and what came of it."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from workbench.core.events import Progress
from workbench.core.home import Home
from workbench.gui.records.run_library import RunLibrary
from workbench.gui.widgets.message_bar import Message, MessageBar
from workbench.gui.widgets.told import sentence_of
from workbench.gui.work import jobs
from workbench.gui.work.job import Handle
from workbench.gui.work.lane import Lane

if TYPE_CHECKING:
    from workbench.core.records.store_repair import Repair


class RepairDesk(QObject):
    """Connects the library of runs with the message bar and the lane that repairs.

    `list_closed`: the list of runs was closed to be repaired, and is to be opened again.
    """

    list_closed = Signal()

    def __init__(
        self, library: RunLibrary, message_bar: MessageBar, lane: Lane, home: Home, parent: QObject
    ) -> None:
        super().__init__(parent)
        self.home = home
        self._library, self._bar, self._lane = library, message_bar, lane
        self._repairing: Handle | None = None
        library.damage_found.connect(self.tell)

    @Slot(str)
    def tell(self, sentence: str, other: str = "", do: Callable[[], object] | None = None) -> None:
        """Say what is wrong, with the button that repairs it, and perhaps another one."""
        if self._repairing is None:
            self._bar.keep(Message("error", sentence, self.tr("Repair the list"), self.repair, other, do))

    @Slot()
    def repair(self) -> None:
        """Rebuild the list beside all other work; it is opened again at the end, whatever came of it."""
        # Some systems rename no file that is open.
        self._library.close()
        self._bar.tell("info", self.tr("Repairing the list of runs…"))
        handle = self._repairing = self._lane.ask(jobs.repair_list(), self.home, self)
        handle.progressed.connect(self._show_progress)
        handle.finished.connect(self._on_repaired)
        handle.refused.connect(self._on_refused)

    @Slot(object)
    def _show_progress(self, progress: Progress) -> None:
        text = self.tr("Repairing the list of runs: folder {0} of {1}")
        self._bar.tell("info", text.format(progress.done + 1, progress.total))

    @Slot(object)
    def _on_repaired(self, done: "Repair") -> None:
        self._open_again()
        sentence = done.sentence
        self._bar.tell("info", sentence[:1].upper() + sentence[1:])

    @Slot(object)
    def _on_refused(self, error: Exception) -> None:
        self._open_again()
        self._bar.keep(Message("error", sentence_of(error), self.tr("Try again"), self.repair))

    def _open_again(self) -> None:
        self._repairing = None
        self.list_closed.emit()

    def look_after(self) -> None:
        """Clean up what killed processes left, beside all other work, and say what was found."""
        if self._repairing is None:
            handle = self._lane.ask(jobs.look_after_home(), self.home, self)
            handle.finished.connect(self._tell_findings)

    @Slot(object)
    def _tell_findings(self, found: jobs.HomeFindings) -> None:
        message = None
        if found.unlisted:
            message = Message("warning", found.unlisted, self.tr("Repair the list"), self.repair)
        elif found.removed:
            message = Message("info", found.removed[:1].upper() + found.removed[1:])
        if message is not None:
            # Nothing that the person must act on is hidden by it.
            self._bar.keep(message, at_once=False)
