"""A small chart of values by depth: from the first block or layer on the left to the last one on the right."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from workbench.gui.widgets.axes import round_up
from workbench.gui.widgets.theme import FIELD_GAP, GAP, MARGIN, Theme, mixed, tabular

_CAPTION_PX = 11
_HEADING_PX, _TICK_PX, _AXIS_PX = 20, 16, 42
_MIDDLE = Qt.AlignmentFlag.AlignVCenter
_CENTER = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_SWATCH_PX = 10
# Of what is drawn, so that a number fits above the highest bar.
_HEAD_SPACE = 1.1


@dataclass(frozen=True)
class DepthSeries:
    """Values by depth, NaN where there is none. The name is for the legend, if there is more than one series."""

    name: str
    values: Sequence[float]


class DepthChart(QWidget):
    """One series as bars, several as lines, from 0 on.

    Args:
        text: how a value is written.
        mark: a value at which a dashed line stands.
        most: the highest value of the axis; 0: what the values need.
    """

    def __init__(
        self,
        theme: Theme,
        heading: str,
        text: Callable[[float], str],
        mark: float | None = None,
        most: float = 0.0,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme, self._heading, self._text, self._mark = theme, heading, text, mark
        self._most = most
        self._names: list[str] = []
        self._stages: list[str] = []
        self._series: list[DepthSeries] = []
        self._absence = ""
        self._hovered: int | None = None
        self.setMouseTracking(True)
        self.setAccessibleName(heading)
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self.setAutoFillBackground(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme.changed.connect(self.update)

    def show_series(self, names: Sequence[str], series: Sequence[DepthSeries], absence: str = "") -> None:
        """Draw values; `absence` is said where none of them is finite.

        Args:
            names: of each place, of blocks as in the state dict; those of a stage stand together.
        """
        self._names, self._series, self._absence, self._hovered = list(names), list(series), absence, None
        self._stages = [name.split(".")[0] for name in names]
        self.setAccessibleDescription("; ".join(self.describe(at) for at in range(len(names))) or absence)
        self.update()

    def describe(self, at: int) -> str:
        """What stands at a place, in words."""
        values = [(each.name, each.values[at]) for each in self._series if math.isfinite(each.values[at])]
        said = ", ".join(f"{name} {self._text(value)}".strip() for name, value in values)
        return f"{self._names[at]}: {said}" if said else self._names[at]

    def sizeHint(self) -> QSize:
        return QSize(360, 190)

    def minimumSizeHint(self) -> QSize:
        return QSize(220, 150)

    # Places

    def _area(self) -> QRectF:
        top = FIELD_GAP + _HEADING_PX + GAP
        return QRectF(
            MARGIN + _AXIS_PX, top + _TICK_PX / 2, self.width() - 2 * MARGIN - _AXIS_PX,
            self.height() - top - 1.5 * _TICK_PX - FIELD_GAP,
        )  # fmt: skip

    def _x(self, at: int) -> float:
        area = self._area()
        return area.left() + (at + 0.5) * area.width() / max(1, len(self._names))

    def _finite(self) -> list[float]:
        return [value for each in self._series for value in each.values if math.isfinite(value)]

    def _limits(self) -> tuple[float, float]:
        found = [*self._finite(), *([self._mark] if self._mark is not None else [])]
        low = min([0.0, *found])
        return (-round_up(-low) if low < 0 else 0.0), self._most or round_up(_HEAD_SPACE * max([1e-6, *found]))

    # Drawing

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        plain, bold = tabular(self.font()), QFont(self.font())
        plain.setPixelSize(_CAPTION_PX)
        bold.setWeight(QFont.Weight.DemiBold)
        painter.setPen(self._theme.color("text"))
        heading = QRectF(MARGIN, FIELD_GAP, self.width() - 2 * MARGIN, _HEADING_PX)
        beside = heading.width() - self._legend_width(QFontMetricsF(plain))
        title = QFontMetricsF(bold).elidedText(self._heading, Qt.TextElideMode.ElideRight, beside)
        painter.setFont(bold)
        painter.drawText(heading, _MIDDLE, title)
        painter.setFont(plain)
        if not self._finite():
            painter.setPen(self._theme.color("secondary"))
            room = self.rect().adjusted(MARGIN, _HEADING_PX, -MARGIN, 0)
            painter.drawText(room, _CENTER | Qt.TextFlag.TextWordWrap, self._absence)
            return
        low, high = self._limits()
        self._draw_axes(painter, low, high)
        if len(self._series) == 1:
            self._draw_bars(painter, self._series[0], low, high)
        else:
            self._draw_lines(painter, low, high)
            self._draw_legend(painter, heading)

    def _draw_axes(self, painter: QPainter, low: float, high: float) -> None:
        area, theme = self._area(), self._theme
        if self._hovered is not None:
            pitch = area.width() / len(self._names)
            column = QRectF(self._x(self._hovered) - pitch / 2, area.top(), pitch, area.height())
            painter.fillRect(column, mixed(theme.color("hairline"), theme.color("surface"), 0.5))
        for value in sorted({low, 0.0, (low + high) / 2, high}):
            y = round(_y(area, value, low, high))
            painter.fillRect(QRectF(area.left(), y, area.width(), 1), theme.color("hairline"))
            painter.setPen(theme.color("secondary"))
            room = QRectF(MARGIN, y - _TICK_PX / 2, _AXIS_PX - GAP, _TICK_PX)
            painter.drawText(room, _RIGHT, self._text(value))
        # A name per stage, between lines where the next one begins.
        begin = 0
        for at in range(1, len(self._names) + 1):
            if at < len(self._names) and self._stages[at] == self._stages[begin]:
                continue
            middle = (self._x(begin) + self._x(at - 1)) / 2
            room = QRectF(middle - 60, area.bottom() + GAP, 120, _TICK_PX)
            pitch = area.width() / len(self._names)
            word = self._stages[begin]
            if QFontMetricsF(painter.font()).horizontalAdvance(word) <= (at - begin) * pitch + 2 * GAP:
                painter.setPen(theme.color("secondary"))
                painter.drawText(room, _CENTER, word)
            if at < len(self._names):
                x = round((self._x(at - 1) + self._x(at)) / 2)
                painter.fillRect(QRectF(x, area.bottom(), 1, FIELD_GAP), theme.color("secondary"))
            begin = at

    def _draw_bars(self, painter: QPainter, series: DepthSeries, low: float, high: float) -> None:
        area = self._area()
        pitch = area.width() / len(self._names)
        breadth = max(2.0, min(28.0, 0.62 * pitch))
        zero = _y(area, 0.0, low, high)
        widest = max(QFontMetricsF(painter.font()).horizontalAdvance(self._text(v)) for v in self._finite())
        for at, value in enumerate(series.values):
            if not math.isfinite(value):
                continue
            y = _y(area, value, low, high)
            bar = QRectF(round(self._x(at) - breadth / 2), min(y, zero), round(breadth), max(1.0, abs(zero - y)))
            painter.fillRect(bar, self._theme.series(0))
            if widest + GAP <= pitch:
                painter.setPen(self._theme.color("text"))
                room = QRectF(self._x(at) - pitch / 2, bar.top() - _TICK_PX + 1, pitch, _TICK_PX - 2)
                painter.drawText(room, _CENTER, self._text(value))
        if self._mark is not None:
            y = round(_y(area, self._mark, low, high)) + 0.5
            pen = QPen(self._theme.color("secondary"), 1)
            pen.setDashPattern([4, 3])
            painter.setPen(pen)
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))

    def _draw_lines(self, painter: QPainter, low: float, high: float) -> None:
        area = self._area()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for number, each in enumerate(self._series):
            color = self._theme.series(number)
            points = [
                QPointF(self._x(at), _y(area, value, low, high))
                for at, value in enumerate(each.values)
                if math.isfinite(value)
            ]
            painter.setPen(QPen(color, 1.5))
            painter.drawPolyline(points)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color)
            if area.width() / len(self._names) >= 6:
                for point in points:
                    painter.drawEllipse(point, 2.2, 2.2)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _legend_width(self, metrics: QFontMetricsF) -> float:
        """Of the names of several series, with their colors, and the gap before them."""
        if len(self._series) < 2 or not self._finite():
            return 0.0
        return sum(metrics.horizontalAdvance(each.name) + 1 + GAP + _SWATCH_PX + MARGIN for each in self._series)

    def _draw_legend(self, painter: QPainter, heading: QRectF) -> None:
        x = heading.right()
        for number, each in reversed(list(enumerate(self._series))):
            breadth = QFontMetricsF(painter.font()).horizontalAdvance(each.name) + 1
            painter.setPen(self._theme.color("text"))
            painter.drawText(QRectF(x - breadth, heading.top(), breadth, heading.height()), _MIDDLE, each.name)
            swatch = QRectF(
                round(x - breadth - GAP - _SWATCH_PX), round(heading.center().y() - _SWATCH_PX / 2), _SWATCH_PX,
                _SWATCH_PX,
            )  # fmt: skip
            painter.fillRect(swatch, self._theme.series(number))
            x = swatch.left() - MARGIN

    # Pointer

    def _at(self, x: float) -> int | None:
        area = self._area()
        if not self._names or not self._finite() or not area.left() <= x < area.right():
            return None
        return int((x - area.left()) * len(self._names) / area.width())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self._at(event.position().x()))

    def leaveEvent(self, _event: QEvent) -> None:
        self._hover(None)

    def _hover(self, at: int | None) -> None:
        if at != self._hovered:
            self._hovered = at
            self.update()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            at = self._at(event.pos().x())
            if at is not None:
                QToolTip.showText(event.globalPos(), self.describe(at), self)
                return True
        return super().event(event)


def _y(area: QRectF, value: float, low: float, high: float) -> float:
    return area.bottom() - (value - low) / (high - low) * area.height()
