"""All images of a source as a gallery, in which a person says which are doubtful and which are left out."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QModelIndex, QObject, Qt, Signal, Slot
from PySide6.QtGui import QAction, QContextMenuEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QMenu, QStackedLayout, QVBoxLayout, QWidget

from workbench.core.class_names import isolated
from workbench.core.formats import count
from workbench.gui.data.data_pictures import DataDelegate, DataModel
from workbench.gui.data.images_bar import ImagesBar
from workbench.gui.data.looked_images import LookedImages
from workbench.gui.records.source_marks import KINDS, Kind, SourceMarks
from workbench.gui.widgets.empty_state import EmptyState
from workbench.gui.widgets.picture_list import PictureList
from workbench.gui.widgets.theme import FIELD_GAP, MARGIN, Theme


class ImagesView(QWidget):
    """A click, or the arrow keys, choose an image; with Shift or Ctrl, several. Marks go to all that are chosen.

    `training_image_chosen` carries the number of one among the training images.
    """

    training_image_chosen = Signal(int)

    def __init__(self, theme: Theme, marks: SourceMarks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._marks = marks
        self._looked: LookedImages | None = None
        self._flags: dict[str, NDArray[np.bool_]] = {}
        self._is_filling = False
        self._model = DataModel()
        self._delegate = DataDelegate(self._model, theme, self)
        self.pictures = PictureList(self._model, self._delegate, self.tr("Images of the data set"))
        self.pictures.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.pictures.installEventFilter(self)
        self._build_marking()
        self._bar = ImagesBar((self._doubt, self._exclude))
        self._delegate.set_side(self._bar.side)
        self._empty = EmptyState()
        self._stack = QStackedLayout()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.pictures)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, FIELD_GAP, MARGIN, FIELD_GAP)
        layout.setSpacing(FIELD_GAP)
        layout.addWidget(self._bar)
        layout.addLayout(self._stack, 1)
        self._bar.chosen.connect(self._fill)
        self._bar.side_chosen.connect(self._resize_pictures)
        self.pictures.zoomed.connect(self._bar.change_size)
        self.pictures.selectionModel().currentChanged.connect(self._on_current)
        self.pictures.selectionModel().selectionChanged.connect(self._allow_marking)
        marks.changed.connect(self._follow_marks)
        theme.changed.connect(self.pictures.viewport().update)
        self._fill()

    def _build_marking(self) -> None:
        self._doubt, self._exclude = self._action(self.tr("Doubtful"), "M"), self._action(self.tr("Excluded"), "X")
        self._doubt.triggered.connect(self._toggle_doubtful)
        self._exclude.triggered.connect(self._toggle_excluded)
        self._menu = QMenu(self)
        self._menu.addActions([self._doubt, self._exclude])

    def _action(self, text: str, key: str) -> QAction:
        """Its letter counts in the pictures alone, which take it: boxes look for entries by letters."""
        action = QAction(text, self)
        action.setShortcut(QKeySequence(key))
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        action.setCheckable(True)
        return action

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # The first of the two keeps the key from a menu's entry of the same shortcut.
        kinds = (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress)
        if isinstance(event, QKeyEvent) and event.type() in kinds and not event.modifiers():
            keys = {Qt.Key.Key_M: self._doubt, Qt.Key.Key_X: self._exclude}
            action = keys.get(Qt.Key(event.key()))
            if action is not None:
                event.accept()
                if event.type() == QEvent.Type.KeyPress:
                    action.trigger()
                return True
        return super().eventFilter(watched, event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self._menu.popup(event.globalPos())

    # What is in sight

    def show_images(self, looked: LookedImages) -> None:
        """Show these; what was chosen and filtered stays where they are the same images with another split."""
        self._looked = looked
        self._bar.show_classes(looked.dataset.class_names, looked.dataset.image_size)
        self._count_marks()
        self._fill()

    def forget(self) -> None:
        """They are others by now, which are not there yet."""
        if self._looked is not None:
            self._looked = None
            self._fill()

    def show_class(self, label: int, split: str = "") -> None:
        """Show the images of one class."""
        self._bar.choose(split, label)
        self.pictures.setFocus()

    def show_image(self, image: int) -> None:
        """Show one among all, by its number among these."""
        self._bar.choose("", None)
        row = self._model.row_of(image)
        if row is not None:
            self.pictures.setCurrentIndex(self._model.index(row))
            self.pictures.scrollTo(self._model.index(row))
        self.pictures.setFocus()

    @property
    def title(self) -> str:
        """How many images of which kind there are, and how many of them are marked."""
        return self._bar.title.text()

    def _asked(self, looked: LookedImages) -> NDArray[np.bool_]:
        """(all,) what split and class leave. What is excluded stays among the training images."""
        split, label = self._bar.split, self._bar.label
        asked = np.ones(len(looked), np.bool_) if not split else looked.splits == split
        if split in ("training", "unused"):
            left_out = (looked.splits == "unused") & self._flags["excluded"]
            asked = asked | left_out if split == "training" else asked & ~left_out
        return asked if label is None else asked & (looked.labels == label)

    @Slot()
    def _fill(self) -> None:
        looked = self._looked
        self._is_filling = True
        if looked is None:
            self._model.show(None, np.zeros(0, np.int64))
        else:
            asked = self._asked(looked)
            self._bar.title.setText(self._words(asked))
            self._show(looked, asked & self._flags[self._bar.marks] if self._bar.marks else asked)
            if not self._model.rowCount():
                self._say_none(bool(asked.any()))
        self._is_filling = False
        self._stack.setCurrentWidget(self.pictures if self._model.rowCount() else self._empty)
        self._allow_marking()

    def _show(self, looked: LookedImages, shown: NDArray[np.bool_]) -> None:
        """Anew only where they are others, so that a mark moves nothing."""
        order = np.flatnonzero(shown)
        if looked is self._model.looked and np.array_equal(order, self._model.order):
            return
        chosen, row = self._chosen(), self.pictures.currentIndex().row()
        current = int(self._model.order[row]) if 0 <= row < self._model.rowCount() else None
        self._model.show(looked, order)
        rows = np.flatnonzero(np.isin(order, chosen))
        there = self._model.row_of(current) if current is not None else None
        if there is not None:
            self.pictures.setCurrentIndex(self._model.index(there))
            self.pictures.scrollTo(self._model.index(there))
        self.pictures.choose_rows(rows)

    def _words(self, asked: NDArray[np.bool_]) -> str:
        split, label = self._bar.split, self._bar.label
        words = {
            "": self.tr("{0} images"),
            "training": self.tr("{0} training images"),
            "validation": self.tr("{0} held-out images"),
            "unused": self.tr("{0} images that are not used"),
            "test": self.tr("{0} test images"),
        }
        text = words[split].format(count(int(asked.sum())))
        if label is not None and self._looked is not None:
            text = self.tr("{0} of {1}").format(text, isolated(self._looked.dataset.class_names[label]))
        for kind, words_of in zip(KINDS, (self.tr("{0} doubtful"), self.tr("{0} excluded")), strict=True):
            images = int((asked & self._flags[kind]).sum())
            text += f", {words_of.format(count(images))}" if images else ""
        return text

    def _say_none(self, has_others: bool) -> None:
        sentence = self.tr("No image here has that mark.") if has_others else self.tr("There are no such images.")
        tooltip = self.tr("All classes, splits and marks")
        self._empty.show_text(sentence, self.tr("Show all images"), tooltip, self._bar.clear)

    @Slot(int)
    def _resize_pictures(self, side: int) -> None:
        self._delegate.set_side(side)
        self.pictures.fill_rows()
        current = self.pictures.currentIndex()
        if current.isValid():
            self.pictures.scrollTo(current)

    # What is chosen

    def _chosen(self) -> NDArray[np.int64]:
        return self._model.order[self.pictures.chosen_rows()]

    @Slot(QModelIndex, QModelIndex)
    def _on_current(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if self._is_filling or self._looked is None or not current.isValid():
            return
        image = int(self._model.order[current.row()])
        if image < len(self._looked.dataset.train):
            self.training_image_chosen.emit(image)

    # Marks

    @Slot()
    def _follow_marks(self) -> None:
        self._count_marks()
        self._fill()

    def _count_marks(self) -> None:
        looked = self._looked
        if looked is None:
            return
        train, test = len(looked.dataset.train), len(looked.dataset.test)
        for kind in KINDS:
            flags = self._marks.flags(kind, "train", train), self._marks.flags(kind, "test", test)
            self._flags[kind] = np.concatenate(flags)
        self._model.show_marks(self._flags["doubtful"], self._flags["excluded"])

    @Slot()
    def _allow_marking(self) -> None:
        """Buttons are down where all chosen images have the mark; tooltips say what they do, or why not."""
        if self._is_filling:
            return
        chosen, looked = self._chosen(), self._looked
        trained = chosen if looked is None else chosen[chosen < len(looked.dataset.train)]
        none = self.tr("Choose images first")
        doubt = self.tr("Mark the chosen images as doubtful, or take the marks back (M)")
        exclude = self.tr("Leave the chosen training images out of training, or take them in again (X)")
        of_test = self.tr("Only training images can be left out of training")
        self._doubt.setToolTip(doubt if len(chosen) else none)
        self._exclude.setToolTip(exclude if len(trained) else of_test if len(chosen) else none)
        for action, kind, meant in ((self._doubt, KINDS[0], chosen), (self._exclude, KINDS[1], trained)):
            action.setEnabled(len(meant) > 0)
            action.setChecked(len(meant) > 0 and bool(self._flags[kind][meant].all()))

    @Slot()
    def _toggle_doubtful(self) -> None:
        self._toggle("doubtful")

    @Slot()
    def _toggle_excluded(self) -> None:
        self._toggle("excluded")

    def _toggle(self, kind: Kind) -> None:
        if self._looked is not None:
            self._marks.toggle(kind, self._looked.by_part(self._chosen()))
        # The click has turned the button, whatever came of it.
        self._allow_marking()
