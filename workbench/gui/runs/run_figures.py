"""The two figures that matter of the run that is trained here: how right it is, and how long it takes."""

import math

from PySide6.QtWidgets import QHBoxLayout, QWidget

from workbench.core.events import EpochMetrics, RunStarted
from workbench.core.formats import duration, percent, rough_duration
from workbench.core.time_left import Pace
from workbench.gui.runs.large_figure import LargeFigure
from workbench.gui.widgets.theme import GROUP_GAP

_REFRESH_S = 0.95
"""Once a second, and no second is left out for an event that comes a little early."""


class RunFigures(QWidget):
    """While a run goes on, its last epoch's accuracy and the time left; after it, its kept epoch's and the time
    taken."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pace: Pace | None = None
        self._kept: EpochMetrics | None = None
        self._shown_at = -math.inf
        self._accuracy = LargeFigure(self.tr("validation, kept epoch {0}").format("000"))
        self._time = LargeFigure("")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GROUP_GAP)
        row.addWidget(self._accuracy)
        row.addWidget(self._time)
        self.forget()

    def forget(self) -> None:
        """Show that there is nothing yet."""
        self._pace = None
        self._accuracy.show_nothing(self.tr("validation"))
        self._time.show_nothing(self.tr("time left"))

    def begin(self, event: RunStarted) -> None:
        self._kept, self._shown_at = None, -math.inf
        self._pace = Pace(
            epochs=event.config.training.epochs, steps_per_epoch=event.steps_per_epoch,
            first_step=event.first_step, elapsed_s=event.elapsed_s,
        )  # fmt: skip

    def take_before(self, last: EpochMetrics | None, kept: EpochMetrics | None) -> None:
        """Epochs of a run that is resumed: none that follows may be better than the kept one."""
        self._kept = kept
        if last is not None:
            self._show_live(last)

    def take_steps(self, elapsed_s: float, step: int) -> bool:
        """Whether they are shown, and other figures should be: every text costs a layout and a repaint, which
        compete with training for the cores."""
        if self._pace is not None:
            self._pace.take_steps(elapsed_s, step)
        return self.pass_time(elapsed_s)

    def pass_time(self, elapsed_s: float) -> bool:
        """Count down to what is left `elapsed_s` after the run's start; whether that is shown."""
        if self._pace is None or 0 <= elapsed_s - self._shown_at < _REFRESH_S:
            return False
        self._shown_at = elapsed_s
        left, caption = self._pace.left(elapsed_s), self.tr("time left")
        if left is None:
            self._time.show_nothing(caption)
        elif left.is_rough:
            self._time.show_number(rough_duration(left.seconds))
            self._time.explain(
                caption, tooltip=self.tr("Roughly: the pace is changing, or no epoch is finished yet")
            )
        else:
            self._time.show_number(duration(left.seconds))
            self._time.explain(caption, tooltip=self.tr("By the recent pace, evaluations included"))
        return True

    def take_epoch(self, event: EpochMetrics) -> None:
        if event.best:
            self._kept = event
        if self._pace is not None:
            self._pace.take_epoch(event.elapsed_s, event.epoch)
        self._show_live(event)

    def _show_live(self, event: EpochMetrics) -> None:
        of = self._show_accuracy(event)
        self._accuracy.explain(
            self.tr("{0}, live, epoch {1}").format(of, event.epoch),
            self.tr("live, epoch {0}").format(event.epoch),
            self.tr("epoch {0}").format(event.epoch),
            tooltip=self.tr("Accuracy of the last finished epoch; once the run is over, that of the kept one"),
        )

    def end(self, elapsed_s: float) -> None:
        """Show the result of the run that has begun."""
        self._time.show_number(duration(elapsed_s))
        self._time.explain(self.tr("time taken"), tooltip=self.tr("Time spent training, pauses not counted"))
        if self._kept is None:
            return
        of, epoch = self._show_accuracy(self._kept), self._kept.epoch
        self._accuracy.explain(
            self.tr("{0}, kept epoch {1}").format(of, epoch),
            self.tr("kept epoch {0}").format(epoch),
            self.tr("epoch {0}").format(epoch),
            tooltip=self.tr("Accuracy of the epoch whose weights are kept as the run's result"),
        )

    def _show_accuracy(self, epoch: EpochMetrics) -> str:
        """The one that counts; says of which images it is."""
        if epoch.validation_accuracy is None:
            self._accuracy.show_number(percent(epoch.test_accuracy))
            return self.tr("test")
        self._accuracy.show_number(percent(epoch.validation_accuracy))
        return self.tr("validation")
