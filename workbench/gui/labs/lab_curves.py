"""Curves of a lab: for each arm the mean error over its seeds, and from its best to its worst seed."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from workbench.core.labs.findings import Curve
from workbench.gui.widgets.axes import round_out
from workbench.gui.widgets.plotting import pg
from workbench.gui.widgets.still_plot import StillPlot
from workbench.gui.widgets.theme import FIELD_GAP, GAP, GROUP_GAP, Theme

_BAND_ALPHA = 46
_LINE_PX = 1.5
_OVERHANG_PX = 16


class ArmCurve(NamedTuple):
    """One arm in its color."""

    title: str
    color: int
    curve: Curve


class LabCurves(StillPlot):
    """`pointed_at` carries the epoch below the pointer; 0 where there is none."""

    pointed_at = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        titles = {"left": self.tr("Error, %"), "bottom": self.tr("Epoch")}
        super().__init__(theme, titles, (GAP, FIELD_GAP, GROUP_GAP, GAP), parent)
        for name in ("left", "bottom"):
            self.getPlotItem().getAxis(name).setStyle(hideOverlappingLabels=_OVERHANG_PX, maxTickLevel=0)
        self._shown: tuple[ArmCurve, ...] = ()
        self._parts: list[object] = []
        self._cursor = pg.InfiniteLine(angle=90)
        self._cursor.hide()
        self.addItem(self._cursor, ignoreBounds=True)
        self.setAccessibleName(self.tr("Curves of the lab"))
        self.restyle()

    def restyle(self) -> None:
        super().restyle()
        self._cursor.setPen(pg.mkPen(self._theme.color("secondary"), style=Qt.PenStyle.DashLine))
        self._draw()

    def show_curves(self, curves: Sequence[ArmCurve], beside: Sequence[Curve] = ()) -> None:
        """Draw these in place of the former ones.

        Args:
            beside: others, with which they share the axes.
        """
        self._shown = tuple(each for each in curves if each.curve.epochs)
        every = [*(each.curve for each in self._shown), *(curve for curve in beside if curve.epochs)]
        self._draw()
        if not every:
            self.setXRange(1, 10, padding=0.02)
            self.show_y_range(0, 100)
            return
        self.setXRange(
            min(curve.epochs[0] for curve in every), max(curve.epochs[-1] for curve in every), padding=0.02
        )
        lowest, highest = (
            100 * pick(pick(ends) for ends in (getattr(curve, side) for curve in every))
            for side, pick in (("low", min), ("high", max))
        )
        self.show_y_range(*round_out(lowest, highest))

    def _draw(self) -> None:
        for part in self._parts:
            self.removeItem(part)
        self._parts = []
        for each in self._shown:
            self._add_band(each.curve, self._theme.series(each.color))
        for each in self._shown:
            self._add_line(each.curve, self._theme.series(each.color))

    def _add_band(self, curve: Curve, color: QColor) -> None:
        if curve.low == curve.high:
            return
        epochs = np.array(curve.epochs)
        edges = [pg.PlotCurveItem(epochs, 100 * np.array(values), pen=None) for values in (curve.low, curve.high)]
        faint = QColor(color)
        faint.setAlpha(_BAND_ALPHA)
        self._put(pg.FillBetweenItem(*edges, brush=faint), *edges)

    def _add_line(self, curve: Curve, color: QColor) -> None:
        epochs, values = np.array(curve.epochs), 100 * np.array(curve.mean)
        if len(values) == 1:
            self._put(pg.ScatterPlotItem(epochs, values, pen=None, brush=color, size=7))
        else:
            self._put(pg.PlotCurveItem(epochs, values, pen=pg.mkPen(color, width=_LINE_PX), antialias=True))

    def _put(self, *parts: object) -> None:
        for part in parts:
            self.addItem(part, ignoreBounds=True)
            self._parts.append(part)

    def _follow_pointer(self, x: float | None) -> None:
        last = max((each.curve.epochs[-1] for each in self._shown), default=0)
        epoch = 0 if x is None or not last else min(max(1, round(x)), last)
        self._cursor.setVisible(epoch > 0)
        self._cursor.setPos(epoch)
        self.pointed_at.emit(epoch)
