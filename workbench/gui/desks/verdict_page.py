"""Room for the verdict about two runs, so that the window does not open later because of it."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from workbench.gui.desks.inspect_desk import InspectDesk
from workbench.gui.runs.runs_panel import RunsPanel
from workbench.gui.widgets.late_view import LateView

if TYPE_CHECKING:
    from workbench.gui.desks.verdict_desk import VerdictDesk


class VerdictPage(LateView):
    """Room for the view; its desk begins with it."""

    def __init__(self, inspect: InspectDesk, runs_panel: RunsPanel, window: QWidget) -> None:
        super().__init__(self._build_view)
        self._inspect, self._runs, self._window = inspect, runs_panel, window
        self._desk: VerdictDesk | None = None

    def _build_view(self) -> QWidget:
        from workbench.gui.compare.verdict_view import VerdictView
        from workbench.gui.desks.verdict_desk import VerdictDesk

        view = VerdictView(self._inspect.looking.theme)
        self._desk = VerdictDesk(self._inspect, self._runs, view, self._window)
        return view

    @Slot(str, str)
    def compare(self, a: str, b: str) -> None:
        """Choose these two runs."""
        self.build()
        if self._desk is not None:
            self._desk.compare(a, b)
