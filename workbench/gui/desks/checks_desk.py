"""Checks of the images before training: what is quickly found at once, near-duplicates at a click."""

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from workbench.core.data.data_report import DataReport, ImageAt
from workbench.core.data.dataset import Dataset
from workbench.core.events import Progress
from workbench.core.home import Home
from workbench.gui.data.checks_view import ChecksView
from workbench.gui.data.when_read import WhenRead
from workbench.gui.desks.data_reading import DataReading
from workbench.gui.widgets.told import sentence_of
from workbench.gui.work import data_jobs
from workbench.gui.work.job import Handle
from workbench.gui.work.lane import Lane


class ChecksDesk(QObject):
    """`image_shown` carries the number of an image among all of the source, training images first."""

    image_shown = Signal(int)

    def __init__(self, reading: DataReading, lane: Lane, home: Home) -> None:
        super().__init__(reading)
        self._reading, self._lane, self._home = reading, lane, home
        self._asked: Dataset | None = None
        """What was looked at, or is being."""
        self._handle: Handle | None = None
        self._is_near = False
        """Whether near-duplicates are, or were last, looked for as well."""
        self.view: ChecksView | None = None
        """None before it is seen."""
        self._room: WhenRead | None = None
        reading.changed.connect(self._show)

    def build(self) -> QWidget:
        """The view, to be called when it is first seen."""
        self.view = ChecksView()
        self._room = WhenRead(self.view)
        self.view.seen.connect(self._look)
        self.view.near_asked.connect(self._look_near)
        self.view.work.cancel_asked.connect(self._cancel)
        self.view.image_shown.connect(self._show_image)
        self._show()
        return self._room

    def set_home(self, home: Home) -> None:
        self._home = home

    @Slot()
    def _show(self) -> None:
        if self.view is None or self._room is None:
            return
        looked = self._reading.looked
        if looked is None or looked.dataset is not self._asked:
            self._drop()
            self._asked = None
            self.view.forget()
        self._room.show_absence(self._reading.absence)
        if self.view.isVisible():
            self._look()

    @Slot()
    def _look(self) -> None:
        looked = self._reading.looked
        if looked is not None and looked.dataset is not self._asked:
            self._asked = looked.dataset
            self._ask(near=False)

    @Slot()
    def _look_near(self) -> None:
        if self._reading.looked is not None:
            self._ask(near=True)

    def _ask(self, *, near: bool) -> None:
        if self.view is None:
            return
        self._drop()
        self._is_near = near
        source, side = self._reading.read_as
        handle = self._handle = self._lane.ask(data_jobs.check(source, side, near=near), self._home, self)
        self.view.allow_near(False)
        self.view.work.show_progress(self.tr("Looking for copies"), 0, 0)
        handle.progressed.connect(self._show_progress)
        handle.finished.connect(self._take)
        handle.canceled.connect(self._stop)
        handle.refused.connect(self._refuse)

    @Slot()
    def _cancel(self) -> None:
        if self._handle is not None:
            self._handle.cancel()

    def _drop(self) -> None:
        if self._handle is not None:
            self._handle.drop()
            self._end("")

    @Slot(object)
    def _show_progress(self, progress: Progress) -> None:
        if self.view is not None:
            self.view.work.show_progress(progress.activity, progress.done, progress.total)

    @Slot(object)
    def _take(self, report: DataReport) -> None:
        looked = self._reading.looked
        self._end("")
        if self.view is not None and looked is not None and looked.dataset is self._asked:
            self.view.show_report(report, looked)

    @Slot()
    def _stop(self) -> None:
        # Near copies have a button of their own, and what was found before is still there.
        self._end("" if self._is_near else self.tr("The images were not looked at to the end."))

    @Slot(object)
    def _refuse(self, error: Exception) -> None:
        self._end(sentence_of(error))

    def _end(self, sentence: str) -> None:
        """It goes on no longer; with a sentence that says why, it can be begun anew."""
        self._handle = None
        if self.view is not None:
            self.view.allow_near(True)
            if sentence:
                tooltip = self.tr("Look at these images again, from the start")
                self.view.work.say(sentence, self.tr("Try again"), tooltip, self._look_again)
            else:
                self.view.work.say("")

    @Slot()
    def _look_again(self) -> None:
        if self._reading.looked is not None:
            self._ask(near=self._is_near)

    @Slot(object)
    def _show_image(self, image: ImageAt) -> None:
        looked = self._reading.looked
        if looked is not None:
            first = 0 if image.part == "train" else len(looked.dataset.train)
            self.image_shown.emit(first + image.index)
