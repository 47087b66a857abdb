"""The table beside the cross-hair of the learning curves."""

import html

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetricsF

from workbench.gui.runs.curve_readout import ReadoutTable
from workbench.gui.runs.readout import Readout
from workbench.gui.widgets.plotting import pg
from workbench.gui.widgets.theme import Theme, tabular

_CELL = "<td align='{0}' style='color:{1}; padding-left:{2}px'>{3}</td>"
_APART_PX = 10
_NAME_SHARE = 0.3


class TableReadout(Readout):
    """A row per run, as many as the plot has room for."""

    def __init__(self, plot: pg.PlotWidget, theme: Theme) -> None:
        super().__init__(plot, theme)
        self.setFont(tabular(self.textItem.font()))

    def show_table(self, x: float, table: ReadoutTable) -> None:
        """Right of `x`, or left of it."""
        secondary, ink = self._theme.colors.secondary, self._theme.colors.text
        most = self._rows_in(self._plot.getPlotItem().getViewBox().height()) - 1
        left_out = max(len(table.rows) - max(most, 1), 0)
        if left_out:
            # Its own row says how many.
            left_out += int(most > 1)
        # So that a long one leaves room for its figures.
        longest = _NAME_SHARE * self._plot.getPlotItem().getViewBox().width()
        metrics = QFontMetricsF(self.textItem.font())
        heads = [table.place, *table.columns]
        rows = ["".join(_cell(text, secondary, number) for number, text in enumerate(heads))]
        for row in table.rows[: len(table.rows) - left_out]:
            words = metrics.elidedText(row.name, Qt.TextElideMode.ElideMiddle, longest)
            square = f"<span style='color:{self._theme.series(row.color_index).name()}'>&#9632;</span> "
            name = _CELL.format("left", ink, 0, square + html.escape(words))
            rows.append(name + "".join(_cell(text, ink, number) for number, text in enumerate(row.values, 1)))
        if left_out:
            rows.append(_cell(self.tr("and {0} more").format(left_out), secondary, 0))
        self.show_html(x, f"<table cellspacing='0'>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>")

    def _rows_in(self, height: float) -> int:
        document = self.textItem.document()
        return int((height - 2 * document.documentMargin()) / QFontMetricsF(self.textItem.font()).lineSpacing())


def _cell(text: str, ink: str, column: int) -> str:
    align, apart = ("right", _APART_PX) if column else ("left", 0)
    return _CELL.format(align, ink, apart, html.escape(text))
