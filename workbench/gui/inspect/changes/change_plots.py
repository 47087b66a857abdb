"""What single changes do to an answer: curves over brightness and the like, and a map over shifts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from workbench.core.class_names import isolated, short_names
from workbench.core.formats import percent
from workbench.gui.inspect.changes.change_words import shift_words
from workbench.gui.widgets.field_form import plain_tip
from workbench.gui.widgets.theme import FIELD_GAP, GAP, Theme, mixed, tabular

_PLOT_PX, _STRIP_PX, _SMALL_PX = 84, 6, 11
_CELL_PX = 13
_LINE_PX = 2
# Of a cell's color, of what is hardly believed.
_LEAST_SHARE = 0.25
_LEFT, _RIGHT = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
_MIDDLE = Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True, eq=False)
class Curve:
    """Probabilities after changes of one kind."""

    values: Sequence[float]
    """Of the kind, F of them, equally far apart."""
    probabilities: NDArray[np.float32]
    """(F, K)."""
    unit: str
    """`x` a factor, `°` degrees."""

    def words(self, value: float) -> str:
        return percent(value, 0) if self.unit == "x" else f"{value:g}°"


class ChangeCurves(QWidget):
    """The probability of a few classes over one kind of change, and below it which class is predicted.

    A click sets the value: `value_chosen` carries it. For keys there is the slider of the same change.
    """

    value_chosen = Signal(float)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._curve: Curve | None = None
        self._names: tuple[str, ...] = ()
        self._classes: tuple[int, ...] = ()
        self._value = 0.0
        self._font = tabular(self.font())
        self._font.setPixelSize(_SMALL_PX)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Probability over a change"))
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(200, FIELD_GAP + _PLOT_PX + GAP + _STRIP_PX + GAP + self._metrics.height())

    minimumSizeHint = sizeHint

    @property
    def _metrics(self) -> QFontMetrics:
        return QFontMetrics(self._font)

    def show_curve(
        self, curve: Curve | None, names: tuple[str, ...], classes: Sequence[int], value: float
    ) -> None:
        """Lines of `classes`; `value` is marked."""
        self._curve, self._names, self._classes = curve, names, tuple(classes)
        self.show_value(value)

    def show_value(self, value: float) -> None:
        """Mark another value."""
        self._value = value
        nearest = None if self._curve is None else min(self._curve.values, key=lambda each: abs(each - value))
        self.setAccessibleDescription(self._words(nearest))
        self.update()

    # Where things are

    def _plot(self) -> QRectF:
        metrics = self._metrics
        short = short_names(self._names)
        end = max((metrics.horizontalAdvance(short[index]) for index in self._classes), default=0)
        left = metrics.horizontalAdvance(percent(1, 0)) + GAP
        return QRectF(left, FIELD_GAP, max(1, self.width() - left - end - GAP), _PLOT_PX)

    def _x(self, plot: QRectF, curve: Curve, value: float) -> float:
        first, last = curve.values[0], curve.values[-1]
        return plot.left() + plot.width() * min(max((value - first) / (last - first), 0), 1)

    def _value_at(self, x: float) -> float | None:
        if self._curve is None:
            return None
        plot = self._plot()
        share = min(max((x - plot.left()) / plot.width(), 0), 1)
        return self._curve.values[round(share * (len(self._curve.values) - 1))]

    # Painting

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(self._font)
        plot = self._plot()
        self._draw_axes(painter, plot)
        if self._curve is None:
            return
        self._draw_strip(painter, plot, self._curve)
        x = round(self._x(plot, self._curve, self._value))
        painter.setPen(QPen(self._theme.color("secondary"), 1, Qt.PenStyle.DashLine))
        painter.drawLine(x, round(plot.top()), x, round(plot.bottom()))
        self._draw_lines(painter, plot, self._curve)

    def _draw_axes(self, painter: QPainter, plot: QRectF) -> None:
        for share in (0, 0.5, 1):
            y = round(plot.bottom() - share * plot.height())
            painter.setPen(self._theme.color("hairline"))
            painter.drawLine(round(plot.left()), y, round(plot.right()), y)
            painter.setPen(self._theme.color("secondary"))
            painter.drawText(QRectF(0, y - 8, plot.left() - GAP, 16), _RIGHT | _MIDDLE, percent(share, 0))
        if self._curve is None:
            return
        values, width = self._curve.values, 60
        for value in (values[0], values[len(values) // 2], values[-1]):
            x = self._x(plot, self._curve, value)
            x = min(max(x - width / 2, 0), self.width() - width)
            rect = QRectF(x, self.height() - self._metrics.height(), width, self._metrics.height())
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, self._curve.words(value))

    def _draw_strip(self, painter: QPainter, plot: QRectF, curve: Curve) -> None:
        """Which class is predicted, in its color."""
        said = curve.probabilities.argmax(axis=1)
        step = plot.width() / (len(said) - 1)
        for number, index in enumerate(said):
            center = plot.left() + number * step
            left, right = max(plot.left(), center - step / 2), min(plot.right(), center + step / 2)
            cell = QRectF(left, plot.bottom() + GAP, right - left, _STRIP_PX)
            painter.fillRect(cell, self._theme.series(int(index)))

    def _draw_lines(self, painter: QPainter, plot: QRectF, curve: Curve) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        short, height = short_names(self._names), self._metrics.height()
        ends = []
        for index in self._classes:
            points = [
                QPointF(self._x(plot, curve, value), plot.bottom() - float(share) * plot.height())
                for value, share in zip(curve.values, curve.probabilities[:, index], strict=True)
            ]
            painter.setPen(QPen(self._theme.series(index), _LINE_PX))
            painter.drawPolyline(QPolygonF(points))
            ends.append((points[-1].y(), short[index]))
        painter.setPen(self._theme.color("text"))
        lowest = -float("inf")
        for y, name in sorted(ends):
            # One below the other where their lines end together.
            lowest = max(y, lowest + height)
            rect = QRectF(plot.right() + GAP, lowest - height / 2, self.width() - plot.right(), height)
            painter.drawText(rect, _LEFT | _MIDDLE, name)

    # The mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if not event.buttons() & Qt.MouseButton.LeftButton:
            return
        value = self._value_at(event.position().x())
        if value is not None:
            self.value_chosen.emit(value)

    mouseMoveEvent = mousePressEvent

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self._tip(event.pos()), self)
            return True
        return super().event(event)

    def _tip(self, at: QPoint) -> str:
        return plain_tip(self._words(self._value_at(at.x())))

    def _words(self, value: float | None) -> str:
        if value is None or self._curve is None:
            return ""
        row = self._curve.probabilities[list(self._curve.values).index(value)]
        likely = sorted({int(row.argmax()), *self._classes}, key=lambda index: -row[index])
        words = ", ".join(f"{isolated(self._names[index])} {row[index]:.2f}" for index in likely)
        return f"{self._curve.words(value)}: {words}"


class ShiftMap(QWidget):
    """A cell per shift, in the color of the class that is predicted then, paler the less sure; a dot where it is
    another one than for the image as it is.

    A click sets the shift: `shift_chosen` carries right and down. For keys there are sliders of the same shift.
    """

    shift_chosen = Signal(int, int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._shifts: NDArray[np.float32] | None = None
        self._names: tuple[str, ...] = ()
        self._prediction = 0
        self._shift = (0, 0)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Answer after shifts"))
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        side = 9 if self._shifts is None else len(self._shifts)
        return QSize(side * _CELL_PX + 1, side * _CELL_PX + 1)

    def show_shifts(
        self, shifts: NDArray[np.float32] | None, names: tuple[str, ...], prediction: int, shift: tuple[int, int]
    ) -> None:
        """(2 m + 1, 2 m + 1, K) probabilities, indexed (down, right); `shift` (right, down) is marked."""
        self._shifts, self._names, self._prediction = shifts, names, prediction
        self.updateGeometry()
        self.show_shift(*shift)

    def show_shift(self, right_px: int, down_px: int) -> None:
        """Mark another shift, if it is on the map."""
        self._shift = right_px, down_px
        self.setAccessibleDescription(self._words(self._shift))
        self.update()

    def _cell(self, column: int, row: int) -> QRect:
        return QRect(column * _CELL_PX + 1, row * _CELL_PX + 1, _CELL_PX - 1, _CELL_PX - 1)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._shifts is None:
            painter.setPen(self._theme.color("hairline"))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
            return
        ground = self._theme.color("window")
        for row, line in enumerate(self._shifts):
            for column, said in enumerate(line):
                index, cell = int(said.argmax()), self._cell(column, row)
                share = _LEAST_SHARE + (1 - _LEAST_SHARE) * float(said[index])
                painter.fillRect(cell, mixed(self._theme.series(index), ground, share))
                if index != self._prediction:
                    dot = QRect(0, 0, 3, 3)
                    dot.moveCenter(cell.center())
                    painter.fillRect(dot, self._theme.color("text"))
        most = len(self._shifts) // 2
        right, down = self._shift
        if max(abs(right), abs(down)) <= most:
            painter.setPen(self._theme.color("text"))
            painter.drawRect(self._cell(right + most, down + most).adjusted(-1, -1, 0, 0))

    def _shift_at(self, at: QPoint) -> tuple[int, int] | None:
        if self._shifts is None or not self.rect().contains(at):
            return None
        side = len(self._shifts)
        column, row = (min(max(place // _CELL_PX, 0), side - 1) for place in (at.x(), at.y()))
        return column - side // 2, row - side // 2

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if not event.buttons() & Qt.MouseButton.LeftButton:
            return
        shift = self._shift_at(event.position().toPoint())
        if shift is not None:
            self.shift_chosen.emit(*shift)

    mouseMoveEvent = mousePressEvent

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self._tip(event.pos()), self)
            return True
        return super().event(event)

    def _tip(self, at: QPoint) -> str:
        return plain_tip(self._words(self._shift_at(at)))

    def _words(self, shift: tuple[int, int] | None) -> str:
        if shift is None or self._shifts is None:
            return ""
        right, down = shift
        most = len(self._shifts) // 2
        if max(abs(right), abs(down)) > most:
            return ""
        said = self._shifts[down + most, right + most]
        words = ", ".join(
            f"{isolated(self._names[index])} {said[index]:.2f}"
            for index in dict.fromkeys((int(said.argmax()), self._prediction))
        )
        return f"{shift_words(right, down)}: {words}"
