"""Texts that change while a run goes on, without a new layout of the whole window each time."""

from PySide6.QtCore import QEvent, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget


class SizeBarrier(QWidget):
    """Gives all its room to `content`, and says that its size changed only if it did.

    A layout passes on every change of a text, up to the window, whether or not anything needs another size. The
    window then places all its docks anew: 1 ms, several times a second, taken from the cores that train.
    """

    def __init__(self, content: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._content = content
        content.setParent(self)
        self.setSizePolicy(content.sizePolicy())
        self._told = self._sizes()

    def sizeHint(self) -> QSize:
        return self._content.sizeHint()

    def minimumSizeHint(self) -> QSize:
        return self._content.minimumSizeHint()

    def event(self, event: QEvent) -> bool:
        # Without a layout of its own, it is asked by this event instead of being passed over.
        if event.type() == QEvent.Type.LayoutRequest and self._sizes() != self._told:
            self._told = self._sizes()
            self.updateGeometry()
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._content.setGeometry(self.rect())

    def _sizes(self) -> tuple[int, QSize]:
        """What a layout goes by; the width it would like is not, as it gets what is left."""
        return self.sizeHint().height(), self.minimumSizeHint()
