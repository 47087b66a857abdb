"""Room for the verdict about two runs, so that the window does not open later because of it."""

from PySide6.QtWidgets import QWidget

from workbench.gui.desks.inspect_desk import InspectDesk
from workbench.gui.runs.runs_panel import RunsPanel
from workbench.gui.widgets.late_view import LateView


class VerdictPage(LateView):
    """Room for the view; its desk begins with it."""

    def __init__(self, inspect: InspectDesk, runs_panel: RunsPanel, window: QWidget) -> None:
        super().__init__(self._build_view)
        self._inspect, self._runs, self._window = inspect, runs_panel, window

    def _build_view(self) -> QWidget:
        from workbench.gui.compare.verdict_view import VerdictView
        from workbench.gui.desks.verdict_desk import VerdictDesk

        view = VerdictView(self._inspect.looking.theme)
        VerdictDesk(self._inspect, self._runs, view, self._window)
        return view
