"""What was said of the looked-at image, epoch after epoch: the probability of its truth, and of the prediction."""

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Slot
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.core.class_names import all_isolated
from workbench.core.formats import percent
from workbench.core.inspection.image_histories import ImageHistory
from workbench.gui.records.selection import Selection
from workbench.gui.widgets.theme import FIELD_GAP, GAP, Theme, mixed

_HEIGHT, _LEAST_HEIGHT, _DOT_PX, _FOCUS_RADIUS = 112, 88, 2.5, 6
# More dots than that are one band.
_MOST_DOTS = 120
_FAINT = 0.5


class HistoryCurve(QWidget):
    """A line for the truth, dots in the color of the class that was said; a click moves the slider to an epoch.

    A line of words above says what was said after the epoch under the pointer, else after the one that is shown.
    """

    def __init__(self, theme: Theme, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._selection = theme, selection
        self._history: ImageHistory | None = None
        self._truth = 0
        self._pointed = 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName(self.tr("History of the image"))
        self.setToolTip(
            self.tr(
                "Line: probability of the truth. Dots: of what was said, in its color. Click an epoch to go there"
            )
        )
        for signal in (selection.image_changed, selection.histories_changed, selection.epochs_changed):
            signal.connect(self._follow)
        theme.changed.connect(self.update)
        self._follow()

    def sizeHint(self) -> QSize:
        return QSize(240, _HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, _LEAST_HEIGHT)

    @property
    def history(self) -> ImageHistory | None:
        """What is drawn."""
        return self._history

    @property
    def words(self) -> str:
        """What the line above the curve says."""
        epoch = self._pointed or self._selection.epoch
        history, names = self._history, all_isolated(self._selection.class_names)
        if history is None:
            return self.tr("What was said of it after each epoch is not known yet")
        at = np.flatnonzero(history.epochs == epoch)
        if not len(at) or not names:
            return self.tr("Nothing is known of epoch {0}").format(epoch)
        row, said = int(at[0]), int(history.predictions[at[0]])
        if said == self._truth:
            words = self.tr("epoch {0}: {1} {2}, right")
            return words.format(epoch, names[said], percent(float(history.truth[row]), 0))
        words = self.tr("epoch {0}: {1} {2}, {3} {4}")
        truth, confidence = (percent(float(values[row]), 0) for values in (history.truth, history.confidence))
        return words.format(epoch, names[self._truth], truth, names[said], confidence)

    @Slot()
    def _follow(self) -> None:
        histories, image = self._selection.histories, self._selection.image
        is_known = histories is not None and image is not None and image < len(histories.labels)
        self._history = (
            histories.image(image) if histories is not None and image is not None and is_known else None
        )
        self._truth = int(histories.labels[image]) if histories is not None and is_known else 0
        self.setAccessibleDescription(self.words)
        self.update()

    # Where epochs stand

    def _plot(self) -> QRectF:
        metrics = self.fontMetrics()
        left = metrics.horizontalAdvance(percent(1.0, 0)) + 3 * GAP
        top = metrics.height() + FIELD_GAP
        return QRectF(left, top, self.width() - left - FIELD_GAP, self.height() - top - metrics.height() - GAP)

    def x_of(self, epoch: int) -> float:
        """Where an epoch stands, in this widget's pixels."""
        plot, last = self._plot(), self._last()
        return plot.left() + plot.width() * (epoch - 1) / max(1, last - 1)

    def _last(self) -> int:
        return int(self._history.epochs[-1]) if self._history is not None else 1

    def _epoch_at(self, x: float) -> int:
        """The nearest one of which something is known; 0 without any."""
        if self._history is None:
            return 0
        epochs: list[int] = self._history.epochs.tolist()
        return min(epochs, key=lambda epoch: abs(self.x_of(epoch) - x))

    # Drawing

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line = self.fontMetrics().height()
        self._draw_words(painter, QRectF(0, 0, self.width(), line))
        if self._history is None:
            return
        plot = self._plot()
        painter.fillRect(plot.adjusted(-GAP, -GAP, GAP, GAP), self._theme.color("surface"))
        self._draw_axes(painter, plot)
        self._draw_mark(painter, plot)
        self._draw_history(painter, plot, self._history)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self._theme.color("accent"), 1))
            edge = plot.adjusted(-GAP, -GAP, GAP, GAP).adjusted(0.5, 0.5, -0.5, -0.5)
            painter.drawRoundedRect(edge, _FOCUS_RADIUS, _FOCUS_RADIUS)

    def _draw_words(self, painter: QPainter, line: QRectF) -> None:
        heading, font = self.tr("History"), self.font()
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(self._theme.color("text"))
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft, heading)
        painter.setFont(self.font())
        painter.setPen(self._theme.color("secondary"))
        line.setLeft(QFontMetrics(font).horizontalAdvance(heading) + FIELD_GAP)
        words = self.fontMetrics().elidedText(self.words, Qt.TextElideMode.ElideRight, int(line.width()))
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft, words)

    def _draw_axes(self, painter: QPainter, plot: QRectF) -> None:
        line = self.fontMetrics().height()
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for share in (0.0, 1.0):
            y = plot.bottom() - share * plot.height()
            painter.setPen(self._theme.color("hairline"))
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
            painter.setPen(self._theme.color("secondary"))
            painter.drawText(QRectF(0, y - line / 2, plot.left() - 2 * GAP, line), right, percent(share, 0))
        below = QRectF(plot.left(), plot.bottom() + GAP, plot.width(), line)
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, self.tr("epoch 1"))
        if self._last() > 1:
            painter.drawText(below, Qt.AlignmentFlag.AlignRight, str(self._last()))

    def _draw_mark(self, painter: QPainter, plot: QRectF) -> None:
        epoch = self._selection.epoch
        if 1 <= epoch <= self._last():
            painter.setPen(QPen(self._theme.color("accent"), 2))
            painter.drawLine(QPointF(self.x_of(epoch), plot.top()), QPointF(self.x_of(epoch), plot.bottom()))

    def _draw_history(self, painter: QPainter, plot: QRectF, history: ImageHistory) -> None:
        xs = [self.x_of(epoch) for epoch in history.epochs.tolist()]
        truth, said = (
            [
                QPointF(x, plot.bottom() - value * plot.height())
                for x, value in zip(xs, values.tolist(), strict=True)
            ]
            for values in (history.truth, history.confidence)
        )
        painter.setBrush(Qt.BrushStyle.NoBrush)
        surface = self._theme.color("surface")
        painter.setPen(QPen(mixed(self._theme.color("secondary"), surface, _FAINT), 1))
        painter.drawPolyline(QPolygonF(said))
        painter.setPen(QPen(self._theme.series(self._truth), 2))
        painter.drawPolyline(QPolygonF(truth))
        painter.setPen(Qt.PenStyle.NoPen)
        radius = _DOT_PX if len(said) <= _MOST_DOTS else _DOT_PX / 2
        for point, prediction in zip(said, history.predictions.tolist(), strict=True):
            painter.setBrush(self._theme.series(prediction))
            painter.drawEllipse(point, radius, radius)

    # Moving the slider

    def mousePressEvent(self, event: QMouseEvent) -> None:
        epoch = self._epoch_at(event.position().x())
        if event.button() == Qt.MouseButton.LeftButton and epoch:
            self._selection.show_epoch(epoch)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point_at(self._epoch_at(event.position().x()))

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._point_at(0)

    def _point_at(self, epoch: int) -> None:
        if epoch != self._pointed:
            self._pointed = epoch
            self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        by = steps.get(Qt.Key(event.key()))
        if by is not None:
            self._selection.step(by)
        else:
            super().keyPressEvent(event)
