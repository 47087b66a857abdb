"""The figures beside a cross-hair."""

import html

from PySide6.QtGui import QColor

from workbench.gui.widgets.plotting import pg
from workbench.gui.widgets.theme import Theme


class Readout(pg.TextItem):  # type: ignore[misc]  # pyqtgraph has no types
    """A line of text for each thing that is drawn, at the top of a plot; hidden at first."""

    def __init__(self, plot: pg.PlotWidget, theme: Theme) -> None:
        super().__init__(anchor=(0, 0))
        self._plot, self._theme = plot, theme
        self.setZValue(20)
        self.hide()
        plot.addItem(self, ignoreBounds=True)

    def restyle(self) -> None:
        """Take the theme's present colors."""
        surface = self._theme.color("surface")
        surface.setAlpha(230)
        self.fill = pg.mkBrush(surface)
        self.border = pg.mkPen(self._theme.color("hairline"))

    def show_at(self, x: float, rows: list[tuple[QColor | None, str]]) -> None:
        """Right of `x`, or left of it, but always whole; a row that has a color begins with a square of it."""
        texts = []
        for color, text in rows:
            square = f"<span style='color:{color.name()}'>&#9632;</span> " if color else ""
            ink = self._theme.colors.text if color else self._theme.colors.secondary
            texts.append(f"{square}<span style='color:{ink}'>{html.escape(text)}</span>")
        self.show_html(x, "<br>".join(texts))

    def show_html(self, x: float, text: str) -> None:
        """The same of any text."""
        self.setHtml(text)
        box = self._plot.getPlotItem().getViewBox()
        (left, right), (_, high) = box.viewRange()
        width = self.boundingRect().width() * box.viewPixelSize()[0]
        beside = x if x + width <= right else x - width
        self.setPos(max(left, beside), high)
        self.show()
