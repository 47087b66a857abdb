"""Pictures of test images with what a network said of them: the model of a list, and how they are drawn."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractListModel, QRect, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyle, QStyleOptionViewItem, QWidget

from workbench.core.class_names import isolated
from workbench.core.data.dataset import ImageSet
from workbench.core.evaluation import Evaluation
from workbench.gui.inspect.image_caption import Captions, Verdict
from workbench.gui.widgets.field_form import plain_tip
from workbench.gui.widgets.picture_list import ModelIndex, PictureDelegate
from workbench.gui.widgets.pictures import draw_edge, thumbnail
from workbench.gui.widgets.theme import Theme


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

    def rowCount(self, parent: ModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._order)

    def data(self, index: ModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
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


class GalleryDelegate(PictureDelegate):
    """Draws a picture with an edge and an arrow caption where it is wrong."""

    def __init__(self, model: GalleryModel, theme: Theme, parent: QWidget) -> None:
        super().__init__(theme, parent)
        self._model = model
        self._captions = Captions()

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: ModelIndex) -> None:
        model = self._model
        if model.evaluation is None or model.images is None:
            return
        image = model.image_index(index.row())
        wrong = not model.evaluation.correct[image]
        rect: QRect = option.rect
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        picture, caption = self.places(rect)
        painter.drawPixmap(picture, thumbnail(model.images, image, self.side))
        if wrong or selected:
            color = self._theme.color("accent" if selected else "wrong")
            draw_edge(painter, picture, color)
        if model.is_marked(image):
            self.draw_mark(painter, picture)
        verdict = Verdict.of(model.evaluation, image)
        text = self._captions.of(verdict, self._metrics, caption.width())
        self.draw_caption(painter, caption, text, "text" if wrong else "secondary")
