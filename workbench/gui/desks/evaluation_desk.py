"""The epoch that a run keeps, evaluated anew on its test images: asked for at a click, beside what is trained."""

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from workbench.core.errors import UserError
from workbench.core.evaluation import Evaluation
from workbench.core.events import Progress
from workbench.gui.inspect.evaluation_bar import EvaluationBar
from workbench.gui.records.run_library import RunLibrary
from workbench.gui.records.selection import Selection
from workbench.gui.widgets.menus import Menus
from workbench.gui.work import jobs
from workbench.gui.work.job import Handle
from workbench.gui.work.lane import Lane


class EvaluationDesk(QObject):
    """Connects the bar of the workspace Inspect with the inspecting lane, for the run that is looked at."""

    refused = Signal(object)
    """Why there is no evaluation: an exception."""

    def __init__(
        self, library: RunLibrary, selection: Selection, bar: EvaluationBar, inspecting: Lane, window: QWidget
    ) -> None:
        super().__init__(window)
        self._library, self._selection, self._bar = library, selection, bar
        self._inspecting = inspecting
        self._run_id = ""
        self._handle: Handle | None = None
        self._action: QAction | None = None
        self._is_shown = False
        bar.evaluation_asked.connect(self.evaluate)
        bar.cancel_asked.connect(self.cancel)
        selection.run_changed.connect(self._give_up)
        selection.epochs_changed.connect(self._allow)
        selection.redone.connect(self._on_redone)
        self._allow()

    def add_to(self, menus: Menus) -> None:
        self._action = menus.add(menus.inspect, self.tr("E&valuate the kept epoch"), self.evaluate, "Ctrl+K")
        self._allow()

    def allow_keys(self, is_shown: bool) -> None:
        """Only where its outcome is seen."""
        self._is_shown = is_shown
        self._allow()

    @Slot()
    def evaluate(self) -> None:
        """Evaluate the run's kept epoch; a newer wish replaces an older."""
        if self._reason():
            return
        try:
            home = self._library.home
        except UserError as error:
            # The list is closed, to be repaired.
            self.refused.emit(error)
            return
        self._run_id = self._selection.run_id
        handle = self._handle = self._inspecting.ask(jobs.evaluate_kept(self._run_id), home, self)
        self._bar.show_progress(self.tr("Evaluating the kept epoch"), 0, 0)
        handle.progressed.connect(self._show_progress)
        handle.finished.connect(self._show)
        handle.refused.connect(self.refused)
        handle.ended.connect(self._end)

    @Slot()
    def cancel(self) -> None:
        if self._handle is not None:
            self._handle.cancel()

    @Slot()
    def _give_up(self) -> None:
        """Another run is looked at: a result that is on its way says nothing of that one."""
        if self._handle is not None:
            self._handle.drop()
            self._end()

    @Slot(str, int)
    def _on_redone(self, run_id: str, _epochs_done: int) -> None:
        if run_id == self._run_id:
            self._give_up()

    @Slot(object)
    def _show_progress(self, progress: Progress) -> None:
        # The images may have to be read first.
        activity = progress.told if progress.unit == "bytes" else self.tr("Evaluating the kept epoch")
        self._bar.show_progress(activity, progress.done, progress.total)

    @Slot(object)
    def _show(self, evaluation: Evaluation) -> None:
        self._selection.add(self._run_id, evaluation)
        self._selection.show_epoch(evaluation.epoch)

    @Slot()
    def _end(self) -> None:
        self._handle = None
        self._bar.show_idle()

    def _reason(self) -> str:
        """Why nothing can be evaluated now; empty if it can."""
        if self._selection.run.record is None:
            return self.tr("Choose a run in the list")
        if not self._selection.run.kept:
            return self.tr("The run keeps its first epoch when that is finished")
        return ""

    @Slot()
    def _allow(self) -> None:
        reason = self._reason()
        self._bar.allow(reason)
        if self._action is not None:
            self._action.setEnabled(self._is_shown and not reason)
