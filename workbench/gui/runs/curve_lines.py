"""All lines of a plot as one item: it asks for the points of what is in view when it paints them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Slot
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from workbench.core.curves.lines import Band, Drawn, Envelope, Points
from workbench.core.curves.run_curves import Kind
from workbench.gui.runs.curve_canvas import DENSE, CurveCanvas
from workbench.gui.runs.line_looks import CURVE_LOOKS, PLAIN_LOOK, LineLook
from workbench.gui.runs.strokes import Area, Dense, Floats, Stroke
from workbench.gui.widgets.plotting import pg

SMALLEST_LOG = 1e-6
# Far outside of a view there is nothing to see, and numbers without end are none to a painter.
_FAR_PX = 1e5
_NARROW = (CURVE_LOOKS["raw"], CURVE_LOOKS["smoothed"], PLAIN_LOOK)


@dataclass(frozen=True, eq=False)
class CurveLine:
    """One line of a run or a group.

    Args:
        window: what to draw of it from one place of the x axis to another, in so many pixel columns.
    """

    key: str
    kind: Kind
    look: LineLook
    color: QColor
    window: Callable[[float, float, int], Drawn]


class CurveLines(pg.GraphicsObject):  # type: ignore[misc]  # pyqtgraph has no types
    """Covers a view. Painted again without a change, as under a moving cross-hair, it is a picture.

    One item for each line would take longer to be told of a new range than all lines take to be drawn.

    Args:
        scale: of the values, to the unit of the y axis.
    """

    def __init__(self, box: pg.ViewBox, scale: float) -> None:
        super().__init__(box)
        self._box, self._scale = box, scale
        self._lines: list[CurveLine] = []
        self._is_log = False
        self._image: QImage | None = None
        self._drawn_for: object = None
        self.is_exporting = False
        """Whether each line is painted as a line: on a drawing, which has no pixels."""
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemClipsToShape)
        # Behind the cross-hair and its figures.
        self.setZValue(-1)
        box.sigRangeChanged.connect(self._ask)
        box.sigResized.connect(self._resize)

    @property
    def lines(self) -> list[CurveLine]:
        """From the lowest to the one above all others."""
        return self._lines

    def show_lines(self, lines: Sequence[CurveLine], is_log: bool) -> None:
        """Draw these, or draw them again because there is more of them."""
        self._lines, self._is_log = list(lines), is_log
        self._drawn_for = None
        self.update()

    def boundingRect(self) -> QRectF:
        rect: QRectF = self._box.rect()
        return rect

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        if self.is_exporting:
            rect = self.boundingRect()
            for each in self._traced(rect.width(), rect.height(), may_be_dense=False):
                if not isinstance(each, Dense):
                    each.paint(painter, 1.0, may_stamp=False)
            return
        ratio = painter.device().devicePixelRatioF()
        size = self.boundingRect().size() * ratio
        wanted = (size.width(), size.height(), ratio, *map(tuple, self._box.viewRange()))
        if wanted != self._drawn_for:
            self._image, self._drawn_for = self._drawn(size.toSize(), ratio), wanted
        if self._image is not None:
            painter.drawImage(QPointF(0, 0), self._image)

    def _drawn(self, size: QSize, ratio: float) -> QImage | None:
        if size.isEmpty() or not self._lines:
            return None
        canvas = CurveCanvas(size)
        painter: QPainter | None = None
        # In the order in which they cover each other; both ways write into the same pixels.
        for each in self._traced(size.width(), size.height()):
            if not isinstance(each, Dense):
                painter = painter or QPainter(canvas.image)
                each.paint(painter, ratio)
                continue
            if painter is not None:
                painter.end()
                painter = None
            each.draw(canvas)
        if painter is not None:
            painter.end()
        canvas.image.setDevicePixelRatio(ratio)
        return canvas.image

    def _traced(self, width: float, height: float, may_be_dense: bool = True) -> list[Dense | Area | Stroke]:
        """What is in view, in pixels: ranges first, as lines are seen on them."""
        (left, right), (low, high) = self._box.viewRange()
        columns = max(int(width), 1)

        def down(values: NDArray[np.floating]) -> Floats:
            y = height - (self.to_axis(values) - low) * (height / (high - low))
            return np.asarray(np.minimum(np.maximum(y, -_FAR_PX), _FAR_PX))

        areas, lines = list[Dense | Area | Stroke](), list[Dense | Area | Stroke]()
        for line in self._lines:
            drawn = line.window(left, right, columns)
            is_narrow = may_be_dense and line.look in _NARROW
            if isinstance(drawn, Envelope) and not is_narrow:
                drawn = drawn.points()
            x = (drawn.x - left) * (width / (right - left))
            if isinstance(drawn, Envelope):
                lines.append(Dense(line.color, x, down(drawn.high), down(drawn.low)))
                continue
            if isinstance(drawn, Band):
                areas.append(Area(line.color, x, down(drawn.high), down(drawn.low)))
            y = down(drawn.y)
            is_dense = is_narrow and isinstance(drawn, Points) and _is_dense(x)
            lines.append(Dense(line.color, x, y, y) if is_dense else Stroke(line.look, line.color, x, y))
        return areas + lines

    def to_axis(self, values: NDArray[np.floating]) -> Floats:
        """Values as they stand on the y axis; what no logarithm has is at the bottom."""
        scaled = self._scale * np.asarray(values, np.float64)
        return _log10(np.maximum(scaled, SMALLEST_LOG)) if self._is_log else scaled

    @Slot()
    def _ask(self) -> None:
        self.update()

    @Slot()
    def _resize(self) -> None:
        self.prepareGeometryChange()


def _is_dense(x: Floats) -> bool:
    """Whether there are more points than a painter is good for."""
    return len(x) > 1 and len(x) > DENSE * max(float(x[-1] - x[0]), 1.0)


def _log10(values: Floats) -> Floats:
    return np.asarray(np.log10(values), np.float64)
