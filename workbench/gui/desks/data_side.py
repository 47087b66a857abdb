"""All that the window has of images before training: what a source holds, its views, examples, marks."""

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from workbench.core.home import Home
from workbench.gui.build.build_panel import BuildPanel
from workbench.gui.build.edit_history import EditHistory
from workbench.gui.data.data_page import DataPage, below_each_other
from workbench.gui.desks.checks_desk import ChecksDesk
from workbench.gui.desks.classes_desk import ClassesDesk
from workbench.gui.desks.data_desk import DataDesk
from workbench.gui.desks.data_reading import DataReading
from workbench.gui.desks.draws_desk import DrawsDesk
from workbench.gui.desks.examples_desk import ExamplesDesk
from workbench.gui.desks.network_desk import NetworkDesk
from workbench.gui.desks.normalization_desk import NormalizationDesk
from workbench.gui.desks.source_desk import SourceDesk
from workbench.gui.records.marks import Marks
from workbench.gui.widgets.late_view import LateView
from workbench.gui.widgets.theme import Theme
from workbench.gui.work.lane import Lane


class DataSide(QObject):
    """Builds the desks of the tab Data and joins them.

    `source_taken` says that what is found in a folder or archive is to be seen; `refused` carries an exception.
    """

    source_taken = Signal()
    refused = Signal(object)

    def __init__(
        self,
        build_panel: BuildPanel,
        network_desk: NetworkDesk,
        history: EditHistory,
        seen_marks: Marks,
        inspecting: Lane,
        home: Home,
        theme: Theme,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        lane = inspecting
        self.examples = ExamplesDesk(build_panel, lane, home, window)
        self.source = SourceDesk(build_panel, lane, home, window)
        self.reading = DataReading(build_panel, lane, home, self)
        self.desk = DataDesk(self.reading, build_panel, history, theme)
        self.classes = ClassesDesk(self.reading, lane, home, theme)
        self.draws = DrawsDesk(self.reading, build_panel, lane, home)
        self.normalization = NormalizationDesk(self.reading, build_panel, lane, home, theme)
        self.checks = ChecksDesk(self.reading, lane, home)
        self.page = self._build_page()
        self.source.counted.connect(network_desk.set_images)
        self.source.counted.connect(self.examples.take_count)
        self.source.counted.connect(self.reading.take_count)
        self.source.source_taken.connect(self.reading.read_again)
        self.source.source_taken.connect(self.source_taken)
        self.page.seen.connect(self.reading.set_seen)
        self.page.unseen.connect(self.reading.set_unseen)
        self.classes.class_chosen.connect(self._show_class)
        self.checks.image_shown.connect(self._show_image)
        self.desk.image_chosen.connect(self.draws.choose)
        self.desk.refused.connect(self.refused)
        # A mark is of the source, wherever it is made.
        self.desk.marks.changed.connect(seen_marks.reread)
        seen_marks.changed.connect(self.desk.marks.reread)

    def _build_page(self) -> DataPage:
        augmentation = below_each_other(self.examples.view, self.draws.view)
        page = DataPage(
            (
                (
                    LateView(self.desk.build_images),
                    self.tr("Images"),
                    self.tr("All images: look through them, mark them, leave some out of training"),
                ),
                (
                    LateView(self.classes.build),
                    self.tr("Classes"),
                    self.tr("How many images each class has, and how they look on average"),
                ),
                (augmentation, self.tr("Augmentation"), self.tr("How training changes images at random")),
                (
                    LateView(self.normalization.build),
                    self.tr("Normalization"),
                    self.tr("How pixels become numbers for the network"),
                ),
                (
                    LateView(self.checks.build),
                    self.tr("Checks"),
                    self.tr("What is odd: unreadable files, copies, small classes"),
                ),
            )
        )
        page.addAction(self.draws.view.again)
        return page

    def set_home(self, home: Home, problem: str = "") -> None:
        """
        Args:
            problem: why nothing can be kept there; it is told already, so that no marks are read.
        """
        self.examples.home = self.source.home = home
        for desk in (self.reading, self.classes, self.draws, self.normalization, self.checks):
            desk.set_home(home)
        self.desk.set_home(None if problem else home)

    @Slot(int)
    def _show_class(self, label: int) -> None:
        self.page.setCurrentIndex(0)
        if self.desk.images is not None:
            self.desk.images.show_class(label)

    @Slot(int)
    def _show_image(self, image: int) -> None:
        self.page.setCurrentIndex(0)
        if self.desk.images is not None:
            self.desk.images.show_image(image)
