"""Norms of gradients on logarithmic axes: a curve per stage over epochs, and a bar per layer at one step."""

import math

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt, Signal, Slot
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QGraphicsItem, QWidget

from workbench.core.formats import two_digits
from workbench.gui.runs.line_looks import group_color, group_look
from workbench.gui.runs.readout import Readout
from workbench.gui.runs.run_gradients import Limits, RunGradients
from workbench.gui.widgets.axes import decade_ticks, decades, round_up
from workbench.gui.widgets.plotting import pg
from workbench.gui.widgets.theme import GAP, Theme

_AXIS_PX = 56
# Between two numbers of an axis; half of it beside the outermost, which would not be written without room.
_TICK_PX = 22
_EMPTY_DECADES = (-3, 0)
_BAR_SHARE = 0.8
# More of them have no room for gaps.
_MOST_WITH_GAPS = 120
_KEY_STEPS: dict[int, int] = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}


class _NormPlot(pg.PlotWidget):  # type: ignore[misc]  # pyqtgraph has no types
    """A plot whose y axis holds logarithms of norms, between powers of ten."""

    def __init__(self, theme: Theme, titles: dict[str, str], parent: QWidget | None = None) -> None:
        super().__init__(parent, enableMenu=False)
        self._theme, self._titles = theme, titles
        self._decades: tuple[int, int] | None = None
        item = self.getPlotItem()
        item.hideButtons()
        item.layout.setContentsMargins(GAP, GAP, GAP, GAP)
        # The axis pen is the faint hairline color already.
        item.showGrid(x=False, y=True, alpha=1.0)
        item.getAxis("left").setWidth(_AXIS_PX)
        for name in ("left", "bottom"):
            # The grid is behind the bars.
            item.getAxis(name).setZValue(-1)
            item.getAxis(name).enableAutoSIPrefix(False)
            # Painting ticks and grid costs more than painting the lines; they change only with the range.
            item.getAxis(name).setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
        # Those that have keys take it.
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.disableAutoRange()
        item.getViewBox().sigResized.connect(self._fit_axis)
        self._readout = Readout(self, theme)

    def show_decades(self, limits: Limits) -> None:
        """Make room for these values; the axis moves by whole powers of ten."""
        wanted = decades(limits.low, limits.high) if limits.high > 0 else _EMPTY_DECADES
        if wanted != self._decades:
            self._decades = wanted
            self._fit_axis()

    @Slot()
    def _fit_axis(self) -> None:
        """As many numbers as there is room for."""
        if self._decades is None:
            return
        height = max(2.0 * _TICK_PX, self.getPlotItem().getViewBox().height())
        self.setYRange(*self._decades, padding=_TICK_PX / 2 / height)
        self.getPlotItem().getAxis("left").setTicks(decade_ticks(*self._decades, int(height / _TICK_PX)))

    def restyle(self) -> None:
        """Take the theme's present colors."""
        theme, item = self._theme, self.getPlotItem()
        self.setBackground(theme.color("surface"))
        for name, title in self._titles.items():
            axis = item.getAxis(name)
            axis.setPen(pg.mkPen(theme.color("hairline")))
            axis.setTextPen(pg.mkPen(theme.color("secondary")))
            axis.setLabel(title, color=theme.colors.secondary)
        self._readout.restyle()

    def _x_under(self, position: QPointF) -> float | None:
        """Where the pointer stands on the x axis; None outside."""
        box = self.getPlotItem().getViewBox()
        return float(box.mapSceneToView(position).x()) if box.sceneBoundingRect().contains(position) else None


class StageNormPlot(_NormPlot):
    """Draws a run's norms of stem, stages and head. `hovered` carries the epoch under the pointer, NaN of none."""

    hovered = Signal(float)
    refit_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, {}, parent)
        self._titles = {"left": self.tr("gradient norm"), "bottom": self.tr("epoch")}
        self.setAccessibleName(self.tr("Gradient norm of each stage over the epochs"))
        self._lines: list[pg.PlotDataItem] = []
        self._names: list[str] = []
        self._right, self._follows_data = 0.0, True
        self.setMouseEnabled(x=True, y=False)
        self.getPlotItem().getViewBox().sigRangeChangedManually.connect(self._stop_following)
        self._cursor = pg.InfiniteLine(angle=90)
        self._cursor.hide()
        self._empty = pg.TextItem(anchor=(0.5, 0.5))
        for part in (self._cursor, self._empty):
            self.addItem(part, ignoreBounds=True)
        self.scene().sigMouseMoved.connect(self._on_mouse)
        self.getPlotItem().getViewBox().sigRangeChanged.connect(self._place_sentence)

    def show_empty(self, sentence: str) -> None:
        """Empty axes that say what will appear."""
        self._draw_groups([], np.empty(0), [])
        self.show_decades(Limits())
        self._set_right(10.0)
        self._empty.setText(sentence, self._theme.color("secondary"))
        self._empty.show()
        self._place_sentence()

    def draw(self, run: RunGradients, names: list[str], limits: Limits) -> None:
        """Draw all samples so far.

        Args:
            names: of stem, stages and head.
            limits: of all runs that are compared, so that they have one axis.
        """
        self._empty.hide()
        epochs = run.epochs
        with np.errstate(divide="ignore"):
            logarithms = [np.log10(run.group(number)) for number in range(len(names))]
        # A logarithm of 0 is nowhere on the axis.
        self._draw_groups(names, epochs, [np.where(np.isfinite(each), each, np.nan) for each in logarithms])
        self.show_decades(limits)
        if self._follows_data:
            self._set_right(round_up(float(epochs[-1])))

    def _draw_groups(self, names: list[str], x: object, values: list[object]) -> None:
        if names != self._names:
            for line in self._lines:
                self.removeItem(line)
            self._lines, self._names = [pg.PlotDataItem(connect="finite") for _ in names], list(names)
            for line in self._lines:
                self.addItem(line)
                # Only after the item has a view does this work (pyqtgraph#1855).
                line.setClipToView(True)
            self._style_lines()
        for line, y in zip(self._lines, values, strict=True):
            line.setData(x, y)

    def _style_lines(self) -> None:
        groups, ground = len(self._lines), self._theme.color("surface")
        for number, line in enumerate(self._lines):
            line.setPen(group_look(number, groups).pen(group_color(self._theme, number, groups), ground))

    def _set_right(self, right: float) -> None:
        if right != self._right:
            self._right = right
            self.setXRange(0, right, padding=0.03)

    def restyle(self) -> None:
        super().restyle()
        self._cursor.setPen(pg.mkPen(self._theme.color("secondary"), style=Qt.PenStyle.DashLine))
        self._empty.setColor(self._theme.color("secondary"))
        self._style_lines()

    def point_at(self, run: RunGradients | None, sample: int) -> None:
        """A cross-hair at a sample, with the norm of each stage; none without a run."""
        self._cursor.setVisible(run is not None)
        self._readout.setVisible(run is not None)
        if run is None:
            return
        epoch = float(run.epochs[sample])
        self._cursor.setPos(epoch)
        rows: list[tuple[QColor | None, str]] = [(None, self.tr("epoch {0}").format(f"{epoch:.2f}"))]
        for number, (name, norm) in enumerate(zip(self._names, run.of_groups[sample], strict=True)):
            rows.append((group_color(self._theme, number, len(self._names)), f"{name} {norm_text(norm)}"))
        self._readout.show_at(epoch, rows)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        super().mouseDoubleClickEvent(event)
        self._follows_data, self._right = True, 0.0
        self.refit_asked.emit()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.hovered.emit(math.nan)

    @Slot()
    def _stop_following(self) -> None:
        self._follows_data = False

    @Slot(object)
    def _on_mouse(self, position: QPointF) -> None:
        x = self._x_under(position)
        self.hovered.emit(math.nan if x is None else x)

    @Slot()
    def _place_sentence(self) -> None:
        (left, right), (low, high) = self.getPlotItem().getViewBox().viewRange()
        self._empty.setPos((left + right) / 2, (low + high) / 2)


class LayerNormPlot(_NormPlot):
    """Draws a sample's norms of all layers, from the input to the output; pointer and arrow keys name one."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, {}, parent)
        self._titles = {"left": self.tr("gradient norm"), "bottom": self.tr("layer, from the input to the output")}
        self.setObjectName("layerNormPlot")
        self.setAccessibleName(self.tr("Gradient norm of each layer"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseEnabled(x=False, y=False)
        self.getPlotItem().getAxis("bottom").setTicks([[]])
        self._bars = pg.BarGraphItem(x0=[], x1=[], y0=[], y1=[], pen=pg.mkPen(None))
        self.addItem(self._bars)
        self._run: RunGradients | None = None
        self._sample = self._layer = -1
        self.scene().sigMouseMoved.connect(self._on_mouse)

    def clear_bars(self) -> None:
        self._run = None
        self._name_layer(-1)
        self._bars.setOpts(x0=[], x1=[], y0=[], y1=[], brushes=[])
        self.show_decades(Limits())
        self.setXRange(0, 1, padding=0.02)

    def draw(self, run: RunGradients, sample: int, limits: Limits) -> None:
        """Draw one sample.

        Args:
            limits: of all samples of all runs that are compared, so that they have one axis.
        """
        self._run, self._sample = run, sample
        self.show_decades(limits)
        norms = run.of_layers[sample].astype(np.float64)
        # Below what the axis shows.
        floor = (self._decades or _EMPTY_DECADES)[0] - 1
        with np.errstate(divide="ignore", invalid="ignore"):
            heights = np.log10(norms)
        count = len(norms)
        width = _BAR_SHARE if count <= _MOST_WITH_GAPS else 1.0
        left = np.arange(count) + (1 - width) / 2
        self._bars.setOpts(
            x0=left, x1=left + width, y0=np.full(count, float(floor)),
            # Nothing is drawn where there is no gradient.
            y1=np.where(np.isfinite(heights), np.maximum(heights, floor), floor),
            brushes=self._colors(run),
        )  # fmt: skip
        self.setXRange(0, count, padding=0.02)
        self._name_layer(self._layer if self._layer < count else -1)

    def _colors(self, run: RunGradients) -> list[QColor]:
        groups = run.layers.groups if run.layers is not None else ()
        return [group_color(self._theme, group, groups[-1] + 1) for group in groups]

    def restyle(self) -> None:
        super().restyle()
        if self._run is not None:
            self._bars.setOpts(brushes=self._colors(self._run))

    def _name_layer(self, layer: int) -> None:
        """Write name and norm of a layer over its bar; of none for -1."""
        self._layer = layer
        if layer < 0 or self._run is None or self._run.layers is None:
            self._readout.hide()
            self.setAccessibleDescription("")
            return
        text = f"{self._run.layers.names[layer]} {norm_text(self._run.of_layers[self._sample][layer])}"
        self._readout.show_at(layer + 0.5, [(self._colors(self._run)[layer], text)])
        self.setAccessibleDescription(text)

    @Slot(object)
    def _on_mouse(self, position: QPointF) -> None:
        x = self._x_under(position)
        count = len(self._run.of_layers[self._sample]) if self._run is not None else 0
        self._name_layer(math.floor(x) if x is not None and 0 <= x < count else -1)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._name_layer(-1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _KEY_STEPS.get(event.key())
        if step is None or self._run is None:
            super().keyPressEvent(event)
            return
        last = len(self._run.of_layers[self._sample]) - 1
        self._name_layer(min(max(self._layer + step, 0), last))


def norm_text(norm: float) -> str:
    """`0.034`, `2.1e-5`; a frozen layer has none."""
    return "frozen" if math.isnan(norm) else two_digits(norm)
