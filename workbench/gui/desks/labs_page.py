"""The page of labs: built when it is first seen, with the desk that fills it."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QWidget

from workbench.gui.records.run_library import RunLibrary
from workbench.gui.widgets.late_view import LateView
from workbench.gui.widgets.menus import Menus
from workbench.gui.widgets.message_bar import MessageBar
from workbench.gui.widgets.theme import Theme
from workbench.gui.work.lane import Lane

if TYPE_CHECKING:
    from workbench.gui.desks.labs_desk import LabsDesk


class LabsPage(LateView):
    """Room for the view.

    `asked`: to be turned to; `run_asked` carries the id of a run to be looked at; `added`, how many runs were put
    into the queue.
    """

    asked = Signal()
    run_asked = Signal(str)
    added = Signal(int)

    def __init__(
        self, library: RunLibrary, lane: Lane, theme: Theme, message_bar: MessageBar, window: QWidget
    ) -> None:
        super().__init__(self._build_view)
        self._library, self._lane, self._theme, self._bar = library, lane, theme, message_bar
        self._window = window
        self._desk: LabsDesk | None = None

    def _build_view(self) -> QWidget:
        from workbench.gui.desks.labs_desk import LabsDesk
        from workbench.gui.labs.labs_view import LabsView

        view = LabsView(self._theme)
        self._desk = LabsDesk(view, self._library, self._lane, self._bar, self._window)
        self._desk.run_asked.connect(self.run_asked)
        self._desk.added.connect(self.added)
        return view

    @Slot()
    def follow_queue(self) -> None:
        """What waits is another."""
        if self._desk is not None:
            self._desk.look_again()

    def add_to(self, menus: Menus) -> None:
        """Its entry in the menu Run."""
        menus.add(menus.run, self.tr("La&bs…"), self.asked.emit, "Ctrl+Shift+L")
