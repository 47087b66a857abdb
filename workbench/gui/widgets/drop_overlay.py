"""Lies over a window while something is dragged across it, and says what a drop would do."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QVBoxLayout, QWidget

from workbench.gui.widgets.field_form import labeled
from workbench.gui.widgets.theme import GROUP_GAP, MARGIN, Theme

_VEIL = 0.6
_FRAME_PX, _CORNER_PX = 2, 6
_WIDTH_PX = 480


class DropOverlay(QWidget):
    """Hidden until it has something to say. What is dragged passes through it, to the window."""

    def __init__(self, theme: Theme, window: QWidget) -> None:
        super().__init__(window)
        self._theme, self._window, self._color = theme, window, "accent"
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._text = labeled("", "heading")
        self._text.setWordWrap(True)
        self._text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._text.setFixedWidth(_WIDTH_PX)
        layout = QVBoxLayout(self)
        layout.addWidget(self._text, alignment=Qt.AlignmentFlag.AlignCenter)
        theme.changed.connect(self.update)
        self.hide()

    @property
    def text(self) -> str:
        """What it says; empty while it is hidden."""
        return "" if self.isHidden() else self._text.text()

    def show_sentence(self, sentence: str, *, usable: bool) -> None:
        """Lie over all of the window."""
        self._color = "accent" if usable else "wrong"
        self._text.setText(sentence)
        self.setGeometry(self._window.rect())
        self.raise_()
        self.show()
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        veil = self._theme.color("window")
        veil.setAlphaF(_VEIL)
        painter.fillRect(self.rect(), veil)
        inset = _FRAME_PX / 2
        painter.setPen(QPen(self._theme.color(self._color), _FRAME_PX))
        painter.drawRect(QRectF(self.rect()).adjusted(inset, inset, -inset, -inset))
        card = self._text.geometry().adjusted(-GROUP_GAP, -MARGIN, GROUP_GAP, MARGIN)
        painter.setBrush(self._theme.color("surface"))
        painter.drawRoundedRect(card, _CORNER_PX, _CORNER_PX)
