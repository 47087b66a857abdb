"""What is measured inside of blocks, on plain axes: a curve per stage over epochs, and a bar per block."""

import math

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt, Signal, Slot
from PySide6.QtGui import QColor, QKeyEvent
from PySide6.QtWidgets import QGraphicsItem, QWidget

from workbench.core.formats import two_digits
from workbench.gui.runs.line_looks import LineLook
from workbench.gui.runs.readout import Readout
from workbench.gui.runs.run_blocks import Measure, RunBlocks, Values
from workbench.gui.widgets.axes import round_up
from workbench.gui.widgets.plotting import pg
from workbench.gui.widgets.theme import GAP, Theme

_AXIS_PX = 56
_BAR_SHARE = 0.8
_KEY_STEPS: dict[int, int] = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
_PERCENT: tuple[Measure, ...] = ("share", "zeros")


def value_text(measure: Measure, value: float) -> str:
    """`45 %` of shares, `0.83` of the rest; a dash where there is nothing to measure."""
    if math.isnan(value):
        return "–"
    return f"{two_digits(100 * value)}\u202f%" if measure in _PERCENT else f"{value:.2f}"


class _MeasurePlot(pg.PlotWidget):  # type: ignore[misc]  # pyqtgraph has no types
    """A plot of one measure, whose axis moves in round steps."""

    def __init__(self, theme: Theme, bottom: str, parent: QWidget | None = None) -> None:
        super().__init__(parent, enableMenu=False)
        self._theme, self._bottom, self._left = theme, bottom, ""
        self._limits: tuple[float, float] | None = None
        item = self.getPlotItem()
        item.hideButtons()
        item.layout.setContentsMargins(GAP, GAP, GAP, GAP)
        item.showGrid(x=False, y=True, alpha=1.0)
        item.getAxis("left").setWidth(_AXIS_PX)
        for name in ("left", "bottom"):
            # The grid is behind the bars.
            item.getAxis(name).setZValue(-1)
            item.getAxis(name).enableAutoSIPrefix(False)
            item.getAxis(name).setStyle(maxTickLevel=0)
            # Painting ticks and grid costs more than painting the lines; they change only with the range.
            item.getAxis(name).setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
        self.setMouseEnabled(x=False, y=False)
        self.disableAutoRange()
        self._readout = Readout(self, theme)

    def show_measure(self, measure: Measure, title: str, values: Values) -> None:
        """Make room for these values, and name them.

        Args:
            title: of the axis; shares are written in per cent.
        """
        drawn = values[np.isfinite(values)]
        low, high = (float(drawn.min()), float(drawn.max())) if len(drawn) else (0.0, 1.0)
        limits = (-round_up(-low) if low < 0 else 0.0, round_up(high) if high > 0 else 0.0)
        limits = limits if limits[1] > limits[0] else (limits[0], limits[0] + 1.0)
        if limits != self._limits:
            self._limits = limits
            self.setYRange(*limits, padding=0.04)
        if title != self._left:
            self._left = title
            self.getPlotItem().getAxis("left").setScale(100 if measure in _PERCENT else 1)
            self._label_axes()

    def _label_axes(self) -> None:
        for name, title in (("left", self._left), ("bottom", self._bottom)):
            self.getPlotItem().getAxis(name).setLabel(title, color=self._theme.colors.secondary)

    def restyle(self) -> None:
        """Take the theme's present colors."""
        self.setBackground(self._theme.color("surface"))
        for name in ("left", "bottom"):
            axis = self.getPlotItem().getAxis(name)
            axis.setPen(pg.mkPen(self._theme.color("hairline")))
            axis.setTextPen(pg.mkPen(self._theme.color("secondary")))
        self._label_axes()
        self._readout.restyle()

    def _x_under(self, position: QPointF) -> float | None:
        """Where the pointer stands on the x axis; None outside."""
        box = self.getPlotItem().getViewBox()
        return float(box.mapSceneToView(position).x()) if box.sceneBoundingRect().contains(position) else None


class StagePlot(_MeasurePlot):
    """Draws the mean of each stage's blocks. `hovered` carries the epoch under the pointer, NaN of none."""

    hovered = Signal(float)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "", parent)
        self._bottom = self.tr("epoch")
        self.setAccessibleName(self.tr("What is measured in each stage, over the epochs"))
        self._lines: list[pg.PlotDataItem] = []
        self._right = 0.0
        self._cursor = pg.InfiniteLine(angle=90)
        self._cursor.hide()
        self._empty = pg.TextItem(anchor=(0.5, 0.5))
        for part in (self._cursor, self._empty):
            self.addItem(part, ignoreBounds=True)
        self.scene().sigMouseMoved.connect(self._on_mouse)
        self.getPlotItem().getViewBox().sigRangeChanged.connect(self._place_sentence)

    def show_empty(self, sentence: str) -> None:
        """Empty axes that say what will appear, or why nothing is there."""
        self._set_lines(0)
        self._set_right(10.0)
        self._empty.setText(sentence, self._theme.color("secondary"))
        self._empty.show()
        self._place_sentence()

    def draw(self, run: RunBlocks, measure: Measure) -> None:
        self._empty.hide()
        values = run.of_stages(measure)
        self._set_lines(run.stages)
        for line, of_stage in zip(self._lines, values.T, strict=True):
            line.setData(run.epochs, of_stage)
        self._set_right(round_up(float(run.epochs[-1])))

    def _set_lines(self, count: int) -> None:
        if count != len(self._lines):
            for line in self._lines:
                self.removeItem(line)
            self._lines = [pg.PlotDataItem(connect="finite") for _ in range(count)]
            for line in self._lines:
                self.addItem(line)
            self._style_lines()

    def _style_lines(self) -> None:
        ground = self._theme.color("surface")
        for stage, line in enumerate(self._lines):
            line.setPen(LineLook().pen(self._theme.series(stage), ground))

    def _set_right(self, right: float) -> None:
        if right != self._right:
            self._right = right
            self.setXRange(0, right, padding=0.03)

    def restyle(self) -> None:
        super().restyle()
        self._cursor.setPen(pg.mkPen(self._theme.color("secondary"), style=Qt.PenStyle.DashLine))
        self._empty.setColor(self._theme.color("secondary"))
        self._style_lines()

    def point_at(self, run: RunBlocks | None, measure: Measure, sample: int) -> None:
        """A cross-hair at a sample, with the value of each stage; none without a run."""
        self._cursor.setVisible(run is not None)
        self._readout.setVisible(run is not None)
        if run is None:
            return
        epoch = float(run.epochs[sample])
        self._cursor.setPos(epoch)
        rows: list[tuple[QColor | None, str]] = [(None, self.tr("epoch {0}").format(f"{epoch:.2f}"))]
        for stage, value in enumerate(run.of_stages(measure)[sample].tolist()):
            text = self.tr("stage {0}: {1}").format(stage + 1, value_text(measure, value))
            rows.append((self._theme.series(stage), text))
        self._readout.show_at(epoch, rows)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.hovered.emit(math.nan)

    @Slot(object)
    def _on_mouse(self, position: QPointF) -> None:
        x = self._x_under(position)
        self.hovered.emit(math.nan if x is None else x)

    @Slot()
    def _place_sentence(self) -> None:
        (left, right), (low, high) = self.getPlotItem().getViewBox().viewRange()
        self._empty.setPos((left + right) / 2, (low + high) / 2)


class BlockPlot(_MeasurePlot):
    """Draws a sample's values of all blocks, from the input to the output; pointer and arrow keys name one."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "", parent)
        self._bottom = self.tr("block, from the input to the output")
        self.setAccessibleName(self.tr("What is measured in each block"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.getPlotItem().getAxis("bottom").setTicks([[]])
        self._bars = pg.BarGraphItem(x0=[], x1=[], y0=[], y1=[], pen=pg.mkPen(None))
        self.addItem(self._bars)
        self._run: RunBlocks | None = None
        self._measure: Measure = "share"
        self._sample = self._block = -1
        self.scene().sigMouseMoved.connect(self._on_mouse)

    def clear_bars(self) -> None:
        self._run = None
        self._name_block(-1)
        self._bars.setOpts(x0=[], x1=[], y0=[], y1=[], brushes=[])
        self.setXRange(0, 1, padding=0.02)

    def draw(self, run: RunBlocks, measure: Measure, sample: int) -> None:
        self._run, self._measure, self._sample = run, measure, sample
        values = np.nan_to_num(run.of_blocks(measure)[sample])
        count = len(values)
        left = np.arange(count) + (1 - _BAR_SHARE) / 2
        self._bars.setOpts(x0=left, x1=left + _BAR_SHARE, y0=np.zeros(count), y1=values, brushes=self._colors(run))
        self.setXRange(0, count, padding=0.02)
        self._name_block(self._block if self._block < count else -1)

    def _colors(self, run: RunBlocks) -> list[QColor]:
        return [self._theme.series(stage - 1) for stage in run.stage_of.tolist()]

    def restyle(self) -> None:
        super().restyle()
        if self._run is not None:
            self._bars.setOpts(brushes=self._colors(self._run))

    def _name_block(self, block: int) -> None:
        """Write name and value of a block over its bar; of none for -1."""
        self._block = block
        if block < 0 or self._run is None:
            self._readout.hide()
            self.setAccessibleDescription("")
            return
        value = float(self._run.of_blocks(self._measure)[self._sample][block])
        text = f"{self._run.blocks[block]}: {value_text(self._measure, value)}"
        self._readout.show_at(block + 0.5, [(self._colors(self._run)[block], text)])
        self.setAccessibleDescription(text)

    @Slot(object)
    def _on_mouse(self, position: QPointF) -> None:
        x = self._x_under(position)
        count = len(self._run.blocks) if self._run is not None else 0
        self._name_block(math.floor(x) if x is not None and 0 <= x < count else -1)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._name_block(-1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _KEY_STEPS.get(event.key())
        if step is None or self._run is None:
            super().keyPressEvent(event)
            return
        self._name_block(min(max(self._block + step, 0), len(self._run.blocks) - 1))
