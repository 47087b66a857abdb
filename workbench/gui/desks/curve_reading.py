"""Recorded runs whose curves are drawn: read on a lane of their own, then followed."""

import time
from collections import deque
from collections.abc import Iterable

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from workbench.core.errors import UserError
from workbench.core.events import Event, GradientsMeasured, RunStarted
from workbench.gui.records.run_library import RunLibrary
from workbench.gui.runs.block_panel import BlockPanel
from workbench.gui.runs.gradient_panel import GradientPanel
from workbench.gui.runs.plot_panel import PlotPanel
from workbench.gui.work.job import Handle
from workbench.gui.work.lane import Lane
from workbench.gui.work.reading_jobs import ReadRun, read_run

# Less than a frame; a long run has thousands of samples of its gradients.
_SLICE_S = 0.008


class CurveReading(QObject):
    """Puts a run into the panels as soon as it is read; what it says meanwhile comes after that.

    `refused` carries the run and why it cannot be read; `damaged` a run and steps of it that are lost.
    """

    refused = Signal(str, object)
    damaged = Signal(str, object)

    def __init__(
        self,
        lane: Lane,
        library: RunLibrary,
        plots: PlotPanel,
        single: Iterable[GradientPanel | BlockPanel],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._lane, self._library = lane, library
        self._plots, self._single = plots, tuple(single)
        self._reading: dict[str, _Reading] = {}
        self._samples: deque[Event] = deque()
        self._feeder = QTimer(self)
        self._feeder.setInterval(0)
        self._feeder.timeout.connect(self._feed)

    @property
    def is_busy(self) -> bool:
        """Whether a run is being read, or put into the panels."""
        return bool(self._reading or self._samples)

    def read(self, run_id: str) -> None:
        """Read a run that the panels know already."""
        if run_id not in self._reading:
            job = read_run(run_id, self._plots.choices.weight)
            self._reading[run_id] = _Reading(
                run_id, self._lane.ask(job, self._library.home, self, replaces=False), self
            )

    def append(self, event: Event) -> None:
        """What a run says from now on."""
        reading = self._reading.get(event.run_id)
        if reading is not None:
            reading.later.append(event)
            return
        if isinstance(event, RunStarted | GradientsMeasured):
            # Samples come in their order, and those that a resumed run takes again are cut off behind them.
            self._feed_all()
        self._put(event)

    def _put(self, event: Event) -> None:
        for panel in (self._plots, *self._single):
            panel.append(event)

    def forget(self, run_id: str) -> None:
        """It is shown no more."""
        reading = self._reading.pop(run_id, None)
        if reading is not None:
            reading.handle.drop()
            reading.deleteLater()
        self._samples = deque(event for event in self._samples if event.run_id != run_id)

    def take(self, reading: "_Reading", read: ReadRun) -> None:
        """What was read, and then what was said since."""
        self._reading.pop(reading.run_id, None)
        whole = read.whole
        self._plots.take(read.curves)
        if whole.started is not None:
            for panel in self._single:
                panel.append(whole.started)
        self._samples.extend(whole.gradients)
        for event in reading.later:
            self.append(event)
        if whole.lost:
            self.damaged.emit(reading.run_id, whole.lost)
        try:
            self._library.follow(reading.run_id, whole.place)
        except UserError as error:
            self.refused.emit(reading.run_id, error)
        self._feeder.start()

    def refuse(self, reading: "_Reading", error: Exception) -> None:
        """It cannot be read."""
        self._reading.pop(reading.run_id, None)
        self.refused.emit(reading.run_id, error)

    @Slot()
    def _feed(self) -> None:
        began = time.perf_counter()
        while self._samples and time.perf_counter() - began < _SLICE_S:
            self._feed_one()
        if not self._samples:
            self._feeder.stop()

    def _feed_all(self) -> None:
        while self._samples:
            self._feed_one()

    def _feed_one(self) -> None:
        event = self._samples.popleft()
        for panel in self._single:
            panel.append(event)


class _Reading(QObject):
    """One run that is being read, and what it has said meanwhile."""

    def __init__(self, run_id: str, handle: Handle, owner: CurveReading) -> None:
        super().__init__(owner)
        self.run_id, self.handle, self._owner = run_id, handle, owner
        self.later: list[Event] = []
        handle.finished.connect(self._take)
        handle.refused.connect(self._refuse)
        handle.ended.connect(self.deleteLater)

    @Slot(object)
    def _take(self, read: ReadRun) -> None:
        self._owner.take(self, read)

    @Slot(object)
    def _refuse(self, error: Exception) -> None:
        self._owner.refuse(self, error)
