"""Pictures of a data set in a list: its model, and how an image is drawn that is doubtful or excluded."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractListModel, QCoreApplication, QRect, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyleOptionViewItem, QWidget

from workbench.core.class_names import isolated, short_names
from workbench.gui.data.looked_images import LookedImages
from workbench.gui.widgets.field_form import plain_tip
from workbench.gui.widgets.picture_list import ModelIndex, PictureDelegate
from workbench.gui.widgets.pictures import draw_edge, thumbnail
from workbench.gui.widgets.theme import GAP, Theme

# Captions are classes alone.
_SIDE_ROOM = 24
_EXCLUDED_OPACITY = 0.3
_FEWEST_PX, _MOST_PX = 48, 288
_MOST_SIDES = 6


def sides_for(image_size: int) -> tuple[int, ...]:
    """How large pictures can be drawn: whole multiples of their pixels, and whole parts of large ones."""
    parts = [image_size // part for part in (4, 2) if image_size // part >= _FEWEST_PX]
    multiples = [image_size * times for times in range(1, _MOST_PX // image_size + 1)]
    return tuple(side for side in (*parts, *multiples) if side >= _FEWEST_PX)[:_MOST_SIDES] or (image_size,)


def split_words(split: str) -> str:
    """What a run does with an image, in one or two words."""

    def tr(text: str) -> str:
        return QCoreApplication.translate("DataModel", text)

    words = {
        "training": tr("training"),
        "validation": tr("held out"),
        "unused": tr("not used"),
        "test": tr("test"),
    }
    return words[split]


class DataModel(QAbstractListModel):
    """Rows are positions in a chosen order of all images."""

    def __init__(self) -> None:
        super().__init__()
        self.looked: LookedImages | None = None
        self.order: NDArray[np.int64] = np.zeros(0, np.int64)
        self._doubtful: NDArray[np.bool_] = np.zeros(0, np.bool_)
        self._excluded: NDArray[np.bool_] = np.zeros(0, np.bool_)

    def show(self, looked: LookedImages | None, order: NDArray[np.int64]) -> None:
        self.beginResetModel()
        self.looked, self.order = looked, order
        self.endResetModel()

    def show_marks(self, doubtful: NDArray[np.bool_], excluded: NDArray[np.bool_]) -> None:
        """(all,) which images are marked so. Only rows that look otherwise are told: Qt sizes each anew."""
        before = self._doubtful, self._excluded
        self._doubtful, self._excluded = doubtful, excluded
        if len(before[0]) != len(doubtful):
            rows = np.arange(self.rowCount())
        else:
            rows = np.flatnonzero(((before[0] != doubtful) | (before[1] != excluded))[self.order])
        if len(rows):
            for run in np.split(rows, np.flatnonzero(np.diff(rows) != 1) + 1):
                self.dataChanged.emit(self.index(int(run[0])), self.index(int(run[-1])))

    def is_doubtful(self, image: int) -> bool:
        return image < len(self._doubtful) and bool(self._doubtful[image])

    def is_excluded(self, image: int) -> bool:
        return image < len(self._excluded) and bool(self._excluded[image])

    def row_of(self, image: int) -> int | None:
        rows = np.flatnonzero(self.order == image)
        return int(rows[0]) if len(rows) else None

    def rowCount(self, parent: ModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.order)

    def data(self, index: ModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if self.looked is None or not index.isValid():
            return None
        image = int(self.order[index.row()])
        if role == Qt.ItemDataRole.DisplayRole:
            return ", ".join((self.looked.class_name(image), *self._marks_of(image)))
        if role == Qt.ItemDataRole.ToolTipRole:
            split = split_words(str(self.looked.splits[image]))
            about = (isolated(self.looked.class_name(image)), split, *self._marks_of(image))
            return plain_tip(f"{self.looked.name(image)}\n{', '.join(about)}")
        return None

    def _marks_of(self, image: int) -> list[str]:
        doubtful = [self.tr("doubtful")] if self.is_doubtful(image) else []
        return doubtful + ([self.tr("excluded from training")] if self.is_excluded(image) else [])


class DataDelegate(PictureDelegate):
    """Draws an image with its class below; an excluded one is faint, crossed, and says so."""

    def __init__(self, model: DataModel, theme: Theme, parent: QWidget) -> None:
        super().__init__(theme, parent, _SIDE_ROOM)
        self._model = model
        self._captions: tuple[object, tuple[str, ...]] = (None, ())

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: ModelIndex) -> None:
        looked = self._model.looked
        if looked is None:
            return
        image = int(self._model.order[index.row()])
        cell: QRect = option.rect
        picture, caption = self.places(cell)
        excluded = self._model.is_excluded(image)
        painter.setOpacity(_EXCLUDED_OPACITY if excluded else 1.0)
        painter.drawPixmap(picture, thumbnail(*looked.place(image), self.side))
        painter.setOpacity(1.0)
        if excluded:
            self._cross_out(painter, picture)
        if option.state & QStyle.StateFlag.State_Selected:
            draw_edge(painter, picture, self._theme.color("accent"))
        if self._model.is_doubtful(image):
            self.draw_mark(painter, picture)
        name = self._names(looked.dataset.class_names, caption.width())[looked.labels[image]]
        self.draw_caption(painter, caption, isolated(name), "secondary")

    def _cross_out(self, painter: QPainter, picture: QRect) -> None:
        """From corner to corner, with the word across it: neither color nor faintness alone says it."""
        painter.setPen(QPen(self._theme.color("wrong"), 1))
        painter.drawLine(picture.bottomLeft(), picture.topRight())
        painter.drawLine(picture.topLeft(), picture.bottomRight())
        word = self.tr("excluded")
        band = QRect(0, 0, self._metrics.horizontalAdvance(word) + 2 * GAP, self._metrics.height())
        band.moveCenter(picture.center())
        painter.fillRect(band, self._theme.color("surface"))
        self.draw_caption(painter, band, word, "wrong")

    def _names(self, class_names: tuple[str, ...], width: int) -> tuple[str, ...]:
        """Whole names if all of them fit, else all in their short form: no caption changes when others come."""
        asked = (class_names, width)
        if self._captions[0] != asked:
            fits = all(self._metrics.horizontalAdvance(name) <= width for name in class_names)
            self._captions = (asked, class_names if fits else short_names(class_names))
        return self._captions[1]
