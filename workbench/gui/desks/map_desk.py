"""The map of the test images: asks for it, epoch by epoch."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from workbench.core.formats import count
from workbench.core.inspection.embedding import Embedding
from workbench.gui.desks.look_desk import LookDesk, Looking
from workbench.gui.inspect.map.map_view import MapView
from workbench.gui.widgets.menus import Menus
from workbench.gui.work import inspection_jobs as jobs
from workbench.gui.work.looker import Place


class MapDesk(LookDesk):
    """PCA follows the epoch; t-SNE is computed when it is asked for, and kept."""

    def __init__(self, looking: Looking, window: QWidget) -> None:
        self.view = MapView(looking.theme, looking.selection)
        super().__init__(looking, self.view, self.view.bar, window, is_long=True)
        self._wanted: tuple[Place, int] | None = None
        self.view.wanted_changed.connect(self._on_wanted)

    def add_to(self, menus: Menus) -> None:
        """Its entry in the menu Inspect."""
        lasso = menus.add(menus.inspect, self.tr("&Lasso on the map"), self.view.toggle_lasso, "Ctrl+J")
        lasso.setEnabled(self.view.isVisible())
        self.view.seen_changed.connect(lasso.setEnabled)

    def renew(self) -> None:
        view = self.view
        view.show_stale()
        place = self.place()
        if place is None:
            return
        # Whatever is shown gives the new map its orientation.
        former = view.embedding
        if view.method == "pca":
            handle = self.ask(jobs.map_by_pca(self.looker, place, former), self.tr("Reading features"))
        elif self._wanted == (place, view.images):
            activity = self.tr("Arranging the images")
            handle = self.ask(jobs.map_by_tsne(self.looker, place, view.images, former), activity)
        else:
            self._wanted = None
            job = jobs.kept_tsne_map(self.looker, place, view.images, former)
            handle = self.ask(job, self.tr("Opening the network"))
        if handle is not None:
            handle.progressed.connect(self._take_part)
            handle.finished.connect(self._take)

    @Slot()
    def _on_wanted(self) -> None:
        self._wanted = None
        self.set_due()

    @Slot()
    def _compute(self) -> None:
        place = self.place()
        if place is not None:
            self._wanted = (place, self.view.images)
            self.try_again()

    @Slot(object)
    def _take_part(self, said: object) -> None:
        if isinstance(said, Embedding):
            self.view.show_map(said)

    @Slot(object)
    def _take(self, found: Embedding | None) -> None:
        if found is not None:
            self.view.show_map(found)
            return
        sentence = self.tr("The t-SNE of epoch {0} has not been computed yet.").format(self.selection.epoch)
        tip = self.tr("Takes about 15 seconds for {0} images").format(count(2_000))
        self.view.show_nothing(sentence, self.tr("Compute t-SNE"), tip, self._compute)
