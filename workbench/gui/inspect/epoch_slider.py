"""A slider over a run's epochs, with the accuracy that chooses among them drawn in it."""

import math
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QFontMetrics,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from workbench.core.formats import percent
from workbench.core.inspection.evaluation_changes import deciding_accuracy
from workbench.core.records.run_record import RunRecord
from workbench.gui.records.selection import Selection
from workbench.gui.widgets.theme import FIELD_GAP, GAP, MARGIN, Theme

_HEIGHT = 76
_DOT_PX, _KNOB_PX, _MARK_PX = 2.0, 6.0, 4.0
_MOST_DOTS = 120
_MOST_TICKS = 10
_NOTCHES = 120


class EpochSlider(QWidget):
    """Moves the selection's epoch: by mouse, wheel and keys. Filled: the kept epoch; hollow below: a fall.

    Where a run goes on, the epochs that are still to come have their room at the right.
    """

    def __init__(self, theme: Theme, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._selection = theme, selection
        self._turned = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(self.tr("Epoch"))
        self.setMouseTracking(True)
        for signal in (selection.run_changed, selection.epochs_changed, selection.epoch_changed):
            signal.connect(self._describe)
        theme.changed.connect(self.update)
        self._describe()

    def sizeHint(self) -> QSize:
        return QSize(480, _HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, _HEIGHT - 4 * FIELD_GAP)

    def _describe(self) -> None:
        selection = self._selection
        words = self.tr("{0} of {1}").format(selection.epoch, selection.run.planned)
        self.setAccessibleDescription(", ".join([words, *self._notes(selection.epoch)]))
        self.update()

    # Where epochs stand

    def _axes(self) -> "_Axes":
        run, metrics = self._selection.run, QFontMetrics(self.font())
        left = MARGIN + metrics.horizontalAdvance("100 %") + GAP
        bottom = self.height() - metrics.height() - 2 * GAP - _KNOB_PX / 2
        plot = QRectF(left, FIELD_GAP, self.width() - left - 2 * MARGIN, bottom - FIELD_GAP)
        return _Axes(plot, max(run.planned if run.is_training else run.newest, 2), *_limits(run.record))

    def x_of(self, epoch: int) -> float:
        """Where an epoch stands, in this widget's pixels."""
        return self._axes().x_of(epoch)

    def _epoch_at(self, x: float) -> int:
        """The nearest one that there is; 0 without any."""
        return self._selection.run.nearest(self._axes().epoch_at(x))

    # Drawing

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        selection, theme, axes = self._selection, self._theme, self._axes()
        painter.fillRect(QRectF(MARGIN, 0, self.width() - 2 * MARGIN, self.height() - GAP), theme.color("surface"))
        record = selection.run.record
        if record is None or not selection.run.every:
            painter.setPen(theme.color("secondary"))
            text = self.tr("The epochs of the chosen run stand here, from the first one on.")
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, text)
            return
        self._draw_axes(painter, axes)
        points = {epoch.epoch: axes.point(epoch.epoch, deciding_accuracy(epoch)) for epoch in record.epochs}
        color = theme.series(record.number - 1)
        painter.setPen(QPen(color, 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF(list(points.values())))
        painter.setBrush(color)
        painter.setPen(Qt.PenStyle.NoPen)
        for point in points.values() if len(points) <= _MOST_DOTS else ():
            painter.drawEllipse(point, _DOT_PX, _DOT_PX)
        self._draw_bumps(painter, points)
        self._draw_marks(painter, axes, points)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.color("accent"), 1))
            painter.drawRoundedRect(
                QRectF(MARGIN, 0.5, self.width() - 2 * MARGIN - 1, self.height() - GAP - 1), 6, 6
            )

    def _draw_axes(self, painter: QPainter, axes: "_Axes") -> None:
        theme, plot = self._theme, axes.plot
        painter.setPen(theme.color("hairline"))
        for y in (plot.top(), plot.bottom()):
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
        painter.setPen(theme.color("secondary"))
        line = QFontMetrics(self.font()).height()
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for y, value in ((plot.top(), axes.high), (plot.bottom(), axes.low)):
            room = QRectF(MARGIN, y - line / 2, plot.left() - MARGIN - GAP, line)
            painter.drawText(room, right, percent(value, 0))
        wide = QFontMetrics(self.font()).horizontalAdvance(str(axes.last)) + FIELD_GAP
        for epoch in _ticks(axes.last, min(max(int(plot.width() / wide), 1), _MOST_TICKS)):
            room = QRectF(axes.x_of(epoch) - 30, plot.bottom() + _KNOB_PX, 60, line)
            painter.drawText(room, Qt.AlignmentFlag.AlignHCenter, str(epoch))

    def _draw_bumps(self, painter: QPainter, points: dict[int, QPointF]) -> None:
        """A hollow triangle below each fall."""
        painter.setBrush(self._theme.color("surface"))
        painter.setPen(QPen(self._theme.color("warning"), 1.5))
        for bump in self._selection.run.bumps:
            at = points[bump.epoch] + QPointF(0, _MARK_PX + 3)
            corners = [
                at + QPointF(-_MARK_PX, _MARK_PX),
                at + QPointF(_MARK_PX, _MARK_PX),
                at + QPointF(0, -_MARK_PX),
            ]
            painter.drawPolygon(QPolygonF(corners))

    def _draw_marks(self, painter: QPainter, axes: "_Axes", points: dict[int, QPointF]) -> None:
        """The kept epoch, the one that is compared with, and the one that is shown."""
        selection, theme, plot = self._selection, self._theme, axes.plot
        painter.setPen(QPen(theme.color("secondary"), 1, Qt.PenStyle.DashLine))
        if selection.marked_epoch:
            x = axes.x_of(selection.marked_epoch)
            painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))
        kept = points.get(selection.run.kept)
        painter.setPen(Qt.PenStyle.NoPen)
        if kept is not None:
            painter.setBrush(theme.color("right"))
            diamond = [QPointF(0, -5), QPointF(5, 0), QPointF(0, 5), QPointF(-5, 0)]
            painter.drawPolygon(QPolygonF([kept + corner for corner in diamond]))
        if selection.epoch:
            x = axes.x_of(selection.epoch)
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))
            painter.setPen(QPen(theme.color("surface"), 1.5))
            painter.setBrush(theme.color("accent"))
            painter.drawEllipse(QPointF(x, plot.bottom()), _KNOB_PX, _KNOB_PX)

    # Words

    def _notes(self, epoch: int) -> list[str]:
        run = self._selection.run
        figures, notes = run.figures(epoch), list[str]()
        if figures is not None and figures.validation_accuracy is not None:
            notes.append(self.tr("validation {0}").format(percent(figures.validation_accuracy)))
        if figures is not None:
            notes.append(self.tr("test {0}").format(percent(figures.test_accuracy)))
        if epoch and epoch == run.kept:
            notes.append(self.tr("kept"))
        fall = next((bump.fall for bump in run.bumps if bump.epoch == epoch), None)
        if fall is not None:
            notes.append(self.tr("{0} worse than the epoch before: have a look").format(percent(fall)))
        return notes

    def words_at(self, x: float) -> str:
        """What the epoch at `x` is, in a line."""
        epoch = self._epoch_at(x)
        return self.tr("Epoch {0}: {1}").format(epoch, ", ".join(self._notes(epoch))) if epoch else ""

    # Moving it

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.words_at(event.pos().x()), self)
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._selection.show_epoch(self._epoch_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._selection.show_epoch(self._epoch_at(event.position().x()))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """A notch is an epoch; finer wheels add up to one."""
        self._turned += event.angleDelta().y() or event.angleDelta().x()
        notches = int(self._turned / _NOTCHES)
        self._turned -= notches * _NOTCHES
        if notches:
            self._selection.step(notches)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: -1, Qt.Key.Key_Down: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: 1,
        }  # fmt: skip
        by = steps.get(Qt.Key(event.key()))
        if by is not None:
            self._selection.step(by)
        else:
            super().keyPressEvent(event)


@dataclass(frozen=True)
class _Axes:
    """Epochs 1 to `last` across `plot`, accuracies from `low` to `high` up."""

    plot: QRectF
    last: int
    low: float
    high: float

    def x_of(self, epoch: int) -> float:
        return self.plot.left() + self.plot.width() * (epoch - 1) / (self.last - 1)

    def epoch_at(self, x: float) -> int:
        return round(1 + (x - self.plot.left()) / self.plot.width() * (self.last - 1))

    def point(self, epoch: int, value: float) -> QPointF:
        height = self.plot.height() * (value - self.low) / (self.high - self.low)
        return QPointF(self.x_of(epoch), self.plot.bottom() - height)


def _limits(record: RunRecord | None) -> tuple[float, float]:
    """What the curve spans, to whole tenths."""
    values = [deciding_accuracy(epoch) for epoch in record.epochs] if record is not None else []
    values = [value for value in values if math.isfinite(value)]
    if not values:
        return 0.0, 1.0
    low, high = math.floor(min(values) * 10) / 10, math.ceil(max(values) * 10) / 10
    return low, high if high > low else low + 0.1


def _ticks(last: int, most: int) -> list[int]:
    """1, round numbers between, about `most` at most, and the last epoch."""
    power = 10 ** max(0, math.floor(math.log10(last)) - 1)
    step = next(factor * power for factor in (1, 2, 5, 10, 20, 50, 100) if most * factor * power >= last)
    return [1, *(tick for tick in range(step, last, step) if tick > 1 and last - tick >= step / 2), last]
