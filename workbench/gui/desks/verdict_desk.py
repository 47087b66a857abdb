"""Compares the two runs that are chosen, and puts images on which they differ into the gallery."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QObject, QTimer, Slot
from PySide6.QtWidgets import QWidget

from workbench.core.comparison.comparison import Comparison
from workbench.core.errors import UserError
from workbench.core.records.run_record import RunRecord
from workbench.gui.compare.verdict_view import Choice, VerdictView
from workbench.gui.desks.inspect_desk import InspectDesk
from workbench.gui.runs.runs_panel import RunsPanel
from workbench.gui.work import comparison_jobs
from workbench.gui.work.job import Handle

_SETTLED_MS = 60
# It takes tens of milliseconds: only beside a run that is trained is there time to say so.
_LATE_MS = 400
# A choice, and the runs that it rests on: their kept epochs and names.
_Key = tuple[Choice, tuple[tuple[str, str, int], ...]]


class VerdictDesk(QObject):
    """Until the person chooses, the two runs are those that are drawn, or else the newest two; the older is A."""

    def __init__(self, inspect: InspectDesk, runs_panel: RunsPanel, view: VerdictView, window: QWidget) -> None:
        super().__init__(window)
        self._inspect, self._looking, self._runs, self._view = inspect, inspect.looking, runs_panel, view
        self._records: list[RunRecord] = []
        self._is_chosen = False
        self._handle: Handle | None = None
        self._key: _Key | None = None
        self._found: Comparison | None = None
        self._timer, self._late = QTimer(self), QTimer(self)
        for timer, interval_ms, slot in (
            (self._timer, _SETTLED_MS, self._renew),
            (self._late, _LATE_MS, self._show_waiting),
        ):
            timer.setSingleShot(True)
            timer.setInterval(interval_ms)
            timer.timeout.connect(slot)
        view.installEventFilter(self)
        view.choice_changed.connect(self._on_chosen)
        view.images_asked.connect(self._show_images)
        view.bar.cancel_asked.connect(self._cancel)
        self._looking.library.runs_changed.connect(self._take_runs)
        runs_panel.run_drawn_changed.connect(self._on_drawn)
        self._take_runs(runs_panel.model.every)

    # What is to be compared

    @Slot(object)
    def _take_runs(self, records: Sequence[RunRecord]) -> None:
        self._records = [record for record in records if record.best is not None]
        self._offer()

    @Slot(str, bool)
    def _on_drawn(self, _run_id: str, _drawn: bool) -> None:
        self._offer()

    def compare(self, a: str, b: str) -> None:
        """Choose these two."""
        self._is_chosen = True
        self._view.show_runs(self._records, a, b)
        self._set_due()

    @Slot()
    def _on_chosen(self) -> None:
        self._is_chosen = True
        self._set_due()

    def _offer(self) -> None:
        choice, known = self._view.choice, {record.id for record in self._records}
        a, b = choice.a, choice.b
        if not self._is_chosen or not {a, b} <= known:
            a, b = self._proposed()
        self._view.show_runs(self._records, a, b)
        self._set_due()

    def _proposed(self) -> tuple[str, str]:
        checked = self._runs.model.checked
        drawn = [record for record in self._records if record.id in checked]
        newest = (drawn if len(drawn) > 1 else self._records)[:2]
        ids = [record.id for record in sorted(newest, key=lambda record: record.number)]
        return (ids[0], ids[1]) if len(ids) == 2 else ("", "")

    def _key_of(self, choice: Choice) -> _Key:
        """With seeds, any run may be one of theirs."""
        of = [record for record in self._records if choice.with_seeds or record.id in (choice.a, choice.b)]
        kept = tuple((record.id, record.name, record.best.epoch if record.best else 0) for record in of)
        return choice, kept

    # Comparing

    def _set_due(self) -> None:
        if self._view.isVisible():
            self._timer.start()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._view and event.type() == QEvent.Type.Show:
            self._timer.start()
        return super().eventFilter(watched, event)

    @Slot()
    def _renew(self) -> None:
        """Compare what is chosen now, unless that is shown or on its way."""
        choice = self._view.choice
        if len(self._records) < 2 or not choice.a or not choice.b:
            self._drop()
            self._view.show_nothing(
                self.tr("Train a second run: then stands here which of two is better, and how sure that is.")
            )
            return
        key = self._key_of(choice)
        if key == self._key:
            return
        self._drop()
        self._key = key
        try:
            home = self._looking.library.home
        except UserError as error:
            self._refuse(error)
            return
        handle = self._looking.lane.ask(comparison_jobs.compare(*choice), home, self)
        self._handle = handle
        self._late.start()
        handle.ended.connect(self._late.stop)
        handle.finished.connect(self._take)
        handle.refused.connect(self._refuse)
        handle.canceled.connect(self._on_canceled)

    @Slot()
    def _show_waiting(self) -> None:
        """What is still shown is of another choice."""
        self._found = None
        self._view.show_nothing(self.tr("The verdict appears here."))
        self._view.bar.show_progress(self.tr("Comparing the runs"), 0, 0)

    def _drop(self) -> None:
        """Nobody waits any more for what was asked for, and what is shown is of another choice."""
        if self._handle is not None:
            self._handle.drop()
        self._late.stop()
        self._handle = self._key = self._found = None
        self._view.bar.say("")

    @Slot()
    def _cancel(self) -> None:
        if self._handle is not None:
            self._handle.cancel()

    @Slot(object)
    def _take(self, found: Comparison) -> None:
        self._handle, self._found = None, found
        self._view.bar.say("")
        self._view.show_comparison(found)

    @Slot(object)
    def _refuse(self, error: Exception) -> None:
        self._handle = self._found = None
        sentence = str(error) if isinstance(error, UserError) else self.tr("Something went wrong; see the log.")
        self._view.bar.say("")
        self._view.show_nothing(sentence)

    @Slot()
    def _on_canceled(self) -> None:
        self._handle = None
        self._view.show_nothing(self.tr("Canceled."))
        self._view.bar.say("", self.tr("Compare again"), "", self._try_again)

    @Slot()
    def _try_again(self) -> None:
        self._key = None
        self._renew()

    # Looking at images

    @Slot(object, str)
    def _show_images(self, mask: NDArray[np.bool_], words: str) -> None:
        """In the gallery, of the run that is looked at if it is one of both, else of B."""
        if self._found is None:
            return
        selection, verdict = self._looking.selection, self._found.verdict
        is_a = selection.run_id == verdict.a.run_id
        side, positions = (verdict.a, self._found.positions_a) if is_a else (verdict.b, self._found.positions_b)
        if selection.run_id != side.run_id:
            self._runs.select(side.run_id)
        selection.show_epoch(side.epoch)
        selection.show_only(positions[mask], words)
        self._inspect.inspect_asked.emit()
        self._inspect.gallery_asked.emit()
