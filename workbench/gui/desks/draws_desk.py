"""One training image, changed at random many times: as soon as it is seen, and after every edit that counts."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Slot

from workbench.core.class_names import isolated
from workbench.core.data.dataset import Dataset
from workbench.core.home import Home
from workbench.gui.build.build_panel import BuildPanel
from workbench.gui.data.draws_view import DrawsView
from workbench.gui.desks.data_reading import DataReading
from workbench.gui.desks.examples_desk import looks_of
from workbench.gui.widgets.told import sentence_of
from workbench.gui.work import data_jobs
from workbench.gui.work.lane import Lane

_DRAWS = 24
# Draws follow an edit once the person has finished typing.
_REDRAW_MS = 400


@dataclass(frozen=True)
class _Wanted:
    """What decides how the draws look."""

    dataset: Dataset
    image: int
    seed: int
    looks: str


class DrawsDesk(QObject):
    """Connects the draws with the image that is chosen and the recipe at hand."""

    def __init__(self, reading: DataReading, build_panel: BuildPanel, lane: Lane, home: Home) -> None:
        super().__init__(reading)
        self._reading, self._build, self._lane, self._home = reading, build_panel, lane, home
        self.view = DrawsView()
        self._image = self._seed = 0
        self._asked: _Wanted | None = None
        """What is drawn, or being drawn."""
        self._redraw = QTimer(self)
        self._redraw.setSingleShot(True)
        self._redraw.setInterval(_REDRAW_MS)
        self._redraw.timeout.connect(self._draw)
        self.view.seen.connect(self._draw)
        self.view.again_asked.connect(self._draw_again)
        reading.changed.connect(self._show_reading)
        build_panel.config_changed.connect(self._follow)

    def set_home(self, home: Home) -> None:
        self._home = home

    @Slot(int)
    def choose(self, image: int) -> None:
        """Draw from this training image from now on."""
        self._image = image
        if self.view.isVisible():
            self._draw()

    @Slot()
    def _show_reading(self) -> None:
        absence = self._reading.absence
        if absence is not None:
            self._asked = None
            self.view.show_absence(absence.sentence)
        elif self.view.isVisible():
            self._draw()

    @Slot()
    def _follow(self) -> None:
        if self.view.isVisible() and self._asked is not None and self._wanted() != self._asked:
            self.view.mark_stale()
            self._redraw.start()

    @Slot()
    def _draw_again(self) -> None:
        self._seed += 1
        self._draw()

    def _wanted(self) -> "_Wanted | None":
        """None while nothing can be drawn."""
        config, looked = self._build.config, self._reading.looked
        if config is None or looked is None:
            return None
        if self._image >= len(looked.dataset.train):
            self._image = 0
        return _Wanted(looked.dataset, self._image, self._seed, looks_of(config))

    @Slot()
    def _draw(self) -> None:
        wanted, config, looked = self._wanted(), self._build.config, self._reading.looked
        if wanted == self._asked or config is None or looked is None:
            return
        self._asked = wanted
        self.view.mark_stale()
        job = data_jobs.draws(config, looked.dataset, self._image, _DRAWS, self._seed)
        handle = self._lane.ask(job, self._home, self)
        handle.finished.connect(self._show)
        handle.refused.connect(self._show_refused)

    @Slot(object)
    def _show(self, drawn_nhwc: NDArray[np.uint8]) -> None:
        looked = self._reading.looked
        if looked is None or self._asked is None or self._asked.dataset is not looked.dataset:
            return
        image = self._asked.image
        words = self.tr("{0}, {1}: left as it is, then as training may see it. Another one is chosen in Images.")
        caption = words.format(isolated(looked.class_name(image)), looked.name(image))
        self.view.show_draws(caption, looked.dataset.train.images[image], drawn_nhwc)

    @Slot(object)
    def _show_refused(self, error: Exception) -> None:
        self.view.show_problem(sentence_of(error))
