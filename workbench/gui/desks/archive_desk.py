"""All runs in one file, for a backup or another machine, and runs out of such a file."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from workbench.core.formats import memory
from workbench.gui.desks.writing import Writing
from workbench.gui.records.run_library import RunLibrary
from workbench.gui.widgets.file_dialogs import ask_path
from workbench.gui.widgets.menus import Menus
from workbench.gui.widgets.message_bar import MessageBar
from workbench.gui.widgets.told import sentence_of, told
from workbench.gui.work.archive_jobs import back_up, take_in
from workbench.gui.work.lane import Lane

# It brings the database along, which the first picture does not need.
if TYPE_CHECKING:
    from workbench.core.records.run_export import ExportedRuns
    from workbench.core.records.run_import import ImportedRuns


class ArchiveDesk(QObject):
    """Asks for the file, and has the lane that reads do it; how far it is, and what came of it, is told."""

    def __init__(self, library: RunLibrary, lane: Lane, message_bar: MessageBar, window: QWidget) -> None:
        super().__init__(window)
        self.library, self.message_bar, self._window = library, message_bar, window
        self._writing = Writing(lane, message_bar, self)

    def add_to(self, menus: Menus) -> None:
        """Fill the part of the menu File that is about archives of runs."""
        menus.add(menus.file, self.tr("Back up all &runs…"), self.back_up)
        menus.add(menus.file, self.tr("&Import runs…"), self.take_in)

    @Slot()
    @told
    def back_up(self) -> None:
        """Write all runs, but those that are trained or cannot be read, into a file."""
        title, kind = self.tr("Back up all runs"), self.tr("Archive of runs (*.zip)")
        path = ask_path(self._window, title, f"runs-{date.today().isoformat()}.zip", kind)
        if path is not None:
            self._writing.ask(back_up(path), self.library.home, self._say_written, self._tell_error)

    @Slot()
    @told
    def take_in(self) -> None:
        """Take the runs of a file that are not here yet."""
        title, kind = self.tr("Import runs"), self.tr("Archive of runs (*.zip)")
        path, _ = QFileDialog.getOpenFileName(self._window, title, "", kind)
        if path:
            self._writing.ask(take_in(Path(path)), self.library.home, self._say_taken, self._tell_error)

    @Slot(object)
    def _say_written(self, done: "ExportedRuns") -> None:
        """Which ones were left out, and why, the warnings say that are told after it."""
        count = str(len(done.runs))
        if done.left_out:
            count = self.tr("{0} of {1}").format(count, len(done.runs) + len(done.left_out))
        said = self.tr("{0} runs, {1}, written to {2}")
        self.message_bar.tell("info", said.format(count, memory(done.size_bytes, " "), done.path))

    @Slot(object)
    def _say_taken(self, done: "ImportedRuns") -> None:
        self.library.refresh()
        said = self.tr("{0} runs were imported").format(len(done.runs))
        if done.skipped:
            said = self.tr("{0}; {1} were here already, or could not be taken").format(said, len(done.skipped))
        self.message_bar.tell("info", said)

    @Slot(object)
    def _tell_error(self, error: Exception) -> None:
        self.message_bar.tell("error", sentence_of(error))
