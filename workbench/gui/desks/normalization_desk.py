"""What the chosen normalization makes of the images at hand, and choosing another one from there."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from workbench.core.data.channel_figures import mean_and_deviation
from workbench.core.events import Progress
from workbench.core.formats import percent
from workbench.core.home import Home
from workbench.core.settings.config import DataConfig
from workbench.core.settings.normalization import DEFAULT, Normalization
from workbench.gui.build.build_panel import BuildPanel
from workbench.gui.data.looked_images import LookedImages
from workbench.gui.data.normalization_view import NormalizationView
from workbench.gui.data.when_read import WhenRead
from workbench.gui.desks.data_reading import DataReading
from workbench.gui.widgets.theme import Theme
from workbench.gui.widgets.told import sentence_of
from workbench.gui.work import data_jobs
from workbench.gui.work.lane import Lane

_EXAMPLES = 8


class NormalizationDesk(QObject):
    """Counts the pixels of the images that are trained on as soon as that is to be seen; follows the tab Data."""

    def __init__(
        self, reading: DataReading, build_panel: BuildPanel, lane: Lane, home: Home, theme: Theme
    ) -> None:
        super().__init__(reading)
        self._reading, self._build, self._lane, self._home, self._theme = reading, build_panel, lane, home, theme
        self.view: NormalizationView | None = None
        """None before it is seen."""
        self._room: WhenRead | None = None
        self._asked: LookedImages | None = None
        """Whose pixels are counted, or being counted."""
        self._counts: NDArray[np.int64] | None = None
        reading.changed.connect(self._follow_images)
        reading.split_changed.connect(self._follow_images)
        reading.use_changed.connect(self._follow_images)
        build_panel.config_changed.connect(self._show)

    def build(self) -> QWidget:
        """The view, to be called when it is first seen."""
        self.view = NormalizationView(self._theme)
        self._room = WhenRead(self.view)
        self.view.seen.connect(self._on_seen)
        self.view.chosen.connect(self._choose)
        self._follow_images()
        return self._room

    def set_home(self, home: Home) -> None:
        self._home = home

    @Slot()
    def _follow_images(self) -> None:
        if self.view is None or self._room is None:
            return
        self._room.show_absence(self._reading.absence)
        if self.view.isVisible():
            self._on_seen()

    @Slot()
    def _on_seen(self) -> None:
        self._show()
        self._ask()

    def _ask(self) -> None:
        looked = self._reading.used
        # The split comes right after the images: nothing is counted twice.
        if looked is None or looked is self._asked or self.view is None or looked.uses is None:
            return
        self._asked, self._counts = looked, None
        chosen = np.flatnonzero(looked.splits[: len(looked.dataset.train)] == "training")
        handle = self._lane.ask(data_jobs.pixel_values(looked.dataset, chosen), self._home, self)
        handle.progressed.connect(self._show_progress)
        handle.finished.connect(self._take)
        handle.refused.connect(self._show_refused)
        self.view.show_counting(self.tr("Counting pixels…"))
        self._show()

    @Slot(object)
    def _show_progress(self, progress: Progress) -> None:
        if self.view is not None:
            self.view.show_counting(f"{progress.activity}… {percent(progress.done / max(progress.total, 1), 0)}")

    @Slot(object)
    def _take(self, counts: NDArray[np.int64]) -> None:
        has_images = bool(counts.any())
        self._counts = counts if has_images else None
        if self.view is not None:
            self.view.show_counting("" if has_images else self.tr("All images are left out of training."))
        self._show()

    @Slot(object)
    def _show_refused(self, error: Exception) -> None:
        if self.view is not None:
            self.view.show_counting(sentence_of(error))

    @Slot()
    def _show(self) -> None:
        view, looked, config = self.view, self._reading.used, self._build.config
        # Out of sight, an edit need not wait for pictures.
        if view is None or looked is None or not view.isVisible():
            return
        is_counted = self._counts is not None and self._asked is looked
        counts = self._counts if is_counted else None
        data = Normalization("from-data", *mean_and_deviation(counts)) if counts is not None else None
        images = int((looked.splits == "training").sum())
        view.show_values(counts, data, images)
        if config is None:
            view.allow("", self._build.problem())
            return
        view.allow(config.data.normalization, "")
        train = looked.dataset.train.images
        examples = np.asarray(train[np.linspace(0, len(train) - 1, min(_EXAMPLES, len(train))).astype(int)])
        view.show_chosen(_known(config.data, data), self._sentence(config.data), examples)

    def _sentence(self, data: DataConfig) -> str:
        """What is chosen, and what that means."""
        match data.normalization:
            case "auto":
                words = self.tr("auto: as the starting weights were trained, or by the numbers of {0}.")
                return words.format(DEFAULT)
            case "from-data":
                return self.tr("from-data: by mean and deviation of the images that are trained on.")
            case "custom":
                return self.tr("custom: by the numbers in the tab Data.")
            case name:
                return self.tr("{0}: by its usual numbers.").format(name)

    @Slot(str)
    def _choose(self, name: str) -> None:
        self._build.take_values({"data.normalization": name, "data.mean": (), "data.std": ()})


def _known(data: DataConfig, found: Normalization | None) -> Normalization | None:
    """What images are normalized by, as far as that is known before a run."""
    return found if data.needs_images else data.normalized_by
