"""What a run will take, measured before Start, and whether it can be stopped and resumed exactly."""

import html
from datetime import datetime

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from workbench.core.formats import percent
from workbench.core.settings.trials import Certificate, Preflight
from workbench.gui.trials.preflight_figures import PreflightFigures
from workbench.gui.trials.verdict_view import CertificateView, VerdictView
from workbench.gui.widgets.field_form import labeled
from workbench.gui.widgets.remedies import offer, settings_text
from workbench.gui.widgets.theme import FIELD_GAP, GAP, MARGIN, tabular

_CLOCK_INTERVAL_MS = 20_000
_BAR_STEPS = 1000


class PreflightCard(QFrame):
    """Shows a Preflight and a Certificate of the settings at hand, and asks for them."""

    measure_asked = Signal()
    certify_asked = Signal()
    cancel_asked = Signal()
    # Settings that would fit: a mapping of dotted fields to values.
    remedy_asked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.setAccessibleName(self.tr("Pre-flight check"))
        self._result: Preflight | None = None
        self._certificate: Certificate | None = None
        self._is_stale = self._is_busy = False
        # Whether the settings were changed since the trial that is going on began.
        self._has_changed = False
        self._reason = ""
        # Once the buttons are enabled again.
        self._is_focus_due = False
        self._heading = labeled(self.tr("Pre-flight"), "heading")
        self._intro = labeled(
            self.tr("A few real steps tell how long this run takes and whether it fits into memory."), "secondary"
        )
        self._figures = PreflightFigures()
        self._problem, self._verdict = VerdictView(), CertificateView()
        self._stale = labeled(self.tr("Settings have changed since: try again."), "warning")
        for label in (self._intro, self._stale):
            label.setWordWrap(True)
        self._remedy, self._measure, self._certify, self._stop = (QPushButton() for _ in range(4))
        self._build_buttons()
        self._build_progress()
        self._lay_out()
        # The clock time of the end moves on while the person has not started.
        self._clock = QTimer(self)
        self._clock.setInterval(_CLOCK_INTERVAL_MS)
        self._clock.timeout.connect(self._follow_clock)
        self._refresh()

    def _build_buttons(self) -> None:
        self._measure.setText(self.tr("Measure"))
        self._measure.clicked.connect(self.measure_asked)
        self._certify.setText(self.tr("Certify exact resume"))
        self._certify.clicked.connect(self.certify_asked)
        self._stop.setText(self.tr("Stop"))
        self._stop.setToolTip(self.tr("Abandon this trial; nothing is kept of it"))
        self._stop.clicked.connect(self.cancel_asked)
        self._remedy.clicked.connect(self._on_remedy)

    def _build_progress(self) -> None:
        self._activity, self._done = labeled("", ""), labeled("", "secondary")
        self._activity.setWordWrap(True)
        self._done.setFont(tabular(self._done.font()))
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setRange(0, _BAR_STEPS)
        self._bar.setAccessibleName(self.tr("Progress of the trial"))

    def _lay_out(self) -> None:
        self._actions, self._progress = QWidget(), QWidget()
        buttons, progress = QHBoxLayout(self._actions), QGridLayout(self._progress)
        for button in (self._measure, self._certify):
            buttons.addWidget(button)
        buttons.addStretch(1)
        progress.addWidget(self._activity, 0, 0)
        progress.addWidget(self._done, 0, 1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
        progress.addWidget(self._bar, 1, 0)
        progress.addWidget(self._stop, 1, 1, Qt.AlignmentFlag.AlignRight)
        progress.setColumnStretch(0, 1)
        for inside in (buttons, progress):
            inside.setContentsMargins(0, GAP, 0, 0)
            inside.setSpacing(FIELD_GAP)
        remedies = QHBoxLayout()
        remedies.addWidget(self._remedy)
        remedies.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, FIELD_GAP, MARGIN, MARGIN)
        layout.setSpacing(FIELD_GAP)
        above: tuple[QWidget, ...] = (self._heading, self._intro, self._problem)
        below: tuple[QWidget, ...] = (self._figures, self._verdict, self._stale, self._progress, self._actions)
        for widget in above:
            layout.addWidget(widget)
        layout.addLayout(remedies)
        for widget in below:
            layout.addWidget(widget)

    def show_progress(self, activity: str, done: int, total: int) -> None:
        """A trial is going on; `total` 0: not known."""
        self._activity.setText(activity)
        self._done.setText(percent(done / total, 0) if total else "")
        # Not in the units of the work, which may be more bytes than the bar can count to.
        self._bar.setValue(self._bar.maximum() * done // max(total, 1))
        if not self._is_busy:
            self._is_busy, self._has_changed = True, False
            self._refresh()

    def show_canceled(self) -> None:
        """The trial has ended without a result: back to what was shown before."""
        self._is_busy = False
        self._refresh()

    def show_result(self, result: Preflight, now: datetime | None = None) -> None:
        """Show what was measured; the end is given from `now`, or follows the clock."""
        if self._is_stale:
            self._certificate = None
        self._result = result
        self._end_trial()
        self._figures.show_result(result, now)
        self._show_problem(result)
        if now is None and result.fits:
            self._clock.start()
        else:
            self._clock.stop()
        self._refresh()

    def show_certificate(self, result: Certificate) -> None:
        """Say whether resuming is exact, and if not, what differs."""
        if self._is_stale:
            self._result = None
        self._certificate = result
        self._end_trial()
        self._verdict.show_certificate(result)
        self._refresh()

    def mark_stale(self) -> None:
        """The settings are others now: what is shown is of the past."""
        self._has_changed = self._is_stale = True
        self._refresh()

    def allow(self, allowed: bool, reason: str) -> None:
        """Enable the buttons, or say in their tooltips why they are disabled."""
        self._reason = "" if allowed else reason or self.tr("Not possible now")
        self._refresh()

    def _end_trial(self) -> None:
        """What a trial says is of the settings that it began with."""
        self._is_stale = self._is_busy and self._has_changed
        self._is_busy = False

    def _refresh(self) -> None:
        result = self._result
        is_known = result is not None or self._certificate is not None
        self._is_stale = self._is_stale and is_known
        self._intro.setVisible(not is_known and not self._is_busy)
        self._figures.setVisible(result is not None)
        self._problem.setVisible(result is not None and bool(result.message))
        self._remedy.setVisible(result is not None and bool(result.remedy))
        self._verdict.setVisible(self._certificate is not None)
        self._stale.setVisible(self._is_stale)
        self._swap(self._is_busy)
        for widget in (self._figures, self._problem, self._verdict):
            widget.setEnabled(not self._is_stale)
        self._refresh_buttons()

    def _swap(self, busy: bool) -> None:
        """Show what goes on in place of the buttons, or the buttons; the keyboard's focus stays in the card."""
        gone, shown = (self._actions, self._progress) if busy else (self._progress, self._actions)
        has_focus = gone.isAncestorOf(QApplication.focusWidget() or self)
        shown.show()
        if has_focus and busy:
            self._stop.setFocus()
        self._is_focus_due = self._is_focus_due or (has_focus and not busy)
        gone.hide()

    def _refresh_buttons(self) -> None:
        tooltips = {
            self._measure: self.tr(
                "Train a few steps of this run and throw them away: tells time, memory and the largest batch"
            ),
            self._certify: self.tr(
                "Train a few steps twice, once straight on and once stopped and resumed, and compare every weight "
                "bit by bit"
            ),
        }
        for button, tooltip in tooltips.items():
            button.setEnabled(not self._reason)
            button.setToolTip(self._reason or tooltip)
        if self._is_focus_due and self._measure.isEnabled():
            self._is_focus_due = False
            self._measure.setFocus()
        remedy = self._result.remedy if self._result else {}
        reason = self.tr("A trial is going on") if self._is_busy else self._reason
        reason = reason or (self._stale.text() if self._is_stale else "")
        self._remedy.setEnabled(not reason)
        self._remedy.setText(offer(remedy))
        self._remedy.setToolTip(reason or self.tr("Change the settings: {0}").format(settings_text(remedy)))

    def _show_problem(self, result: Preflight) -> None:
        start = "" if result.fits else self.tr("<b>Does not fit:</b> ")
        self._problem.show_text("warning" if result.fits else "wrong", start + html.escape(result.message))

    @Slot()
    def _on_remedy(self) -> None:
        if self._result is not None:
            self.remedy_asked.emit(self._result.remedy)

    @Slot()
    def _follow_clock(self) -> None:
        """While something else runs, the end of this run is not foretold anew."""
        if self._result is not None and not self._reason and not self._is_stale:
            self._figures.show_result(self._result, None)
