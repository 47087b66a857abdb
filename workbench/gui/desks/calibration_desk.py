"""Calibration needs what was said of held-out images: where an epoch lacks that, its network can be asked."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from workbench.core.evaluation import Evaluation
from workbench.gui.desks.look_desk import LookDesk, Looking
from workbench.gui.inspect.calibration.calibration_view import CalibrationView
from workbench.gui.work import inspection_jobs


class CalibrationDesk(LookDesk):
    """The view follows the selection by itself; here is said what it lacks."""

    def __init__(self, looking: Looking, view: CalibrationView, window: QWidget) -> None:
        super().__init__(looking, view, view.bar, window)
        self._run_id = ""

    def renew(self) -> None:
        selection, record = self.selection, self.selection.run.record
        if selection.evaluation is None or record is None or selection.validation is not None:
            return
        if not record.config.data.validation_fraction:
            self.bar.say(self.tr("No temperature: this run holds no images out to fit it on."))
            return
        if self.place() is None:
            return
        self.bar.say(
            self.tr("No temperature: held-out answers of epoch {0} are not kept.").format(selection.epoch),
            self.tr("Evaluate"),
            self.tr("Ask the network of this epoch about the images that are held out, to fit a temperature"),
            self._evaluate,
        )

    @Slot()
    def _evaluate(self) -> None:
        place = self.place()
        if place is None:
            return
        self._run_id = place.run_id
        job = inspection_jobs.evaluate_validation(self.looker, place)
        handle = self.ask(job, self.tr("Evaluating held-out images"))
        if handle is not None:
            handle.finished.connect(self._take)

    @Slot(object)
    def _take(self, evaluation: Evaluation) -> None:
        self.selection.add_validation(self._run_id, evaluation)
