"""The test images as a grid of small pictures: those that the selection puts in sight, in its order."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QModelIndex, QPoint, Signal, Slot
from PySide6.QtGui import QAction, QContextMenuEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QMenu, QStackedLayout, QVBoxLayout, QWidget

from workbench.gui.inspect.gallery.gallery_bar import GalleryBar
from workbench.gui.inspect.mark_keys import MarkKeys
from workbench.gui.inspect.picture_list import GalleryDelegate, GalleryModel
from workbench.gui.inspect.seen_words import absence
from workbench.gui.records.selection import Selection
from workbench.gui.widgets.empty_state import EmptyState
from workbench.gui.widgets.picture_list import SIDES, PictureList
from workbench.gui.widgets.theme import FIELD_GAP, MARGIN, Theme
from workbench.gui.widgets.work_bar import WorkBar


class Gallery(QWidget):
    """Shows the images that are in sight; a click, or the arrow keys, choose one; with Shift or Ctrl, several.

    `sheet_asked` and `table_asked` ask to save `chosen_images`.
    """

    sheet_asked = Signal()
    table_asked = Signal()

    def __init__(self, theme: Theme, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        self._model = GalleryModel()
        self._delegate = GalleryDelegate(self._model, theme, self)
        self._view = PictureList(self._model, self._delegate, self.tr("Test images"))
        self._view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self._view.selectionModel().currentChanged.connect(self._on_current)
        self._view.zoomed.connect(self._on_zoom)
        MarkKeys(selection.marks, self._view)
        self._is_filling = False
        self._told: frozenset[int] = frozenset()
        """Images that are chosen together."""
        self._asked: object = None
        """Of which run, and by which filter, images are shown."""
        self._empty = EmptyState()
        self._stack = QStackedLayout()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._view)
        self._menu = self._build_menu()
        self._bar = GalleryBar(selection, self._menu)
        self._bar.side_chosen.connect(self._resize_pictures)
        self._bar.choose_side(SIDES[0])
        self.work = WorkBar(hides=True)
        """How far saving is."""
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, FIELD_GAP, MARGIN, FIELD_GAP)
        layout.setSpacing(FIELD_GAP)
        layout.addWidget(self._bar)
        layout.addWidget(self.work)
        layout.addLayout(self._stack, 1)
        selection.filter_changed.connect(self._fill)
        selection.image_changed.connect(self._follow_image)
        selection.marks.changed.connect(self._show_marks)
        self._view.selectionModel().selectionChanged.connect(self._tell_picked)
        theme.changed.connect(self._view.viewport().update)
        self._fill()

    def _build_menu(self) -> QMenu:
        menu = QMenu(self)
        sheet = QAction(self.tr("Save pictures as PNG sheet…"), self)
        sheet.setShortcut(QKeySequence("Ctrl+Shift+P"))
        sheet.triggered.connect(self.sheet_asked)
        table = QAction(self.tr("Save table as CSV…"), self)
        table.setShortcut(QKeySequence("Ctrl+Shift+T"))
        table.triggered.connect(self.table_asked)
        for action in (sheet, table):
            menu.addAction(action)
            # So that its keys work in the gallery.
            self.addAction(action)
        menu.aboutToShow.connect(self._allow_saving)
        return menu

    @Slot()
    def _allow_saving(self) -> None:
        for action in self._menu.actions():
            action.setEnabled(self._model.rowCount() > 0)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self._menu.popup(event.globalPos())

    @property
    def chosen_images(self) -> NDArray[np.int64]:
        """Indices of the images that are chosen, in their order; of all in sight unless there are several."""
        rows, order = self._view.chosen_rows(), self._selection.order
        return order[rows] if len(rows) > 1 else order

    def focus_pictures(self) -> None:
        """Let keys move over the pictures."""
        self._view.setFocus()

    @Slot()
    def _fill(self) -> None:
        selection = self._selection
        reason = absence(selection, self.tr("The test images appear here"), needs_pictures=True)
        chosen = self._several()
        asked = selection.run_id, selection.filter
        moves_by_itself = selection.follows and selection.run.is_training
        place = self._place() if asked == self._asked and moves_by_itself else None
        self._asked = asked
        self._is_filling = True
        if reason:
            self._model.show(None, None, selection.order[:0])
        else:
            self._model.show(selection.evaluation, selection.images, selection.order)
            self._show_marks()
        self._is_filling = False
        self._follow_image()
        self._is_filling = True
        self._choose_again(chosen)
        self._is_filling = False
        self._tell_of_fewer()
        self._allow_saving()
        self._bring_into_sight(place)
        self._stack.setCurrentWidget(self._view if self._model.rowCount() else self._empty)
        if reason:
            self._empty.show_text(reason)
        elif not self._model.rowCount():
            self._say_none()

    @Slot()
    def _show_marks(self) -> None:
        evaluation = self._selection.evaluation
        self._model.show_marks(self._selection.marks.flags(len(evaluation.labels) if evaluation else 0))

    @Slot()
    def _tell_picked(self) -> None:
        """What is marked together is what is chosen together."""
        if not self._is_filling:
            self._told = frozenset(self._several().tolist())
            self._selection.marks.pick(self._told)

    def _tell_of_fewer(self) -> None:
        """Where an image was chosen elsewhere, it is marked alone; what another list has picked stays."""
        if self._told and self._selection.marks.picked == self._told:
            self._tell_picked()

    def _say_none(self) -> None:
        """Why nothing is in sight, though there are images."""
        chosen = self._selection.filter
        if chosen.course and self._selection.histories is None:
            self._empty.show_text(self.tr("What was said after each epoch is being read…"))
        elif chosen.is_any and chosen.answers == "wrong":
            self._empty.show_text(self.tr("No test image is wrong."))
        else:
            tooltip = self.tr("Take away all filters but right or wrong (Escape)")
            self._empty.show_text(
                self.tr("No test image fits these filters."),
                self.tr("Show all again"),
                tooltip,
                self._selection.clear_filter,
            )

    def _several(self) -> NDArray[np.int64]:
        """Images that are chosen together, to be chosen again among others."""
        rows = self._view.chosen_rows()
        return self._model.image_indices(rows if len(rows) > 1 else rows[:0])

    def _choose_again(self, images: NDArray[np.int64]) -> None:
        rows = np.flatnonzero(np.isin(self._selection.order, images)) if len(images) else images
        if self._model.rowCount():
            self._view.choose_rows(rows)

    def _place(self) -> tuple[int, int]:
        """The first row in sight, and its image."""
        row = max(self._view.indexAt(QPoint(*[self._view.gridSize().height() // 2] * 2)).row(), 0)
        return row, self._model.image_index(row) if row < self._model.rowCount() else -1

    def _bring_into_sight(self, place: tuple[int, int] | None = None) -> None:
        """What was at this place, where the epoch has moved by itself; else the chosen image, or the first one."""
        current = self._view.currentIndex()
        if place is not None and place[0] and self._model.rowCount():
            row = self._model.row_of(place[1])
            there = min(place[0], self._model.rowCount() - 1) if row is None else row
            self._view.scrollTo(self._model.index(there), QAbstractItemView.ScrollHint.PositionAtTop)
        elif current.isValid() and current.row():
            self._view.scrollTo(current)
        else:
            self._view.scrollToTop()

    @Slot(int)
    def _resize_pictures(self, side: int) -> None:
        self._delegate.set_side(side)
        self._view.fill_rows()
        self._bring_into_sight()

    @Slot(int)
    def _on_zoom(self, steps: int) -> None:
        self._bar.change_size(steps)

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
        self._tell_of_fewer()

    @Slot(QModelIndex, QModelIndex)
    def _on_current(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if current.isValid() and not self._is_filling:
            self._selection.choose_image(self._model.image_index(current.row()))
