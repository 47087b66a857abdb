"""The headings of a table that can be sorted by them, with the mouse and with keys."""

from PySide6.QtCore import QRect, Qt, Signal, Slot
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import QHeaderView, QWidget

from workbench.gui.widgets.theme import Theme


class SortHeader(QHeaderView):
    """Reached with Tab; Left and Right move over the headings, Return or Space sorts (`sort_asked`)."""

    sort_asked = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._theme = theme
        self._current = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSectionsClickable(True)
        self.setAccessibleName(self.tr("Headings: sort by them"))
        self.sectionClicked.connect(self._choose)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        key = Qt.Key(event.key())
        if key in moves:
            self._current = min(max(self._current + moves[key], 0), self.count() - 1)
            self._tell()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._choose(self._current)
        else:
            super().keyPressEvent(event)

    @Slot(int)
    def _choose(self, column: int) -> None:
        self._current = column
        self.sort_asked.emit(column)
        self._tell()

    def _tell(self) -> None:
        model = self.model()
        if model is not None:
            self.setAccessibleDescription(str(model.headerData(self._current, Qt.Orientation.Horizontal)))
        self.viewport().update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._tell()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()

    def paintSection(self, painter: QPainter, rect: QRect, logicalIndex: int) -> None:
        painter.save()
        super().paintSection(painter, rect, logicalIndex)
        painter.restore()
        if self.hasFocus() and logicalIndex == self._current:
            painter.setPen(QPen(self._theme.color("accent"), 1))
            painter.drawRect(rect.adjusted(0, 0, -1, -1))
