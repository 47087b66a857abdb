"""One plot of one quantity of several runs, along steps, epochs or time."""

import math
from collections.abc import Collection, Sequence
from functools import partial
from typing import Literal

import numpy as np
from PySide6.QtCore import QPointF, Qt, Signal, Slot
from PySide6.QtGui import QFontMetricsF, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QGraphicsItem, QWidget

from workbench.core.curves.on_track import TrackBand
from workbench.core.curves.run_curves import Kind, Quantity, RunCurves
from workbench.core.curves.step_axis import Axis
from workbench.gui.runs.curve_lines import SMALLEST_LOG, CurveLine, CurveLines
from workbench.gui.runs.curve_readout import ReadoutTable
from workbench.gui.runs.drawn_runs import Shown
from workbench.gui.runs.end_values import EndValue, EndValues
from workbench.gui.runs.line_looks import CURVE_LOOKS, PLAIN_LOOK
from workbench.gui.runs.metric_axes import LARGE, time_unit
from workbench.gui.runs.narrow_axis import NarrowAxis
from workbench.gui.runs.table_readout import TableReadout
from workbench.gui.runs.zoom_box import ZoomBox
from workbench.gui.widgets.axes import round_out, round_up, short
from workbench.gui.widgets.plotting import pg
from workbench.gui.widgets.still_plot import TICK_PX
from workbench.gui.widgets.theme import Theme

# An axis' outermost numbers may stand out so far, below its neighbors.
_TICK_LEVEL = 0
_OVERHANG_PX = 16
_LEFT_PX = 52
# Above and below what is drawn: half a number of the axis, which else would not be written.
_LEAST_MARGIN_PX, _MARGIN_SHARE = TICK_PX / 2, 0.05
EXPECTED = "expected"
"""The key of the line of what is usual."""
_EMPTY: dict[Quantity, tuple[float, float]] = {
    "loss": (0, 2.5), "accuracy": (0, 100), "rate": (0, 0.1), "throughput": (0, 1000)
}  # fmt: skip


class MetricPlot(pg.PlotWidget):  # type: ignore[misc]  # pyqtgraph has no types
    """Draws one quantity. `hovered` carries the place under the pointer on the x axis, NaN of none.

    `zoomed_x` says that the person has moved it sideways, `refit_asked` that all is to be shown again.

    Args:
        titles: of the y axis, from the longest to the shortest.
    """

    hovered = Signal(float)
    zoomed_x = Signal()
    refit_asked = Signal()

    def __init__(
        self, quantity: Quantity, titles: Sequence[str], theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent, viewBox=ZoomBox(), axisItems={"left": NarrowAxis("left")}, enableMenu=False)
        self.quantity, self._titles, self._theme = quantity, titles, theme
        self._scale = 100.0 if quantity == "accuracy" else 1.0
        self._ends: list[EndValue] = []
        self._changes: dict[str, list[pg.InfiniteLine]] = {}
        self._x_title = ""
        self.says_rate = False
        """Whether the learning rate is written beside its change: one of several plots says it."""
        names = {
            "loss": self.tr("loss"),
            "accuracy": self.tr("accuracy"),
            "rate": self.tr("learning rate"),
            "throughput": self.tr("images per second"),
        }
        self._to_come = self.tr("The {0} of every step will appear here: press Start").format(names[quantity])
        self.setAccessibleName(titles[0])
        self._lay_out()
        self._follows_y = True
        box = self.getPlotItem().getViewBox()
        box.zoomed.connect(self._note_zoom)
        self._lines = CurveLines(box, self._scale)
        self._cursor = pg.InfiniteLine(angle=90)
        self._cursor.hide()
        self.addItem(self._cursor, ignoreBounds=True)
        self._readout = TableReadout(self, theme)
        self.end_values = EndValues(self, theme)
        self._empty = pg.TextItem(anchor=(0.5, 0.5))
        self.addItem(self._empty, ignoreBounds=True)
        self._is_empty = True
        self._range: tuple[float, float] | None = None
        self.scene().sigMouseMoved.connect(self._on_mouse)
        box.sigRangeChanged.connect(self._place_texts)
        box.sigResized.connect(self._fit_range)
        box.sigResized.connect(self._fit_title)
        self.show_empty(True)

    def _lay_out(self) -> None:
        item = self.getPlotItem()
        item.hideButtons()
        # The axis pen is the faint hairline color already.
        item.showGrid(x=False, y=True, alpha=1.0)
        item.getAxis("left").setWidth(_LEFT_PX)
        item.getAxis("bottom").setStyle(hideOverlappingLabels=_OVERHANG_PX)
        for name in ("left", "bottom"):
            # Lines where numbers stand are enough, and a third of the time.
            item.getAxis(name).setStyle(maxTickLevel=_TICK_LEVEL)
            # The grid is behind the lines.
            item.getAxis(name).setZValue(-1000)
            # Painting ticks and grid costs more than painting the lines; they change only with the range.
            item.getAxis(name).setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
            item.getAxis(name).enableAutoSIPrefix(False)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    # What is drawn

    @property
    def lines(self) -> list[CurveLine]:
        """From the lowest to the one above all others."""
        return self._lines.lines

    def draw(
        self, runs: Sequence[Shown], kinds: Collection[Kind], axis: Axis, expected: TrackBand | None = None
    ) -> None:
        """Show the lines of these runs, as far as they are among `kinds`; behind them, where one is expected."""
        lines = self._expected(expected) if axis == "epoch" else []
        # No training line of one run hides what is measured of another.
        for kind in CURVE_LOOKS:
            for run in runs:
                if kind in self._drawn_kinds(run, kinds):
                    lines.append(self._line(run, kind, axis))
        self._lines.show_lines(lines, self.is_log)
        self._ends = [end for run in runs if (end := self._end(run, kinds, axis)) is not None]
        self.end_values.show_values(self._ends, self.is_log)
        self._mark_changes(runs, axis)

    def _expected(self, band: TrackBand | None) -> list[CurveLine]:
        if band is None or self.quantity not in ("loss", "accuracy"):
            return []
        figures = band.band("accuracy" if self.quantity == "accuracy" else "loss")
        look, color = CURVE_LOOKS["smoothed"], self._theme.color("secondary")
        return [CurveLine(EXPECTED, "validation", look, color, lambda _left, _right, _columns: figures)]

    def _drawn_kinds(self, run: Shown, kinds: Collection[Kind]) -> list[Kind]:
        """The only line that a quantity has cannot be taken away."""
        own = run.curves.kinds(self.quantity)
        return [kind for kind in own if kind in kinds or len(own) == 1]

    def _line(self, run: Shown, kind: Kind, axis: Axis) -> CurveLine:
        look = CURVE_LOOKS[kind] if len(run.curves.kinds(self.quantity)) > 1 else PLAIN_LOOK
        color = look.color(self._theme.series(run.color_index), self._theme.color("surface"))
        return CurveLine(run.key, kind, look, color, partial(run.curves.window, self.quantity, kind, axis))

    def _mark_changes(self, runs: Sequence[Shown], axis: Axis) -> None:
        """A line where the person changed the learning rate, with the new one beside it."""
        single = {run.key: run for run in runs if isinstance(run.curves, RunCurves)}
        for key in self._changes.keys() - single.keys():
            self._remove_changes(key)
        for key, run in single.items():
            changes = run.curves.rate_changes(axis) if isinstance(run.curves, RunCurves) else []
            # Not by their number: a run that is resumed may have as many others.
            if [mark.change for mark in self._changes.get(key, [])] != changes:
                self._remove_changes(key)
                self._changes[key] = [self._mark(run, x, rate) for x, rate in changes]

    def _mark(self, run: Shown, x: float, rate: float) -> pg.InfiniteLine:
        pen = pg.mkPen(self._theme.series(run.color_index), style=Qt.PenStyle.DashLine)
        options = {"position": 0.98, "color": self._theme.color("secondary"), "anchors": [(0, 0), (0, 0)]}
        label = self.tr("rate {0:.2g}").format(rate) if self.says_rate else None
        mark = pg.InfiniteLine(x, angle=90, pen=pen, label=label, labelOpts=options)
        self.addItem(mark, ignoreBounds=True)
        mark.change = (x, rate)
        return mark

    def _remove_changes(self, key: str) -> None:
        for mark in self._changes.pop(key, []):
            self.removeItem(mark)

    def _end(self, run: Shown, kinds: Collection[Kind], axis: Axis) -> EndValue | None:
        """The last value that counts; it says what it is unless it is validation, or all there is."""
        drawn = self._drawn_kinds(run, kinds)
        last = run.curves.last(self.quantity, drawn, axis)
        if last is None:
            return None
        kind, x, y = last
        if math.isnan(y) and self.quantity == "throughput":
            return None
        has_splits = "test" in run.curves.kinds(self.quantity)
        names = {"validation": "{0}", "test": self.tr("test {0}")}
        text = names.get(kind, self.tr("train {0}") if has_splits else "{0}")
        text = text.format(self.written(y, 3 if kind in ("validation", "test") else 2))
        return EndValue(text, run.color_index, x, self._scale * y)

    def written(self, value: float, decimals: int = 3) -> str:
        """A value as beside its line, in the axis' unit."""
        value *= self._scale
        if self.quantity == "accuracy":
            return f"{value:.1f}"
        if self.quantity == "rate":
            return f"{value:.3g}".replace("e-0", "e-")
        if self.quantity == "throughput":
            return f"{value:.0f}" if value < LARGE else short(value)
        return f"{value:.{decimals}f}" if value < LARGE else short(value)

    # Where it is looked at

    @property
    def is_log(self) -> bool:
        return bool(self.getPlotItem().getAxis("left").logMode)

    @Slot(bool)
    def set_log(self, on: bool) -> None:
        self.setLogMode(False, on)
        self.follow_y()

    def show_x(self, left: float, right: float) -> None:
        self.setXRange(left, right, padding=0)

    def show_x_axis(self, axis: Axis | None, longest: float = 0.0) -> None:
        """Write its numbers and its title below; None: another plot below this one does.

        Args:
            longest: seconds on the axis of time, which is in their unit.
        """
        item = self.getPlotItem()
        item.showAxis("bottom", axis is not None)
        length, unit = time_unit(longest) if axis == "time" else (1.0, "")
        item.getAxis("bottom").setScale(1 / length)
        titles = {"epoch": self.tr("epoch"), "step": self.tr("step"), "time": self.tr("time / {0}").format(unit)}
        title = titles[axis] if axis is not None else ""
        if title != self._x_title:
            self._x_title = title
            self._label("bottom", title)

    def show_empty(self, empty: bool, is_unknown: bool = False) -> None:
        """Say what will appear, or that there is nothing to know of the runs that are drawn."""
        self._is_empty = empty
        self._empty.setVisible(empty or is_unknown)
        sentence = self.tr("These runs have no record of it") if is_unknown else self._to_come
        self._empty.setText(sentence, self._theme.color("secondary"))
        if empty:
            self._range = _EMPTY[self.quantity]
            self._fit_range()
        self._place_texts()

    def follow_y(self) -> None:
        """Show all values, from the next `fit_y` on."""
        self._follows_y, self._range = True, None
        self.getPlotItem().getViewBox().release()

    def fit_y(self, runs: Sequence[Shown], kinds: Collection[Kind]) -> None:
        """Show all values of these lines, unless the person has zoomed; double click goes back to that.

        The limits are round numbers, so that the axes stand still while data come in.
        """
        if not self._follows_y:
            return
        limits = [run.curves.limits(self.quantity, self._drawn_kinds(run, kinds)) for run in runs]
        known = [limit for limit in limits if limit[0] == limit[0]]
        if not known:
            return
        low, high = self._scale * min(low for low, _ in known), self._scale * max(high for _, high in known)
        if self.is_log:
            low, high = np.log10(max(low, SMALLEST_LOG)), np.log10(max(high, SMALLEST_LOG))
        elif self.quantity in ("rate", "throughput"):
            low = 0.0
        # A rate may be less than the least step of other quantities.
        wanted = (0.0, round_up(high)) if low == 0.0 and high > 0 else round_out(low, high)
        if wanted != self._range:
            self._range = wanted
            self._fit_range()

    @Slot()
    def _fit_range(self) -> None:
        """Show the range that follows the data, with dots and numbers at its ends whole."""
        if self._range is None or not self._follows_y:
            return
        height = self.getPlotItem().getViewBox().height()
        margin = max(_LEAST_MARGIN_PX, _MARGIN_SHARE * height)
        self.setYRange(*self._range, padding=margin / max(height - 2 * margin, 1.0))

    @Slot(bool, bool)
    def _note_zoom(self, along_x: bool, along_y: bool) -> None:
        if along_y:
            self._follows_y = False
        if along_x:
            self.zoomed_x.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        super().mouseDoubleClickEvent(event)
        self.refit_asked.emit()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        if event is not None:
            # Otherwise pyqtgraph places the view and its lines while it paints, and all lines are painted twice.
            self.getPlotItem().layout.activate()
            self.scene().prepareForPaint()

    # How it looks

    def restyle(self) -> None:
        """Take the theme's present colors."""
        theme, item = self._theme, self.getPlotItem()
        self.setBackground(theme.color("surface"))
        for name in ("left", "bottom"):
            item.getAxis(name).setPen(pg.mkPen(theme.color("hairline")))
            item.getAxis(name).setTextPen(pg.mkPen(theme.color("secondary")))
        self._label("bottom", self._x_title)
        self._fit_title()
        self._cursor.setPen(pg.mkPen(theme.color("secondary"), style=Qt.PenStyle.DashLine))
        self._empty.setColor(theme.color("secondary"))
        self._readout.restyle()
        item.getViewBox().color_rectangle(theme.color("accent"))
        # Drawn anew with the lines, in the new colors.
        for key in list(self._changes):
            self._remove_changes(key)

    def _label(self, name: str, label: str) -> None:
        axis = self.getPlotItem().getAxis(name)
        axis.setLabel(label or None, color=self._theme.colors.secondary)
        axis.showLabel(bool(label))
        # By itself, a title stays in the middle of the one before.
        axis.resizeEvent()

    @Slot()
    def _fit_title(self) -> None:
        """The longest title that is not cut at this height."""
        height = self.getPlotItem().getViewBox().height()
        widths = {title: QFontMetricsF(self.font()).horizontalAdvance(title) for title in self._titles}
        self._label("left", next((title for title, width in widths.items() if width < height), ""))

    def paint_for(self, medium: Literal["window", "picture", "drawing"]) -> None:
        """Into a file, nothing of it is painted as the picture of it that the window has."""
        self._lines.is_exporting = medium == "drawing"
        cache = QGraphicsItem.CacheMode
        mode = cache.DeviceCoordinateCache if medium == "window" else cache.NoCache
        for name in ("left", "bottom"):
            self.getPlotItem().getAxis(name).setCacheMode(mode)

    # The cross-hair

    @Slot()
    def _place_texts(self) -> None:
        if self._empty.isVisible():
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

    def show_readout(self, x: float, table: ReadoutTable | None) -> None:
        """A cross-hair at `x` with these figures; none: hidden."""
        self._cursor.setVisible(table is not None)
        self._readout.setVisible(table is not None)
        if table is not None:
            self._cursor.setPos(x)
            self._readout.show_table(x, table)
