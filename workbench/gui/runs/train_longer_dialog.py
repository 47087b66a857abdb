"""More epochs for a run that is over, or that was stopped."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QDialog, QLabel, QPushButton, QSpinBox, QWidget

from workbench.core.records.run_record import RunRecord
from workbench.core.settings.schedule import rates_around
from workbench.gui.runs.then_and_now import then_and_now
from workbench.gui.widgets.dialog_column import lay_out_dialog
from workbench.gui.widgets.field_form import labeled, shrinkable

_MOST_EPOCHS = 100_000
_WIDTH = 380


class TrainLongerDialog(QDialog):
    """Asks for the new total number of epochs, and says what that does to the learning rate."""

    def __init__(self, record: RunRecord, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._record = record
        done, planned = len(record.epochs), record.config.training.epochs
        # One that ended early may go on to its plan; one that was stopped does so by Resume.
        least = done + 1 if record.status == "finished" else planned + 1
        self.setWindowTitle(self.tr("Train longer"))
        self._box = QSpinBox()
        self._box.setRange(least, max(least, _MOST_EPOCHS))
        # Half as many again.
        self._box.setValue(max(least, planned + max(1, planned // 2)))
        self._box.setAccessibleName(self.tr("Epochs in all"))
        self._box.setToolTip(self.tr("How many epochs the run has in the end, those that are done included"))
        shrinkable(self._box)
        self._explanation = labeled("", "secondary")
        self._explanation.setWordWrap(True)
        self._box.valueChanged.connect(self._explain)
        train = QPushButton(self.tr("Train"))
        train.setToolTip(self.tr("Go on with the run from its last checkpoint"))
        now = QLabel(self.tr("{0} of {1} planned").format(done, planned))
        grid = then_and_now(self.tr("Finished epochs"), now, self.tr("Epochs in all"), self._box)
        lay_out_dialog(self, [grid, self._explanation], train, _WIDTH)
        self._explain()
        self._box.selectAll()

    @property
    def epochs(self) -> int:
        """The new total."""
        return self._box.value()

    @Slot()
    def _explain(self) -> None:
        lines = [self._schedule(), self._next_rate(), self.tr("The run keeps its curves and goes on with them.")]
        self._explanation.setText(" ".join(filter(None, lines)))

    def _schedule(self) -> str:
        training = self._record.config.training
        match training.schedule:
            case "constant":
                return self.tr("The learning rate stays constant.")
            case "step":
                text = self.tr("The learning rate goes on falling every {0} epochs.")
                return text.format(training.step_epochs)
            case _:
                if self.epochs == training.epochs:
                    return self.tr("The schedule '{0}' stays as it was planned.").format(training.schedule)
                text = self.tr("The schedule '{0}' is stretched from {1} to {2} epochs.")
                return text.format(training.schedule, training.epochs, self.epochs)

    def _next_rate(self) -> str:
        """What the stretching does where the run goes on: it may jump up."""
        record, done = self._record, len(self._record.epochs)
        if not record.started or not done:
            return ""
        training = record.config.training
        longer = training.model_copy(update={"epochs": self.epochs})
        was, now = rates_around(training, longer, done, record.started["steps_per_epoch"])
        if now < 2 * was:
            return self.tr("The learning rate goes on at {0}, after {1}.").format(f"{now:.2g}", f"{was:.2g}")
        text = self.tr("The learning rate jumps up to {0}, after {1}, so that accuracy falls at first.")
        return text.format(f"{now:.2g}", f"{was:.2g}")
