"""Accuracy of every class as bars; a class that is chosen shows its images."""

import math

from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QToolTip, QWidget

from workbench.core.class_names import short_names
from workbench.core.evaluation import ClassFigures, Evaluation
from workbench.core.formats import count, percent
from workbench.gui.inspect.class_bars import ROW_PX, BarRows, ClassBar, Word
from workbench.gui.widgets.scrolling import bring_into_view
from workbench.gui.widgets.theme import FIELD_GAP, GAP, Theme

_MIN_WIDTH, _WIDTH = 260, 400
# More do not stand in sight at once: then the worst class is named above them.
_ROWS_IN_SIGHT = 15


class ClassView(QWidget):
    """Shows the per-class figures of an Evaluation. `class_clicked` carries the index of a class."""

    class_clicked = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._figures: tuple[ClassFigures, ...] = ()
        self._bars: list[ClassBar] = []
        self._worst: list[int] = []
        self._current = 0
        self._hovered: int | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Accuracy of every class"))
        self.setToolTip(self.tr("Share of each class's test images that were recognized; click to see them"))
        theme.changed.connect(self.update)

    def show_evaluation(self, evaluation: Evaluation | None) -> None:
        self._figures = evaluation.per_class() if evaluation else ()
        self._worst = _worst(self._figures)
        short = short_names(tuple(figures.name for figures in self._figures))
        self._bars = [self._bar(index, short[index]) for index in range(len(self._figures))]
        self._current = min(self._current, max(0, len(self._bars) - 1))
        self.setMinimumHeight(self._first_row() + len(self._bars) * ROW_PX + FIELD_GAP)
        self.setAccessibleDescription(self._summary())
        self.update()

    def _bar(self, index: int, short: str) -> ClassBar:
        figures = self._figures[index]
        is_worst = index in self._worst
        word, role = (self._worst_word(), "wrong") if is_worst else (None, "")
        note = self.tr("of {0}").format(count(figures.images))
        return ClassBar(figures.name, short, figures.accuracy, index, word, role, is_worst, note)

    def _worst_word(self) -> Word:
        return Word(self.tr("worst"), self.tr("worst"))

    def _summary(self) -> str:
        classes = ", ".join(f"{f.name} {percent(f.accuracy)}" for f in self._figures)
        return f"{self.worst_line}; {classes}" if self._worst else classes

    @property
    def shown_names(self) -> tuple[str, ...]:
        """Names as they are written: all whole, or all short."""
        return self._rows().names

    @property
    def worst_line(self) -> str:
        """Names the worst class, or those that are equally bad, with what they reach."""
        if not self._worst:
            return ""
        names = ", ".join(self._figures[index].name for index in self._worst)
        return self.tr("worst: {0}, {1}").format(names, percent(self._figures[self._worst[0]].accuracy))

    def row_rect(self, index: int) -> QRect:
        """Where a class is drawn and can be clicked, in this widget's pixels."""
        return QRect(0, self._first_row() + index * ROW_PX, self.width(), ROW_PX)

    def _first_row(self) -> int:
        return FIELD_GAP + (ROW_PX if self._has_line else 0)

    @property
    def _has_line(self) -> bool:
        return len(self._bars) > _ROWS_IN_SIGHT and bool(self._worst)

    def _rows(self) -> BarRows:
        return BarRows(self._bars, self.font(), self.width() - 2 * GAP, (self._worst_word(),))

    def _row_at(self, y: float) -> int | None:
        """The class at this height; the line above all classes stands for the one it names."""
        if self._has_line and FIELD_GAP <= y < self._first_row():
            return self._worst[0]
        row = math.floor((y - self._first_row()) / ROW_PX)
        return row if 0 <= row < len(self._bars) else None

    def sizeHint(self) -> QSize:
        return QSize(_WIDTH, self._first_row() + max(4, len(self._bars)) * ROW_PX + FIELD_GAP)

    def minimumSizeHint(self) -> QSize:
        return QSize(_MIN_WIDTH if self._bars else 0, self.minimumHeight())

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        if not self._bars:
            painter.setPen(self._theme.color("secondary"))
            text = self.tr("Appears after the first epoch.")
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, text)
            return
        if self._hovered is not None:
            ground = self._theme.color("hairline")
            ground.setAlphaF(0.5)
            painter.fillRect(self.row_rect(self._hovered), ground)
        if self._has_line:
            line = QRectF(GAP, FIELD_GAP, self.width() - 2 * GAP, ROW_PX)
            painter.setPen(self._theme.color("wrong"))
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, self.worst_line)
        area = QRectF(GAP, self._first_row(), self.width() - 2 * GAP, len(self._bars) * ROW_PX)
        self._rows().draw(painter, area, self._theme)
        if self.hasFocus():
            painter.setPen(QPen(self._theme.color("accent"), 1))
            painter.drawRect(self.row_rect(self._current).adjusted(0, 0, -1, -1))

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            row = self._row_at(event.pos().y())
            if row is not None:
                QToolTip.showText(event.globalPos(), self.describe(row), self)
                return True
        return super().event(event)

    def describe(self, index: int) -> str:
        """What a row says, in words, and what its predictions are worth."""
        figures = self._figures[index]
        right = round(figures.accuracy * figures.images) if figures.images else 0
        words = self.tr("{0} of {1} {2} recognized ({3}); of all that was taken for {2}, {4} was right")
        return words.format(
            count(right),
            count(figures.images),
            figures.name,
            percent(figures.accuracy),
            percent(figures.precision),
        )

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self._row_at(event.position().y()))

    def leaveEvent(self, _event: QEvent) -> None:
        self._hover(None)

    def _hover(self, row: int | None) -> None:
        if row != self._hovered:
            self._hovered = row
            self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        row = self._row_at(event.position().y())
        if row is not None and event.button() == Qt.MouseButton.LeftButton:
            self._move_to(row)
            self.class_clicked.emit(row)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and Down move over the classes, Return or Space chooses one."""
        last = len(self._bars) - 1
        moves = {Qt.Key.Key_Up: self._current - 1, Qt.Key.Key_Down: self._current + 1}
        key = Qt.Key(event.key())
        if last < 0:
            super().keyPressEvent(event)
        elif key in moves:
            self._move_to(min(max(moves[key], 0), last))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.class_clicked.emit(self._current)
        else:
            super().keyPressEvent(event)

    def _move_to(self, row: int) -> None:
        self._current = row
        bring_into_view(self, self.row_rect(row))
        self.setAccessibleDescription(f"{self.describe(row)}. {self._summary()}")
        self.update()


def _worst(figures: tuple[ClassFigures, ...]) -> list[int]:
    """Classes of the lowest accuracy; none where half of them or more are equally bad."""
    known = [each.accuracy for each in figures if each.images]
    lowest = [index for index, each in enumerate(figures) if each.images and each.accuracy == min(known)]
    return lowest if 2 * len(lowest) < len(known) else []
