"""What the window is made of: tool bar, docks and pages; and how the four workspaces arrange them."""

from collections.abc import Sequence

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import (
    QDockWidget,
    QHBoxLayout,
    QMainWindow,
    QStackedWidget,
    QTabWidget,
    QToolBar,
    QVBoxLayout,
    QWidget,
)

from workbench.gui.widgets.menus import Menus
from workbench.gui.widgets.segments import Segments
from workbench.gui.widgets.size_barrier import SizeBarrier
from workbench.gui.widgets.theme import GAP, MARGIN
from workbench.gui.workspaces import BOTTOM, LEFT, RIGHT, Place, Workspace, Workspaces

_WITH_QUEUE = ("train", "compare")


class WindowParts(QObject):
    """Builds docks and pages around the panels that it is given, once; workspaces only arrange them."""

    def __init__(
        self,
        window: QMainWindow,
        *,
        strip: QWidget,
        settings: QWidget,
        network: QWidget,
        images: QWidget,
        plan: QWidget,
        curves: QWidget,
        gradients: QWidget,
        blocks: QWidget,
        verdict: QWidget,
        search: QWidget,
        labs: QWidget,
        runs: QWidget,
        queue: QWidget,
        mistakes: QWidget,
        run_side: QWidget,
        views: Sequence[tuple[QWidget, str]],
        image_views: Sequence[tuple[QWidget, str]],
        epochs: QWidget,
    ) -> None:
        super().__init__(window)
        self._window = window
        self.docks: list[QDockWidget] = []
        self._settings_pages = _stack(network, images, plan)
        self._curves = _tabs(
            (curves, self.tr("Learning curves")),
            (gradients, self.tr("Gradients")),
            (blocks, self.tr("Blocks")),
            (verdict, self.tr("Verdict")),
            (search, self.tr("Search")),
            (labs, self.tr("Labs")),
        )
        self._views = _tabs(*views)
        self.stack = QStackedWidget()
        self._settings = settings
        built = self._dock(self.tr("Settings"), "settings", settings)
        listed = self._dock(self.tr("Runs"), "runs", runs)
        self._queue = self._dock(self.tr("Queue"), "queue", queue)
        self._has_queue, self._uncovered = False, set[str]()
        worst = self._dock(self.tr("Mistakes"), "mistakes", mistakes)
        chosen = self._dock(self.tr("Run and classes"), "run", run_side)
        looked_at = self._dock(self.tr("Image"), "image", _narrow(_tabs(*image_views)))
        over_time = self._dock(self.tr("Epochs"), "epochs", epochs)
        # At the side, its title takes no height from the curve.
        over_time.setFeatures(over_time.features() | QDockWidget.DockWidgetFeature.DockWidgetVerticalTitleBar)
        places = (built, listed, worst, chosen, looked_at, over_time)
        self.workspaces = Workspaces(window, self.stack, self._arranged(self._views, *places))
        self._add_tool_bar(strip)
        self.workspaces.changed.connect(self._uncover_queue)

    def _arranged(
        self,
        views: QWidget,
        built: QDockWidget,
        listed: QDockWidget,
        worst: QDockWidget,
        chosen: QDockWidget,
        looked_at: QDockWidget,
        over_time: QDockWidget,
    ) -> tuple[Workspace, ...]:
        """What stands where in each of the four."""
        return (
            Workspace(
                "build",
                self.tr("Build"),
                self.tr("Describe network, images and training"),
                self._settings_pages,
                (Place(built, LEFT, 328, 312),),
            ),
            Workspace(
                "train",
                self.tr("Train"),
                self.tr("Watch runs learn"),
                self._curves,
                (
                    Place(listed, BOTTOM, 220, 168),
                    Place(self._queue, BOTTOM, 0, behind=listed),
                    Place(worst, RIGHT, 148, 140),
                ),
            ),
            Workspace(
                "inspect",
                self.tr("Inspect"),
                self.tr("See what a network gets wrong, epoch by epoch"),
                views,
                (
                    Place(chosen, LEFT, 400, 356),
                    Place(looked_at, RIGHT, 340, 300),
                    Place(over_time, BOTTOM, 164, 128),
                ),
                has_wide_bottom=True,
            ),
            Workspace(
                "compare",
                self.tr("Compare"),
                self.tr("Set recorded runs side by side"),
                self._curves,
                (Place(listed, LEFT, 720, 600), Place(self._queue, LEFT, 0, behind=listed)),
            ),
        )

    def below(self, message_bar: QWidget) -> QWidget:
        """The pages, with a strip of sentences above them."""
        center = QWidget()
        column = QVBoxLayout(center)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        margins = QVBoxLayout()
        margins.setContentsMargins(MARGIN, 0, MARGIN, 0)
        margins.addWidget(message_bar)
        column.addLayout(margins)
        column.addWidget(self.stack, 1)
        return center

    def add_to(self, menus: Menus) -> None:
        """Fill the part of the menu View that is about workspaces and docks."""
        menus.view.addActions(self.workspaces.actions)
        menus.view.addSeparator()
        menus.add(menus.view, self.tr("&Gradients, or back to the curves"), self.toggle_gradients, "Ctrl+G")
        menus.add(menus.view, self.tr("&Blocks, or back to the curves"), self.toggle_blocks, "Ctrl+Shift+G")
        menus.view.addSeparator()
        for dock in self.docks:
            menus.view.addAction(dock.toggleViewAction())
        menus.add(menus.view, self.tr("&Reset this workspace"), self.workspaces.reset)

    def _dock(self, title: str, name: str, content: QWidget) -> QDockWidget:
        dock = QDockWidget(title)
        dock.setObjectName(name)
        dock.setWidget(content)
        self._window.addDockWidget(LEFT, dock)
        self.docks.append(dock)
        return dock

    def _add_tool_bar(self, strip: QWidget) -> None:
        """For good: hidden, there would be no visible way to start."""
        switch = Segments(self.tr("Workspace"), self.workspaces.actions)
        content = QWidget()
        row = QHBoxLayout(content)
        row.setContentsMargins(0, GAP, 0, GAP)
        row.setSpacing(MARGIN)
        row.addWidget(switch, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(SizeBarrier(strip), 1)
        toolbar = QToolBar(self.tr("Training"))
        toolbar.setObjectName("trainingToolBar")
        toolbar.setMovable(False)
        toolbar.addWidget(content)
        toolbar.toggleViewAction().setEnabled(False)
        self._window.addToolBar(toolbar)

    @Slot(int)
    def show_settings_page(self, tab: int) -> None:
        """In Build, the middle follows the tab of the settings."""
        self._settings_pages.setCurrentIndex(tab)

    @Slot()
    def show_settings(self) -> None:
        """Turn to where they are made."""
        self.workspaces.show("build")

    @Slot()
    def see_settings(self) -> None:
        """They have changed: nothing changes unseen."""
        if not self._settings.isVisible():
            self.show_settings()

    @Slot()
    def show_queue(self) -> None:
        """Turn to it, where it has a place."""
        if self.workspaces.current not in _WITH_QUEUE:
            self.workspaces.show(_WITH_QUEUE[0])
        self._queue.show()
        self._queue.raise_()

    @Slot(bool)
    def offer_queue(self, has_entries: bool) -> None:
        """As long as nothing is in it, its tab is nowhere; then it is, until the person closes it."""
        if not has_entries:
            self._uncovered.clear()
        self._has_queue = has_entries
        self._uncover_queue()

    @Slot()
    def _uncover_queue(self) -> None:
        current = self.workspaces.current
        if self._has_queue and current in _WITH_QUEUE and current not in self._uncovered:
            self._uncovered.add(current)
            # As a tab beside the runs, which stay in front.
            self._queue.show()

    @Slot()
    def show_gallery(self) -> None:
        """In Inspect, images were chosen that stand there."""
        self._views.setCurrentIndex(0)

    @Slot()
    def toggle_gradients(self) -> None:
        """Show the gradients, where curves are shown; a second time, the curves again."""
        self._toggle_curves(1)

    @Slot()
    def toggle_blocks(self) -> None:
        """Likewise what flows through the blocks."""
        self._toggle_curves(2)

    @Slot()
    def show_mistakes(self) -> None:
        """A run, or a mistake of it, was opened."""
        self.workspaces.show("inspect")

    @Slot()
    def show_verdict(self) -> None:
        """Two runs were chosen to be compared."""
        self._show_curves(3, "compare")

    @Slot()
    def show_search(self) -> None:
        """A search was begun."""
        self._show_curves(4)

    @Slot()
    def show_labs(self) -> None:
        """They were asked for in the menu."""
        self._show_curves(5)

    def _show_curves(self, page: int, workspace: str = "train") -> None:
        if self.stack.currentWidget() is not self._curves:
            self.workspaces.show(workspace)
        self._curves.setCurrentIndex(page)

    def _toggle_curves(self, page: int) -> None:
        is_shown = self.stack.currentWidget() is self._curves and self._curves.currentIndex() == page
        if self.stack.currentWidget() is not self._curves:
            self.workspaces.show("train")
        self._curves.setCurrentIndex(0 if is_shown else page)


def _stack(*pages: QWidget) -> QStackedWidget:
    stack = QStackedWidget()
    for page in pages:
        stack.addWidget(page)
    return stack


def _tabs(*pages: tuple[QWidget, str]) -> QTabWidget:
    tabs = QTabWidget()
    tabs.setDocumentMode(True)
    for page, title in pages:
        tabs.addTab(page, title)
    return tabs


def _narrow(tabs: QTabWidget) -> QTabWidget:
    """Of a dock that is less wide than its tabs' words with the usual room between them."""
    tabs.setProperty("role", "narrow")
    return tabs
