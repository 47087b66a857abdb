"""One plot of one metric over epochs: per run a thin raw line, a smoothed one, validation and test."""

from collections.abc import Iterable

import numpy as np
from PySide6.QtCore import QPointF, Qt, Signal, Slot
from PySide6.QtGui import QColor, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QGraphicsItem, QWidget

from workbench.gui.runs.end_values import EndValue, EndValues
from workbench.gui.runs.line_looks import CURVE_LOOKS, DOT_PX
from workbench.gui.runs.readout import Readout
from workbench.gui.runs.run_curves import RunCurves
from workbench.gui.widgets.axes import log_ticks, round_out, round_up, short
from workbench.gui.widgets.plotting import pg
from workbench.gui.widgets.theme import Theme

_SMALLEST_LOG = 1e-6
_LARGE = 1e4
# An axis' outermost numbers may stand out so far, below its neighbors.
_TICK_LEVEL = 0
_OVERHANG_PX = 16
# Between two numbers of a logarithmic axis.
_TICK_PX = 22


class _NarrowAxis(pg.AxisItem):  # type: ignore[misc]  # pyqtgraph has no types
    """Writes the losses of a run that diverges so that they fit: 1.5e6; no logarithmic ones above each other."""

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:
        if not self.logMode:
            values: list[tuple[float, list[float]]] = super().tickValues(minVal, maxVal, size)
            return values
        return [(1.0, log_ticks(minVal, maxVal, _TICK_PX * (maxVal - minVal) / max(size, 1.0)))]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        if self.logMode:
            return [_written(10.0**value) for value in values]
        if max(map(abs, values), default=0.0) * scale < _LARGE:
            strings: list[str] = super().tickStrings(values, scale, spacing)
            return strings
        return [short(value * scale) for value in values]


def _written(value: float) -> str:
    return f"{value:.4g}" if 1e-3 <= value < _LARGE else short(value)


class MetricPlot(pg.PlotWidget):  # type: ignore[misc]  # pyqtgraph has no types
    """Draws RunCurves of one quantity, `loss` or `accuracy`. `hovered` carries the epoch under the pointer."""

    hovered = Signal(float)
    refit_asked = Signal()

    def __init__(
        self, quantity: str, title: str, scale: float, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent, axisItems={"left": _NarrowAxis("left")}, enableMenu=False)
        self.quantity, self._title, self._scale, self._theme = quantity, title, scale, theme
        self._lines: dict[tuple[str, str], pg.PlotDataItem] = {}
        self._ends: dict[str, EndValue] = {}
        self._changes: dict[str, list[pg.InfiniteLine]] = {}
        self._x_title = self.tr("epoch")
        self.setAccessibleName(title)
        item = self.getPlotItem()
        item.hideButtons()
        # The axis pen is the faint hairline color already.
        item.showGrid(x=False, y=True, alpha=1.0)
        item.getAxis("left").setWidth(52)
        item.getAxis("bottom").setStyle(hideOverlappingLabels=_OVERHANG_PX)
        for name in ("left", "bottom"):
            # Lines where numbers stand are enough, and a third of the time.
            item.getAxis(name).setStyle(maxTickLevel=_TICK_LEVEL)
            # The grid is behind the lines.
            item.getAxis(name).setZValue(-1)
            # Painting ticks and grid costs more than painting the lines; they change only with the range.
            item.getAxis(name).setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMouseEnabled(x=True, y=False)
        self.disableAutoRange()
        self._follows_data = True
        item.getViewBox().sigRangeChangedManually.connect(self._stop_following)
        self._cursor = pg.InfiniteLine(angle=90)
        self._cursor.hide()
        self.addItem(self._cursor, ignoreBounds=True)
        self._readout = Readout(self, theme)
        self.end_values = EndValues(self, theme)
        self._empty = pg.TextItem(anchor=(0.5, 0.5))
        self.addItem(self._empty, ignoreBounds=True)
        self._is_empty = True
        self._range: tuple[tuple[float, float], tuple[float, float]] | None = None
        self.scene().sigMouseMoved.connect(self._on_mouse)
        item.getViewBox().sigRangeChanged.connect(self._place_texts)
        self.show_empty(True)

    def hide_x_title(self) -> None:
        """For all but the lowest of plots with linked x axes."""
        self._x_title = ""

    def draw(self, curves: RunCurves) -> None:
        """Update the lines of one run, or remove them if it is hidden."""
        if not curves.visible:
            self.remove(curves.run_id)
            return
        smoothed = curves.smoothed.get(self.quantity)
        train, validation, test = (part[self.quantity] for part in (curves.train, curves.validation, curves.test))
        # Once for both lines: of many steps, it takes as long as all that is drawn.
        steps = np.array(train.x)
        values = {
            "raw": (steps, train.y),
            "smoothed": (steps, smoothed.values if smoothed else []),
            "validation": (np.array(validation.x), validation.y),
            "test": (np.array(test.x), test.y),
        }
        for kind, (x, y) in values.items():
            # One point alone makes no line.
            symbol = "o" if CURVE_LOOKS[kind].has_dots or len(x) == 1 else None
            self._line(curves, kind).setData(x, self._scale * np.array(y), symbol=symbol)
        self._note_end(curves)
        self._mark_changes(curves)

    def _mark_changes(self, curves: RunCurves) -> None:
        """A line where the person changed the learning rate, with the new one beside it."""
        color = self._theme.series(curves.color_index)
        # Not by their number: a run that is resumed may have as many others.
        if [mark.change for mark in self._changes.get(curves.run_id, [])] != curves.rate_changes:
            self._remove_changes(curves.run_id)
            pen = pg.mkPen(color, style=Qt.PenStyle.DashLine)
            text = self._theme.color("secondary")
            options = {"position": 0.98, "color": text, "anchors": [(0, 0), (0, 0)]}
            marks = self._changes.setdefault(curves.run_id, [])
            for x, rate in curves.rate_changes:
                # Linked plots need it said once.
                label = "" if self._x_title else self.tr("rate {0:.2g}").format(rate)
                mark = pg.InfiniteLine(x, angle=90, pen=pen, label=label or None, labelOpts=options)
                self.addItem(mark, ignoreBounds=True)
                mark.change = (x, rate)
                marks.append(mark)

    def _remove_changes(self, run_id: str) -> None:
        for mark in self._changes.pop(run_id, []):
            self.removeItem(mark)

    def _line(self, curves: RunCurves, kind: str) -> pg.PlotDataItem:
        key = (curves.run_id, kind)
        if key not in self._lines:
            line = pg.PlotDataItem()
            self.addItem(line)
            # No training line of one run hides what is measured of another.
            line.setZValue(list(CURVE_LOOKS).index(kind))
            # Only after the item has a view do these work (pyqtgraph#1855).
            line.setDownsampling(auto=True, method="peak")
            line.setClipToView(True)
            self._lines[key] = line
            self._style(line, kind, curves.color_index)
        return self._lines[key]

    def _style(self, line: pg.PlotDataItem, kind: str, color_index: int) -> None:
        look, color = CURVE_LOOKS[kind], self._theme.series(color_index)
        ground = self._theme.color("surface")
        line.setPen(look.pen(color, ground, self.devicePixelRatioF()))
        line.setSymbolSize(DOT_PX)
        line.setSymbolBrush(look.color(color, ground))
        line.setSymbolPen(None)
        line.color_index = color_index

    def _note_end(self, curves: RunCurves) -> None:
        """The last value that counts; it says what it is unless it is validation."""
        last = curves.last(self.quantity)
        if last is None:
            self._ends.pop(curves.run_id, None)
            return
        kind, x, y = last
        names = {"validation": "{0}", "test": self.tr("test {0}"), "train": self.tr("train {0}")}
        text = names[kind].format(self._written(self._scale * y, 3 if kind != "train" else 2))
        self._ends[curves.run_id] = EndValue(text, curves.color_index, x, self._scale * y)

    def _written(self, value: float, decimals: int) -> str:
        if self._scale > 1:
            return f"{value:.1f}"
        return f"{value:.{decimals}f}" if value < _LARGE else short(value)

    def remove(self, run_id: str) -> None:
        """Draw nothing of a run any more."""
        for kind in CURVE_LOOKS:
            line = self._lines.pop((run_id, kind), None)
            if line is not None:
                self.removeItem(line)
        self._remove_changes(run_id)
        self._ends.pop(run_id, None)

    @property
    def _log_is_on(self) -> bool:
        return bool(self.getPlotItem().getAxis("left").logMode)

    @Slot(bool)
    def set_log(self, on: bool) -> None:
        self.setLogMode(False, on)
        self._range = None

    def show_empty(self, empty: bool) -> None:
        self._is_empty = empty
        self._empty.setVisible(empty)
        self._range = None if empty else self._range
        if empty:
            self.setXRange(0, 10, padding=0)
            self.setYRange(0, 100 if self._scale > 1 else 2.5, padding=0)
            self._place_texts()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        if event is not None:
            # Otherwise pyqtgraph places the view and its lines while it paints, and all lines are painted twice.
            self.getPlotItem().layout.activate()
            self._place_lines()

    @Slot()
    def _place_lines(self) -> None:
        self.scene().prepareForPaint()

    def share_epochs(self, other: "MetricPlot") -> None:
        """Show the same epochs as another plot, one below the other."""
        self.setXLink(other)
        # This moves the lines here, once more.
        other.getPlotItem().getViewBox().sigResized.connect(self._place_lines)

    def fit(self, runs: Iterable[RunCurves]) -> None:
        """Show all of these runs, unless the person has zoomed; double click goes back to that.

        The limits are round numbers, so that the axes stand still while data come in.
        """
        shown = [curves for curves in runs if curves.visible]
        ends = [self._ends[curves.run_id] for curves in shown if curves.run_id in self._ends]
        self.end_values.show_values(ends, self._log_is_on)
        bounds = [b for b in map(self._bounds, shown) if b]
        if not bounds or not self._follows_data:
            return
        right = max(b[0] for b in bounds)
        low, high = min(b[1] for b in bounds), max(b[2] for b in bounds)
        if self._log_is_on:
            low, high = np.log10(max(low, _SMALLEST_LOG)), np.log10(max(high, _SMALLEST_LOG))
        wanted = ((0.0, round_up(right)), round_out(low, high))
        if wanted != self._range:
            self._range = wanted
            self.setXRange(*wanted[0], padding=0.02)
            # So that dots and numbers at 100 % are whole.
            self.setYRange(*wanted[1], padding=0.05)

    def _bounds(self, curves: RunCurves) -> tuple[float, float, float] | None:
        """Last x, lowest and highest y in the plot's unit."""
        every = (curves.train[self.quantity], curves.validation[self.quantity], curves.test[self.quantity])
        filled = [series for series in every if series.y]
        if not filled:
            return None
        right = max(series.x[-1] for series in filled)
        return right, self._scale * min(s.low for s in filled), self._scale * max(s.high for s in filled)

    @Slot()
    def _stop_following(self) -> None:
        self._follows_data = False

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        super().mouseDoubleClickEvent(event)
        self._follows_data, self._range = True, None
        self.refit_asked.emit()

    def restyle(self) -> None:
        """Take the theme's present colors."""
        theme, item = self._theme, self.getPlotItem()
        self.setBackground(theme.color("surface"))
        for name, label in (("left", self._title), ("bottom", self._x_title)):
            axis = item.getAxis(name)
            axis.setPen(pg.mkPen(theme.color("hairline")))
            axis.setTextPen(pg.mkPen(theme.color("secondary")))
            axis.setLabel(label or None, color=theme.colors.secondary)
            axis.showLabel(bool(label))
            axis.enableAutoSIPrefix(False)
        self._cursor.setPen(pg.mkPen(theme.color("secondary"), style=Qt.PenStyle.DashLine))
        self._empty.setText(
            self.tr("The {0} of every step will appear here: press Start").format(self.quantity),
            theme.color("secondary"),
        )
        self._readout.restyle()
        for (_, kind), line in self._lines.items():
            self._style(line, kind, line.color_index)
        # Drawn anew with the lines, in the new colors.
        for run_id in list(self._changes):
            self._remove_changes(run_id)

    @Slot()
    def _place_texts(self) -> None:
        if self._is_empty:
            (left, right), (low, high) = self.getPlotItem().getViewBox().viewRange()
            self._empty.setPos((left + right) / 2, (low + high) / 2)

    @Slot(object)
    def _on_mouse(self, position: QPointF) -> None:
        box = self.getPlotItem().getViewBox()
        if not self._is_empty and box.sceneBoundingRect().contains(position):
            self.hovered.emit(float(box.mapSceneToView(position).x()))

    def leaveEvent(self, event: object) -> None:
        super().leaveEvent(event)
        self.hovered.emit(float("nan"))

    def show_readout(self, x: float, lines: list[tuple[str, int, str]]) -> None:
        """A cross-hair at epoch `x` with a line per run (name, color index, text); none: hidden."""
        shown = bool(lines) and x == x
        self._cursor.setVisible(shown)
        self._readout.setVisible(shown)
        if not shown:
            return
        self._cursor.setPos(x)
        rows: list[tuple[QColor | None, str]] = [(None, self.tr("epoch {0}").format(f"{x:.2f}"))]
        rows += [(self._theme.series(color), f"{name}: {text}") for name, color, text in lines]
        self._readout.show_at(x, rows)
