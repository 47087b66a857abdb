"""A panel of two plots, one above the other, that are built late."""

from typing import Generic, TypeVar, cast

from PySide6.QtWidgets import QVBoxLayout, QWidget

from workbench.gui.runs.late_drawing import LateDrawing, ThemedPlot
from workbench.gui.widgets.late_plot import LatePlot
from workbench.gui.widgets.theme import FIELD_GAP, GAP, MARGIN, Theme

Upper = TypeVar("Upper", bound=ThemedPlot)
Lower = TypeVar("Lower", bound=ThemedPlot)


class LatePlotPair(LateDrawing, Generic[Upper, Lower]):
    """Holds both plots. A panel says what they are (`_build`) and how to draw what it knows (`_draw`)."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._plots: tuple[Upper, Lower] | None = None
        self._rooms = (LatePlot(lambda: self._room_content(0)), LatePlot(lambda: self._room_content(1)))

    def _arrange(self, *above: QWidget) -> None:
        """Put these above the plots."""
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, FIELD_GAP, MARGIN, FIELD_GAP)
        layout.setSpacing(GAP)
        for widget in above:
            layout.addWidget(widget)
        for room in self._rooms:
            layout.addWidget(room, 1)

    def _build(self) -> tuple[Upper, Lower]:
        raise NotImplementedError

    def _built(self) -> tuple[Upper, Lower]:
        """Both plots, built when they are first wanted."""
        if self._plots is None:
            self._plots = self._build()
            for plot in self._plots:
                plot.restyle()
            for room in self._rooms:
                room.build()
        return self._plots

    def _room_content(self, number: int) -> QWidget:
        return cast(QWidget, self._built()[number])

    def _restyle_plots(self) -> None:
        """Take the theme's present colors, and draw anew a little later; plots to come will have them anyway."""
        if self._plots is not None:
            for plot in self._plots:
                plot.restyle()
            self._timer.ask()
