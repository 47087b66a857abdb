"""Lines and areas in pixels, as they are painted."""

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPolygonF

from workbench.gui.runs.curve_canvas import CurveCanvas
from workbench.gui.runs.line_looks import DOT_PX, LineLook
from workbench.gui.widgets.plotting import pg

Floats = NDArray[np.float64]

# Dots nearer to each other than this would be a thick line.
_DOTS_APART_PX = 2 * DOT_PX
# Wide lines of more points are drawn as narrow ones beside each other: Qt's wide pens take ten times as long.
_MOST_WIDE_POINTS = 60
_LONE_DOT_PX = 2
_AREA_ALPHA = 50


@dataclass(frozen=True, eq=False)
class Dense:
    """A narrow line with a point per pixel column or more.

    Args:
        tops, ends: where each place stands for a stretch of points as long as a column; else both are its points.
    """

    color: QColor
    x: Floats
    tops: Floats
    ends: Floats

    def draw(self, canvas: CurveCanvas) -> None:
        if self.tops is self.ends:
            canvas.draw_dense(self.x, self.tops, self.color)
        else:
            canvas.draw_envelope(self.x, self.tops, self.ends, self.color)


@dataclass(frozen=True, eq=False)
class Area:
    """A translucent range."""

    color: QColor
    x: Floats
    tops: Floats
    ends: Floats

    def paint(self, painter: QPainter, _ratio: float, *, may_stamp: bool = True) -> None:
        color = QColor(self.color)
        color.setAlpha(_AREA_ALPHA)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        for part in _whole_parts(self.tops):
            x = np.concatenate((self.x[part], self.x[part][::-1]))
            painter.drawPolygon(_polygon(x, np.concatenate((self.tops[part], self.ends[part][::-1]))))
        painter.setBrush(Qt.BrushStyle.NoBrush)


@dataclass(frozen=True, eq=False)
class Stroke:
    """A line of few points."""

    look: LineLook
    color: QColor
    x: Floats
    y: Floats

    def paint(self, painter: QPainter, ratio: float, *, may_stamp: bool = True) -> None:
        """
        Args:
            ratio: device pixels per pixel.
            may_stamp: False where a wide line must be one line.
        """
        stamps = round(self.look.width * ratio) if may_stamp and len(self.x) > _MOST_WIDE_POINTS else 1
        pen = self.look.pen(self.color, self.color, ratio)
        if stamps > 1:
            pen.setWidthF(1.0)
        painter.setPen(pen)
        for part in _whole_parts(self.y):
            x, y = self.x[part], self.y[part]
            if len(x) > 1:
                for below in range(stamps):
                    painter.drawPolyline(_polygon(x, y + below))
            # One point alone makes no line.
            if len(x) == 1 or (self.look.has_dots and self._are_dots_apart(ratio)):
                self._paint_dots(painter, x, y, (DOT_PX if self.look.width > 1 else _LONE_DOT_PX) * ratio)

    def _are_dots_apart(self, ratio: float) -> bool:
        return float(self.x[-1] - self.x[0]) >= _DOTS_APART_PX * ratio * (len(self.x) - 1)

    def _paint_dots(self, painter: QPainter, x: Floats, y: Floats, size: float) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.color)
        for at in zip(x.tolist(), y.tolist(), strict=True):
            painter.drawEllipse(QPointF(*at), size / 2, size / 2)
        painter.restore()


def _whole_parts(values: Floats) -> list[slice]:
    """The stretches between gaps."""
    gaps = np.flatnonzero(np.isnan(values))
    if not len(gaps):
        return [slice(0, len(values))] if len(values) else []
    edges = [-1, *gaps.tolist(), len(values)]
    return [slice(before + 1, after) for before, after in itertools.pairwise(edges) if after - before > 1]


def _polygon(x: Floats, y: Floats) -> QPolygonF:
    polygon: QPolygonF = pg.functions.create_qpolygonf(len(x))
    points = pg.functions.ndarray_from_qpolygonf(polygon)
    points[:, 0], points[:, 1] = x, y
    return polygon
