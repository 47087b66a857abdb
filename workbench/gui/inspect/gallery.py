"""The test images as a grid of small pictures: those that the selection puts in sight, in its order."""

from dataclasses import replace

from PySide6.QtCore import QModelIndex, Qt, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QPushButton,
    QSlider,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from workbench.gui.inspect.picture_list import SIDES, GalleryDelegate, GalleryModel, PictureList
from workbench.gui.inspect.seen_words import absence, in_sight
from workbench.gui.records.selection import Selection
from workbench.gui.widgets.elided_label import ElidedLabel
from workbench.gui.widgets.empty_state import EmptyState
from workbench.gui.widgets.field_form import labeled
from workbench.gui.widgets.theme import FIELD_GAP, MARGIN, Theme

_SLIDER_WIDTH = 72


class Gallery(QWidget):
    """Shows the images that are in sight; a click, or the arrow keys, choose one."""

    def __init__(self, theme: Theme, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        self._model = GalleryModel()
        self._delegate = GalleryDelegate(self._model, theme, self)
        self._view = PictureList(self._model, self._delegate, self.tr("Test images"))
        self._view.selectionModel().currentChanged.connect(self._on_current)
        self._is_filling = False
        self._empty = EmptyState()
        self._stack = QStackedLayout()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._view)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, FIELD_GAP, MARGIN, FIELD_GAP)
        layout.setSpacing(FIELD_GAP)
        layout.addLayout(self._header())
        layout.addLayout(self._stack, 1)
        selection.filter_changed.connect(self._fill)
        selection.image_changed.connect(self._follow_image)
        selection.epochs_changed.connect(self._show_filter)
        theme.changed.connect(self._view.viewport().update)
        self._fill()

    def _header(self) -> QHBoxLayout:
        self._title = ElidedLabel("secondary")
        self._wrong = QCheckBox(self.tr("Wrong only"))
        self._wrong.toggled.connect(self._on_wrong)
        self._clear = QPushButton(self.tr("Clear filter"))
        # Nothing moves when it comes and goes.
        policy = self._clear.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._clear.setSizePolicy(policy)
        self._clear.setToolTip(self.tr("Take away the filter by class or change (Escape)"))
        self._clear.clicked.connect(self._selection.clear_filter)
        self._size = QSlider(Qt.Orientation.Horizontal)
        self._size.setRange(0, len(SIDES) - 1)
        self._size.setPageStep(1)
        self._size.setFixedWidth(_SLIDER_WIDTH)
        self._size.setAccessibleName(self.tr("Size of the pictures"))
        self._size.setToolTip(self.tr("Size of the pictures"))
        self._size.valueChanged.connect(self._resize_pictures)
        row = QHBoxLayout()
        row.setSpacing(FIELD_GAP)
        row.addWidget(self._title, 1)
        caption = labeled(self.tr("Size"), "secondary")
        caption.setBuddy(self._size)
        for widget in (self._clear, self._wrong, caption, self._size):
            row.addWidget(widget)
        return row

    def focus_pictures(self) -> None:
        """Let keys move over the pictures."""
        self._view.setFocus()

    @Slot()
    def _fill(self) -> None:
        selection = self._selection
        reason = absence(selection, self.tr("The test images appear here"), needs_pictures=True)
        self._is_filling = True
        if reason:
            self._model.show(None, None, selection.order[:0])
        else:
            self._model.show(selection.evaluation, selection.images, selection.order)
        self._is_filling = False
        self._follow_image()
        self._bring_into_sight()
        self._show_filter()
        self._stack.setCurrentWidget(self._view if self._model.rowCount() else self._empty)
        if reason:
            self._empty.show_text(reason)
        elif not self._model.rowCount() and selection.filter.is_any:
            self._empty.show_text(self.tr("No test image is wrong."))
        elif not self._model.rowCount():
            sentence = self.tr("No test image fits these filters.")
            self._empty.show_text(
                sentence, self.tr("Show all again"), self._clear.toolTip(), selection.clear_filter
            )

    def _bring_into_sight(self) -> None:
        """The chosen image where it is among these; else they begin with the first."""
        current = self._view.currentIndex()
        if current.isValid() and current.row():
            self._view.scrollTo(current)
        else:
            self._view.scrollToTop()

    @Slot()
    def _show_filter(self) -> None:
        chosen = self._selection.filter
        self._title.setText(in_sight(self._selection))
        self._title.setToolTip(self._title.text())
        blocked = self._wrong.blockSignals(True)
        self._wrong.setChecked(chosen.wrong_only)
        self._wrong.blockSignals(blocked)
        self._wrong.setEnabled(not chosen.is_of_right_ones)
        self._wrong.setToolTip(
            self.tr("These are right by what was chosen")
            if chosen.is_of_right_ones
            else self.tr("Hide images that were recognized")
        )
        self._clear.setVisible(not chosen.is_any)

    @Slot(bool)
    def _on_wrong(self, checked: bool) -> None:
        self._selection.set_filter(replace(self._selection.filter, wrong_only=checked))

    @Slot(int)
    def _resize_pictures(self, step: int) -> None:
        self._delegate.set_side(SIDES[step])
        self._view.fill_rows()

    @Slot()
    def _follow_image(self) -> None:
        """Mark the chosen image, if it is in sight."""
        image = self._selection.image
        row = self._model.row_of(image) if image is not None else None
        self._is_filling = True
        if row is None:
            self._view.clearSelection()
            self._view.setCurrentIndex(QModelIndex())
        elif row != self._view.currentIndex().row():
            self._view.setCurrentIndex(self._model.index(row))
        self._is_filling = False

    @Slot(QModelIndex, QModelIndex)
    def _on_current(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if current.isValid() and not self._is_filling:
            self._selection.choose_image(self._model.image_index(current.row()))
