"""Pictures of test images in a list: its model, how they are drawn, and the list itself."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent, QKeySequence, QPainter, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from workbench.core.class_names import isolated
from workbench.core.data.dataset import ImageSet
from workbench.core.evaluation import Evaluation
from workbench.gui.inspect.image_caption import Captions, Verdict
from workbench.gui.widgets.field_form import plain_tip
from workbench.gui.widgets.icon_grid import IconGrid
from workbench.gui.widgets.pictures import EDGE_PX, draw_edge, thumbnail
from workbench.gui.widgets.theme import GAP, Theme

SIDES = (64, 96, 128, 160, 192, 256)
"""Of the pictures in a gallery, in pixels: whole multiples of CIFAR's 32."""
_CAPTION_PX = 11
# At the sides of the smallest picture, short names of CIFAR-10's classes fit with their probability.
_CAPTION_LINE, _SIDE_ROOM = 24, 46
_BADGE_PX = 16
# Eighths of a degree to a notch of the wheel (QWheelEvent.angleDelta).
_WHEEL_STEP = 120

_Index = QModelIndex | QPersistentModelIndex


class GalleryModel(QAbstractListModel):
    """Rows are positions in a chosen order of test images."""

    def __init__(self) -> None:
        super().__init__()
        self.evaluation: Evaluation | None = None
        self.images: ImageSet | None = None
        self._order: NDArray[np.int64] = np.zeros(0, np.int64)
        self._marked: NDArray[np.bool_] = np.zeros(0, np.bool_)

    def show_marks(self, marked: NDArray[np.bool_]) -> None:
        """(N,) which images the person has marked."""
        self._marked = marked
        if self.rowCount():
            self.dataChanged.emit(self.index(0), self.index(self.rowCount() - 1))

    def is_marked(self, image_index: int) -> bool:
        return image_index < len(self._marked) and bool(self._marked[image_index])

    def show(self, evaluation: Evaluation | None, images: ImageSet | None, order: NDArray[np.int64]) -> None:
        self.beginResetModel()
        self.evaluation, self.images, self._order = evaluation, images, order
        self.endResetModel()

    def image_index(self, row: int) -> int:
        """Index of the test image in a row."""
        return int(self._order[row])

    def image_indices(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The same of several rows."""
        return self._order[rows]

    def row_of(self, image_index: int) -> int | None:
        rows = np.flatnonzero(self._order == image_index)
        return int(rows[0]) if len(rows) else None

    def rowCount(self, parent: _Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._order)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if self.evaluation is None or self.images is None or not index.isValid():
            return None
        image = self.image_index(index.row())
        verdict = Verdict.of(self.evaluation, image)
        if role == Qt.ItemDataRole.DisplayRole:
            return verdict.caption
        if role == Qt.ItemDataRole.ToolTipRole:
            about = self.tr("{0}\ntruth {1}, prediction {2} ({3:.1%})")
            truth, said = isolated(verdict.truth), isolated(verdict.said or verdict.truth)
            return plain_tip(about.format(self.images.names[image], truth, said, verdict.confidence))
        return None


class GalleryDelegate(QStyledItemDelegate):
    """Draws a picture at a whole multiple of its pixels, with an edge and an arrow caption where it is wrong."""

    def __init__(self, model: GalleryModel, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._model, self._theme = model, theme
        self._side = SIDES[0]
        self._captions = Captions()
        theme.changed.connect(self._restyle)
        self._restyle()
        self._font = QFont(parent.font())
        self._font.setPixelSize(_CAPTION_PX)
        self._metrics = QFontMetrics(self._font)

    def set_side(self, side: int) -> None:
        """How large pictures are; the list is to be laid out anew."""
        self._side = side

    @property
    def cell(self) -> QSize:
        """Of a picture with its caption."""
        return QSize(self._side + _SIDE_ROOM, self._side + _CAPTION_LINE)

    def sizeHint(self, _option: QStyleOptionViewItem, _index: _Index) -> QSize:
        return self.cell

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        model = self._model
        if model.evaluation is None or model.images is None:
            return
        image = model.image_index(index.row())
        wrong = not model.evaluation.correct[image]
        rect: QRect = option.rect
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        picture = QRect(0, 0, self._side, self._side)
        picture.moveCenter(rect.center())
        picture.moveTop(rect.top() + EDGE_PX + 1)
        painter.drawPixmap(picture, thumbnail(model.images, image, self._side))
        if wrong or selected:
            color = self._theme.color("accent" if selected else "wrong")
            draw_edge(painter, picture, color)
        if model.is_marked(image):
            self._draw_mark(painter, picture)
        painter.setPen(self._theme.color("text" if wrong else "secondary"))
        painter.setFont(self._font)
        caption = QRect(
            rect.left() + 2, picture.bottom() + GAP, rect.width() - 4, rect.bottom() - picture.bottom() - GAP
        )
        verdict = Verdict.of(model.evaluation, image)
        text = self._captions.of(verdict, self._metrics, caption.width())
        painter.drawText(caption, Qt.AlignmentFlag.AlignCenter, text)

    def _draw_mark(self, painter: QPainter, picture: QRect) -> None:
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

    def __init__(self, model: GalleryModel, delegate: GalleryDelegate, name: str) -> None:
        super().__init__(model, delegate, name)
        self._delegate, self._turned = delegate, 0
        self.setLayoutMode(QListView.LayoutMode.Batched)

    @property
    def cell(self) -> QSize:
        return self._delegate.cell

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
        for key, step in ((QKeySequence.StandardKey.ZoomIn, 1), (QKeySequence.StandardKey.ZoomOut, -1)):
            if event.matches(key):
                self.zoomed.emit(step)
                return
        super().keyPressEvent(event)
