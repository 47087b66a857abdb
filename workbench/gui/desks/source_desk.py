"""What a folder or archive of one's own holds: looked through as soon as it is chosen, beside everything else."""

from PySide6.QtCore import QObject, Signal, Slot

from workbench.core.data.image_sources import IMAGE_SOURCES
from workbench.core.data.survey import Survey
from workbench.core.events import Progress
from workbench.core.formats import count
from workbench.core.home import Home
from workbench.core.network.stems import stem_of
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
        self._source, self._is_taken = "", False
        self._survey: Survey | None = None
        self._fitted: tuple[int, int] | None = None
        """The network's input size before it followed the images of a folder, and then."""
        self._panel.source_picked.connect(self._unfit_input)
        self._panel.config_changed.connect(self._follow)
        build_panel.config_changed.connect(self._show_cost)
        self._panel.source_taken.connect(self._take)
        self._panel.source_taken.connect(self.source_taken)

    @Slot()
    def _follow(self) -> None:
        if self._panel.source != self._source:
            self._look()

    @Slot()
    def _take(self) -> None:
        """The person has chosen it: the network's input follows its images."""
        self._look()
        self._is_taken = True

    def _look(self) -> None:
        """Look through the source at hand, again perhaps: what is in it may have changed."""
        self._source, self._is_taken, self._survey = self._panel.source, False, None
        if self._handle is not None:
            self._handle.drop()
            self._handle = None
        if self._source in IMAGE_SOURCES:
            self._panel.own_images.show_expected()
            return
        handle = self._handle = self._inspecting.ask(jobs.survey_images(self._source), self.home, self)
        self._panel.own_images.show_looking(self.tr("Looking through it…"))
        handle.progressed.connect(self._show_progress)
        handle.finished.connect(self._show_found)
        handle.refused.connect(self._show_refused)

    @Slot(object)
    def _show_progress(self, progress: Progress) -> None:
        images = self.tr(" {0} images").format(count(progress.done)) if progress.done else ""
        self._panel.own_images.show_looking(f"{progress.activity}…{images}")

    @Slot(object)
    def _show_found(self, survey: Survey) -> None:
        self._handle, found = None, survey.found
        self._survey = survey
        self._panel.own_images.show_found(found)
        self._build.refuse_source(self._source, found.problem())
        if found.problem():
            return
        self.counted.emit(self._source, found.images("train"), len(found.class_names))
        if self._is_taken:
            self._fit_input()
        self._show_cost()

    def _fit_input(self) -> None:
        """Undo takes it back."""
        config = self._build.config
        if config is not None and self._survey is not None:
            size = self._suited(self._survey).size()
            former = config.model.input_size
            if size != former:
                before = self._fitted[0] if self._fitted is not None and self._fitted[1] == former else former
                self._fitted = before, size
                self._set_input(size)

    @Slot()
    def _unfit_input(self) -> None:
        """A known source is chosen after a folder: its images are not made as large as those of that one."""
        config = self._build.config
        if self._fitted is None or config is None or config.data.source not in IMAGE_SOURCES:
            return
        (former, fitted), self._fitted = self._fitted, None
        if config.model.input_size == fitted:
            self._set_input(former)

    def _set_input(self, size: int) -> None:
        self._build.take_values({"model.input_size": size}, turns=False)

    def _suited(self, survey: Survey) -> Survey:
        """With a suggestion for the network at hand."""
        config = self._build.config
        return survey if config is None else survey.up_to(stem_of(config.model.stem).largest_images)

    @Slot()
    def _show_cost(self) -> None:
        config = self._build.config
        if config is not None and self._survey is not None and config.data.source == self._survey.source:
            self._panel.own_images.show_cost(self._suited(self._survey), config.model.input_size)

    @Slot(object)
    def _show_refused(self, error: Exception) -> None:
        self._handle = None
        self._panel.own_images.show_refused(sentence_of(error))
        self._build.refuse_source(self._source, str(error))
