"""What a folder or archive of one's own holds: looked through as soon as it is chosen, beside everything else."""

from PySide6.QtCore import QObject, Signal, Slot

from workbench.core.data.image_layout import FoundImages
from workbench.core.data.image_sources import IMAGE_SOURCES
from workbench.core.events import Progress
from workbench.core.formats import count
from workbench.core.home import Home
from workbench.gui.build.build_panel import BuildPanel
from workbench.gui.widgets.told import sentence_of
from workbench.gui.work import jobs
from workbench.gui.work.job import Handle
from workbench.gui.work.lane import Lane


class SourceDesk(QObject):
    """Connects the source in the tab Data with the lane that looks.

    `counted` carries a source, how many training images it has, those to be held out too, and of how many classes.
    """

    counted = Signal(str, object, object)
    source_taken = Signal()
    """The person has chosen a folder or archive: what is found in it is to be seen."""

    def __init__(self, build_panel: BuildPanel, inspecting: Lane, home: Home, window: QObject) -> None:
        super().__init__(window)
        self._build, self._panel = build_panel, build_panel.data_panel
        self._inspecting, self.home = inspecting, home
        self._handle: Handle | None = None
        self._source = ""
        self._panel.config_changed.connect(self._follow)
        self._panel.source_taken.connect(self._look)
        self._panel.source_taken.connect(self.source_taken)

    @Slot()
    def _follow(self) -> None:
        if self._panel.source != self._source:
            self._look()

    @Slot()
    def _look(self) -> None:
        """Look through the source at hand, again perhaps: what is in it may have changed."""
        self._source = self._panel.source
        if self._handle is not None:
            self._handle.drop()
            self._handle = None
        if self._source in IMAGE_SOURCES:
            self._panel.own_images.show_expected()
            return
        handle = self._handle = self._inspecting.ask(jobs.find_images(self._source), self.home, self)
        self._panel.own_images.show_looking(self.tr("Looking through it…"))
        handle.progressed.connect(self._show_progress)
        handle.finished.connect(self._show_found)
        handle.refused.connect(self._show_refused)

    @Slot(object)
    def _show_progress(self, progress: Progress) -> None:
        images = self.tr(" {0} images").format(count(progress.done)) if progress.done else ""
        self._panel.own_images.show_looking(f"{progress.activity}…{images}")

    @Slot(object)
    def _show_found(self, found: FoundImages) -> None:
        self._handle = None
        self._panel.own_images.show_found(found)
        self._build.refuse_source(self._source, found.problem())
        if not found.problem():
            self.counted.emit(self._source, found.images("train"), len(found.class_names))

    @Slot(object)
    def _show_refused(self, error: Exception) -> None:
        self._handle = None
        self._panel.own_images.show_refused(sentence_of(error))
