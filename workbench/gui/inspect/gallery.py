"""The test images as a grid of small pictures, most confidently wrong first, filtered by class."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QListView,
    QSizePolicy,
    QStackedLayout,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from workbench.core.dataset import ImageSet
from workbench.core.evaluation import Evaluation
from workbench.core.formats import count
from workbench.gui.inspect.image_caption import Verdict
from workbench.gui.widgets.field_form import labeled
from workbench.gui.widgets.pictures import EDGE_PX, PICTURE_PX, draw_edge, thumbnail
from workbench.gui.widgets.theme import GAP, Theme

_CELL = QSize(104, 88)
_FILTER_WIDTH = 132

_Index = QModelIndex | QPersistentModelIndex


class GalleryModel(QAbstractListModel):
    """Rows are positions in a chosen order of test images."""

    def __init__(self) -> None:
        super().__init__()
        self.evaluation: Evaluation | None = None
        self.images: ImageSet | None = None
        self._order: NDArray[np.int64] = np.zeros(0, np.int64)

    def show(self, evaluation: Evaluation | None, images: ImageSet | None, order: NDArray[np.int64]) -> None:
        self.beginResetModel()
        self.evaluation, self.images, self._order = evaluation, images, order
        self.endResetModel()

    def image_index(self, row: int) -> int:
        """Index of the test image in a row."""
        return int(self._order[row])

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
            said = verdict.said or verdict.truth
            return about.format(self.images.names[image], verdict.truth, said, verdict.confidence)
        return None


class GalleryDelegate(QStyledItemDelegate):
    """Draws a picture at a whole multiple of its pixels, with an edge and an arrow caption where it is wrong."""

    def __init__(self, model: GalleryModel, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._model, self._theme = model, theme

    def sizeHint(self, _option: QStyleOptionViewItem, _index: _Index) -> QSize:
        return _CELL

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        model = self._model
        if model.evaluation is None or model.images is None:
            return
        image = model.image_index(index.row())
        wrong = not model.evaluation.correct[image]
        rect: QRect = option.rect
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        picture = QRect(0, 0, PICTURE_PX, PICTURE_PX)
        picture.moveCenter(rect.center())
        picture.moveTop(rect.top() + EDGE_PX + 1)
        painter.drawPixmap(picture, thumbnail(model.images, image))
        if wrong or selected:
            color = self._theme.color("accent" if selected else "wrong")
            draw_edge(painter, picture, color)
        painter.setPen(self._theme.color("text" if wrong else "secondary"))
        font = painter.font()
        font.setPixelSize(11)
        painter.setFont(font)
        caption = QRect(
            rect.left() + 1, picture.bottom() + GAP, rect.width() - 2, rect.bottom() - picture.bottom() - GAP
        )
        text = Verdict.of(model.evaluation, image).fitted(QFontMetrics(font), caption.width())
        painter.drawText(caption, Qt.AlignmentFlag.AlignCenter, text)


class Gallery(QWidget):
    """Shows an Evaluation over the images it is of. `image_chosen` carries the index of a test image."""

    image_chosen = Signal(int)
    filter_changed = Signal(object, object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._model = GalleryModel()
        self._view = QListView()
        self._view.setModel(self._model)
        self._view.setItemDelegate(GalleryDelegate(self._model, theme, self._view))
        self._view.setViewMode(QListView.ViewMode.IconMode)
        self._view.setResizeMode(QListView.ResizeMode.Adjust)
        self._view.setLayoutMode(QListView.LayoutMode.Batched)
        self._view.setUniformItemSizes(True)
        self._view.setMovement(QListView.Movement.Static)
        self._view.setSpacing(0)
        self._view.setAccessibleName(self.tr("Test images"))
        self._view.selectionModel().currentChanged.connect(self._on_current)
        # An image that the person picked stays chosen from epoch to epoch; otherwise the worst one is shown.
        self._picked: int | None = None
        self._filling = False
        self._empty = labeled(
            self.tr("Predictions on the test images appear here after the first epoch."), "secondary"
        )
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        layout.addLayout(self._filters())
        self._stack = QStackedLayout()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._view)
        layout.addLayout(self._stack, 1)
        theme.changed.connect(self._view.viewport().update)

    def _filters(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(GAP)
        self._truth = self._class_filter(self.tr("Truth"), self.tr("Show only images of this true class"))
        self._prediction = self._class_filter(
            self.tr("Prediction"), self.tr("Show only images taken for this class")
        )
        self._wrong = QCheckBox(self.tr("Wrong only"))
        self._wrong.setToolTip(self.tr("Hide images that were recognized"))
        self._wrong.setChecked(True)
        self._wrong.toggled.connect(self._on_filter)
        self._clear = QToolButton()
        self._clear.setText(self.tr("Clear"))
        self._clear.setToolTip(self.tr("Show all classes again"))
        self._clear.clicked.connect(self.clear_filter)
        self._count = QLabel()
        self._count.setProperty("role", "secondary")
        self._count.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        # Room for the longest number, so that the panel keeps its width when the first images come.
        self._count.setMinimumWidth(self.fontMetrics().horizontalAdvance(count(99_999)))
        self._count.setToolTip(self.tr("Images shown"))
        for widget in (self._truth, self._prediction, self._wrong):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self._count)
        row.addWidget(self._clear)
        return row

    def _class_filter(self, name: str, tooltip: str) -> QComboBox:
        box = QComboBox()
        box.addItem(self.tr("{0}: any").format(name), None)
        box.setAccessibleName(name)
        box.setToolTip(tooltip)
        box.setMinimumContentsLength(9)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        # Narrower than its longest text where the panel is; it grows with the panel.
        box.setMinimumWidth(_FILTER_WIDTH)
        box.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        box.currentIndexChanged.connect(self._on_filter)
        return box

    def show_evaluation(self, evaluation: Evaluation | None, images: ImageSet | None) -> None:
        """Show another evaluation; filters stay, and so does the chosen image if it is still there."""
        names = evaluation.class_names if evaluation else ()
        for box, title in ((self._truth, self.tr("Truth")), (self._prediction, self.tr("Prediction"))):
            if tuple(box.itemText(i) for i in range(1, box.count())) != names:
                box.blockSignals(True)
                box.clear()
                box.addItem(self.tr("{0}: any").format(title), None)
                for index, name in enumerate(names):
                    box.addItem(name, index)
                box.blockSignals(False)
        self._fill(evaluation, images)

    def filter(self, truth: int | None, prediction: int | None) -> None:
        """Show only images of that truth and prediction; None: any. A diagonal cell has no wrong ones."""
        for box, value in ((self._truth, truth), (self._prediction, prediction)):
            box.blockSignals(True)
            box.setCurrentIndex(0 if value is None else value + 1)
            box.blockSignals(False)
        if truth is not None and truth == prediction:
            self._wrong.setChecked(False)
        self._on_filter()

    @Slot()
    def clear_filter(self) -> None:
        self.filter(None, None)

    @Slot()
    def _on_filter(self) -> None:
        self._fill(self._model.evaluation, self._model.images)
        self.filter_changed.emit(self._truth.currentData(), self._prediction.currentData())

    def _fill(self, evaluation: Evaluation | None, images: ImageSet | None) -> None:
        if images is not self._model.images:
            self._picked = None
        order = np.zeros(0, np.int64)
        if evaluation is not None:
            truth, prediction = self._truth.currentData(), self._prediction.currentData()
            order = evaluation.indices(truth, prediction, self._wrong.isChecked())
        self._filling = True
        self._model.show(evaluation, images, order)
        self._show_count(evaluation)
        if len(order):
            row = self._model.row_of(self._picked) if self._picked is not None else None
            self._view.setCurrentIndex(self._model.index(row or 0))
        self._filling = False

    def _show_count(self, evaluation: Evaluation | None) -> None:
        shown = self._model.rowCount()
        self._stack.setCurrentWidget(self._view if shown else self._empty)
        if evaluation is None:
            self._count.setText("")
            self._empty.setText(self.tr("Predictions on the test images appear here after the first epoch."))
            return
        self._count.setText(count(shown))
        if not shown:
            self._empty.setText(self.tr("No test image fits these filters."))

    @Slot(QModelIndex, QModelIndex)
    def _on_current(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if not current.isValid():
            return
        image = self._model.image_index(current.row())
        if not self._filling:
            self._picked = image
        self.image_chosen.emit(image)
