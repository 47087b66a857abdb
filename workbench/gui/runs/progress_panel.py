"""The strip above everything: Start, Pause, Stop, and how the run is doing."""

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
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
from workbench.core.formats import count, duration, percent, short_count
from workbench.core.schedule import learning_rate
from workbench.gui.runs.rate_change_dialog import RateChangeDialog
from workbench.gui.widgets.field_form import labeled
from workbench.gui.widgets.theme import FIELD_GAP, GAP, GROUP_GAP, LARGE_NUMBER_PX, Theme, tabular
from workbench.gui.work.training_session import State

# The rate of the last half minute says more of the time left than the whole run does.
_RATE_WINDOW_S = 30.0
_REFRESH_S = 0.5
_CURVE_POINTS = 200


class ProgressPanel(QWidget):
    """Buttons and figures of the run that is being trained."""

    start_asked = Signal()
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
        self._recent: list[tuple[float, int]] = []
        self._shown_at = -math.inf
        self._start = self._button(self.tr("Start"), self.tr("Train the network on the left (Ctrl+Return)"))
        self._start.setProperty("role", "primary")
        self._start.clicked.connect(self.start_asked)
        self._pause = self._button(self.tr("Pause"), self.tr("Hold the run after this step (Ctrl+P)"))
        self._pause.clicked.connect(self._on_pause)
        self._stop = self._button(self.tr("Stop"), self.tr("End the run and save it; it can be resumed (Ctrl+.)"))
        self._stop.clicked.connect(self.stop_asked)
        self._more = self._menu_button()
        self._learning_rate = 0.0
        self._step = 0
        self._rate_dialog: RateChangeDialog | None = None
        self._has_best = False
        self._activity = QLabel()
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setRange(0, 1)
        self._figures = labeled("", "secondary")
        self._figures.setFont(tabular(self._figures.font()))
        self._accuracy = self._large(self.tr("accuracy"))
        self._left = self._large(self.tr("time left"))
        self._lay_out()
        theme.changed.connect(self._restyle)
        self._restyle()
        self.show_state(State.IDLE)

    def _button(self, text: str, tooltip: str) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tooltip)
        return button

    def _menu_button(self) -> QToolButton:
        """What is asked for less often than Stop."""
        button = QToolButton()
        button.setText(self.tr("More"))
        button.setProperty("role", "button")
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setToolTip(self.tr("End the run with its best epoch, or change its learning rate"))
        menu = QMenu(button)
        menu.setToolTipsVisible(True)
        self._rate = menu.addAction(self.tr("Change learning rate…\tCtrl+L"))
        self._rate.triggered.connect(self.ask_rate)
        self._finish = menu.addAction(self.tr("Stop and keep the best\tCtrl+Shift+."))
        self._finish.triggered.connect(self.finish_asked)
        button.setMenu(menu)
        return button

    def _large(self, caption: str) -> QLabel:
        number = QLabel("–")
        font = tabular(number.font())
        font.setPixelSize(LARGE_NUMBER_PX)
        number.setFont(font)
        number.setAccessibleName(caption)
        # Room for the longest figure, so that nothing else moves when digits come and go.
        number.setMinimumWidth(number.fontMetrics().horizontalAdvance("00:00:00"))
        return number

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, GAP)
        row.setSpacing(FIELD_GAP)
        for button in (self._start, self._pause, self._stop, self._more):
            row.addWidget(button)
        row.addSpacing(GROUP_GAP - FIELD_GAP)
        middle = QVBoxLayout()
        middle.setSpacing(GAP)
        texts = QHBoxLayout()
        texts.addWidget(self._activity)
        texts.addStretch(1)
        texts.addWidget(self._figures)
        middle.addLayout(texts)
        middle.addWidget(self._bar)
        row.addLayout(middle, 1)
        self._accuracy_caption = labeled(self.tr("validation accuracy"), "secondary")
        captions = self._accuracy_caption, labeled(self.tr("time left"), "secondary")
        for number, caption in zip((self._accuracy, self._left), captions, strict=True):
            row.addSpacing(GROUP_GAP - FIELD_GAP)
            column = QVBoxLayout()
            column.setSpacing(0)
            column.addWidget(number)
            column.addWidget(caption)
            row.addLayout(column)
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
            self._recent, self._started = [], None
            for label in (self._accuracy, self._left):
                label.setText("–")
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

    def allow_start(self, allowed: bool, reason: str) -> None:
        """Enable Start, or say in its tooltip why it is disabled."""
        self._start.setEnabled(allowed)
        self._start.setToolTip(reason or self.tr("Train the network on the left (Ctrl+Return)"))

    def append(self, event: Event) -> None:
        """Take one event of the run that is being trained."""
        match event:
            case Progress():
                self._show_progress(event)
            case RunStarted():
                self._started = event
                self._recent = [(event.elapsed_s, event.first_step)]
                self._shown_at = -math.inf
                self._has_best = event.first_step >= event.steps_per_epoch
                self._allow_finish()
            case StepMetrics():
                self._learning_rate, self._step = float(event.learning_rate[-1]), int(event.steps[-1])
                self._show_steps(event)
            case RateChanged():
                self._learning_rate = event.learning_rate
            case EpochMetrics():
                self._has_best = True
                self._allow_finish()
                best = event.validation_accuracy
                self._accuracy.setText(percent(event.test_accuracy if best is None else best))
                which = self.tr("test accuracy") if best is None else self.tr("validation accuracy")
                self._accuracy_caption.setText(which)
            case RunFinished(_, status, _):
                finished = status == "finished"
                self._end(self.tr("Finished") if finished else self.tr("Stopped, saved"), finished)
            case RunFailed():
                self._end(self.tr("Failed"), False)

    def _show_progress(self, event: Progress) -> None:
        if self._state not in (State.STOPPING, State.PAUSED):
            self._activity.setText(event.activity)
        if self._started is None:
            # Qt's bar counts in 32 bits: bytes in thousands.
            scale = 1000 if event.unit == "bytes" else 1
            self._set_progress(event.done // scale, event.total // scale)
            text = self.tr("{0} images").format(count(event.done))
            if event.unit == "bytes":
                text = self.tr("{0}B of {1}B").format(short_count(event.done), short_count(event.total))
            self._figures.setText(text if event.done else "")

    def _set_progress(self, done: int, total: int) -> None:
        """Empty while the total is not known.

        Never Qt's busy bar: drawn through a style sheet it goes on repainting 30 times a second even when it has
        a range again, which cost 2 % of the training rate on two cores.
        """
        self._bar.setRange(0, max(total, 1))
        self._bar.setValue(done)

    def _clear_progress(self) -> None:
        self._set_progress(0, 0)
        self._figures.setText("")

    def _show_steps(self, event: StepMetrics) -> None:
        started = self._started
        if started is None:
            return
        step = int(event.steps[-1])
        self._recent.append((event.elapsed_s, step))
        while len(self._recent) > 2 and event.elapsed_s - self._recent[0][0] > _RATE_WINDOW_S:
            del self._recent[0]
        # Every text costs a layout and a repaint, which compete with training for the cores.
        if event.elapsed_s - self._shown_at < _REFRESH_S:
            return
        self._shown_at = event.elapsed_s
        if self._rate_dialog is not None:
            self._rate_dialog.show_rate(self._learning_rate)
        seconds, first = self._recent[0]
        rate = (step - first) / max(1e-9, event.elapsed_s - seconds)
        self._left.setText(duration((started.total_steps - step) / rate) if rate else "–")
        self._set_progress(step, started.total_steps)
        if self._state is State.RUNNING:
            epochs = started.config.training.epochs
            self._activity.setText(self.tr("Epoch {0} of {1}").format(event.epoch, epochs))
        figures = self.tr("learning rate {0:.2g} · {1} images/s")
        self._figures.setText(figures.format(float(event.learning_rate[-1]), count(round(event.images_per_s))))

    def _end(self, text: str, complete: bool) -> None:
        self._activity.setText(text)
        if complete:
            self._left.setText(duration(0))
        self._bar.setValue(self._bar.maximum() if complete else self._bar.value())

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
        self._pause.setIcon(self._theme.icon("resume" if self._state is State.PAUSED else "pause"))
        self._stop.setIcon(self._theme.icon("stop"))
