"""The drawings of the view of calibration; pyqtgraph comes with them. Only their data change, never the plots."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, Qt, Signal, Slot
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QWidget

from workbench.core.calibration import Calibration, Coverage
from workbench.gui.widgets.axes import round_up
from workbench.gui.widgets.plotting import pg
from workbench.gui.widgets.still_plot import StillPlot
from workbench.gui.widgets.theme import FIELD_GAP, GAP, GROUP_GAP, Theme, mixed

Floats = NDArray[np.float64]

_OVERHANG_PX = 16
_DOT_PX = 7
_BAR_SHARE = 0.35
# Of the curve of coverage, as many as a wide window has pixels: it may be of 10 000 images.
_MOST_POINTS = 500
# Fewer of the surest images say little, and would make the axis begin at 0.
_LEAST_COVERAGE = 0.05
_STEP = 0.01
_HEADROOM = 1.25


class FigurePlot(StillPlot):
    """Axes in per cent or counts. `pointed_at` has the x below the pointer."""

    pointed_at = Signal(float)
    clicked_at = Signal(float)
    left = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        # The last number of an axis stands out beyond it.
        super().__init__(theme, {}, (GAP, FIELD_GAP, GROUP_GAP, GAP), parent)
        for name in ("left", "bottom"):
            self.getPlotItem().getAxis(name).setStyle(hideOverlappingLabels=_OVERHANG_PX, maxTickLevel=0)
        self.setObjectName("figurePlot")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setXRange(0, 100, padding=0.01)
        self._cursor = pg.InfiniteLine(angle=90)
        self._cursor.hide()
        self.addItem(self._cursor, ignoreBounds=True)
        self.scene().sigMouseClicked.connect(self._on_click)

    def restyle(self) -> None:
        super().restyle()
        self._cursor.setPen(pg.mkPen(self._theme.color("secondary"), style=Qt.PenStyle.DashLine))

    def show_cursor(self, x: float | None) -> None:
        self._cursor.setVisible(x is not None)
        if x is not None:
            self._cursor.setPos(x)

    def _follow_pointer(self, x: float | None) -> None:
        if x is not None:
            self.pointed_at.emit(x)

    @Slot(object)
    def _on_click(self, event: object) -> None:
        x = self._x_at(event.scenePos())  # type: ignore[attr-defined]  # of pyqtgraph
        if x is not None and event.button() == Qt.MouseButton.LeftButton:  # type: ignore[attr-defined]
            self.clicked_at.emit(x)

    def scene_point(self, x: float, y: float) -> QPointF:
        """Where a value is drawn, in this widget's pixels."""
        scene = self.getPlotItem().getViewBox().mapViewToScene(QPointF(x, y))
        return QPointF(self.mapFromScene(scene))

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.left.emit()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.left.emit()


class _BinKeys(FigurePlot):
    """Left and Right move over the bins, Return or Space chooses one."""

    _bins = 10
    _current = -1

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        key = Qt.Key(event.key())
        if key in moves:
            start = self._current if self._current >= 0 else self._bins
            self._current = min(max(start + moves[key], 0), self._bins - 1)
            self.pointed_at.emit(self._middle)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._current >= 0:
            self.clicked_at.emit(self._middle)
        else:
            super().keyPressEvent(event)

    @property
    def _middle(self) -> float:
        return 100 * (self._current + 0.5) / self._bins

    def _take_bins(self, bins: int) -> None:
        self._bins, self._current = bins, min(self._current, bins - 1)


class ReliabilityPlot(_BinKeys):
    """Accuracy over confidence in bins: on the diagonal a network is as often right as it is sure."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._titles = {"left": self.tr("accuracy, %"), "bottom": ""}
        self.setAccessibleName(self.tr("Reliability diagram"))
        # The bins below it have the same.
        self.getPlotItem().hideAxis("bottom")
        self.show_y_range(0, 100)
        self._bars = pg.BarGraphItem(x=[], height=[], width=1)
        self._diagonal = pg.PlotCurveItem([0, 100], [0, 100])
        self._before, self._after = (pg.PlotDataItem(connect="finite", symbolSize=_DOT_PX) for _ in range(2))
        for part in (self._bars, self._diagonal, self._after, self._before):
            self.addItem(part, ignoreBounds=True)
        self.restyle()

    def show_bins(self, before: Calibration, after: Calibration | None) -> None:
        self._take_bins(len(before.counts))
        width = 100 / self._bins
        middles = (np.arange(self._bins) + 0.5) * width
        self._bars.setOpts(x=middles, height=100 * np.nan_to_num(before.accuracy), width=width)
        _draw(self._before, before)
        _draw(self._after, after)

    def restyle(self) -> None:
        super().restyle()
        theme = self._theme
        ground = theme.color("surface")
        self._bars.setOpts(
            brush=pg.mkBrush(mixed(theme.series(0), ground, 0.18)),
            pen=pg.mkPen(mixed(theme.series(0), ground, 0.45)),
        )
        self._diagonal.setPen(pg.mkPen(theme.color("secondary"), style=Qt.PenStyle.DashLine))
        _style(self._before, theme, 0, "o")
        _style(self._after, theme, 1, "s")


class CountsPlot(_BinKeys):
    """How many images are in each bin, as it is and at the temperature."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._titles = {"left": self.tr("images"), "bottom": self.tr("confidence, %")}
        self.setAccessibleName(self.tr("Images in each bin"))
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._before, self._after = (pg.BarGraphItem(x=[], height=[], width=1) for _ in range(2))
        for part in (self._before, self._after):
            self.addItem(part, ignoreBounds=True)
        self._top = 0.0
        self.restyle()

    def show_bins(self, before: Calibration, after: Calibration | None) -> None:
        self._take_bins(len(before.counts))
        step = 100 / self._bins
        places = (np.arange(self._bins) + 0.5) * step
        width = _BAR_SHARE * step if after is not None else 2 * _BAR_SHARE * step
        shift = width / 2 if after is not None else 0.0
        self._before.setOpts(x=places - shift, height=before.counts, width=width)
        if after is not None:
            self._after.setOpts(x=places + shift, height=after.counts, width=width)
        self._after.setVisible(after is not None)
        counts = [before.counts.max(), after.counts.max() if after is not None else 0]
        top = round_up(float(max(1, *counts)))
        if top != self._top:
            self._top = top
            self.setYRange(0, _HEADROOM * top, padding=0)
            self.getPlotItem().getAxis("left").setTicks([[(0, "0"), (top, f"{top:.0f}")]])

    def restyle(self) -> None:
        super().restyle()
        for bars, index in ((self._before, 0), (self._after, 1)):
            bars.setOpts(brush=pg.mkBrush(self._theme.series(index)), pen=pg.mkPen(None))


class CoveragePlot(FigurePlot):
    """The accuracy among the surest images, over how many of all they are. Left and Right move the read-out."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._titles = {"left": self.tr("accuracy, %"), "bottom": self.tr("coverage: the surest images, %")}
        self.setAccessibleName(self.tr("Accuracy over coverage"))
        self._line = pg.PlotCurveItem()
        self._dot = pg.ScatterPlotItem(size=_DOT_PX + 2, pxMode=True)
        for part in (self._line, self._dot):
            self.addItem(part, ignoreBounds=True)
        self._low = -1.0
        self._at = 80.0
        self.restyle()

    def show_curve(self, curve: Coverage) -> None:
        count = len(curve.accuracy)
        shown = np.unique(np.linspace(0, count - 1, min(count, _MOST_POINTS)).astype(np.int64))
        self._line.setData(100 * curve.coverage[shown], 100 * curve.accuracy[shown])
        settled = curve.accuracy[min(count - 1, int(_LEAST_COVERAGE * count)) :]
        low = float(np.floor(10 * settled.min()) * 10) if count else 0.0
        low = min(low, 90.0)
        if low != self._low:
            self._low = low
            self.show_y_range(low, 100)

    def show_point(self, coverage: float, accuracy: float) -> None:
        """Mark what is read out: both from 0 to 1."""
        self._at = 100 * coverage
        self.show_cursor(self._at)
        self._dot.setData([self._at], [100 * accuracy])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {Qt.Key.Key_Left: -_STEP, Qt.Key.Key_Right: _STEP}
        step = moves.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        else:
            self.pointed_at.emit(min(max(self._at + 100 * step, 1.0), 100.0))

    def restyle(self) -> None:
        super().restyle()
        theme = self._theme
        self._line.setPen(pg.mkPen(theme.series(0), width=2))
        self._dot.setBrush(pg.mkBrush(theme.color("accent")))
        self._dot.setPen(pg.mkPen(theme.color("surface")))


def _draw(line: pg.PlotDataItem, bins: Calibration | None) -> None:
    line.setVisible(bins is not None)
    if bins is not None:
        filled = bins.counts > 0
        line.setData(100 * bins.confidence[filled], 100 * bins.accuracy[filled])


def _style(line: pg.PlotDataItem, theme: Theme, index: int, symbol: str) -> None:
    color = theme.series(index)
    line.setPen(pg.mkPen(color, width=2))
    line.setSymbol(symbol)
    line.setSymbolBrush(pg.mkBrush(color))
    line.setSymbolPen(pg.mkPen(theme.color("surface")))
