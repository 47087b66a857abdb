"""The confusion matrix: counts of (truth, prediction); a click on a cell shows its images."""

import functools
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QToolTip, QWidget

from workbench.core.evaluation import Evaluation
from workbench.core.formats import percent
from workbench.gui.widgets.theme import GAP, Theme, contrast

_CAPTION_PX = 11
_MIN_CELL_PX = 13
_MAX_COUNT_CLASSES = 30


class ConfusionView(QWidget):
    """Rows are truths, columns predictions. The diagonal has its own scale, so that errors stay visible."""

    cell_clicked = Signal(int, int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._evaluation: Evaluation | None = None
        self._hovered: tuple[int, int] | None = None
        self._chosen: tuple[int | None, int | None] = (None, None)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Confusion matrix"))
        theme.changed.connect(self.update)

    def show_evaluation(self, evaluation: Evaluation | None) -> None:
        self._evaluation = evaluation
        self.update()

    def mark(self, truth: int | None, prediction: int | None) -> None:
        """Frame the cell, row or column that the gallery shows."""
        self._chosen = (truth, prediction)
        self.update()

    @property
    def marked(self) -> tuple[int | None, int | None]:
        """Truth and prediction in the frame; None: any."""
        return self._chosen

    def cell_rect(self, truth: int, prediction: int) -> QRect:
        """Where a cell is drawn, in this widget's pixels."""
        left, top, side_x, side_y = self._geometry()
        x0, x1 = round(left + prediction * side_x), round(left + (prediction + 1) * side_x)
        y0, y1 = round(top + truth * side_y), round(top + (truth + 1) * side_y)
        return QRect(x0, y0, x1 - x0, y1 - y0)

    def _geometry(self) -> tuple[float, float, float, float]:
        """Left, top, cell width and cell height."""
        names = self._evaluation.class_names if self._evaluation else ()
        metrics = QFontMetrics(self._caption_font())
        widest = max((metrics.horizontalAdvance(name) for name in names), default=0)
        left = float(min(widest, self.width() // 4) + metrics.height() + 2 * GAP)
        top = float(2 * metrics.height() + GAP)
        classes = max(1, len(names))
        return left, top, (self.width() - left - 1) / classes, (self.height() - top - 1) / classes

    def _caption_font(self) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(_CAPTION_PX)
        return font

    def _cell_at(self, position: QPoint) -> tuple[int, int] | None:
        if self._evaluation is None:
            return None
        left, top, side_x, side_y = self._geometry()
        column, row = int((position.x() - left) // side_x), int((position.y() - top) // side_y)
        classes = len(self._evaluation.class_names)
        return (row, column) if 0 <= row < classes and 0 <= column < classes else None

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._evaluation is None:
            painter.setPen(self._theme.color("secondary"))
            text = self.tr("The confusion matrix appears here after the first epoch.")
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, text)
            return
        painter.setFont(self._caption_font())
        self._draw_cells(painter, self._evaluation)
        self._draw_names(painter, self._evaluation)
        self._draw_marks(painter, len(self._evaluation.class_names))

    def _draw_cells(self, painter: QPainter, evaluation: Evaluation) -> None:
        confusion = evaluation.confusion
        classes = len(confusion)
        mistakes = confusion * (1 - np.eye(classes, dtype=np.int64))
        highest_mistake = max(1, int(mistakes.max()))
        highest_right = max(1, int(confusion.diagonal().max()))
        colors = _color_map()
        for truth in range(classes):
            for said in range(classes):
                value = int(confusion[truth, said])
                share = value / (highest_right if truth == said else highest_mistake)
                color = colors.map(share, mode="qcolor")
                rect = self.cell_rect(truth, said)
                painter.fillRect(rect.adjusted(0, 0, -1, -1), color)
                if value and classes <= _MAX_COUNT_CLASSES and min(rect.width(), rect.height()) >= _MIN_CELL_PX:
                    painter.setPen(_readable_on(color))
                    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, str(value))

    def _draw_names(self, painter: QPainter, evaluation: Evaluation) -> None:
        left, top, _, _ = self._geometry()
        metrics = painter.fontMetrics()
        line = metrics.height()
        middle, right = Qt.AlignmentFlag.AlignVCenter, Qt.AlignmentFlag.AlignRight
        for index, name in enumerate(evaluation.class_names):
            row, column = self.cell_rect(index, 0), self.cell_rect(0, index)
            at_row = self._hovered is not None and self._hovered[0] == index
            at_column = self._hovered is not None and self._hovered[1] == index
            painter.setPen(self._theme.color("text" if at_row else "secondary"))
            room = QRectF(line, row.top(), left - line - GAP, row.height())
            text = metrics.elidedText(name, Qt.TextElideMode.ElideRight, int(room.width()))
            painter.drawText(room, middle | right, text)
            painter.setPen(self._theme.color("text" if at_column else "secondary"))
            above = QRectF(column.left(), top - line - 2, column.width(), line)
            fits = metrics.horizontalAdvance(name) <= column.width()
            painter.drawText(above, Qt.AlignmentFlag.AlignCenter, name if fits else name[:3])
        painter.setPen(self._theme.color("secondary"))
        across = QRectF(left, 0, self.width() - left, line)
        painter.drawText(across, Qt.AlignmentFlag.AlignCenter, self.tr("prediction"))
        painter.save()
        painter.translate(line, self.height())
        painter.rotate(-90)
        along = QRectF(0, -line, self.height() - top, line)
        painter.drawText(along, Qt.AlignmentFlag.AlignCenter, self.tr("truth"))
        painter.restore()

    def _draw_marks(self, painter: QPainter, classes: int) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self._hovered is not None:
            row, column = self._hovered
            painter.setPen(QPen(self._theme.color("secondary"), 1))
            painter.drawRect(
                self.cell_rect(row, 0).united(self.cell_rect(row, classes - 1)).adjusted(-1, -1, 0, 0)
            )
            painter.drawRect(
                self.cell_rect(0, column).united(self.cell_rect(classes - 1, column)).adjusted(-1, -1, 0, 0)
            )
        truth, said = self._chosen
        if truth is not None or said is not None:
            first = self.cell_rect(truth if truth is not None else 0, said if said is not None else 0)
            last_row = truth if truth is not None else classes - 1
            last_column = said if said is not None else classes - 1
            painter.setPen(QPen(self._theme.color("accent"), 2))
            painter.drawRect(first.united(self.cell_rect(last_row, last_column)).adjusted(-1, -1, 0, 0))

    def describe(self, truth: int, prediction: int) -> str:
        """What a cell says, in words."""
        if self._evaluation is None:
            return ""
        names, confusion = self._evaluation.class_names, self._evaluation.confusion
        value, total = int(confusion[truth, prediction]), int(confusion[truth].sum())
        share = percent(value / total if total else None)
        if truth == prediction:
            return self.tr("{0} of {1} {2} recognized ({3})").format(value, total, names[truth], share)
        return self.tr("{0} of {1} {2} taken for {3} ({4})").format(
            value, total, names[truth], names[prediction], share
        )

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            cell = self._cell_at(event.pos())
            if cell is not None:
                QToolTip.showText(event.globalPos(), self.describe(*cell), self)
            return True
        return super().event(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self._cell_at(event.position().toPoint()))

    def leaveEvent(self, _event: QEvent) -> None:
        self._hover(None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self._cell_at(event.position().toPoint())
        if cell is not None:
            self.cell_clicked.emit(*cell)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move over the cells, Return or Space chooses one."""
        moves = {
            Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0),
        }  # fmt: skip
        key = Qt.Key(event.key())
        if self._evaluation is None:
            super().keyPressEvent(event)
        elif key in moves:
            last = len(self._evaluation.class_names) - 1
            row, column = self._hovered or (0, 0)
            down, right = moves[key]
            self._hover((min(max(row + down, 0), last), min(max(column + right, 0), last)))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._hovered is not None:
            self.cell_clicked.emit(*self._hovered)
        else:
            super().keyPressEvent(event)

    def _hover(self, cell: tuple[int, int] | None) -> None:
        if cell != self._hovered:
            self._hovered = cell
            self.setAccessibleDescription(self.describe(*cell) if cell else "")
            self.update()


@functools.cache
def _color_map() -> Any:
    """Loaded with the first matrix: the window's first paint must not wait for pyqtgraph."""
    from workbench.gui.widgets.plotting import pg

    return pg.colormap.get("cividis")


def _readable_on(background: QColor) -> QColor:
    white, black = QColor("#FFFFFF"), QColor("#000000")
    return white if contrast(white, background) >= contrast(black, background) else black
