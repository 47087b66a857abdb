"""What a person sees in a plot: lines, marks and words, whatever the program calls them."""

from dataclasses import replace

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QPointF, QRectF
from PySide6.QtGui import QPainter, QPicture
from PySide6.QtWidgets import QWidget

from workbench.core.curves.lines import Drawn
from workbench.gui.runs.curve_lines import CurveLine
from workbench.gui.runs.end_values import EndValues, PlacedValue
from workbench.gui.runs.metric_plot import MetricPlot


def plot_in(parent: QWidget) -> pg.PlotWidget:
    """The only plot there."""
    (plot,) = parent.findChildren(pg.PlotWidget)
    return plot


def text_item(plot: pg.PlotWidget, words: str) -> pg.TextItem:
    """The visible text that holds these words."""
    found = [item for item in _visible(plot, pg.TextItem) if words in item.toPlainText()]
    assert len(found) == 1, f"{len(found)} texts '{words}' among {written(plot)}"
    return found[0]


def written(plot: pg.PlotWidget) -> list[str]:
    """All texts beside and on the lines, but for those of the axes."""
    return [item.toPlainText() for item in _visible(plot, pg.TextItem)]


def is_written(plot: pg.PlotWidget, words: str) -> bool:
    return any(words in text for text in written(plot))


def marks(plot: pg.PlotWidget) -> list[pg.InfiniteLine]:
    """Vertical lines through the whole plot, from left to right."""
    upright = [line for line in _visible(plot, pg.InfiniteLine) if line.angle == 90]
    return sorted(upright, key=lambda line: float(line.value()))


def mark_positions(plot: pg.PlotWidget) -> list[float]:
    return [float(line.value()) for line in marks(plot)]


def curves(plot: pg.PlotWidget) -> list[pg.PlotCurveItem]:
    """Lines that have points."""
    return [curve for curve in _visible(plot, pg.PlotCurveItem) if curve.getData()[0] is not None]


def points(curve: pg.PlotCurveItem) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """x and y of a line."""
    x, y = curve.getData()
    return np.asarray(x), np.asarray(y)


def lines_of(plot: MetricPlot, kind: str, key: str = "r") -> list[CurveLine]:
    """The learning curves of one kind of one run: one, or none if it is not drawn."""
    return [line for line in plot.lines if (line.kind, line.key) == (kind, key)]


def line_of(plot: MetricPlot, kind: str, key: str = "r") -> CurveLine:
    (line,) = lines_of(plot, kind, key)
    return line


def in_view(plot: MetricPlot, line: CurveLine) -> Drawn:
    """What is drawn of a line where the plot stands, in the values' own unit."""
    box = plot.getPlotItem().getViewBox()
    return line.window(*box.viewRange()[0], round(box.width()))


def dots(plot: pg.PlotWidget) -> int:
    """How many dots there are beside the lines."""
    return sum(len(item.data) for item in _visible(plot, pg.ScatterPlotItem))


def tick_texts(plot: pg.PlotWidget, side: str) -> list[str]:
    """The numbers at an axis, from one end to the other; new ones may wait for the axis to grow wider."""
    return [text for text, _ in ticks(plot, side)]


def ticks(plot: pg.PlotWidget, side: str) -> list[tuple[str, QRectF]]:
    """The numbers at an axis, with their places in the scene."""
    axis, picture = plot.getPlotItem().getAxis(side), QPicture()
    painter = QPainter(picture)
    _, _, texts = axis.generateDrawSpecs(painter)
    painter.end()
    return [(text, axis.mapRectToScene(place)) for place, _, text in texts]


def end_values(plot: pg.PlotWidget) -> list[PlacedValue]:
    """What is written at the lines' ends, from top to bottom, with its place in the scene."""
    (margin,) = _visible(plot, EndValues)
    return [
        replace(
            value,
            place=margin.mapRectToScene(value.place),
            end=margin.mapToScene(QPointF(0, value.end)).y(),
        )
        for value in margin.placed()
    ]


def view_place(plot: pg.PlotWidget) -> QRectF:
    """Where the data are, in the scene."""
    place: QRectF = plot.getPlotItem().getViewBox().sceneBoundingRect()
    return place


def on_screen(plot: pg.PlotWidget, x: float) -> QPoint:
    """The pixel of the plot's viewport at an x of its axis, half way up."""
    box = plot.getPlotItem().getViewBox()
    low, high = box.viewRange()[1]
    return QPoint(plot.mapFromScene(box.mapViewToScene(QPointF(x, (low + high) / 2))))


def point_at(plot: pg.PlotWidget, x: float) -> None:
    """Let the pointer rest at an x of the axis."""
    plot.scene().sigMouseMoved.emit(plot.mapToScene(on_screen(plot, x)))


def _visible(plot: pg.PlotWidget, kind: type) -> list:
    return [item for item in plot.scene().items() if isinstance(item, kind) and item.isVisible()]
