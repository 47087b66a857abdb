"""The epoch that a run keeps, evaluated anew on its test images: asked for at a click, beside what is trained."""

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from workbench.core.errors import UserError
from workbench.core.evaluation import Evaluation
from workbench.core.events import Progress
from workbench.core.run_record import RunRecord
from workbench.gui.inspect.inspect_panel import InspectPanel
from workbench.gui.records.run_library import RunLibrary
from workbench.gui.widgets.menus import Menus
from workbench.gui.work import jobs
from workbench.gui.work.job import Handle
from workbench.gui.work.lane import Lane


class EvaluationDesk(QObject):
    """Connects the inspect panel's bar with the inspecting lane, for the run that is looked at."""

    refused = Signal(object)
    """Why there is no evaluation: an exception."""

    def __init__(
        self, library: RunLibrary, inspect_panel: InspectPanel, inspecting: Lane, window: QWidget
    ) -> None:
        super().__init__(window)
        self._library, self._inspect, self._inspecting = library, inspect_panel, inspecting
        self._record: RunRecord | None = None
        self._handle: Handle | None = None
        self._action: QAction | None = None
        inspect_panel.bar.evaluation_asked.connect(self.evaluate)
        inspect_panel.bar.cancel_asked.connect(self.cancel)
        self._allow()

    def add_to(self, menus: Menus) -> None:
        self._action = menus.add(menus.run, self.tr("E&valuate the kept epoch"), self.evaluate, "Ctrl+K")
        self._allow()

    def look_at(self, record: RunRecord | None) -> None:
        """The run that is shown from now on; an evaluation of another one is given up."""
        if self._record is not None and (record is None or record.id != self._record.id):
            self.cancel()
        self._record = record
        self._allow()

    @Slot()
    def evaluate(self) -> None:
        """Evaluate the run's kept epoch; a newer wish replaces an older."""
        if self._record is None or self._reason():
            return
        job = jobs.evaluate_kept(self._record.id)
        handle = self._handle = self._inspecting.ask(job, self._library.home, self)
        self._inspect.bar.show_progress(self.tr("Evaluating the kept epoch"), 0, 0)
        handle.progressed.connect(self._show_progress)
        handle.finished.connect(self._show)
        handle.refused.connect(self.refused)
        handle.ended.connect(self._end)

    @Slot()
    def cancel(self) -> None:
        if self._handle is not None:
            self._handle.cancel()

    @Slot(object)
    def _show_progress(self, progress: Progress) -> None:
        # The images may have to be read first.
        activity = progress.activity if progress.unit == "bytes" else self.tr("Evaluating the kept epoch")
        self._inspect.bar.show_progress(activity, progress.done, progress.total)

    @Slot(object)
    def _show(self, evaluation: Evaluation) -> None:
        record = self._record
        if record is None:
            return
        try:
            images = self._library.images(record)
            if not np.array_equal(images.labels, evaluation.labels):
                raise UserError(
                    self.tr(
                        "the images of {0} have changed since run {1} was trained: its pictures are others"
                    ).format(record.source, record.name)
                )
        except UserError as error:
            self.refused.emit(error)
            return
        self._inspect.show_evaluation(record.name, evaluation, images, is_kept=True)

    @Slot()
    def _end(self) -> None:
        self._handle = None
        self._inspect.bar.show_idle()

    def _reason(self) -> str:
        """Why nothing can be evaluated now; empty if it can."""
        if self._record is None:
            return self.tr("Choose a run in the list")
        if self._record.best is None:
            return self.tr("The run keeps its first epoch when that is finished")
        return ""

    def _allow(self) -> None:
        reason = self._reason()
        self._inspect.bar.allow(reason)
        if self._action is not None:
            self._action.setEnabled(not reason)
