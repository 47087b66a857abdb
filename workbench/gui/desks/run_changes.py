"""What is changed of a recorded run, after a question where one is due: its name, its number of epochs."""

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QDialog, QWidget

from workbench.gui.records.run_library import RunLibrary
from workbench.gui.runs.runs_panel import RunsPanel
from workbench.gui.runs.train_longer_dialog import TrainLongerDialog
from workbench.gui.widgets.message_bar import MessageBar
from workbench.gui.widgets.told import told


class RunChanges(QObject):
    """Connects the list of runs with what is recorded of them."""

    longer_asked = Signal(str, int)
    """A run's id, and how many epochs it is to have in all."""

    def __init__(
        self, library: RunLibrary, runs_panel: RunsPanel, message_bar: MessageBar, window: QWidget
    ) -> None:
        super().__init__(window)
        self.library, self.message_bar = library, message_bar
        self._window = window
        runs_panel.name_entered.connect(self.rename)
        runs_panel.longer_asked.connect(self.ask_longer)

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
        accepted = dialog.exec() == QDialog.DialogCode.Accepted
        epochs = dialog.epochs
        dialog.deleteLater()
        if accepted:
            self.longer_asked.emit(run_id, epochs)
