"""What a block makes of the looked-at image: asks for its maps as soon as the view is seen."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from workbench.core.inspection.explanations import explained_layers
from workbench.core.inspection.feature_maps import FeatureMaps
from workbench.gui.desks.look_desk import LookDesk, Looking
from workbench.gui.inspect.seen_words import absence
from workbench.gui.inspect.why.feature_view import FeatureView
from workbench.gui.work import inspection_jobs


class FeatureDesk(LookDesk):
    """The maps of the layer that the view has chosen, image after image."""

    forgets_late = True

    def __init__(self, looking: Looking, window: QWidget) -> None:
        self.view = FeatureView(looking.theme)
        super().__init__(looking, self.view, self.view.bar, window, of_image=True)
        self.view.layer_changed.connect(self.set_due)

    def renew(self) -> None:
        selection = self.selection
        record, looked_at = selection.run.record, selection.looked_at
        if record is None or looked_at is None:
            what = self.tr("What the blocks make of an image appears here")
            reason = absence(selection, what, needs_pictures=True)
            self.view.show_absence(reason or self.tr("No image is in sight."))
            return
        self.view.show_layers(explained_layers(record.config.model))
        place = self.place()
        if place is None:
            self.view.show_absence("")
            return
        job = inspection_jobs.feature_maps(self.looker, place, looked_at.pixels, self.view.layer)
        handle = self.ask(job, self.tr("Computing the maps"))
        if handle is not None:
            handle.finished.connect(self._show)

    def forget(self) -> None:
        self.view.show_absence("")

    @Slot(object)
    def _show(self, maps: FeatureMaps) -> None:
        self.view.show_maps(maps)
