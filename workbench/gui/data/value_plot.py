"""How often each value occurs in a channel, as pixels hold it and as the network gets it."""

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.core.data.channel_figures import SEEN_RANGE, VALUES, mean_and_deviation
from workbench.core.settings.normalization import Normalization
from workbench.gui.widgets.axes import round_up
from workbench.gui.widgets.theme import FIELD_GAP, GAP, GROUP_GAP, MARGIN, Theme, mixed, tabular

_ROW_PX, _WORDS_PX, _TITLE_PX, _AXIS_PX = 72, 16, 24, 20
_CHANNEL_PX = 52
_SMALL_PX = 11
_MOST_TICKS = 6
_FILL_SHARE = 0.35
# Each channel in a color of its own kind; its name stands beside it.
_ROLES = ("wrong", "right", "accent")


class ValuePlot(QWidget):
    """A row for each channel; at the left before, at the right after normalization."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._counts: NDArray[np.int64] = np.zeros((3, VALUES), np.int64)
        self._by: Normalization | None = None
        self._small = QFont(tabular(self.font()))
        self._small.setPixelSize(_SMALL_PX)
        self._metrics = QFontMetrics(self._small)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Values of the pixels of each channel, before and after normalization"))
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(480, _TITLE_PX + 3 * _ROW_PX + _AXIS_PX)

    def show_values(self, counts: NDArray[np.int64], by: Normalization) -> None:
        """(3, 256) how many pixels have each value; and what they are normalized by."""
        self._counts, self._by = counts, by
        self.setAccessibleDescription("; ".join(self.words))
        self.update()

    @property
    def words(self) -> list[str]:
        """What each channel becomes, in words."""
        names = self.tr("red"), self.tr("green"), self.tr("blue")
        about = self.tr("{0} becomes mean {1}, deviation {2}")
        after = zip(names, *self._after(), strict=True)
        return [about.format(name, _number(mean), _number(std)) for name, mean, std in after]

    def _after(self) -> tuple[list[float], list[float]]:
        """Mean and deviation of each channel after normalization."""
        if self._by is None:
            return [], []
        mean, std = mean_and_deviation(self._counts)
        each = list(zip(mean, std, self._by.mean, self._by.std, strict=True))
        return [(m - by) / by_std for m, _, by, by_std in each], [s / by_std for _, s, _, by_std in each]

    def paintEvent(self, _event: QPaintEvent) -> None:
        if self._by is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width = (self.width() - _CHANNEL_PX - GROUP_GAP - MARGIN) // 2
        left, right = _CHANNEL_PX, _CHANNEL_PX + width + GROUP_GAP
        mean, std = mean_and_deviation(self._counts)
        values = np.arange(VALUES) / 255
        ends = [((0 - by) / by_std, (1 - by) / by_std) for by, by_std in zip(*self._by[1:], strict=True)]
        low, high = min(-SEEN_RANGE, *(end[0] for end in ends)), max(SEEN_RANGE, *(end[1] for end in ends))
        after_mean, after_std = self._after()
        self._draw_title(painter, left, width, self.tr("Pixels, from 0 to 1"))
        self._draw_title(painter, right, width, self.tr("What the network gets"))
        for channel, name in enumerate((self.tr("Red"), self.tr("Green"), self.tr("Blue"))):
            top = _TITLE_PX + channel * _ROW_PX
            painter.setFont(self.font())
            painter.setPen(self._theme.color("text"))
            middle = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRect(0, top, _CHANNEL_PX - FIELD_GAP, _ROW_PX + _WORDS_PX - GAP), middle, name)
            got = (values - self._by.mean[channel]) / self._by.std[channel]
            inside = QRectF(left, top + _WORDS_PX, width, _ROW_PX - _WORDS_PX - GAP)
            self._draw_values(painter, inside, channel, values, (0.0, 1.0), (mean[channel], std[channel]))
            inside.moveLeft(right)
            figures = after_mean[channel], after_std[channel]
            self._draw_values(painter, inside, channel, got, (low, high), figures)
        bottom = _TITLE_PX + 3 * _ROW_PX
        self._draw_axis(painter, QRectF(left, bottom, width, _AXIS_PX), (0.0, 1.0))
        self._draw_axis(painter, QRectF(right, bottom, width, _AXIS_PX), (low, high))

    def _draw_title(self, painter: QPainter, left: int, width: int, title: str) -> None:
        painter.setFont(self.font())
        painter.setPen(self._theme.color("secondary"))
        middle = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRect(left, 0, width, _TITLE_PX), middle, title)

    def _draw_values(
        self,
        painter: QPainter,
        inside: QRectF,
        channel: int,
        values: NDArray[np.float64],
        ends: tuple[float, float],
        figures: tuple[float, float],
    ) -> None:
        """As a filled outline. Pure black and white, often more than all other values, do not set its height."""
        counts = self._counts[channel]
        most = max(int(counts[1:-1].max()), 1)
        heights = np.minimum(counts / most, 1.0) * (inside.height() - 1)
        x = inside.left() + (values - ends[0]) / (ends[1] - ends[0]) * inside.width()
        color, surface = self._theme.color(_ROLES[channel]), self._theme.color("window")
        painter.setPen(QPen(self._theme.color("hairline"), 1))
        painter.drawLine(inside.bottomLeft(), inside.bottomRight())
        outline = [QPointF(a, inside.bottom() - b) for a, b in zip(x.tolist(), heights.tolist(), strict=True)]
        closed = [QPointF(x[0], inside.bottom()), *outline, QPointF(x[-1], inside.bottom())]
        painter.setPen(QPen(color, 1))
        painter.setBrush(mixed(color, surface, _FILL_SHARE))
        painter.drawPolygon(QPolygonF(closed))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        center = inside.left() + (figures[0] - ends[0]) / (ends[1] - ends[0]) * inside.width()
        painter.setPen(QPen(self._theme.color("text"), 1, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(center, inside.top()), QPointF(center, inside.bottom()))
        painter.setFont(self._small)
        painter.setPen(self._theme.color("text"))
        words = f"{_number(figures[0])} ± {_number(figures[1])}"
        place = QRectF(inside.left(), inside.top() - _WORDS_PX, inside.width(), _WORDS_PX)
        painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, words)

    def _draw_axis(self, painter: QPainter, room: QRectF, ends: tuple[float, float]) -> None:
        step = round_up((ends[1] - ends[0]) / _MOST_TICKS, (1.0, 2.0, 5.0, 10.0))
        painter.setFont(self._small)
        painter.setPen(self._theme.color("secondary"))
        for number in range(math.ceil(ends[0] / step - 1e-6), math.floor(ends[1] / step + 1e-6) + 1):
            x = room.left() + (number * step - ends[0]) / (ends[1] - ends[0]) * room.width()
            text = _number(number * step, 3)
            wide = self._metrics.horizontalAdvance(text)
            # What stands at an end of the axis stays within it.
            x = min(max(x - wide / 2, room.left()), room.right() - wide)
            painter.drawText(QRectF(x, room.top(), wide + 1, room.height()), Qt.AlignmentFlag.AlignTop, text)


def _number(value: float, digits: int = 2) -> str:
    """`0.49`, `−1.9`; nothing is minus zero."""
    text = f"{value:.{digits}f}" if digits == 2 else f"{value:.{digits}g}"
    return ("0" if float(text) == 0 and digits != 2 else text.replace("-0.00", "0.00")).replace("-", "−")
