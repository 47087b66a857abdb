"""A difference with its interval, on an axis through zero."""

import math

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.core.comparison.verdict import Verdict
from workbench.gui.widgets.axes import round_up
from workbench.gui.widgets.theme import FIELD_GAP, GAP, Theme, tabular

_STEPS = (1.0, 2.0, 5.0, 10.0)
_TICKS = 6
_BAR_PX, _DOT_PX = 6, 6
# Of the room on both sides of what is drawn.
_ROOM = 0.15
_LEAST_POINTS = 0.5


class DifferenceAxis(QWidget):
    """Points of accuracy: to the right of zero B is better, to the left A."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._verdict: Verdict | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Difference of accuracies with its interval"))
        self.setToolTip(
            self.tr(
                "Dot: the difference B − A in points. Bar: its 95 % interval. If it crosses 0, neither is better."
            )
        )
        theme.changed.connect(self.update)

    def show_verdict(self, verdict: Verdict | None) -> None:
        self._verdict = verdict
        self.setAccessibleDescription(verdict.sentence if verdict is not None else "")
        self.update()

    def sizeHint(self) -> QSize:
        line = self.fontMetrics().height()
        return QSize(320, 2 * line + 2 * FIELD_GAP + 2 * _DOT_PX + 2 * GAP)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, self.sizeHint().height())

    def limits(self) -> tuple[float, float]:
        """Of the axis, in points; zero is always on it."""
        if self._verdict is None:
            return -1.0, 1.0
        low, high = (100 * limit for limit in self._verdict.interval)
        low, high = min(low, -_LEAST_POINTS), max(high, _LEAST_POINTS)
        room = _ROOM * (high - low)
        return low - room, high + room

    def place_of(self, points: float) -> float:
        """In pixels from the left."""
        low, high = self.limits()
        return FIELD_GAP + (self.width() - 2 * FIELD_GAP) * (points - low) / (high - low)

    def paintEvent(self, _event: QPaintEvent) -> None:
        if self._verdict is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line = self.fontMetrics().height()
        middle, bottom = line + FIELD_GAP + _DOT_PX, line + 2 * FIELD_GAP + 2 * _DOT_PX
        self._paint_axis(painter, bottom)
        self._paint_sides(painter, line)
        self._paint_interval(painter, self._verdict, middle)

    def _paint_axis(self, painter: QPainter, bottom: float) -> None:
        low, high = self.limits()
        step = round_up((high - low) / _TICKS, _STEPS)
        painter.setFont(tabular(self.font()))
        height = self.fontMetrics().height()
        painter.setPen(QPen(self._theme.color("hairline"), 1))
        painter.drawLine(QPointF(FIELD_GAP, bottom), QPointF(self.width() - FIELD_GAP, bottom))
        digits = max(0, -math.floor(math.log10(step) + 1e-9))
        for number in range(math.ceil(low / step), math.floor(high / step) + 1):
            at = self.place_of(number * step)
            painter.setPen(QPen(self._theme.color("secondary" if number == 0 else "hairline"), 1))
            painter.drawLine(QPointF(at, height + GAP if number == 0 else bottom - GAP), QPointF(at, bottom))
            text = f"{number * step:+.{digits}f}".replace("-", "−") if number else "0"
            painter.setPen(self._theme.color("secondary"))
            area = QRectF(at - 40, bottom + GAP / 2, 80, height)
            area.moveLeft(min(max(area.left(), -20.0), self.width() - 60.0))
            painter.drawText(area, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, text)

    def _paint_sides(self, painter: QPainter, line: int) -> None:
        """Which side is whose, as far as there is room beside zero."""
        zero = self.place_of(0.0)
        painter.setPen(self._theme.color("secondary"))
        metrics = self.fontMetrics()
        for words, area, side in (
            (self.tr("A better"), QRectF(0, 0, zero - GAP, line), Qt.AlignmentFlag.AlignRight),
            (
                self.tr("B better"),
                QRectF(zero + GAP, 0, self.width() - zero - GAP, line),
                Qt.AlignmentFlag.AlignLeft,
            ),
        ):
            if metrics.horizontalAdvance(words) <= area.width():
                painter.drawText(area, side | Qt.AlignmentFlag.AlignVCenter, words)

    def _paint_interval(self, painter: QPainter, verdict: Verdict, middle: float) -> None:
        is_sure = verdict.outcome in ("a better", "b better")
        color = self._theme.color("accent" if is_sure else "secondary")
        first, last = (self.place_of(100 * limit) for limit in verdict.interval)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        painter.drawRoundedRect(QRectF(first, middle - _BAR_PX / 2, max(last - first, 1), _BAR_PX), 2, 2)
        painter.setPen(QPen(self._theme.color("surface"), 2))
        painter.drawEllipse(QPointF(self.place_of(100 * verdict.difference), middle), _DOT_PX, _DOT_PX)
