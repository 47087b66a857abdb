"""A narrow strip of the worst mistakes, to be seen while a run trains."""

from PySide6.QtCore import QModelIndex, QSize, Signal, Slot
from PySide6.QtWidgets import QStackedLayout, QVBoxLayout, QWidget

from workbench.gui.inspect.picture_list import GalleryDelegate, GalleryModel
from workbench.gui.inspect.seen_words import absence, epoch_words
from workbench.gui.records.selection import Selection
from workbench.gui.widgets.elided_label import ElidedLabel
from workbench.gui.widgets.empty_state import EmptyState
from workbench.gui.widgets.picture_list import SIDES, PictureList
from workbench.gui.widgets.theme import FIELD_GAP, GAP, Theme

_MOST = 60
_WIDTH = 140


class MistakeStrip(QWidget):
    """Without any filter: the most confidently wrong first. A click on one asks to inspect it."""

    inspect_asked = Signal()

    def __init__(self, theme: Theme, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        self._model = GalleryModel()
        delegate = GalleryDelegate(self._model, theme, self)
        delegate.set_side(SIDES[0])
        self._view = PictureList(self._model, delegate, self.tr("Worst mistakes"))
        self._view.setToolTip(self.tr("Click a picture to inspect it"))
        self._view.clicked.connect(self._on_click)
        self._view.activated.connect(self._on_click)
        self._title = ElidedLabel("secondary")
        self._empty = EmptyState()
        self._stack = QStackedLayout()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._view)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(FIELD_GAP, GAP, FIELD_GAP, FIELD_GAP)
        layout.setSpacing(GAP)
        layout.addWidget(self._title)
        layout.addLayout(self._stack, 1)
        self.setMinimumWidth(_WIDTH)
        selection.epoch_changed.connect(self._fill)
        selection.epochs_changed.connect(self._name)
        theme.changed.connect(self._view.viewport().update)
        self._fill()

    def sizeHint(self) -> QSize:
        return QSize(_WIDTH, 300)

    @Slot()
    def _fill(self) -> None:
        selection = self._selection
        reason = absence(selection, self.tr("Mistakes appear here"), needs_pictures=True)
        evaluation = selection.evaluation
        if reason or evaluation is None:
            self._model.show(None, None, selection.order[:0])
        else:
            self._model.show(evaluation, selection.images, evaluation.indices(wrong_only=True)[:_MOST])
        has_pictures = self._model.rowCount() > 0
        self._stack.setCurrentWidget(self._view if has_pictures else self._empty)
        self._empty.show_text(reason or self.tr("No test image is wrong."))
        self._name()

    @Slot()
    def _name(self) -> None:
        """The epoch's words change when the run ends, or keeps another one."""
        self._title.setText(epoch_words(self._selection))
        self._title.setToolTip(self._title.text())

    @Slot(QModelIndex)
    def _on_click(self, index: QModelIndex) -> None:
        if index.isValid():
            self._selection.choose_image(self._model.image_index(index.row()))
            self.inspect_asked.emit()
