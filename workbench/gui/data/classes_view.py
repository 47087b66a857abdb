"""How the images are spread over the classes, and how each class looks on average."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QModelIndex, Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QListView, QVBoxLayout, QWidget

from workbench.core.class_names import isolated
from workbench.core.formats import count
from workbench.gui.data.class_rows import ClassRowDelegate, ClassRows
from workbench.gui.data.looked_images import LookedImages
from workbench.gui.widgets.field_form import labeled
from workbench.gui.widgets.theme import FIELD_GAP, MARGIN, Theme


class ClassesView(QWidget):
    """A row for each class. `class_chosen` carries the number of one whose images are to be seen."""

    class_chosen = Signal(int)
    seen = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sentence = labeled("", "text")
        self._sentence.setWordWrap(True)
        self._note = labeled("", "secondary")
        self._note.setWordWrap(True)
        self._rows = ClassRows()
        self._list = QListView()
        self._delegate = ClassRowDelegate(self._rows, theme, self._list)
        self._list.setModel(self._rows)
        self._list.setItemDelegate(self._delegate)
        self._list.setUniformItemSizes(True)
        self._list.setMouseTracking(True)
        self._list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self._list.setResizeMode(QListView.ResizeMode.Adjust)
        self._list.setAccessibleName(self.tr("Images of each class"))
        self._list.clicked.connect(self._on_click)
        self._list.activated.connect(self._on_click)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, FIELD_GAP, MARGIN, FIELD_GAP)
        layout.setSpacing(FIELD_GAP)
        layout.addWidget(self._sentence)
        layout.addWidget(self._note)
        layout.addWidget(self._list, 1)
        theme.changed.connect(self._list.viewport().update)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.seen.emit()

    def show_images(self, looked: LookedImages) -> None:
        """Show these; their mean images come later."""
        self._rows.show(looked.dataset.class_names, looked.counts)
        self._delegate.measure()
        self._sentence.setText(self._balance(looked))
        self._note.setText(
            self.tr("Filled: kept for training, paler what is held out. Outlined: test. Pictures: the mean image.")
        )

    def show_means(self, means_nhwc: NDArray[np.uint8] | None) -> None:
        """How the training images of each class look on average; None: not known yet."""
        self._rows.show_means(means_nhwc)

    def _balance(self, looked: LookedImages) -> str:
        """Whether some classes have more training images than others."""
        names, training = looked.dataset.class_names, looked.counts.training
        largest, smallest = int(training.argmax()), int(training.argmin())
        imbalance = looked.counts.imbalance
        if imbalance is None:
            words = self.tr("{0} has no training images; the largest class, {1}, has {2}.")
            return words.format(isolated(names[smallest]), isolated(names[largest]), count(int(training.max())))
        if training.max() == training.min():
            words = self.tr("All {0} classes have {1} training images.")
            return words.format(len(names), count(int(training.max())))
        if round(imbalance, 1) == 1:
            words = self.tr("{0} classes of nearly the same size: {1} to {2} training images.")
            return words.format(len(names), count(int(training.min())), count(int(training.max())))
        words = self.tr(
            "The largest class, {0}, has {1:.1f} times as many training images as the smallest, {2}: {3} and {4}."
        )
        return words.format(
            isolated(names[largest]),
            imbalance,
            isolated(names[smallest]),
            count(int(training.max())),
            count(int(training.min())),
        )

    @Slot(QModelIndex)
    def _on_click(self, index: QModelIndex) -> None:
        if index.isValid():
            self.class_chosen.emit(index.row())
