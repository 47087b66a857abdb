"""The drawing inside the schedule's view; pyqtgraph comes with it."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, Qt, Signal, Slot
from PySide6.QtGui import QPalette

from workbench.gui.widgets.plotting import pg
from workbench.gui.widgets.theme import GAP, GROUP_GAP

_HEADROOM = 1.15
# How far a number may stand out over the end of its axis.
_OVERHANG_PX = 16


class SchedulePlot(pg.PlotWidget):  # type: ignore[misc]  # pyqtgraph has no types
    """A plot to look at: the wheel goes on to the panel, there is no zoom and no menu.

    `pointed_at` carries the epoch under the pointer.
    """

    pointed_at = Signal(float)

    def __init__(self) -> None:
        super().__init__(enableMenu=False)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hideButtons()
        self.setMouseEnabled(x=False, y=False)
        self.disableAutoRange()
        item = self.getPlotItem()
        item.layout.setContentsMargins(GAP, 0, GROUP_GAP, 0)
        for name in ("left", "bottom"):
            axis = item.getAxis(name)
            axis.setStyle(hideOverlappingLabels=_OVERHANG_PX, tickLength=0)
            axis.enableAutoSIPrefix(False)
        self._line = pg.PlotCurveItem(antialias=True)
        self._peak, self._cursor = pg.InfiniteLine(angle=0), pg.InfiniteLine(angle=90)
        self._cursor.hide()
        for part in (self._peak, self._line, self._cursor):
            self.addItem(part, ignoreBounds=True)
        self.scene().sigMouseMoved.connect(self._on_mouse)

    def show_rates(self, epochs: NDArray[np.float64], rates: NDArray[np.float64], ticks: list[int]) -> None:
        """Draw the rates over the epochs; `ticks` are the epochs to be written, from 0 to the last."""
        self._line.setData(epochs, rates)
        peak = float(rates.max())
        self._peak.setPos(peak)
        item = self.getPlotItem()
        item.getAxis("left").setTicks([[(0.0, "0"), (peak, f"{peak:.3g}")]])
        item.getAxis("bottom").setTicks([[(tick, str(tick)) for tick in ticks]])
        self.setXRange(0, ticks[-1], padding=0)
        self.setYRange(0, _HEADROOM * peak, padding=0)

    def restyle(self, palette: QPalette) -> None:
        """Take the theme's colors."""
        role = QPalette.ColorRole
        self.setBackground(palette.color(role.Base))
        self._line.setPen(pg.mkPen(palette.color(role.Highlight)))
        self._peak.setPen(pg.mkPen(palette.color(role.Mid)))
        self._cursor.setPen(pg.mkPen(palette.color(role.PlaceholderText), style=Qt.PenStyle.DashLine))
        for name in ("left", "bottom"):
            axis = self.getPlotItem().getAxis(name)
            axis.setPen(pg.mkPen(palette.color(role.Mid)))
            axis.setTextPen(pg.mkPen(palette.color(role.PlaceholderText)))

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._cursor.hide()

    @Slot(object)
    def _on_mouse(self, position: QPointF) -> None:
        box = self.getPlotItem().getViewBox()
        inside = bool(box.sceneBoundingRect().contains(position))
        self._cursor.setVisible(inside)
        if inside:
            epoch = float(box.mapSceneToView(position).x())
            self._cursor.setPos(epoch)
            self.pointed_at.emit(epoch)
