"""A number that can be read from afar, and beneath it what it is."""

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from workbench.gui.widgets.fitting_label import FittingLabel
from workbench.gui.widgets.theme import LARGE_NUMBER_PX, tabular

_NOTHING = "\u2013"


class LargeFigure(QWidget):
    """Keeps its width whatever it says, so that nothing else moves when digits come and go.

    Args:
        longest: the caption that it has room for, if the window has; shorter forms are for less.
    """

    def __init__(self, longest: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._number, self._caption = QLabel(_NOTHING), FittingLabel("secondary")
        self._caption.setFont(tabular(self._caption.font()))
        font = tabular(self._number.font())
        font.setPixelSize(LARGE_NUMBER_PX)
        self._number.setFont(font)
        self._longest = longest
        self._number.setMinimumWidth(self._number.fontMetrics().horizontalAdvance("00:00:00"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._number)
        column.addWidget(self._caption)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        size = super().sizeHint()
        return QSize(
            max(size.width(), self._caption.fontMetrics().horizontalAdvance(self._longest)), size.height()
        )

    def show_number(self, text: str) -> None:
        # Every text costs a layout and a repaint.
        if text != self._number.text():
            self._number.setText(text)

    def show_nothing(self, *captions: str, tooltip: str = "") -> None:
        """A dash: there is no figure yet."""
        self.show_number(_NOTHING)
        self.explain(*captions, tooltip=tooltip)

    def explain(self, *captions: str, tooltip: str = "") -> None:
        """Say what the number is, in forms from the longest to the shortest."""
        self._caption.say(*captions)
        self._number.setAccessibleDescription(captions[0])
        if tooltip != self.toolTip():
            self.setToolTip(tooltip)
