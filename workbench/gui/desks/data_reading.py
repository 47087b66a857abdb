"""The images of the source in the tab Data: read where that costs little, else when they are asked for."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from workbench.core.data.dataset import Dataset
from workbench.core.data.image_sources import IMAGE_SOURCES
from workbench.core.events import Progress
from workbench.core.formats import count, memory, percent
from workbench.core.home import Home
from workbench.core.settings.config import RunConfig
from workbench.gui.build.build_panel import BuildPanel
from workbench.gui.data.looked_images import LookedImages
from workbench.gui.data.when_read import Absence
from workbench.gui.widgets.told import sentence_of
from workbench.gui.work import data_jobs
from workbench.gui.work.job import Handle
from workbench.gui.work.lane import Lane

# All images of a source are decoded: what takes longer, and more memory, is asked for by a click.
_MOST_SHIPPED, _MOST_OWN = 12_000, 10_000
# After an edit, once the person has finished typing.
_PATIENCE_MS = 400
_CHANNELS = 3

_Wanted = tuple[str, int]
"""A source and the side of its images in pixels."""


class DataReading(QObject):
    """Reads images once they are to be seen, anew for another source or size, and asks how a run splits them."""

    changed = Signal()
    """`looked` is of other images, or there is another reason why there are none."""
    split_changed = Signal()
    """`looked` is of the same images, which are split otherwise."""
    use_changed = Signal()
    """`used` is of the same images, of which the settings leave out others."""

    def __init__(self, build_panel: BuildPanel, lane: Lane, home: Home, parent: QObject) -> None:
        super().__init__(parent)
        self._build, self._lane, self._home = build_panel, lane, home
        self.looked: LookedImages | None = None
        self.used: LookedImages | None = None
        """`looked`, where what the settings leave out counts as not used."""
        self._excluded: tuple[int, ...] = ()
        self.absence: Absence | None = None
        self._is_seen = False
        self._wanted: _Wanted = ("", 0)
        self._agreed: set[_Wanted] = set()
        """What may be read whatever it costs."""
        self._own: dict[str, int] = {}
        """Training images of sources of one's own."""
        self._handle: Handle | None = None
        self._split_asked: tuple[object, ...] = ()
        self._splitter = QObject(self)
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(_PATIENCE_MS)
        self._patience.timeout.connect(self._begin)
        build_panel.config_changed.connect(self._follow)
        self._follow()

    @property
    def source(self) -> str:
        return self._build.data_panel.source

    @property
    def read_as(self) -> tuple[str, int]:
        """The source whose images are looked at, or are to be, and their side in pixels."""
        return self._wanted

    def set_home(self, home: Home) -> None:
        if home != self._home:
            self._home = home
            self._start_over()

    @Slot()
    def set_seen(self) -> None:
        """Somebody looks: from now on, images are read as soon as they are others."""
        self._is_seen = True
        if self.looked is None and self._handle is None and not self._patience.isActive():
            self._begin()

    @Slot()
    def set_unseen(self) -> None:
        """Nobody looks any more: what goes on is finished, and nothing new is begun."""
        self._is_seen = False

    @Slot(str, object)
    def take_count(self, source: str, images: int) -> None:
        """How many training images a source of one's own turned out to have."""
        self._own[source] = images
        if source == self.source and self.looked is None and self._handle is None and self._is_seen:
            self._begin()

    @Slot()
    def read_again(self) -> None:
        """The same source: what is in it may have changed."""
        self._start_over()

    @Slot()
    def _follow(self) -> None:
        config = self._build.config
        if config is None:
            if self.looked is None and self._handle is None:
                self._say(Absence(self._build.problem()))
            return
        wanted = config.data.source, config.model.input_size
        if wanted != self._wanted:
            self._wanted = wanted
            self._start_over()
        elif self.looked is not None:
            self._ask_split(config)
            if config.data.excluded != self._excluded:
                self._use()
                self.use_changed.emit()
        elif self._handle is None and self._is_seen and not self._patience.isActive():
            self._begin()

    def _start_over(self) -> None:
        """Nobody waits for the former images any more."""
        if self._handle is not None:
            self._handle.drop()
            self._handle = None
        self.looked, self.used, self._split_asked = None, None, ()
        self._say(Absence(self.tr("The images appear here.")))
        if self._is_seen:
            self._patience.start()

    @Slot()
    def _begin(self) -> None:
        """Read them, or say what that would cost."""
        self._patience.stop()
        if not self._is_seen or self._handle is not None or self.looked is not None or self._build.config is None:
            return
        problem = self._build.source_problem
        if problem:
            tooltip = self.tr("Look through it again: what is in it may have changed")
            self._say(Absence(problem, self.tr("Try again"), tooltip, self._choose_again))
            return
        price = self._price()
        if price is not None and self._wanted not in self._agreed:
            self._say(price)
            return
        job = data_jobs.read_images(*self._wanted)
        handle = self._handle = self._lane.ask(job, self._home, self)
        self._say_reading(self.tr("Reading images…"))
        handle.progressed.connect(self._show_progress)
        handle.finished.connect(self._take)
        handle.refused.connect(self._show_refused)
        handle.canceled.connect(self._show_stopped)

    def _price(self) -> Absence | None:
        """What reading costs where that is to be asked for; None where it is little."""
        source, side = self._wanted
        known = IMAGE_SOURCES.get(source)
        tooltip = self.tr("Decode all of them; a later start finds them decoded")
        if known is None:
            images = self._own.get(source)
            if images is None:
                words = self.tr("How many images there are is not known yet: reading them may take long.")
                return Absence(words, self.tr("Read the images"), tooltip, self._agree)
            if images <= _MOST_OWN:
                return None
            size = memory(images * side * side * _CHANNELS)
            words = self.tr("To look at these images takes {0} of memory, and as much of the disk.").format(size)
            return Absence(words, self.tr("Read {0} ({1})").format(count(images), size), tooltip, self._agree)
        if known.is_shipped and known.images <= _MOST_SHIPPED:
            return None
        size = memory(known.images * side * side * _CHANNELS)
        words = self.tr("To look at these images takes {0} of memory, and as much of the disk.").format(size)
        action = self.tr("Read {0} images ({1})").format(count(known.images), size)
        if not known.is_shipped:
            words += self.tr(" The first time, {0} are downloaded.").format(memory(known.download_bytes))
            action = self.tr("Download and read {0} images ({1})").format(count(known.images), size)
        return Absence(words, action, tooltip, self._agree)

    @Slot()
    def _agree(self) -> None:
        self._agreed.add(self._wanted)
        self._begin()

    @Slot()
    def _choose_again(self) -> None:
        self._build.data_panel.choose_source(self.source)

    @Slot()
    def stop(self) -> None:
        if self._handle is not None:
            self._handle.cancel()

    def _say(self, absence: Absence | None) -> None:
        self.absence = absence
        self.changed.emit()

    def _say_reading(self, sentence: str) -> None:
        self._say(Absence(sentence, self.tr("Stop"), self.tr("Do not read these images now"), self.stop))

    @Slot(object)
    def _show_progress(self, progress: Progress) -> None:
        share = f" {percent(progress.done / progress.total, 0)}" if progress.total else ""
        images = self.tr(" {0} images").format(count(progress.done)) if progress.done and not share else ""
        self._say_reading(f"{progress.activity}…{share}{images}")

    @Slot(object)
    def _take(self, dataset: Dataset) -> None:
        self._handle = None
        self.looked = LookedImages(dataset)
        self._use()
        self._say(None)
        config = self._build.config
        if config is not None:
            self._ask_split(config)

    @Slot(object)
    def _show_refused(self, error: Exception) -> None:
        self._handle = None
        self._say(Absence(sentence_of(error), self.tr("Try again"), self.tr("Read the images again"), self._agree))

    @Slot()
    def _show_stopped(self) -> None:
        self._handle = None
        words = self.tr("Reading was stopped.")
        self._say(Absence(words, self.tr("Read the images"), self.tr("Read them from the start"), self._agree))

    # What a run does with them

    def _use(self) -> None:
        self._excluded = self._build.data_panel.excluded
        self.used = None if self.looked is None else self.looked.without(self._excluded)

    def _ask_split(self, config: RunConfig) -> None:
        if self.looked is None:
            return
        data = config.data
        asked = (self.looked.dataset, data.validation_fraction, data.train_images, config.training.seed)
        if asked == self._split_asked:
            return
        self._split_asked = asked
        handle = self._lane.ask(data_jobs.uses(self.looked.dataset, config), self._home, self._splitter)
        handle.finished.connect(self._take_split)
        # More images than there are to train on: the field says so when a run begins.
        handle.refused.connect(self._forget_split)

    @Slot(object)
    def _take_split(self, uses: NDArray[np.str_]) -> None:
        if self.looked is not None and self._split_asked and self._split_asked[0] is self.looked.dataset:
            self.looked = LookedImages(self.looked.dataset, uses)
            self._use()
            self.split_changed.emit()

    @Slot()
    def _forget_split(self) -> None:
        if self.looked is not None:
            self._take_split(np.full(len(self.looked.dataset.train), "training"))
