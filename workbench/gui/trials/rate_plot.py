"""The loss over a rising learning rate, and the rate that the person points at."""

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from workbench.gui.trials.rates import rate_text, round_rate
from workbench.gui.widgets.axes import round_out
from workbench.gui.widgets.plotting import pg
from workbench.gui.widgets.theme import GAP, Theme

Figures = NDArray[np.float64]

_RAW_ALPHA = 64
_DOT_PX = 9
# Where the loss explodes, the valley before it must stay visible.
_HIGHEST_RISE = 2.0
# Less of the first loss would make noise look like a course.
_LEAST_SPREAD = 0.25
# How far a number may stand out over the end of its axis.
_OVERHANG_PX = 16
_EMPTY_RATES, _EMPTY_LOSSES = (1e-5, 10.0), (0.0, 2.5)
# Of the logarithm.
_SAME_LINE = 0.01
_KEY_STEP = 10 ** (1 / 20)
_KEY_FACTORS: dict[int, float] = {Qt.Key.Key_Left: 1 / _KEY_STEP, Qt.Key.Key_Right: _KEY_STEP}


class RatePlot(pg.PlotWidget):  # type: ignore[misc]  # pyqtgraph has no types
    """Draws losses over rates on a logarithmic axis. `rate_pointed_at` carries a rate of two significant digits.

    A click, a drag of the line, and the arrow keys choose; nothing zooms.
    """

    rate_pointed_at = Signal(float)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent, enableMenu=False)
        self._theme = theme
        self._rates: Figures = np.empty(0)
        self._smoothed: Figures = np.empty(0)
        self._limits = _EMPTY_RATES
        self.rate: float | None = None
        self._can_choose = False
        self.setObjectName("ratePlot")
        self.setAccessibleName(self.tr("Loss over the learning rate"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        item = self.getPlotItem()
        item.hideButtons()
        # The edge of the focus must not touch the words.
        item.layout.setContentsMargins(GAP, GAP, GAP, GAP)
        # The axis pen is the faint hairline color already.
        item.showGrid(x=False, y=True, alpha=1.0)
        item.getAxis("left").setWidth(52)
        item.getAxis("left").setStyle(maxTickLevel=1)
        for name in ("left", "bottom"):
            item.getAxis(name).setStyle(hideOverlappingLabels=_OVERHANG_PX)
            item.getAxis(name).enableAutoSIPrefix(False)
        self.setMouseEnabled(x=False, y=False)
        self.disableAutoRange()
        self._add_parts()
        self.scene().sigMouseMoved.connect(self._on_mouse)
        self.scene().sigMouseClicked.connect(self._on_click)
        theme.changed.connect(self.restyle)
        self.restyle()
        self.clear_curve()

    def _add_parts(self) -> None:
        self._raw, self._line = pg.PlotCurveItem(connect="finite"), pg.PlotCurveItem(connect="finite")
        self._suggested = pg.InfiniteLine(angle=90)
        self._suggested_text = pg.TextItem(anchor=(0, 0))
        self._chosen = pg.InfiniteLine(angle=90, movable=True)
        self._chosen.sigDragged.connect(self._on_drag)
        self._dot = pg.ScatterPlotItem(size=_DOT_PX, pxMode=True)
        self._readout = pg.TextItem(anchor=(1, 0))
        self._empty = pg.TextItem(anchor=(0.5, 0.5))
        for part in (self._raw, self._line, self._suggested, self._suggested_text, self._chosen, self._dot,
                     self._readout, self._empty):  # fmt: skip
            self.addItem(part, ignoreBounds=True)

    def clear_curve(self) -> None:
        """Back to empty axes, which say what will appear."""
        self._rates = self._smoothed = np.empty(0)
        for curve in (self._raw, self._line):
            curve.setData([], [])
        self._set_ranges(_EMPTY_RATES, _EMPTY_LOSSES)
        self.show_suggestion(None)
        self._readout.hide()
        self._empty.setPos(sum(np.log10(_EMPTY_RATES)) / 2, sum(_EMPTY_LOSSES) / 2)
        self._empty.show()

    def show_curve(self, rates: Figures, losses: Figures, smoothed: Figures, highest: float = 0.0) -> None:
        """Draw a trial that goes on to the rate `highest`, or is at its end."""
        self._rates, self._smoothed = rates, smoothed
        if not len(rates):
            return
        self._empty.hide()
        self._raw.setData(np.log10(rates), losses)
        self._line.setData(np.log10(rates), smoothed)
        self._set_ranges((float(rates[0]), max(float(rates[-1]), highest)), loss_range(smoothed))

    def show_suggestion(self, rate: float | None) -> None:
        """Mark and choose a rate; None: there is none to mark, and none is chosen."""
        for part in (self._suggested, self._suggested_text):
            part.setVisible(rate is not None)
        if rate is not None:
            self._suggested.setPos(math.log10(rate))
            self._suggested_text.setText(self.tr("suggestion {0}").format(rate_text(rate)))
        self._show_rate(rate)

    def allow_choice(self, allowed: bool) -> None:
        """Whether a click or a key chooses a rate."""
        self._can_choose = allowed and len(self._rates) > 1
        self._chosen.setMovable(self._can_choose)
        self.setCursor(Qt.CursorShape.CrossCursor if self._can_choose else Qt.CursorShape.ArrowCursor)

    def choose(self, rate: float) -> None:
        """Point at a rate, rounded to two digits and within the trial's."""
        low, high = self._limits
        self._show_rate(round_rate(min(max(rate, low), high)))
        self.rate_pointed_at.emit(self.rate)

    def loss_at(self, rate: float) -> float:
        """The smoothed loss of the step whose rate is nearest; NaN if there is none."""
        if not len(self._rates):
            return math.nan
        return float(self._smoothed[np.abs(np.log(self._rates / rate)).argmin()])

    def _show_rate(self, rate: float | None) -> None:
        self.rate = rate
        loss = self.loss_at(rate) if rate is not None else math.nan
        self._chosen.setVisible(rate is not None)
        self._dot.setVisible(math.isfinite(loss))
        if rate is not None:
            self._chosen.setPos(math.log10(rate))
            self._place_suggested_text(math.log10(rate))
            self._dot.setData([math.log10(rate)], [loss])
            said = self.tr("rate {0}, loss {1}").format(rate_text(rate), f"{loss:.3g}")
            self.setAccessibleDescription(said)

    def _set_ranges(self, rates: tuple[float, float], losses: tuple[float, float]) -> None:
        self._limits = rates
        low, high = math.log10(rates[0]), math.log10(max(rates[1], rates[0] * 1.01))
        self.setXRange(low, high, padding=0.02)
        self.setYRange(*losses, padding=0.02)
        self.getPlotItem().getAxis("bottom").setTicks(rate_ticks(low, high))

    def _place_suggested_text(self, chosen: float) -> None:
        """Beside the suggestion: away from the line of the choice, or where there is more room."""
        (left, right), (_, high) = self.getPlotItem().getViewBox().viewRange()
        at = float(self._suggested.value())
        side = at - chosen if abs(at - chosen) > _SAME_LINE else (left + right) / 2 - at
        self._suggested_text.setAnchor((0, 0) if side > 0 else (1, 0))
        self._suggested_text.setPos(at, high)

    @Slot()
    def restyle(self) -> None:
        """Take the theme's present colors."""
        theme, item = self._theme, self.getPlotItem()
        self.setBackground(theme.color("surface"))
        titles = {"left": self.tr("loss / nats"), "bottom": self.tr("learning rate")}
        for name, title in titles.items():
            axis = item.getAxis(name)
            axis.setPen(pg.mkPen(theme.color("hairline")))
            axis.setTextPen(pg.mkPen(theme.color("secondary")))
            axis.setLabel(title, color=theme.colors.secondary)
        faint = theme.series(0)
        faint.setAlpha(_RAW_ALPHA)
        self._raw.setPen(pg.mkPen(faint))
        self._line.setPen(pg.mkPen(theme.series(0)))
        self._suggested.setPen(pg.mkPen(theme.color("secondary"), style=Qt.PenStyle.DashLine))
        self._chosen.setPen(pg.mkPen(theme.color("accent")))
        self._chosen.setHoverPen(pg.mkPen(theme.color("accent"), width=2))
        self._dot.setBrush(pg.mkBrush(theme.color("accent")))
        self._dot.setPen(pg.mkPen(theme.color("surface")))
        for text in (self._suggested_text, self._readout):
            text.setColor(theme.color("secondary"))
            text.fill = pg.mkBrush(theme.color("surface"))
        self._empty.setText(self.tr("The loss at rising learning rates appears here"), theme.color("secondary"))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        factor = _KEY_FACTORS.get(event.key())
        if factor is None or not self._can_choose:
            super().keyPressEvent(event)
        else:
            self.choose((self.rate or math.sqrt(self._limits[0] * self._limits[1])) * factor)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._readout.hide()

    @Slot(object)
    def _on_drag(self, line: pg.InfiniteLine) -> None:
        self.choose(10 ** float(line.value()))

    @Slot(object)
    def _on_click(self, event: object) -> None:
        position = event.scenePos()  # type: ignore[attr-defined]  # of pyqtgraph
        box = self.getPlotItem().getViewBox()
        if self._can_choose and box.sceneBoundingRect().contains(position):
            self.choose(10 ** float(box.mapSceneToView(position).x()))

    @Slot(object)
    def _on_mouse(self, position: QPointF) -> None:
        box = self.getPlotItem().getViewBox()
        inside = bool(len(self._rates)) and box.sceneBoundingRect().contains(position)
        self._readout.setVisible(inside)
        if inside:
            rate = 10 ** float(box.mapSceneToView(position).x())
            text = self.tr("rate {0}  loss {1}").format(rate_text(rate), f"{self.loss_at(rate):.3f}")
            self._readout.setText(text)
            (_, right), (low, _) = box.viewRange()
            self._readout.setAnchor((1, 1))
            self._readout.setPos(right, low)


def rate_ticks(low: float, high: float) -> list[list[tuple[float, str]]]:
    """Powers of ten; with few of them, twice and five times these too. Positions are logarithms."""
    factors = (1,) if high - low > 3 else (1, 2, 5)
    powers = range(math.floor(low) - 1, math.ceil(high) + 1)
    ticks = [(power + math.log10(factor), factor * 10.0**power) for power in powers for factor in factors]
    return [[(at, rate_text(rate)) for at, rate in ticks if low - 1e-9 <= at <= high + 1e-9]]


def loss_range(smoothed: Figures) -> tuple[float, float]:
    """Round limits around the curve's course before it explodes."""
    finite = smoothed[np.isfinite(smoothed)]
    if not len(finite):
        return _EMPTY_LOSSES
    first = max(float(finite[0]), 1e-6)
    low = min(float(finite.min()), (1 - _LEAST_SPREAD) * first)
    high = max(float(finite.max()), (1 + _LEAST_SPREAD) * first)
    return round_out(low, min(high, _HIGHEST_RISE * first))
