"""Plots one above the other that share their x axis, which the lowest one writes."""

from collections.abc import Sequence

from PySide6.QtCore import QSize
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.gui.widgets.theme import GAP

# Of an axis, beside its numbers and its title.
_AXIS_MARGINS_PX = 14


class PlotColumn(QWidget):
    """Gives each plot's data the same height; the lowest has its axis in addition."""

    def __init__(self) -> None:
        super().__init__()
        self._rooms: list[QWidget] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_rooms(self, rooms: Sequence[QWidget]) -> None:
        """Show these from top to bottom, and no others."""
        for room in self._rooms:
            room.setVisible(room in rooms)
        self._rooms = list(rooms)
        for room in self._rooms:
            room.setParent(self)
        # Before they are seen: else they would be painted where they were.
        self._place()
        for room in self._rooms:
            room.show()
        self.updateGeometry()

    @property
    def axis_px(self) -> int:
        """The height of numbers and title below the lowest plot."""
        return 2 * QFontMetrics(self.font()).height() + _AXIS_MARGINS_PX

    def sizeHint(self) -> QSize:
        return self._stacked([room.sizeHint() for room in self._rooms])

    def minimumSizeHint(self) -> QSize:
        return self._stacked([room.minimumSizeHint() for room in self._rooms])

    def _stacked(self, sizes: Sequence[QSize]) -> QSize:
        height = sum(size.height() + GAP for size in sizes) - GAP
        return QSize(max((size.width() for size in sizes), default=0), max(height, 0))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def _place(self) -> None:
        count = len(self._rooms)
        if not count:
            return
        each = (self.height() - self.axis_px - GAP * (count - 1)) / count
        for number, room in enumerate(self._rooms):
            top = round(number * (each + GAP))
            bottom = self.height() if number == count - 1 else round(number * (each + GAP) + each)
            room.setGeometry(0, top, self.width(), max(bottom - top, 1))
