"""What can be done with a recorded run: the same by the right mouse button, a button below the table, and keys."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal, SignalInstance, Slot
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QMenu, QWidget

from workbench.core.records.run_record import RunRecord


class RunActions(QObject):
    """Actions on one run (`show_run`), each of which says what it does, or why it cannot be done now.

    The signals carry the run's id, all but `rename_asked`: a name is edited where it stands.
    """

    resume_asked = Signal(str)
    longer_asked = Signal(str)
    rerun_asked = Signal(str)
    weights_asked = Signal(str)
    rename_asked = Signal()
    export_asked = Signal(str)
    training_export_asked = Signal(str)
    delete_asked = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._run: RunRecord | None = None
        self._can_train = True
        self._can: dict[QAction, tuple[str, Callable[[RunRecord], str]]] = {}
        self._group = QActionGroup(self)
        self._group.setExclusionPolicy(QActionGroup.ExclusionPolicy.None_)
        self._group.triggered.connect(self._ask)
        self.resume = self._action(
            self.tr("Resume"), self.tr("Go on with this run from its last checkpoint"), self._no_resume
        )
        self._longer = self._action(
            self.tr("Train longer…"), self.tr("Go on with this run to more epochs than it was planned for"),
            self._no_more,
        )  # fmt: skip
        self._rerun = self._action(
            self.tr("Use settings"), self.tr("Fill the left side with this run's settings"), self._nothing
        )
        self._weights = self._action(
            self.tr("Use weights"), self.tr("Start the next run from this run's weights (fine-tuning)"),
            self._no_weights,
        )  # fmt: skip
        self._rename = self._action(self.tr("Rename"), self.tr("Edit this run's name in the table"), self._nothing)
        self._export = self._action(
            self.tr("Export as code…"), self.tr("Write its network as a PyTorch file, with its weights beside it"),
            self._no_weights,
        )  # fmt: skip
        self._export_training = self._action(
            self.tr("Export with training…"), self.tr("Write the script too that trains it so, in plain PyTorch"),
            self._no_weights,
        )  # fmt: skip
        self._delete = self._action(self.tr("Delete…"), self.tr("Remove this run and its files"), self._no_delete)
        self._asked: dict[QAction, SignalInstance] = {
            self.resume: self.resume_asked, self._longer: self.longer_asked, self._rerun: self.rerun_asked,
            self._weights: self.weights_asked, self._export: self.export_asked,
            self._export_training: self.training_export_asked, self._delete: self.delete_asked,
        }  # fmt: skip
        self.menu = self._make_menu(parent)
        self._update()

    def _action(self, text: str, does: str, why_not: Callable[[RunRecord], str]) -> QAction:
        action = QAction(text, self)
        self._group.addAction(action)
        self._can[action] = (does, why_not)
        return action

    def _make_menu(self, parent: QWidget) -> QMenu:
        menu = QMenu(parent)
        menu.setToolTipsVisible(True)
        menu.addActions([self.resume, self._longer])
        menu.addSeparator()
        menu.addActions([self._rerun, self._weights])
        menu.addSeparator()
        menu.addActions([self._export, self._export_training])
        menu.addSeparator()
        menu.addActions([self._rename, self._delete])
        return menu

    def add_keys(self, table: QAbstractItemView) -> None:
        """F2 and Del work while `table` has the focus, not in the field where a name is edited."""
        for action, key in ((self._rename, Qt.Key.Key_F2), (self._delete, Qt.Key.Key_Delete)):
            action.setShortcut(QKeySequence(key))
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
            table.addAction(action)

    @Slot(QAction)
    def _ask(self, action: QAction) -> None:
        if action is self._rename:
            self.rename_asked.emit()
        elif self._run is not None:
            self._asked[action].emit(self._run.id)

    def show_run(self, run: RunRecord | None) -> None:
        """Which run they are for; None without one that can be read."""
        self._run = run
        self._update()

    def allow_training(self, allowed: bool) -> None:
        """Whether a run could be resumed now."""
        self._can_train = allowed
        self._update()

    def _update(self) -> None:
        for action, (does, why_not) in self._can.items():
            reason = self.tr("Choose a run in the table first") if self._run is None else why_not(self._run)
            action.setEnabled(not reason)
            action.setToolTip(reason or does)

    # Why not

    def _nothing(self, _run: RunRecord) -> str:
        return ""

    def _no_training(self, run: RunRecord) -> str:
        if run.status == "running":
            return self.tr("This run is being trained")
        return "" if self._can_train else self.tr("Another run or a measurement is going on; stop it first")

    def _no_resume(self, run: RunRecord) -> str:
        if run.status == "finished":
            return self.tr("This run is finished; Train longer… goes on to more epochs")
        return self._no_training(run)

    def _no_more(self, run: RunRecord) -> str:
        return self._no_training(run)

    def _no_weights(self, run: RunRecord) -> str:
        return "" if run.epochs else self.tr("This run has no weights yet: no epoch of it is finished")

    def _no_delete(self, run: RunRecord) -> str:
        return self.tr("This run is being trained; stop it first") if run.status == "running" else ""
