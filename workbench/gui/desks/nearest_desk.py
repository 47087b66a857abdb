"""The training images nearest to the chosen image: asks for them, image by image and epoch by epoch."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from workbench.core.inspection.neighbors import Neighbors
from workbench.gui.desks.look_desk import LookDesk, Looking
from workbench.gui.inspect.why.nearest_view import NearestView
from workbench.gui.work import inspection_jobs as jobs


class NearestDesk(LookDesk):
    """The first image of an epoch waits until the features of all training images are read; others do not."""

    forgets_late = True

    def __init__(self, looking: Looking, window: QWidget) -> None:
        self.view = NearestView(looking.theme)
        super().__init__(looking, self.view, self.view.bar, window, of_image=True, is_long=True)

    def renew(self) -> None:
        looked_at, place = self.selection.looked_at, self.place()
        if place is None or looked_at is None:
            self.view.show_nothing()
            return
        job = jobs.find_neighbors(self.looker, place, looked_at.pixels, looked_at.truth)
        handle = self.ask(job, self.tr("Reading training images"))
        if handle is not None:
            handle.progressed.connect(self._wait)
            handle.finished.connect(self._take)

    def forget(self) -> None:
        self.view.show_nothing()

    @Slot(object)
    def _wait(self, _said: object) -> None:
        """It takes a while: nobody should take the former ones for these."""
        self.view.show_nothing(self.tr("The training images are read once for each epoch."))

    @Slot(object)
    def _take(self, found: Neighbors) -> None:
        self.view.show_neighbors(found)
