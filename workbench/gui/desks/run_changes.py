"""What is changed of recorded runs: name, tags, notes, stars, epochs; and deleting them, with a way back."""

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QDialog, QWidget

from workbench.gui.records.run_library import RunLibrary
from workbench.gui.runs.note_dialog import NoteDialog
from workbench.gui.runs.runs_panel import RunsPanel
from workbench.gui.runs.tags_dialog import TagsDialog
from workbench.gui.runs.train_longer_dialog import TrainLongerDialog
from workbench.gui.widgets.menus import Menus
from workbench.gui.widgets.message_bar import MessageBar
from workbench.gui.widgets.told import told


class RunChanges(QObject):
    """Connects the list of runs with what is recorded of them."""

    longer_asked = Signal(str, int)
    """A run's id, and how many epochs it is to have in all."""
    set_aside = Signal(object)
    """Ids of runs that were deleted here."""

    def __init__(
        self, library: RunLibrary, runs_panel: RunsPanel, message_bar: MessageBar, window: QWidget
    ) -> None:
        super().__init__(window)
        self.library, self.message_bar = library, message_bar
        self._runs, self._window = runs_panel, window
        self._deleted: list[list[str]] = []
        """What can be brought back, the last last."""
        self._undo: QAction | None = None
        runs_panel.name_entered.connect(self.rename)
        runs_panel.longer_asked.connect(self.ask_longer)
        runs_panel.tags_asked.connect(self.ask_tags)
        runs_panel.note_asked.connect(self.ask_note)
        runs_panel.star_asked.connect(self.star)
        runs_panel.delete_asked.connect(self.delete)

    def add_to(self, menus: Menus) -> None:
        """Fill the part of the menu Run that is about recorded ones."""
        menus.add(menus.run, self.tr("&Find runs"), self._runs.find_runs, "Ctrl+F")
        self._undo = menus.add(menus.run, self.tr("&Bring deleted runs back"), self.bring_back, "Ctrl+Alt+Z")
        self._allow_undo()

    @Slot(str, str)
    @told
    def rename(self, run_id: str, name: str) -> None:
        """Call a run `name`; every view of it takes that from the list."""
        self.library.rename(run_id, name)

    @Slot(str)
    @told
    def ask_longer(self, run_id: str) -> None:
        """Ask how many epochs a run shall have, and have it trained on."""
        dialog = TrainLongerDialog(self.library.record(run_id), self._window)
        if self._accepted(dialog):
            self.longer_asked.emit(run_id, dialog.epochs)

    @Slot(object)
    @told
    def ask_tags(self, run_ids: Sequence[str]) -> None:
        """Ask which tags some runs shall have."""
        known = {tag for run in self._runs.model.every for tag in run.tags}
        dialog = TagsDialog([self.library.record(run_id) for run_id in run_ids], known, self._window)
        if self._accepted(dialog):
            self.library.tag(run_ids, dialog.add, dialog.remove)

    @Slot(str)
    @told
    def ask_note(self, run_id: str) -> None:
        """Ask what to note of a run."""
        dialog = NoteDialog(self.library.record(run_id), self._window)
        if self._accepted(dialog):
            self.library.write_note(run_id, dialog.note)

    def _accepted(self, dialog: QDialog) -> bool:
        accepted = dialog.exec() == QDialog.DialogCode.Accepted
        dialog.deleteLater()
        return accepted

    @Slot(object, bool)
    @told
    def star(self, run_ids: Sequence[str], is_starred: bool) -> None:
        """Give runs a star, or take it away."""
        self.library.star(run_ids, is_starred)

    @Slot(object)
    @told
    def delete(self, run_ids: Sequence[str]) -> None:
        """Take runs out of the list at once; until the window closes they can be brought back."""
        names = [self.library.record(run_id).name for run_id in run_ids]
        self.library.set_aside(run_ids)
        self.set_aside.emit(run_ids)
        self._deleted.append([*run_ids])
        self._allow_undo()
        which = (
            self.tr("Run '{0}'").format(names[0]) if len(names) == 1 else self.tr("{0} runs").format(len(names))
        )
        said = self.tr("{0} deleted. Until the window closes, Ctrl+Alt+Z brings that back.").format(which)
        self.message_bar.tell("info", said, self.tr("Undo"), self.bring_back)

    @Slot()
    @told
    def bring_back(self) -> None:
        """Undo the last deletion that was not undone yet."""
        if self._deleted:
            run_ids = self._deleted[-1]
            self.library.bring_back(run_ids)
            # Only now: a list that is busy for a moment must not cost the way back.
            self._deleted.pop()
            self._allow_undo()
            self._runs.select(run_ids[0])
            self.message_bar.tell("info", self.tr("Back in the list"))

    def forget(self) -> None:
        """Another home is opened: what was deleted in the former one is gone."""
        self._deleted.clear()
        self._allow_undo()

    def _allow_undo(self) -> None:
        if self._undo is not None:
            self._undo.setEnabled(bool(self._deleted))
