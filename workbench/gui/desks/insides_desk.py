"""Looks into the blocks of the selected run's network."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from workbench.core.inspection.insides import Insides
from workbench.gui.desks.look_desk import LookDesk, Looking
from workbench.gui.inspect.blocks.insides_view import InsidesView
from workbench.gui.work import inspection_jobs


class InsidesDesk(LookDesk):
    """Asks as soon as the page is seen."""

    forgets_late = True

    def __init__(self, looking: Looking, view: InsidesView, window: QWidget) -> None:
        super().__init__(looking, view, view.bar, window)
        self._insides = view

    def renew(self) -> None:
        place = self.place()
        if place is None:
            self._insides.show_insides(None)
            return
        handle = self.ask(inspection_jobs.look_inside(self.looker, place), self.tr("Looking inside"))
        if handle is not None:
            handle.finished.connect(self._show)

    def forget(self) -> None:
        self._insides.show_insides(None)

    @Slot(object)
    def _show(self, found: Insides) -> None:
        self._insides.show_insides(found)
