"""The curves as a picture or a drawing: legend and plots, without the controls."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPoint, QRect, QRectF, QSize
from PySide6.QtGui import QColor, QImage, QPainter, QRegion
from PySide6.QtWidgets import QWidget

from workbench.core.files import write_atomically
from workbench.gui.widgets.theme import MARGIN

if TYPE_CHECKING:
    from workbench.gui.runs.metric_plot import MetricPlot
    from workbench.gui.runs.plot_panel import PlotPanel

_RATIO = 2.0
"""Pixels of a picture per pixel of the window."""


def write_png(panel: "PlotPanel", path: Path, ground: QColor) -> None:
    """What is drawn, at twice the window's resolution.

    Raises:
        UserError: the file cannot be written.
    """
    image = QImage((_size(panel).toSizeF() * _RATIO).toSize(), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(_RATIO)
    image.fill(ground)
    painter = QPainter(image)
    with _painted_for("picture", panel.plots):
        _paint(panel, painter)
    painter.end()
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]  # PySide takes no bytes here, whatever it declares
    _write(path, content)


def write_svg(panel: "PlotPanel", path: Path, ground: QColor) -> None:
    """What is drawn, as lines and texts.

    Raises:
        UserError: the file cannot be written.
    """
    # Few windows are asked for it.
    from PySide6.QtSvg import QSvgGenerator

    content, size = QByteArray(), _size(panel)
    buffer, drawing = QBuffer(content), QSvgGenerator()
    drawing.setOutputDevice(buffer)
    drawing.setSize(size)
    # Axes are recorded for the screen's, and would be drawn smaller.
    drawing.setResolution(panel.logicalDpiX())
    drawing.setViewBox(QRect(QPoint(0, 0), size))
    drawing.setTitle(panel.tr("Learning curves"))
    painter = QPainter(drawing)
    painter.fillRect(QRect(QPoint(0, 0), size), ground)
    with _painted_for("drawing", panel.plots):
        _paint(panel, painter)
    painter.end()
    _write(path, content)


def _write(path: Path, content: QByteArray) -> None:
    write_atomically(path, lambda file: file.write(content.data()))


def _size(panel: "PlotPanel") -> QSize:
    legend, column = panel.header.legend, panel.column
    return QSize(column.width() + 2 * MARGIN, legend.height() + column.height() + 3 * MARGIN)


@contextmanager
def _painted_for(medium: Literal["picture", "drawing"], plots: Sequence["MetricPlot"]) -> Iterator[None]:
    for plot in plots:
        plot.paint_for(medium)
    try:
        yield
    finally:
        for plot in plots:
            plot.paint_for("window")


def _paint(panel: "PlotPanel", painter: QPainter) -> None:
    """The legend with what of it is shown, and below it the plots."""
    legend, column = panel.header.legend, panel.column
    legend.render(painter, QPoint(MARGIN, MARGIN), QRegion(), QWidget.RenderFlag.DrawChildren)
    top = legend.height() + 2 * MARGIN
    for plot in panel.plots:
        place = QRect(plot.mapTo(column, QPoint(0, 0)), plot.size()).translated(MARGIN, top)
        plot.render(painter, QRectF(place), plot.viewport().rect())
