"""Looking at mistakes: the actions of the workspace Inspect, and what its views share with other rooms."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QSlider,
    QTabWidget,
    QWidget,
)

from workbench.core.errors import UserError
from workbench.core.records.run_record import RunRecord
from workbench.gui.desks.blocks_desk import BlocksDesk
from workbench.gui.desks.calibration_desk import CalibrationDesk
from workbench.gui.desks.confusion_desk import ConfusionDesk
from workbench.gui.desks.evaluation_desk import EvaluationDesk
from workbench.gui.desks.feature_desk import FeatureDesk
from workbench.gui.desks.gallery_desk import GalleryDesk
from workbench.gui.desks.landscape_desk import LandscapeDesk
from workbench.gui.desks.look_desk import Looking
from workbench.gui.desks.map_desk import MapDesk
from workbench.gui.desks.nearest_desk import NearestDesk
from workbench.gui.desks.trying_desk import AnswerDesk, TryingDesk
from workbench.gui.desks.why_desk import WhyDesk
from workbench.gui.inspect.calibration.calibration_view import CalibrationView
from workbench.gui.inspect.epoch_panel import EpochPanel
from workbench.gui.inspect.gallery.gallery import Gallery
from workbench.gui.inspect.image.answer_page import AnswerPage
from workbench.gui.inspect.image.image_view import ImageView
from workbench.gui.inspect.landscape.landscape_view import LandscapeView
from workbench.gui.inspect.mistake_strip import MistakeStrip
from workbench.gui.inspect.run_side import RunSide
from workbench.gui.network.network_panel import NetworkPanel
from workbench.gui.records.run_library import RunLibrary
from workbench.gui.records.selection import Selection
from workbench.gui.widgets.late_view import LateView
from workbench.gui.widgets.menus import Menus
from workbench.gui.widgets.theme import Theme
from workbench.gui.work import inspection_jobs
from workbench.gui.work.lane import Lane
from workbench.gui.work.looker import Looker

if TYPE_CHECKING:
    from workbench.gui.desks.labels_desk import LabelsDesk


Pages = list[tuple[QWidget, str]]


class InspectDesk(QObject):
    """Builds the views of the room of inspecting, all of which follow the selection.

    `run_chosen` carries the id of a run to look at, `inspect_asked` asks for the workspace, `refused` carries an
    exception.
    """

    run_chosen = Signal(str)
    inspect_asked = Signal()
    gallery_asked = Signal()
    """Images were put into the gallery from another view in the middle."""
    refused = Signal(object)
    told = Signal(str, str)
    """A level and a sentence."""

    def __init__(
        self,
        library: RunLibrary,
        selection: Selection,
        network_panel: NetworkPanel,
        inspecting: Lane,
        studying: Lane,
        theme: Theme,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._selection, self._network, self._window = selection, network_panel, window
        self.side, self.gallery = RunSide(theme, selection), Gallery(theme, selection)
        self.image_view, self.epoch_panel = ImageView(theme, selection), EpochPanel(theme, selection)
        self.strip = MistakeStrip(theme, selection)
        self._evaluation = EvaluationDesk(library, selection, self.side.bar, inspecting, window)
        self._evaluation.refused.connect(self.refused)
        self.looking = Looking(library, selection, inspecting, studying, Looker(), Looker(), theme)
        self._labels_desk: LabelsDesk | None = None
        self._of_workspace: list[QAction] = []
        self._is_shown = self._is_loaded = False
        self.views = self._build_middle(theme)
        """In the middle of the workspace, with their titles."""
        self.image_views = self._build_image_side()
        """Of the image that is looked at, on the right."""
        self._connect(library)

    def _build_middle(self, theme: Theme) -> Pages:
        looking, window = self.looking, self._window
        self.calibration_view = CalibrationView(theme, self._selection)
        self._figures = (
            ConfusionDesk(looking, self.side.confusion, window),
            CalibrationDesk(looking, self.calibration_view, window),
        )
        self._gallery_desk = GalleryDesk(looking, self.gallery, window)
        self._map, self._blocks = MapDesk(looking, window), BlocksDesk(looking, window)
        self.landscape_view = LandscapeView(theme)
        self.landscape_desk = LandscapeDesk(looking, self.landscape_view, window)
        self._labels = LateView(self._build_labels)
        return [
            (self.gallery, self.tr("Gallery")),
            (self._map.view, self.tr("Map")),
            (self.calibration_view, self.tr("Calibration")),
            (self._blocks.view, self.tr("Blocks")),
            (self.landscape_view, self.tr("Landscape")),
            (self._labels, self.tr("Labels")),
        ]

    def _build_image_side(self) -> Pages:
        looking, window = self.looking, self._window
        self.why, self.features = WhyDesk(looking, window), FeatureDesk(looking, window)
        self._nearest = NearestDesk(looking, window)
        return [
            (self._answer_page(), self.tr("Answer")),
            (self.why.view, self.tr("Why")),
            (self.features.view, self.tr("Features")),
            (self._nearest.view, self.tr("Near")),
            (LateView(self._build_changes), self.tr("Changes")),
        ]

    def _connect(self, library: RunLibrary) -> None:
        selection, application = self._selection, QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._follow_focus)
        self._gallery_desk.told.connect(self.told)
        self._gallery_desk.refused.connect(self.refused)
        self._blocks.images_shown.connect(self.gallery_asked)
        self.side.run_chosen.connect(self.run_chosen)
        self.strip.inspect_asked.connect(self.inspect_asked)
        for shown in (self.side.images_shown, self.calibration_view.images_shown):
            shown.connect(self.gallery_asked)
        library.runs_changed.connect(self._take_list)
        selection.image_changed.connect(self._share_image)
        selection.marks.refused.connect(self.refused)

    def _answer_page(self) -> QWidget:
        page = AnswerPage(self.image_view, self._selection)
        self._answers = AnswerDesk(self.looking, self.image_view, page, self._window)
        self.trying = TryingDesk(self.looking, self._window)
        self.trying.refused.connect(self.refused)
        self.trying.taken.connect(self.inspect_asked)
        return page

    def _build_changes(self) -> QWidget:
        from workbench.gui.desks.changes_desk import ChangesDesk, SmallestDesk, ViewsDesk
        from workbench.gui.inspect.changes.changes_view import ChangesView

        view = ChangesView(self.looking.theme, self._selection)
        for desk in (ChangesDesk, SmallestDesk, ViewsDesk):
            # Its parent is the window, which keeps it.
            desk(self.looking, view, self._window)
        view.views_test.images_shown.connect(self.gallery_asked)
        return view

    def _build_labels(self) -> QWidget:
        from workbench.gui.desks.labels_desk import LabelsDesk

        self._labels_desk = desk = LabelsDesk(self.looking, self._window)
        desk.told.connect(self.told)
        desk.refused.connect(self.refused)
        desk.gallery_asked.connect(self.gallery_asked)
        return desk.panel

    def add_to(self, menus: Menus) -> None:
        """Fill the menu Inspect."""
        panel, marks = self.epoch_panel, self._selection.marks
        # Without Ctrl, these keys go through the list that has the focus.
        self._of_workspace += [
            menus.add(menus.inspect, self.tr("&Earlier epoch"), self._go_back, "Ctrl+PgUp"),
            menus.add(menus.inspect, self.tr("&Later epoch"), self._go_on, "Ctrl+PgDown"),
            menus.add(menus.inspect, self.tr("&Kept epoch"), panel.go_to_kept, "Ctrl+Home"),
            menus.add(menus.inspect, self.tr("&Newest epoch"), self._go_to_newest, "Ctrl+End"),
            menus.add(menus.inspect, self.tr("&Mark the epoch, or unmark it"), panel.toggle_mark, "Ctrl+B"),
        ]
        menus.inspect.addSeparator()
        self._of_workspace += [
            menus.add(menus.inspect, self.tr("Newly &right images"), self._show_newly_right, "Ctrl+Shift+R"),
            menus.add(menus.inspect, self.tr("Newly &wrong images"), self._show_newly_wrong, "Ctrl+Shift+W"),
            menus.add(menus.inspect, self.tr("Show &all classes"), self._show_all, "Esc"),
        ]
        self._map.add_to(menus)
        menus.inspect.addSeparator()
        self._of_workspace += [
            menus.add(menus.inspect, self.tr("Mark image as e&xcusable, or unmark"), self._toggle_marked, "M"),
            menus.add(menus.inspect, self.tr("Take &back the last mark"), marks.undo, "Shift+M"),
            menus.add(menus.inspect, self.tr("Mark it a&gain"), marks.redo, "Ctrl+Shift+M"),
        ]
        menus.inspect.addSeparator()
        self._evaluation.add_to(menus)

    def add_trying_to(self, menus: Menus) -> None:
        """Fill the part of File that is about an image of one's own."""
        self._of_workspace.append(self.trying.add_to(menus))

    @Slot(str)
    def allow_keys(self, workspace: str) -> None:
        """Elsewhere, they have other meanings, or none."""
        self._is_shown = workspace == "inspect"
        self._evaluation.allow_keys(self._is_shown)
        self._allow(QApplication.focusWidget())
        if self._is_shown and not self._is_loaded:
            self._load()

    def _load(self) -> None:
        try:
            home = self.looking.library.home
        except UserError:
            # The list is closed, to be repaired; what is loaded later is loaded with the first question.
            return
        self._is_loaded = True
        self.looking.long_lane.ask(inspection_jobs.load_explanations(), home, self)

    @Slot(QWidget, QWidget)
    def _follow_focus(self, _before: QWidget | None, now: QWidget | None) -> None:
        self._allow(now)

    def _allow(self, focus: QWidget | None) -> None:
        """A field, too, has other meanings for them; with Ctrl, only one that is written in."""
        is_text = isinstance(focus, QAbstractSpinBox | QLineEdit)
        is_field = is_text or isinstance(focus, QComboBox | QSlider)
        for action in self._of_workspace:
            has_ctrl = action.shortcut().toString().startswith("Ctrl+")
            action.setEnabled(self._is_shown and not (is_text if has_ctrl else is_field))

    @Slot(object)
    def _take_list(self, records: list[RunRecord]) -> None:
        self.side.show_runs(records)

    @Slot()
    def _share_image(self) -> None:
        """What each stage sees, of the very image that was mistaken, or brought."""
        looked = self._selection.looked_at
        if looked is not None:
            self._network.show_image(looked.pixels)

    @Slot()
    def _show_all(self) -> None:
        """Of an image that is tried, back to the test images; then, of those chosen by class or change, to all."""
        if self._selection.looked_at is not None and self._selection.looked_at.is_brought:
            self._selection.try_image(None)
        else:
            self._selection.clear_filter()

    @Slot()
    def _go_back(self) -> None:
        self._selection.step(-1)

    @Slot()
    def _go_on(self) -> None:
        self._selection.step(1)

    @Slot()
    def _go_to_newest(self) -> None:
        self._selection.show_epoch(self._selection.run.newest)

    @Slot()
    def _show_newly_right(self) -> None:
        self._selection.toggle_change("right")

    @Slot()
    def _show_newly_wrong(self) -> None:
        self._selection.toggle_change("wrong")

    @Slot(object)
    def take_counts(self, path: Path) -> None:
        """Show people's answers, in a file, beside those of the selected run."""
        self.inspect_asked.emit()
        _turn_to(self._labels)
        if self._labels_desk is not None:
            self._labels_desk.take_counts(path)

    @Slot()
    def _toggle_marked(self) -> None:
        marks = self._selection.marks
        marks.toggle(marks.picked_with(self._selection.image))


def _turn_to(view: QWidget) -> None:
    """Show a view that is the page of a tab, which stands in the stack of these."""
    stack = view.parentWidget()
    tabs = stack.parentWidget() if stack is not None else None
    if isinstance(tabs, QTabWidget):
        tabs.setCurrentWidget(view)
