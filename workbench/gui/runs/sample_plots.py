"""Plots of what is sampled during training: curves over epochs with a cross-hair, and a bar for each part."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QColor, QKeyEvent, QPen
from PySide6.QtWidgets import QGraphicsItem, QWidget

from workbench.gui.runs.readout import Readout
from workbench.gui.widgets.plotting import pg
from workbench.gui.widgets.still_plot import StillPlot
from workbench.gui.widgets.theme import GAP, Theme

_BAR_SHARE = 0.8
# More of them have no room for gaps.
_MOST_WITH_GAPS = 120
_KEY_STEPS: dict[int, int] = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}


class SamplePlot(StillPlot):
    """
    Args:
        titles: of the axes `left` and `bottom`.
    """

    def __init__(self, theme: Theme, titles: dict[str, str], parent: QWidget | None = None) -> None:
        super().__init__(theme, titles, (GAP, GAP, GAP, GAP), parent)
        for name in ("left", "bottom"):
            # Painting ticks and grid costs more than painting the lines; they change only with the range.
            self.getPlotItem().getAxis(name).setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
        self._readout = Readout(self, theme)

    def restyle(self) -> None:
        super().restyle()
        self._readout.restyle()


class CurvesPlot(SamplePlot):
    """Curves over epochs. `hovered` carries the epoch under the pointer, NaN of none."""

    hovered = Signal(float)

    def __init__(self, theme: Theme, titles: dict[str, str], parent: QWidget | None = None) -> None:
        super().__init__(theme, titles, parent)
        self._lines: list[pg.PlotDataItem] = []
        self._right = 0.0
        self._cursor = pg.InfiniteLine(angle=90)
        self._cursor.hide()
        self._empty = pg.TextItem(anchor=(0.5, 0.5))
        for part in (self._cursor, self._empty):
            self.addItem(part, ignoreBounds=True)
        self.getPlotItem().getViewBox().sigRangeChanged.connect(self._place_sentence)

    def show_sentence(self, sentence: str) -> None:
        """Empty axes that say what will appear, or why nothing is there; an empty one gives way to curves."""
        if sentence:
            self._empty.setText(sentence, self._theme.color("secondary"))
            self._place_sentence()
        self._empty.setVisible(bool(sentence))

    def pen(self, number: int, count: int) -> QPen:
        """Of one of `count` lines."""
        raise NotImplementedError

    def set_lines(self, count: int) -> None:
        """Have so many, without points yet where there were others."""
        if count != len(self._lines):
            for line in self._lines:
                self.removeItem(line)
            self._lines = [pg.PlotDataItem(connect="finite") for _ in range(count)]
            for line in self._lines:
                self.addItem(line)
                # Only after the item has a view does this work (pyqtgraph#1855).
                line.setClipToView(True)
            self._style_lines()

    def _style_lines(self) -> None:
        for number, line in enumerate(self._lines):
            line.setPen(self.pen(number, len(self._lines)))

    def set_right(self, right: float) -> None:
        """Show epochs up to this one."""
        if right != self._right:
            self._right = right
            self.setXRange(0, right, padding=0.03)

    def restyle(self) -> None:
        super().restyle()
        self._cursor.setPen(pg.mkPen(self._theme.color("secondary"), style=Qt.PenStyle.DashLine))
        self._empty.setColor(self._theme.color("secondary"))
        self._style_lines()

    def show_cursor(self, epoch: float | None, rows: Sequence[tuple[QColor, str]] = ()) -> None:
        """A cross-hair at an epoch, with what is there; none for None."""
        self._cursor.setVisible(epoch is not None)
        self._readout.setVisible(epoch is not None)
        if epoch is not None:
            self._cursor.setPos(epoch)
            self._readout.show_at(epoch, [(None, self.tr("epoch {0}").format(f"{epoch:.2f}")), *rows])

    def _follow_pointer(self, x: float | None) -> None:
        self.hovered.emit(math.nan if x is None else x)

    @Slot()
    def _place_sentence(self) -> None:
        (left, right), (low, high) = self.getPlotItem().getViewBox().viewRange()
        self._empty.setPos((left + right) / 2, (low + high) / 2)


class BarsPlot(SamplePlot):
    """A bar for each part of the network, from the input to the output; pointer and arrow keys name one."""

    def __init__(self, theme: Theme, titles: dict[str, str], parent: QWidget | None = None) -> None:
        super().__init__(theme, titles, parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.getPlotItem().getAxis("bottom").setTicks([[]])
        self._bars = pg.BarGraphItem(x0=[], x1=[], y0=[], y1=[], pen=pg.mkPen(None))
        self.addItem(self._bars)
        self._count, self._named = 0, -1

    def colors(self) -> list[QColor]:
        """Of all bars."""
        raise NotImplementedError

    def describe(self, part: int) -> str:
        """Its name and value."""
        raise NotImplementedError

    def set_bars(self, floor: float, heights: NDArray[np.float64]) -> None:
        """(N,) heights of bars that stand on the floor."""
        self._count = count = len(heights)
        width = _BAR_SHARE if count <= _MOST_WITH_GAPS else 1.0
        left = np.arange(count) + (1 - width) / 2
        self._bars.setOpts(
            x0=left, x1=left + width, y0=np.full(count, floor), y1=heights, brushes=self.colors() if count else []
        )
        self.setXRange(0, max(count, 1), padding=0.02)
        self._name(self._named if self._named < count else -1)

    def restyle(self) -> None:
        super().restyle()
        if self._count:
            self._bars.setOpts(brushes=self.colors())

    def _name(self, part: int) -> None:
        """Write name and value of a part over its bar; of none for -1."""
        self._named = part
        text = self.describe(part) if part >= 0 else ""
        if text:
            self._readout.show_at(part + 0.5, [(self.colors()[part], text)])
        else:
            self._readout.hide()
        self.setAccessibleDescription(text)

    def _follow_pointer(self, x: float | None) -> None:
        self._name(math.floor(x) if x is not None and 0 <= x < self._count else -1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _KEY_STEPS.get(event.key())
        if step is None or not self._count:
            super().keyPressEvent(event)
            return
        self._name(min(max(self._named + step, 0), self._count - 1))
