"""Training images in pairs: as they are, and as training sees them."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from workbench.gui.data.image_pairs import ImagePairs
from workbench.gui.widgets.field_form import labeled
from workbench.gui.widgets.theme import FIELD_GAP

_MAX_PAIRS = 16


class AugmentationView(QWidget):
    """Asks for examples of an epoch, counted from 0, and shows them; meanwhile it offers to stop."""

    examples_asked = Signal(int)
    cancel_asked = Signal()
    seen = Signal()
    """It has come into sight."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._epoch = 0
        self._is_stale, self._activity = False, ""
        self._note, self._caption = labeled("", "secondary"), labeled("", "secondary")
        self._problem = labeled("", "error")
        self._pairs = ImagePairs()
        self._button = QPushButton()
        self._button.clicked.connect(self._on_button)
        row = QHBoxLayout()
        row.addWidget(self._button)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(FIELD_GAP)
        layout.addWidget(labeled(self.tr("What training sees"), "heading"))
        for label in (self._note, self._problem, self._caption):
            label.setWordWrap(True)
            layout.addWidget(label)
        layout.addWidget(self._pairs)
        layout.addLayout(row)
        self._note.hide()
        self._reason = ""
        self._refresh()

    def show_examples(self, plain: NDArray[np.uint8], augmented: NDArray[np.uint8]) -> None:
        """Show up to 16 pairs of two arrays (N, H, W, 3)."""
        self._is_stale, self._activity = False, ""
        self._problem.setText("")
        self._pairs.show_pairs(plain[:_MAX_PAIRS], augmented[:_MAX_PAIRS])
        self._refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.seen.emit()

    def show_note(self, text: str) -> None:
        """What is active, in words."""
        self._note.setText(text)
        self._note.setVisible(bool(text))

    def show_activity(self, activity: str) -> None:
        """Examples are being made; images may have to be read first."""
        self._activity = activity
        self._problem.setText("")
        self._refresh()

    def show_problem(self, sentence: str) -> None:
        """Say why there are no examples; empty where they were only stopped."""
        self._activity = ""
        self._problem.setText(sentence)
        self._refresh()

    def mark_stale(self) -> None:
        """The settings are others now: the pictures are of the past."""
        self._is_stale = self._pairs.count > 0
        self._problem.setText("")
        self._refresh()

    def allow(self, allowed: bool, reason: str) -> None:
        """Enable the button, or say in its tooltip why it is disabled."""
        self._reason = "" if allowed else reason or self.tr("Not possible now")
        self._refresh()

    def _refresh(self) -> None:
        has_pairs = self._pairs.count > 0
        if self._activity:
            caption = self._activity
        elif not has_pairs:
            caption = self.tr("Pairs of training images appear here: as they are, and as training sees them.")
        elif self._is_stale:
            caption = self.tr("Settings have changed since: show the examples again.")
        else:
            caption = self.tr("Above: original. Below: as trained.")
        self._caption.setText(caption)
        role = "warning" if self._is_stale else "secondary"
        if self._caption.property("role") != role:
            self._caption.setProperty("role", role)
            self._caption.style().unpolish(self._caption)
            self._caption.style().polish(self._caption)
        self._pairs.setVisible(has_pairs)
        self._pairs.set_faint(self._is_stale)
        self._problem.setVisible(bool(self._problem.text()))
        again = has_pairs and not self._is_stale
        self._button.setText(self.tr("Draw again") if again else self.tr("Show examples"))
        if self._activity:
            self._button.setText(self.tr("Stop"))
            self._button.setEnabled(True)
            self._button.setToolTip(self.tr("Make no examples now"))
            return
        what = (
            self.tr("Other training images with other random changes: those of the next epoch")
            if again
            else self.tr("Take some training images and change them as training will")
        )
        self._button.setEnabled(not self._reason)
        self._button.setToolTip(self._reason or what)

    @Slot()
    def _on_button(self) -> None:
        if self._activity:
            self.cancel_asked.emit()
            return
        # After a change of the settings the same images say more than others would.
        if self._pairs.count and not self._is_stale:
            self._epoch += 1
        self.examples_asked.emit(self._epoch)
