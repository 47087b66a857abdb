"""The last value of each line, in a margin right of the plot where no line runs through it."""

import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Slot
from PySide6.QtGui import QColor, QFontMetricsF, QPainter
from PySide6.QtWidgets import QApplication, QStyleOptionGraphicsItem, QWidget

from workbench.gui.widgets.axes import spread
from workbench.gui.widgets.plotting import pg
from workbench.gui.widgets.theme import GAP, Theme, tabular

# From the plot's edge at a value's height to the text, which may have had to move.
_LEADER_PX, _LEADER_WIDTH = 10, 2
# Between the digits of one value and the next.
_LEAST_GAP_PX = 3
# The margin is as wide as its texts, but for steps, so that the axes rarely move.
_STEP_PX = 8


@dataclass(frozen=True)
class EndValue:
    """What is written of one run; x and y say where its line ends, y in the plot's unit."""

    text: str
    color_index: int
    x: float
    y: float


@dataclass(frozen=True)
class PlacedValue:
    """A text in its place within the margin, and the height at which its line ends, in pixels."""

    text: str
    color: QColor
    place: QRectF
    end: float


class EndValues(pg.GraphicsWidget):  # type: ignore[misc]  # pyqtgraph has no types
    """Stands beside the view in a plot's layout. Texts keep a distance, near their lines' heights."""

    def __init__(self, plot: pg.PlotWidget, theme: Theme) -> None:
        super().__init__()
        self._plot, self._theme = plot, theme
        self._values: list[EndValue] = []
        self._is_log = False
        self._font = tabular(QApplication.font())
        # The place right of the right axis, beside the view.
        plot.getPlotItem().layout.addItem(self, 2, 3)
        plot.getPlotItem().getViewBox().sigRangeChanged.connect(self._follow_view)
        self.set_width(self.wanted_width)

    def show_values(self, values: list[EndValue], is_log: bool) -> None:
        """Write these; where there is no room for all of them, the last ones."""
        self._values, self._is_log = values, is_log
        self.update()

    @property
    def wanted_width(self) -> float:
        """Enough for every text."""
        metrics = QFontMetricsF(self._font)
        widest = max((metrics.horizontalAdvance(value.text) for value in self._values), default=0.0)
        return math.ceil((_LEADER_PX + 2 * GAP + widest) / _STEP_PX) * _STEP_PX if self._values else 2.0 * GAP

    def set_width(self, width: float) -> None:
        self.setMinimumWidth(width)
        self.setMaximumWidth(width)
        # By itself, the view would take up its new width only after the next paint.
        self._plot.getPlotItem().layout.activate()

    def placed(self) -> list[PlacedValue]:
        """What is written now, from top to bottom: of lines that end among the epochs in view."""
        (left, right), (low, high) = self._plot.getPlotItem().getViewBox().viewRange()
        metrics, size = QFontMetricsF(self._font), self.size()
        tall = metrics.tightBoundingRect("0").height()
        pitch = tall + _LEAST_GAP_PX
        most = max(1, 1 + int((size.height() - tall) / pitch))
        shown = [value for value in self._values if left <= value.x <= right][-most:]
        ends = [(self._height(value, low, high) * size.height(), value) for value in shown]
        ends.sort(key=lambda pair: pair[0])
        middles = spread([end for end, _ in ends], pitch, tall / 2, size.height() - tall / 2)
        return [
            PlacedValue(
                value.text, self._theme.series(value.color_index),
                QRectF(_LEADER_PX + GAP, middle - tall / 2, metrics.horizontalAdvance(value.text), tall), end,
            )
            for middle, (end, value) in zip(middles, ends, strict=True)
        ]  # fmt: skip

    def _height(self, value: EndValue, low: float, high: float) -> float:
        """0 at the top of the view, 1 at its bottom, at which what lies beyond is shown."""
        if not math.isfinite(value.y):
            return 0.0
        if self._is_log and value.y <= 0:
            return 1.0
        y = math.log10(value.y) if self._is_log else value.y
        return min(max((high - y) / (high - low), 0.0), 1.0)

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        painter.setFont(self._font)
        for value in self.placed():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(pg.mkPen(value.color, width=_LEADER_WIDTH))
            painter.drawLine(QPointF(1, value.end), QPointF(_LEADER_PX, value.place.center().y()))
            painter.setPen(self._theme.color("text"))
            # Digits have nothing below their line.
            painter.drawText(value.place.bottomLeft(), value.text)

    @Slot()
    def _follow_view(self) -> None:
        self.update()
