"""Looking for a learning rate: a short trial with a rising rate, and what its curve says."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from workbench.core.formats import count
from workbench.core.settings.trials import RateSuggestion, RateTrial
from workbench.gui.trials.rates import rate_text
from workbench.gui.widgets.field_form import labeled
from workbench.gui.widgets.late_plot import LatePlot
from workbench.gui.widgets.remedies import offer, settings_text
from workbench.gui.widgets.theme import FIELD_GAP, GAP, MARGIN, Theme, tabular

if TYPE_CHECKING:
    from workbench.gui.trials.rate_plot import RatePlot

_PLOT_HEIGHT, _MOST_PLOT_HEIGHT = 160, 360


class RateFinderView(QFrame):
    """Shows a learning-rate trial and lets the person take a rate from it."""

    find_asked = Signal()
    cancel_asked = Signal()
    rate_chosen = Signal(float)
    # Settings that would do: a mapping of dotted fields to values.
    remedy_asked = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.setAccessibleName(self.tr("Learning-rate finder"))
        self._is_running, self._is_stale, self._barred = False, False, ""
        self._theme = theme
        self._plot: RatePlot | None = None
        self._room = LatePlot(lambda: self.plot)
        self._room.setMinimumHeight(_PLOT_HEIGHT)
        self._room.setMaximumHeight(_MOST_PLOT_HEIGHT)
        # As high as the card has room for: what plots ask for would make the page scroll.
        self._room.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self._reason = labeled("", "")
        self._reading = labeled(
            self.tr(
                "How to read it: take a rate where the loss falls steeply, well left of where it turns up; "
                "click, drag the line or press the arrow keys to choose another."
            ),
            "secondary",
        )
        self._stale = labeled(self.tr("Settings have changed since: the curve is of the former ones."), "warning")
        self._stale.setVisible(False)
        for label in (self._reason, self._reading, self._stale):
            label.setWordWrap(True)
        self._status = labeled("", "secondary")
        self._status.setFont(tabular(self._status.font()))
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(self.tr("Progress of the trial"))
        self._remedy: Mapping[str, Any] = {}
        self._build_buttons()
        self._lay_out()
        self._show_state(False, self.tr("Find"))

    def _build_buttons(self) -> None:
        self._use, self._again = QPushButton(), QPushButton()
        self._use.clicked.connect(self._on_use)
        self._again.clicked.connect(self._on_again)
        self._take_remedy = QPushButton()
        self._take_remedy.clicked.connect(self._on_remedy)

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.setSpacing(FIELD_GAP)
        buttons.addWidget(self._again)
        buttons.addStretch(1)
        buttons.addWidget(self._use)
        progress = QHBoxLayout()
        progress.setSpacing(FIELD_GAP)
        progress.addWidget(self._bar, 1)
        progress.addWidget(self._status)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, FIELD_GAP, MARGIN, MARGIN)
        layout.setSpacing(FIELD_GAP)
        layout.addWidget(labeled(self.tr("Learning-rate finder"), "heading"))
        layout.addWidget(self._room, 1)
        layout.addLayout(progress)
        layout.addWidget(self._reason)
        layout.addWidget(self._stale)
        layout.addWidget(self._take_remedy, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self._reading)
        layout.addSpacing(GAP)
        layout.addLayout(buttons)

    @property
    def plot(self) -> "RatePlot":
        """Built when it is first seen or needed."""
        if self._plot is None:
            from workbench.gui.trials.rate_plot import RatePlot

            self._plot = RatePlot(self._theme)
            self._plot.rate_pointed_at.connect(self._on_choice)
            self._plot.allow_choice(not self._is_running)
            self._room.build()
        return self._plot

    def allow(self, reason: str) -> None:
        """Whether a trial could begin: it cannot with a `reason` why not."""
        self._barred = reason
        self._show_again()

    @property
    def is_running(self) -> bool:
        """Whether it shows a trial that goes on."""
        return self._is_running

    def show_running(self) -> None:
        """A trial begins."""
        self._is_stale = False
        self._remedy = {}
        self.plot.clear_curve()
        self._say("", "")
        self._status.setText(self.tr("Preparing…"))
        self._bar.setRange(0, 1)
        self._bar.setValue(0)
        self._show_state(True, self.tr("Stop"))

    def show_trial(self, trial: RateTrial) -> None:
        """Draw the steps so far."""
        done = len(trial.rates)
        self.plot.show_curve(trial.rates, trial.losses, trial.smoothed, _last_rate(trial))
        self._bar.setRange(0, max(trial.total, 1))
        self._bar.setValue(done)
        text = self.tr("step {0} of at most {1}").format(count(done), count(trial.total))
        rate = self.tr("rate {0}").format(rate_text(float(trial.rates[-1]))) if done else ""
        self._status.setText(" · ".join(part for part in (text, rate) if part))

    def show_suggestion(self, result: RateSuggestion) -> None:
        """Draw the whole trial, and choose what it suggests."""
        self.plot.show_curve(result.rates, result.losses, result.smoothed)
        self.plot.show_suggestion(result.suggestion)
        self._say("" if result.suggestion is not None else "warning", result.reason)
        self._show_state(False, self.tr("Try again"))

    def show_error(self, sentence: str, remedy: Mapping[str, Any] | None = None) -> None:
        """The trial has failed; settings that would do are offered on a button."""
        self._say("error", sentence)
        self._remedy = dict(remedy or {})
        self._show_state(False, self.tr("Try again"))

    def mark_stale(self, is_stale: bool) -> None:
        """Whether the settings are others by now than those that were tried."""
        self._is_stale = is_stale
        self._show_stale()

    def _show_stale(self) -> None:
        self._stale.setVisible(self._is_stale and not self._is_running)

    def show_canceled(self) -> None:
        """The trial was stopped; a rate can be chosen from what there is."""
        self._say("", self.tr("Stopped before the end."))
        self._show_state(False, self.tr("Try again"))

    def _say(self, role: str, sentence: str) -> None:
        self._reason.setProperty("role", role)
        self._reason.style().unpolish(self._reason)
        self._reason.style().polish(self._reason)
        self._reason.setText(sentence)

    def _show_state(self, running: bool, again: str) -> None:
        self._is_running = running
        self._show_stale()
        if self._plot is not None:
            self._plot.allow_choice(not running)
        for widget in (self._bar, self._status):
            widget.setVisible(running)
        self._reason.setVisible(bool(self._reason.text()))
        self._take_remedy.setVisible(bool(self._remedy) and not running)
        self._take_remedy.setText(offer(self._remedy))
        self._take_remedy.setToolTip(self.tr("Change the settings: {0}").format(settings_text(self._remedy)))
        self._again.setText(again)
        self._show_again()
        self._show_use()

    def _show_again(self) -> None:
        self._again.setEnabled(self._is_running or not self._barred)
        if self._is_running:
            self._again.setToolTip(self.tr("End this trial"))
        else:
            self._again.setToolTip(
                self._barred
                or self.tr("Train a copy of this network while the learning rate rises at every step (Ctrl+R)")
            )

    def _show_use(self) -> None:
        rate = self._plot.rate if self._plot is not None and not self._is_running else None
        self._use.setEnabled(rate is not None)
        if rate is None:
            self._use.setText(self.tr("Use"))
            waits = self.tr("Wait for the end of the trial")
            self._use.setToolTip(waits if self._is_running else self.tr("Click into the curve to choose a rate"))
        else:
            self._use.setText(self.tr("Use {0}").format(rate_text(rate)))
            self._use.setToolTip(self.tr("Make this the learning rate of the recipe at hand"))

    @Slot(float)
    def _on_choice(self, _rate: float) -> None:
        self._show_use()

    @Slot()
    def _on_use(self) -> None:
        rate = self.plot.rate
        if rate is not None and not self._is_running:
            self.rate_chosen.emit(rate)

    @Slot()
    def _on_remedy(self) -> None:
        """Take what would do; then trying again makes sense."""
        remedy, self._remedy = self._remedy, {}
        self._say("", "")
        self._show_state(False, self.tr("Try again"))
        self.remedy_asked.emit(remedy)

    @Slot()
    def _on_again(self) -> None:
        if self._is_running:
            self._again.setEnabled(False)
            self._status.setText(self.tr("Stopping…"))
            self.cancel_asked.emit()
        else:
            self.find_asked.emit()


def _last_rate(trial: RateTrial) -> float:
    """Where the rate ends: it rises by the same factor at every step."""
    done = len(trial.rates)
    if done < 2:
        return 0.0
    return float(trial.rates[0] * (trial.rates[-1] / trial.rates[0]) ** ((trial.total - 1) / (done - 1)))
