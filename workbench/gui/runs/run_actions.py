"""What can be done with a recorded run: the same by the right mouse button, a button below the table, and keys."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Qt, Signal, SignalInstance, Slot
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QMenu, QWidget

from workbench.core.records.run_record import RunRecord
from workbench.gui.runs.run_columns import goes_on


class RunActions(QObject):
    """Actions on the chosen runs (`show_runs`), each of which says what it does, or why it cannot be done now.

    Most are for one run, whose id their signals carry; tags, stars and deleting are for any number. A name is
    edited where it stands, so that `rename_asked` carries nothing.
    """

    resume_asked = Signal(str)
    longer_asked = Signal(str)
    again_asked = Signal(str, bool)
    """A run's id, and whether its repetition shall have the next seed."""
    rerun_asked = Signal(str)
    weights_asked = Signal(str)
    compare_asked = Signal(str, str)
    """The older of two runs, and the newer."""
    rename_asked = Signal()
    export_asked = Signal(str)
    tags_asked = Signal(object)
    note_asked = Signal(str)
    star_asked = Signal(object, bool)
    """Ids, and whether they shall have a star."""
    delete_asked = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._runs: tuple[RunRecord, ...] = ()
        self._can_train = True
        self._can: dict[QAction, tuple[str, Callable[[RunRecord], str]]] = {}
        self._of_many: set[QAction] = set()
        self._group = QActionGroup(self)
        self._group.setExclusionPolicy(QActionGroup.ExclusionPolicy.None_)
        self._group.triggered.connect(self._ask)
        self.resume = self._action(
            self.tr("Resume"), self.tr("Go on with this run from its last checkpoint"), self._no_resume
        )
        self._make_training_actions()
        self._make_record_actions()
        self._asked: dict[QAction, SignalInstance] = {
            self.resume: self.resume_asked, self._longer: self.longer_asked, self._rerun: self.rerun_asked,
            self._weights: self.weights_asked, self._export: self.export_asked, self._note: self.note_asked,
        }  # fmt: skip
        self.menu = self._make_menu(parent)
        self._update()

    def _make_training_actions(self) -> None:
        self._longer = self._action(
            self.tr("Train longer…"), self.tr("Go on with this run to more epochs than it was planned for"),
            self._no_training,
        )  # fmt: skip
        self._again = self._action(
            self.tr("Run again"), self.tr("Train a new run by this run's settings, the seed too"), self._no_start
        )
        self._next_seed = self._action(
            self.tr("Run again, next seed"),
            self.tr("Train a new run by this run's settings with another seed: what chance does to it"),
            self._no_start,
        )
        self._rerun = self._action(
            self.tr("Use settings"), self.tr("Fill the left side with this run's settings"), self._nothing
        )
        self._weights = self._action(
            self.tr("Use weights"), self.tr("Start the next run from this run's weights (fine-tuning)"),
            self._no_weights,
        )  # fmt: skip

    def _make_record_actions(self) -> None:
        self._compare = self._action(
            self.tr("Compare"), self.tr("What differs between two runs, and whether one is better"),
            self._no_weights, is_of_many=True,
        )  # fmt: skip
        self._export = self._action(
            self.tr("Export…"), self.tr("Write its network or its figures as files that other programs read"),
            self._no_weights,
        )  # fmt: skip
        self._star = self._action(
            self.tr("Star"),
            self.tr("Give the chosen runs a star, or take it away"),
            self._nothing,
            is_of_many=True,
        )
        self._star.setCheckable(True)
        self._tags = self._action(
            self.tr("Tags…"), self.tr("Tag the chosen runs, to find them by their tags"), self._nothing,
            is_of_many=True,
        )  # fmt: skip
        self._note = self._action(self.tr("Note…"), self.tr("Write down something about this run"), self._nothing)
        self._rename = self._action(self.tr("Rename"), self.tr("Edit this run's name in the table"), self._nothing)
        self._delete = self._action(
            self.tr("Delete"), self.tr("Remove the chosen runs; until the window closes, that can be undone"),
            self._no_delete, is_of_many=True,
        )  # fmt: skip

    def _action(
        self, text: str, does: str, why_not: Callable[[RunRecord], str], *, is_of_many: bool = False
    ) -> QAction:
        action = QAction(text, self)
        self._group.addAction(action)
        self._can[action] = (does, why_not)
        if is_of_many:
            self._of_many.add(action)
        return action

    def _make_menu(self, parent: QWidget) -> QMenu:
        menu = QMenu(parent)
        menu.setToolTipsVisible(True)
        menu.addActions([self.resume, self._longer, self._again, self._next_seed])
        menu.addSeparator()
        menu.addActions([self._rerun, self._weights])
        menu.addSeparator()
        menu.addActions([self._compare, self._export])
        menu.addSeparator()
        menu.addActions([self._star, self._tags, self._note, self._rename, self._delete])
        return menu

    def add_keys(self, table: QAbstractItemView) -> None:
        """They work while `table` has the focus, not in the field where a name is edited."""
        for action, key in (
            (self._rename, Qt.Key.Key_F2), (self._delete, Qt.Key.Key_Delete), (self._star, Qt.Key.Key_S),
            (self._tags, Qt.Key.Key_T), (self._note, Qt.Key.Key_N),
        ):  # fmt: skip
            action.setShortcut(QKeySequence(key))
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
            table.addAction(action)

    @Slot(QAction)
    def _ask(self, action: QAction) -> None:
        ids = [run.id for run in self._runs]
        if action is self._rename:
            self.rename_asked.emit()
        elif not ids:
            return
        elif action is self._tags:
            self.tags_asked.emit(ids)
        elif action is self._delete:
            self.delete_asked.emit(ids)
        elif action is self._star:
            self.star_asked.emit(ids, not all(run.is_starred for run in self._runs))
        elif action is self._compare:
            older, newer = sorted(self._runs, key=lambda run: run.number)
            self.compare_asked.emit(older.id, newer.id)
        elif action in (self._again, self._next_seed):
            self.again_asked.emit(ids[0], action is self._next_seed)
        else:
            self._asked[action].emit(ids[0])

    def show_runs(self, runs: Sequence[RunRecord]) -> None:
        """Which runs they are for; none without one that can be read."""
        self._runs = tuple(runs)
        self._update()

    def allow_training(self, allowed: bool) -> None:
        """Whether a run could be begun or resumed now."""
        self._can_train = allowed
        self._update()

    def _update(self) -> None:
        for action, (does, _) in self._can.items():
            reason = self._why_not(action)
            action.setEnabled(not reason)
            action.setToolTip(reason or does)
        self._star.setChecked(bool(self._runs) and all(run.is_starred for run in self._runs))

    def _why_not(self, action: QAction) -> str:
        if not self._runs:
            return self.tr("Choose a run in the table first")
        if action is self._compare and len(self._runs) != 2:
            return self.tr("Choose two runs in the table, the second one with Ctrl")
        if action not in self._of_many and len(self._runs) > 1:
            return self.tr("This is for one run; choose a single one")
        reasons = (self._can[action][1](run) for run in self._runs)
        return next(filter(None, reasons), "")

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

    def _no_start(self, _run: RunRecord) -> str:
        return "" if self._can_train else self.tr("Another run or a measurement is going on; stop it first")

    def _no_weights(self, run: RunRecord) -> str:
        return "" if run.epochs else self.tr("This run has no weights yet: no epoch of it is finished")

    def _no_delete(self, run: RunRecord) -> str:
        return self.tr("A run that is being trained cannot be deleted; stop it first") if goes_on(run) else ""
