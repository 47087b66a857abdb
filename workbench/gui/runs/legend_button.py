"""An entry of a legend that shows its line, or takes it away."""

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolButton

from workbench.gui.runs.line_legend import SAMPLE_PX, paint_sample
from workbench.gui.runs.line_looks import LineLook
from workbench.gui.widgets.theme import GAP, Theme

_SQUARE_PX = 10
# More of a name is cut.
_MOST_PX = 180
_ONLY = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


class LegendButton(QToolButton):
    """Down while its line is shown. A click asks for the other (`toggled`); with Ctrl or Shift, or twice, to show
    nothing else (`only_asked`).

    Args:
        key: of what it stands for.
        look: of a kind of line; a run has a square of its color instead.
    """

    only_asked = Signal(str)

    def __init__(self, key: str, words: str, theme: Theme, look: LineLook | None = None) -> None:
        super().__init__()
        self.key, self._look, self._theme = key, look, theme
        self._color = QColor()
        self.setCheckable(True)
        self.setChecked(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.name(words)

    def name(self, words: str) -> None:
        """What it is called."""
        self.setText(words)
        self.setAccessibleName(words)
        self.updateGeometry()

    def set_color(self, color: QColor) -> None:
        self._color = color
        self.update()

    @property
    def _sample_px(self) -> int:
        return SAMPLE_PX if self._look is not None else _SQUARE_PX

    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(self.font())
        words = min(metrics.horizontalAdvance(self.text()), _MOST_PX)
        return QSize(GAP + self._sample_px + GAP + words + GAP, metrics.height() + 4)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.updateGeometry()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.modifiers() & _ONLY:
            self.only_asked.emit(self.key)
        else:
            super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, _event: QMouseEvent) -> None:
        # As it was before the first of the two.
        self.toggle()
        self.only_asked.emit(self.key)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.only_asked.emit(self.key)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, is_on = QPainter(self), self.isChecked()
        if self.underMouse() or self.hasFocus():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(self._theme.color("accent" if self.hasFocus() else "hairline"))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        sample = QRect(GAP, 0, self._sample_px, self.height())
        if self._look is not None:
            color = self._color if is_on else self._theme.color("hairline")
            paint_sample(painter, self._look, color, self._theme.color("window"), sample)
        else:
            self._paint_square(painter, sample.center())
        font = QFont(self.font())
        # Colors alone say it to nobody who sees few of them.
        font.setStrikeOut(not is_on)
        painter.setFont(font)
        painter.setPen(self._theme.color("text" if is_on and self._look is None else "secondary"))
        place = self.rect().adjusted(sample.right() + 1 + GAP, 0, -GAP, 0)
        words, metrics = self.text(), QFontMetrics(font)
        # Qt cuts texts that have exactly the room they need.
        if metrics.horizontalAdvance(words) > place.width():
            words = metrics.elidedText(words, Qt.TextElideMode.ElideMiddle, place.width())
        painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, words)

    def _paint_square(self, painter: QPainter, middle: QPoint) -> None:
        square = QRectF(0, 0, _SQUARE_PX, _SQUARE_PX)
        square.moveCenter(QPointF(middle))
        if self.isChecked():
            painter.fillRect(square, self._color)
        else:
            painter.setPen(self._color)
            painter.drawRect(square.adjusted(0, 0, -1, -1))
