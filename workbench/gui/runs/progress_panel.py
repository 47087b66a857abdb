"""The strip above everything: Start, Pause, Stop, and how the run is doing."""

import time

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QMenu,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from workbench.core.events import (
    EpochMetrics,
    Event,
    Progress,
    RateChanged,
    RunFailed,
    RunFinished,
    RunStarted,
    StepMetrics,
)
from workbench.core.formats import count, transferred
from workbench.core.settings.schedule import learning_rate
from workbench.core.work_clock import WorkClock
from workbench.gui.runs.rate_change_dialog import RateChangeDialog
from workbench.gui.runs.run_figures import RunFigures
from workbench.gui.widgets.elided_label import ElidedLabel
from workbench.gui.widgets.fitting_label import FittingLabel
from workbench.gui.widgets.menus import PopupButton
from workbench.gui.widgets.steady_button import SteadyButton
from workbench.gui.widgets.theme import FIELD_GAP, GAP, GROUP_GAP, Theme, tabular
from workbench.gui.work.training_session import State

_CURVE_POINTS = 200


class ProgressPanel(QWidget):
    """Buttons and figures of the run that is being trained."""

    start_asked = Signal()
    queue_asked = Signal()
    pause_asked = Signal()
    proceed_asked = Signal()
    stop_asked = Signal()
    finish_asked = Signal()
    rate_factor_chosen = Signal(float)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._state = State.IDLE
        self._started: RunStarted | None = None
        self._clock = WorkClock()
        self._start = self._button(self.tr("Start"), self._start_tooltip())
        self._start.setProperty("role", "primary")
        self._start.clicked.connect(self.start_asked)
        self._queue = QToolButton()
        self._queue.setAccessibleName(self.tr("Add to queue"))
        self._queue.setProperty("role", "side-button")
        self._queue.clicked.connect(self.queue_asked)
        self._pause = SteadyButton((self.tr("Pause"), self.tr("Resume")))
        self._pause.setToolTip(self.tr("Hold the run after this step (Ctrl+P)"))
        self._pause.clicked.connect(self._on_pause)
        self._stop = self._button(self.tr("Stop"), self.tr("End the run and save it; it can be resumed (Ctrl+.)"))
        self._stop.clicked.connect(self.stop_asked)
        self._more = self._menu_button()
        self._learning_rate = 0.0
        self._step = 0
        self._rate_dialog: RateChangeDialog | None = None
        self._has_best = False
        self._activity = ElidedLabel("")
        # Before the figures beside it, as far as there is room.
        self._activity.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self._activity.setMinimumWidth(1)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setRange(0, 1)
        self._figures = FittingLabel("secondary")
        self._figures.setFont(tabular(self._figures.font()))
        self._figures.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.result = RunFigures()
        self._lay_out()
        theme.changed.connect(self._restyle)
        self._restyle()
        self.show_state(State.IDLE)

    def _button(self, text: str, tooltip: str) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tooltip)
        return button

    def _menu_button(self) -> PopupButton:
        """What is asked for less often than Stop."""
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        self._rate = menu.addAction(self.tr("Change learning rate…\tCtrl+L"))
        self._rate.triggered.connect(self.ask_rate)
        self._finish = menu.addAction(self.tr("Stop and keep the best\tCtrl+Shift+."))
        self._finish.triggered.connect(self.finish_asked)
        return PopupButton(
            self.tr("More"), self.tr("End the run with its best epoch, or change its learning rate"), menu
        )

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(FIELD_GAP)
        begin = QHBoxLayout()
        begin.setSpacing(GAP)
        begin.addWidget(self._start)
        begin.addWidget(self._queue)
        row.addLayout(begin)
        for button in (self._pause, self._stop, self._more):
            row.addWidget(button)
        row.addSpacing(GROUP_GAP - FIELD_GAP)
        middle = QVBoxLayout()
        middle.setSpacing(GAP)
        texts = QHBoxLayout()
        texts.addWidget(self._activity)
        texts.addWidget(self._figures, 1)
        middle.addLayout(texts)
        middle.addWidget(self._bar)
        row.addLayout(middle, 1)
        row.addSpacing(GROUP_GAP - FIELD_GAP)
        row.addWidget(self.result)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_state(self, state: State) -> None:
        """Enable what can be done in a state."""
        self._state = state
        active = state in (State.RUNNING, State.PAUSED)
        self._pause.setEnabled(active)
        self._stop.setEnabled(active or state in (State.STARTING, State.TRYING))
        self._more.setEnabled(active)
        if not active and self._rate_dialog is not None:
            self._rate_dialog.reject()
        self._allow_finish()
        self._pause.setText(self.tr("Resume") if state is State.PAUSED else self.tr("Pause"))
        self._restyle()
        texts = {
            State.STARTING: self.tr("Starting…"),
            State.PAUSED: self.tr("Paused"),
            State.STOPPING: self.tr("Stopping and saving…"),
            State.TRYING: self.tr("Measuring…"),
        }
        if state in texts:
            self._activity.setText(texts[state])
        if state in (State.STARTING, State.TRYING):
            self._has_best = False
            self._started = None
            self.result.forget()
            self._clear_progress()
        elif state is State.IDLE and self._started is None:
            # It was a trial, or never became a run: nothing of it is left.
            self._activity.setText(self.tr("Ready"))
            self._clear_progress()

    @property
    def can_finish(self) -> bool:
        """Whether a finished epoch could be the result of the run that goes on."""
        return self._has_best and self._state in (State.RUNNING, State.PAUSED)

    def _allow_finish(self) -> None:
        self._finish.setEnabled(self.can_finish)
        self._finish.setToolTip(
            self.tr("The run counts as finished; its best epoch so far is the result")
            if self._has_best
            else self.tr("No epoch is finished yet")
        )

    def _start_tooltip(self) -> str:
        return self.tr("Train the network of the workspace Build (Ctrl+Return)")

    def focus_start(self) -> None:
        """Let the space bar start."""
        self._start.setFocus()

    def allow_start(self, allowed: bool, reason: str) -> None:
        """Enable Start, or say in its tooltip why it is disabled."""
        self._start.setEnabled(allowed)
        self._start.setToolTip(reason or self._start_tooltip())

    def allow_queue(self, allowed: bool, reason: str) -> None:
        """Enable adding to the queue, or say in its tooltip why it is disabled."""
        does = self.tr("Add to queue: have it trained later, after what is there (Ctrl+Shift+Return)")
        self._queue.setEnabled(allowed)
        self._queue.setToolTip(reason or does)

    @property
    def elapsed_s(self) -> float:
        """How long the run has worked, also while it evaluates."""
        return self._clock.elapsed_s

    def append(self, event: Event) -> None:
        """Take one event of the run that is being trained."""
        self._clock.take(event, time.monotonic())
        match event:
            case Progress():
                self._show_progress(event)
            case RunStarted():
                self._started = event
                self._has_best = event.first_step >= event.steps_per_epoch
                self._allow_finish()
                self.result.begin(event)
            case StepMetrics():
                self._learning_rate, self._step = float(event.learning_rate[-1]), int(event.steps[-1])
                self._show_steps(event)
            case RateChanged():
                self._learning_rate = event.learning_rate
            case EpochMetrics():
                self._has_best = True
                self._allow_finish()
                self.result.take_epoch(event)
            case RunFinished(_, status, _):
                finished = status == "finished"
                self._end(self.tr("Finished") if finished else self.tr("Stopped, saved"), finished)
            case RunFailed():
                self._end(self.tr("Failed"), False)

    def _show_progress(self, event: Progress) -> None:
        if self._state not in (State.STOPPING, State.PAUSED):
            self._activity.setText(event.activity)
        if self._started is not None:
            self.result.pass_time(self.elapsed_s)
            return
        # Qt's bar counts in 32 bits: bytes in thousands.
        scale = 1000 if event.unit == "bytes" else 1
        self._set_progress(event.done // scale, event.total // scale)
        text = self.tr("{0} images").format(count(event.done))
        if event.unit == "bytes":
            speed = transferred(event.done, event.total, event.speed_per_s)
            self._figures.say(*((speed, transferred(event.done, event.total), "") if event.done else ("",)))
            return
        self._figures.say(*((text, "") if event.done else ("",)))

    def _set_progress(self, done: int, total: int) -> None:
        """Empty while the total is not known.

        Never Qt's busy bar: drawn through a style sheet it goes on repainting 30 times a second even when it has
        a range again, which cost 2 % of the training rate on two cores.
        """
        self._bar.setRange(0, max(total, 1))
        self._bar.setValue(done)

    def _clear_progress(self) -> None:
        self._set_progress(0, 0)
        self._figures.say("")

    def _show_steps(self, event: StepMetrics) -> None:
        started, step = self._started, int(event.steps[-1])
        if started is None or not self.result.take_steps(event.elapsed_s, step):
            return
        if self._rate_dialog is not None:
            self._rate_dialog.show_rate(self._learning_rate)
        self._set_progress(step, started.total_steps)
        if self._state is State.RUNNING:
            epochs = started.config.training.epochs
            self._activity.setText(self.tr("Epoch {0} of {1}").format(event.epoch, epochs))
        rate = f"{float(event.learning_rate[-1]):.2g}"
        images = self.tr("{0} images/s").format(count(round(event.images_per_s)))
        self._figures.say(
            self.tr("learning rate {0} · {1}").format(rate, images),
            self.tr("rate {0} · {1}").format(rate, images),
            images,
            "",
        )

    def _end(self, text: str, complete: bool) -> None:
        self._activity.setText(text)
        self._figures.say("")
        self._bar.setValue(self._bar.maximum() if complete else self._bar.value())
        if self._started is not None:
            self.result.end(self.elapsed_s)

    @Slot()
    def ask_rate(self) -> None:
        """Ask what to change the learning rate of the run to; the run goes on meanwhile."""
        if self._started is None or self._rate_dialog is not None:
            return
        self._rate_dialog = RateChangeDialog(self._learning_rate, self.window(), self._upcoming(self._started))
        accepted = self._rate_dialog.exec() == QDialog.DialogCode.Accepted
        factor = self._rate_dialog.factor
        self._rate_dialog.deleteLater()
        self._rate_dialog = None
        if accepted and factor is not None:
            self.rate_factor_chosen.emit(factor)

    def _upcoming(self, started: RunStarted) -> NDArray[np.float64]:
        """The rates of the steps that remain, if nothing is changed; at most so many as can be seen."""
        training, per_epoch = started.config.training, started.steps_per_epoch
        steps = np.linspace(self._step, max(self._step, started.total_steps - 1), _CURVE_POINTS)
        planned = np.array([learning_rate(training, round(step), per_epoch) for step in steps])
        # An earlier change by hand scales them all.
        return planned * (self._learning_rate / planned[0] if planned[0] else 1.0)

    @Slot()
    def _on_pause(self) -> None:
        (self.proceed_asked if self._state is State.PAUSED else self.pause_asked).emit()

    @Slot()
    def _restyle(self) -> None:
        self._start.setIcon(self._theme.icon("start", "on_accent"))
        self._queue.setIcon(self._theme.icon("add"))
        self._pause.setIcon(self._theme.icon("resume" if self._state is State.PAUSED else "pause"))
        self._stop.setIcon(self._theme.icon("stop"))
