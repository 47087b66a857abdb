"""Loss landscapes beside each other on one scale of colors, with axes, legend and a read-out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QTransform,
)
from PySide6.QtWidgets import QWidget

from workbench.core.formats import percent
from workbench.core.inspection.landscape import Indices, Landscape
from workbench.gui.inspect.confusion_scales import mistake_scale
from workbench.gui.inspect.landscape.landscape_picture import LandscapePicture, LossScale, loss_text
from workbench.gui.widgets.theme import FIELD_GAP, GAP, GROUP_GAP, Theme, tabular

_RAMP_PX, _TICK_PX, _MARK_PX = 12, 4, 5
_LEAST_SIDE, _LEAST_WIDTH = 144, 360
# The last number below one must not touch the first one below the next.
_BETWEEN_PX = GROUP_GAP + FIELD_GAP
_TICKS = (-1.0, -0.5, 0.0, 0.5, 1.0)
_LINE_ALPHA = 110
_STEPS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, 1),
    Qt.Key.Key_Down: (0, -1),
}


@dataclass(frozen=True, eq=False)
class Drawn:
    """One landscape, and how it is called and colored."""

    landscape: Landscape
    name: str
    color_index: int


class LandscapeCanvas(QWidget):
    """Draws landscapes of one grid in equal squares. `pointed_at` carries the sentence that says what is there.

    The pointer, or the arrow keys, choose the point of the grid that is read in all of them.
    """

    pointed_at = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._drawn: tuple[Drawn, ...] = ()
        self._pictures: list[LandscapePicture | None] = []
        self._scale = LossScale(0.1, 10.0, True)
        self._point: tuple[int, int] | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Loss around the weights"))
        theme.changed.connect(self.update)

    def show_landscapes(self, drawn: Sequence[Drawn], is_log: bool) -> None:
        """Draw these, as far as they are computed, on a scale that reaches over all of them."""
        self._drawn = tuple(drawn)
        landscapes = [each.landscape for each in drawn]
        if landscapes:
            self._scale = LossScale.of(landscapes, is_log)
        self._pictures = [LandscapePicture.of(each, self._scale) for each in landscapes]
        self._tell_point()
        self.update()

    @property
    def scale(self) -> LossScale:
        return self._scale

    @property
    def point(self) -> tuple[int, int] | None:
        """Row and column of the grid's point that is read."""
        return self._point

    def sizeHint(self) -> QSize:
        # It takes what is left: asking for more would make the words below it scroll where there is room.
        return self.minimumSizeHint()

    def minimumSizeHint(self) -> QSize:
        return QSize(_LEAST_WIDTH, _LEAST_SIDE + self._top + self._bottom)

    # Where things stand

    @property
    def _line(self) -> int:
        return QFontMetrics(self.font()).height() + GAP

    @property
    def _top(self) -> int:
        return 2 * self._line

    @property
    def _bottom(self) -> int:
        return 2 * self._line + _TICK_PX

    @property
    def _left(self) -> int:
        return self._line + QFontMetrics(self.font()).horizontalAdvance("−0.50") + _TICK_PX + GAP

    @property
    def _legend_width(self) -> int:
        return GROUP_GAP + _RAMP_PX + GAP + QFontMetrics(self.font()).horizontalAdvance("0.0001") + GROUP_GAP

    def square(self, number: int) -> QRectF:
        """Where a landscape is drawn."""
        count = max(len(self._drawn), 1)
        room = self.width() - self._legend_width - self._left - (count - 1) * _BETWEEN_PX
        side = max(_LEAST_SIDE, min(room // count, self.height() - self._top - self._bottom))
        left = max(0, (room - count * side) // 2) + self._left + number * (side + _BETWEEN_PX)
        return QRectF(left, self._top, side, side)

    # Drawing

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        painter.setFont(tabular(self.font()))
        for number, (drawn, picture) in enumerate(zip(self._drawn, self._pictures, strict=True)):
            square = self.square(number)
            self._draw_title(painter, drawn, square)
            if picture is not None:
                self._draw_picture(painter, picture, square)
                self._draw_marks(painter, drawn.landscape, square)
            self._draw_axes(painter, drawn.landscape.grid.reach, square, is_first=number == 0)
        if self._drawn:
            self._draw_legend(painter, self.square(len(self._drawn) - 1))

    def _draw_title(self, painter: QPainter, drawn: Drawn, square: QRectF) -> None:
        landscape, metrics = drawn.landscape, QFontMetrics(self.font())
        swatch = QRectF(square.left(), 0, 8, 8)
        swatch.moveTop((self._line - swatch.height()) // 2)
        painter.fillRect(swatch, self._theme.series(drawn.color_index))
        room = QRectF(swatch.right() + GAP, 0, square.right() - swatch.right() - GAP, self._line)
        name = self.tr("{0} · epoch {1}").format(drawn.name, landscape.epoch)
        painter.setPen(self._theme.color("text"))
        self._write(painter, room, metrics.elidedText(name, Qt.TextElideMode.ElideRight, int(room.width())))
        painter.setPen(self._theme.color("secondary"))
        below = QRectF(square.left(), self._line, square.width(), self._line)
        texts = self._figures(landscape)
        self._write(painter, below, next((t for t in texts if metrics.horizontalAdvance(t) <= below.width()), ""))

    def _figures(self, landscape: Landscape) -> tuple[str, ...]:
        """From the longest to the shortest."""
        if not landscape.size:
            return (self.tr("not computed yet"),)
        loss, accuracy = loss_text(landscape.center_loss), percent(landscape.center_accuracy, 0)
        both = self.tr("loss {0}, accuracy {1}").format(loss, accuracy)
        points = self.tr("{0} × {0} points").format(landscape.size)
        return f"{both} · {points}", both, self.tr("loss {0}").format(loss)

    def _draw_picture(self, painter: QPainter, picture: LandscapePicture, square: QRectF) -> None:
        image = picture.image
        # Its outermost pixels are centered on the edge.
        inner = QRectF(0.5, 0.5, image.width() - 1, image.height() - 1)
        painter.drawImage(square, image, inner)
        place = QTransform.fromTranslate(square.left(), square.top()).scale(square.width(), square.height())
        painter.save()
        painter.setClipRect(square)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for share, path in picture.lines:
            ink = QColor(mistake_scale().ink(share))
            ink.setAlpha(_LINE_ALPHA)
            painter.setPen(QPen(ink, 1))
            painter.drawPath(place.map(path))
        painter.restore()

    def _draw_marks(self, painter: QPainter, landscape: Landscape, square: QRectF) -> None:
        _, first, second = landscape.lowest
        low = self._place(landscape, first, second, square)
        center = square.center()
        ring = QRectF(low.x() - _MARK_PX, low.y() - _MARK_PX, 2 * _MARK_PX, 2 * _MARK_PX)
        # Dark below light, so that they are seen on any color.
        for color, width in ((QColor("#000000"), 3.5), (QColor("#FFFFFF"), 1.5)):
            painter.setPen(QPen(color, width))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(ring)
            for x, y in ((_MARK_PX - 1, 0), (0, _MARK_PX - 1)):
                painter.drawLine(center - QPointF(x, y), center + QPointF(x, y))
        if self._point is not None:
            row, column = self._point
            axis = landscape.grid.axis
            at = self._place(landscape, float(axis[column]), float(axis[row]), square)
            for color, width in ((QColor("#000000"), 3), (QColor("#FFFFFF"), 1)):
                painter.setPen(QPen(color, width))
                painter.drawRect(QRectF(at.x() - 4, at.y() - 4, 8, 8))

    def _place(self, landscape: Landscape, first: float, second: float, square: QRectF) -> QPointF:
        reach, center = landscape.grid.reach, square.center()
        half = square.width() / 2
        return QPointF(center.x() + first / reach * half, center.y() - second / reach * half)

    def _draw_axes(self, painter: QPainter, reach: float, square: QRectF, *, is_first: bool) -> None:
        painter.setPen(self._theme.color("accent" if self.hasFocus() else "hairline"))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(square)
        half, line = square.width() / 2, self._line
        ticks = _TICKS if square.width() > 4 * self._left else (-1.0, 0.0, 1.0)
        for share in ticks:
            text = f"{share * reach:.3g}".replace("-", "−")
            x, y = square.center().x() + share * half, square.center().y() - share * half
            painter.setPen(self._theme.color("hairline"))
            painter.drawLine(QPointF(x, square.bottom()), QPointF(x, square.bottom() + _TICK_PX))
            if is_first:
                painter.drawLine(QPointF(square.left() - _TICK_PX, y), QPointF(square.left(), y))
            painter.setPen(self._theme.color("secondary"))
            below = QRectF(x - 40, square.bottom() + _TICK_PX, 80, line)
            self._write(painter, below, text, Qt.AlignmentFlag.AlignHCenter)
            if is_first:
                beside = QRectF(square.left() - self._left, y - line / 2, self._left - _TICK_PX - GAP / 2, line)
                self._write(painter, beside, text, Qt.AlignmentFlag.AlignRight)
        below = QRectF(square.left(), square.bottom() + _TICK_PX + line, square.width(), line)
        self._write(painter, below, self.tr("first direction"), Qt.AlignmentFlag.AlignHCenter)
        if is_first:
            self._draw_second_title(painter, square)

    def _draw_second_title(self, painter: QPainter, square: QRectF) -> None:
        painter.save()
        painter.translate(square.left() - self._left, square.bottom())
        painter.rotate(-90)
        self._write(painter, QRectF(0, 0, square.height(), self._line), self.tr("second direction"),
                    Qt.AlignmentFlag.AlignHCenter)  # fmt: skip
        painter.restore()

    def _draw_legend(self, painter: QPainter, square: QRectF) -> None:
        ramp = QRectF(square.right() + GROUP_GAP, square.top(), _RAMP_PX, square.height())
        height = int(ramp.height())
        for step in range(height):
            color = mistake_scale().color(1 - step / max(height - 1, 1))
            painter.fillRect(QRectF(ramp.left(), ramp.top() + step, ramp.width(), 1), color)
        painter.setPen(self._theme.color("secondary"))
        painter.drawRect(ramp)
        self._write(painter, QRectF(ramp.left(), self._line, 120, self._line), self.tr("loss / nats"))
        last = None
        for level in self._scale.levels:
            y = ramp.bottom() - self._scale.share(level) * ramp.height()
            painter.setPen(self._theme.color("secondary"))
            painter.drawLine(QPointF(ramp.right(), y), QPointF(ramp.right() + _TICK_PX, y))
            if last is None or last - y >= self._line - GAP:
                room = QRectF(ramp.right() + _TICK_PX + GAP, y - self._line / 2, 80, self._line)
                self._write(painter, room, loss_text(level))
                last = y

    def _write(
        self, painter: QPainter, room: QRectF, text: str,
        across: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
    ) -> None:  # fmt: skip
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | across, text)

    # Reading

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self._read_at(event.position())

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._read(None)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._read(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _STEPS.get(Qt.Key(event.key()))
        if step is None or not self._drawn:
            super().keyPressEvent(event)
            return
        level = self._level
        if not len(level):
            return
        middle = int(level[len(level) // 2])
        row, column = self._point or (middle, middle)
        across, up = step if self._point is not None else (0, 0)
        self._read((_moved(level, row, up), _moved(level, column, across)))

    def _read_at(self, position: QPointF) -> None:
        for number, drawn in enumerate(self._drawn):
            square = self.square(number)
            if square.contains(position):
                last, level = drawn.landscape.grid.size - 1, self._level
                if len(level):
                    column = (position.x() - square.left()) / square.width() * last
                    row = (square.bottom() - position.y()) / square.height() * last
                    self._read((_nearest(level, row), _nearest(level, column)))
                return
        self._read(None)

    @property
    def _level(self) -> Indices:
        """Positions of the finest grid that is known of all landscapes: what lies between was not computed."""
        return min((each.landscape.level for each in self._drawn), key=len)

    def _read(self, point: tuple[int, int] | None) -> None:
        if point != self._point:
            self._point = point
            self._tell_point()
            self.update()

    @Slot()
    def _tell_point(self) -> None:
        self.pointed_at.emit(self.words_at(self._point) if self._point is not None and self._drawn else "")

    def words_at(self, point: tuple[int, int]) -> str:
        """Loss and accuracy at a point of the grid, nothing of what was interpolated."""
        axis = self._drawn[0].landscape.grid.axis
        row, column = point
        where = f"({axis[column]:.2f}, {axis[row]:.2f})".replace("-", "−")
        parts = []
        for drawn in self._drawn:
            landscape = drawn.landscape
            if not landscape.known[point]:
                said = self.tr("not computed yet")
            else:
                loss = float(landscape.loss[point])
                shown = loss_text(loss) if np.isfinite(loss) else self.tr("not a number")
                said = self.tr("loss {0}, accuracy {1}").format(shown, percent(float(landscape.accuracy[point])))
            parts.append(f"{drawn.name}: {said}" if len(self._drawn) > 1 else said)
        return self.tr("At {0}: {1}").format(where, "; ".join(parts))


def _nearest(level: Indices, position: float) -> int:
    return int(level[np.abs(level - position).argmin()])


def _moved(level: Indices, position: int, by: int) -> int:
    """The next position of a level, or the same one at its end."""
    at = int(np.abs(level - position).argmin()) + by
    return int(level[min(max(at, 0), len(level) - 1)])
