"""Whether the mean over shifted and mirrored views is right more often, on all test images."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from workbench.core.formats import count, percent
from workbench.core.inspection.image_changes import AugmentedTest
from workbench.gui.records.selection import Selection
from workbench.gui.widgets.field_form import labeled
from workbench.gui.widgets.theme import FIELD_GAP
from workbench.gui.widgets.work_bar import WorkBar


class ViewsTest(QWidget):
    """A line with a button to begin; below it the two accuracies, and buttons that show which images changed.

    `images_shown` follows these.
    """

    images_shown = Signal()

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        self._found: AugmentedTest | None = None
        self.bar = WorkBar()
        self._words = labeled("", "")
        self._words.setWordWrap(True)
        self._right, self._wrong = QPushButton(), QPushButton()
        self._right.setToolTip(self.tr("Show the images that only the mean gets right"))
        self._wrong.setToolTip(self.tr("Show the images that only the mean gets wrong"))
        self._right.clicked.connect(self._show_right)
        self._wrong.clicked.connect(self._show_wrong)
        row = QHBoxLayout()
        row.setSpacing(FIELD_GAP)
        row.addWidget(self._right)
        row.addWidget(self._wrong)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(FIELD_GAP)
        column.addWidget(self.bar)
        column.addWidget(self._words)
        column.addLayout(row)
        self.show_found(None)

    def show_found(self, found: AugmentedTest | None) -> None:
        """None: not measured."""
        self._found = found
        for widget in (self._words, self._right, self._wrong):
            widget.setVisible(found is not None)
        if found is None:
            return
        words = self.tr("{0} right as they are, {1} by the mean of {2} views.")
        accuracies = percent(found.accuracy, 2), percent(found.averaged_accuracy, 2)
        self._words.setText(words.format(*accuracies, found.views))
        for button, text, indices in (
            (self._right, self.tr("{0} newly right"), found.newly_right),
            (self._wrong, self.tr("{0} newly wrong"), found.newly_wrong),
        ):
            button.setText(text.format(count(len(indices))))
            button.setEnabled(bool(len(indices)))

    @Slot()
    def _show_right(self) -> None:
        if self._found is not None:
            self._show(self._found.newly_right, self.tr("right by the mean of views"))

    @Slot()
    def _show_wrong(self) -> None:
        if self._found is not None:
            self._show(self._found.newly_wrong, self.tr("wrong by the mean of views"))

    def _show(self, indices: NDArray[np.int64], words: str) -> None:
        self._selection.try_image(None)
        self._selection.show_only(indices, words)
        self.images_shown.emit()
