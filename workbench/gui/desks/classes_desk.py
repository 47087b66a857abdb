"""Figures of each class of a data set: counted at once, mean images as soon as they are to be seen."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from workbench.core.data.dataset import Dataset
from workbench.core.home import Home
from workbench.gui.data.classes_view import ClassesView
from workbench.gui.data.when_read import WhenRead
from workbench.gui.desks.data_reading import DataReading
from workbench.gui.widgets.theme import Theme
from workbench.gui.work import data_jobs
from workbench.gui.work.lane import Lane


class ClassesDesk(QObject):
    """`class_chosen` carries the number of a class whose images are to be seen."""

    class_chosen = Signal(int)

    def __init__(self, reading: DataReading, lane: Lane, home: Home, theme: Theme) -> None:
        super().__init__(reading)
        self._reading, self._lane, self._home, self._theme = reading, lane, home, theme
        self._asked: Dataset | None = None
        """Whose mean images are shown, or are being computed."""
        self.view: ClassesView | None = None
        """None before it is seen."""
        self._room: WhenRead | None = None
        reading.changed.connect(self._show)
        reading.split_changed.connect(self._show)
        reading.use_changed.connect(self._show)

    def build(self) -> QWidget:
        """The view, to be called when it is first seen."""
        self.view = ClassesView(self._theme)
        self._room = WhenRead(self.view)
        self.view.seen.connect(self._ask_means)
        self.view.class_chosen.connect(self.class_chosen)
        self._show()
        return self._room

    def set_home(self, home: Home) -> None:
        self._home = home

    @Slot()
    def _show(self) -> None:
        if self.view is None or self._room is None:
            return
        looked = self._reading.used
        if looked is not None:
            self.view.show_images(looked)
            if self._asked is not looked.dataset:
                self.view.show_means(None)
        self._room.show_absence(self._reading.absence)
        if self.view.isVisible():
            self._ask_means()

    @Slot()
    def _ask_means(self) -> None:
        looked = self._reading.looked
        if looked is None or looked.dataset is self._asked:
            return
        self._asked = looked.dataset
        handle = self._lane.ask(data_jobs.mean_images(looked.dataset), self._home, self)
        handle.finished.connect(self._take_means)

    @Slot(object)
    def _take_means(self, means_nhwc: NDArray[np.uint8]) -> None:
        # Of others by now, whose own are asked for when these are read.
        looked = self._reading.looked
        if self.view is not None and looked is not None and looked.dataset is self._asked:
            self.view.show_means(means_nhwc)
