"""Pictures in a list, whatever they are of: how one is drawn in its cell, and the list itself."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import (
    QAbstractListModel,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent, QPainter, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QListView, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from workbench.gui.widgets.icon_grid import IconGrid
from workbench.gui.widgets.pictures import EDGE_PX
from workbench.gui.widgets.theme import GAP, Theme

SIDES = (64, 96, 128, 160, 192, 256)
"""Of the pictures in a gallery, in pixels: whole multiples of CIFAR's 32."""
_CAPTION_PX = 11
# At the sides of the smallest picture, short names of CIFAR-10's classes fit with their probability.
_CAPTION_LINE, _SIDE_ROOM = 24, 46
_BADGE_PX = 16
# Laid out at once, in a millisecond or two: 60 000 pictures have 4 000 rows.
_BATCH_ROWS = 100
# Eighths of a degree to a notch of the wheel (QWheelEvent.angleDelta).
_WHEEL_STEP = 120

ModelIndex = QModelIndex | QPersistentModelIndex


class PictureDelegate(QStyledItemDelegate):
    """Places a picture at a whole multiple of its pixels with a caption below; what is drawn says who inherits.

    Args:
        side_room: how much wider than its picture a cell is.
    """

    def __init__(self, theme: Theme, parent: QWidget, side_room: int = _SIDE_ROOM) -> None:
        super().__init__(parent)
        self._theme, self._side_room = theme, side_room
        self._side = SIDES[0]
        theme.changed.connect(self._restyle)
        self._restyle()
        self._font = QFont(parent.font())
        self._font.setPixelSize(_CAPTION_PX)
        self._metrics = QFontMetrics(self._font)

    @property
    def side(self) -> int:
        """How large pictures are."""
        return self._side

    def set_side(self, side: int) -> None:
        """Make pictures so large; the list is to be laid out anew."""
        self._side = side

    @property
    def cell(self) -> QSize:
        """Of a picture with its caption."""
        return QSize(self._side + self._side_room, self._side + _CAPTION_LINE)

    def sizeHint(self, _option: QStyleOptionViewItem, _index: ModelIndex) -> QSize:
        return self.cell

    def places(self, cell: QRect) -> tuple[QRect, QRect]:
        """Where picture and caption stand in a cell."""
        picture = QRect(0, 0, self._side, self._side)
        picture.moveCenter(cell.center())
        picture.moveTop(cell.top() + EDGE_PX + 1)
        top = picture.bottom() + GAP
        return picture, QRect(cell.left() + 2, top, cell.width() - 4, cell.bottom() - top)

    def draw_caption(self, painter: QPainter, caption: QRect, text: str, role: str) -> None:
        painter.setPen(self._theme.color(role))
        painter.setFont(self._font)
        painter.drawText(caption, Qt.AlignmentFlag.AlignCenter, text)

    def draw_mark(self, painter: QPainter, picture: QRect) -> None:
        """In a corner, on a ground of its own: pictures have all colors."""
        badge = QRect(picture.right() - _BADGE_PX + 1, picture.top(), _BADGE_PX, _BADGE_PX)
        painter.fillRect(badge, self._theme.color("surface"))
        self._flag.paint(painter, badge.adjusted(2, 2, -2, -2))

    @Slot()
    def _restyle(self) -> None:
        self._flag = self._theme.icon("mark", "warning")


class PictureList(IconGrid):
    """Asks only for the pictures in sight: cells of one size, which fill the rows, laid out a batch at a time.

    `zoomed` carries by how many steps the pictures are to become larger, by Ctrl and the wheel or plus and minus.
    """

    zoomed = Signal(int)

    def __init__(self, model: QAbstractListModel, delegate: PictureDelegate, name: str) -> None:
        super().__init__(model, delegate, name)
        self._delegate, self._turned = delegate, 0
        self.setLayoutMode(QListView.LayoutMode.Batched)

    @property
    def cell(self) -> QSize:
        return self._delegate.cell

    def fill_rows(self) -> None:
        """Also lay out whole rows at a time: within one, Qt goes on by the width of cells, not the grid's."""
        super().fill_rows()
        self.setBatchSize(self.columns * _BATCH_ROWS)

    def chosen_rows(self) -> NDArray[np.int64]:
        """In their order. By ranges: as single indexes, ten thousand take a tenth of a second."""
        ranges = self.selectionModel().selection()
        found = (ranges.at(number) for number in range(ranges.size()))
        rows = [np.arange(each.top(), each.bottom() + 1) for each in found]
        return np.sort(np.concatenate([*rows, np.zeros(0, np.int64)]))

    def choose_rows(self, rows: NDArray[np.int64]) -> None:
        """Choose these too, which are given in their order."""
        model = self.model()
        if not len(rows) or model is None:
            return
        chosen = QItemSelection()
        for run in np.split(rows, np.flatnonzero(np.diff(rows) != 1) + 1):
            chosen.select(model.index(int(run[0]), 0), model.index(int(run[-1]), 0))
        self.selectionModel().select(chosen, QItemSelectionModel.SelectionFlag.Select)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # Laid out now rather than by a timer, it is painted once.
        self.executeDelayedItemsLayout()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._turned += event.angleDelta().y()
            steps = int(self._turned / _WHEEL_STEP)
            self._turned -= steps * _WHEEL_STEP
            if steps:
                self.zoomed.emit(steps)
            event.accept()
        else:
            super().wheelEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # With Shift as well, with which plus is typed on many keyboards, and without it as its key is named then.
        step = {Qt.Key.Key_Plus: 1, Qt.Key.Key_Equal: 1, Qt.Key.Key_Minus: -1}.get(Qt.Key(event.key()))
        if step is not None and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoomed.emit(step)
            return
        super().keyPressEvent(event)
