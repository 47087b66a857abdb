"""The upper part of a dialog that changes a number: what it is now, and the field for what it shall be."""

from PySide6.QtWidgets import QAbstractSpinBox, QGridLayout, QLabel

from workbench.gui.widgets.field_form import labeled
from workbench.gui.widgets.theme import FIELD_GAP, GROUP_GAP, tabular


def then_and_now(now_words: str, now: QLabel, new_words: str, box: QAbstractSpinBox) -> QGridLayout:
    """Two rows, each with its words; the numbers stand one above the other."""
    now.setFont(tabular(now.font()))
    # Where the number in the field begins.
    now.setContentsMargins(FIELD_GAP, 0, 0, 0)
    box.setFont(tabular(box.font()))
    caption = labeled(new_words, "")
    caption.setBuddy(box)
    grid = QGridLayout()
    grid.setHorizontalSpacing(GROUP_GAP)
    grid.setVerticalSpacing(FIELD_GAP)
    grid.setColumnStretch(1, 1)
    grid.addWidget(labeled(now_words, ""), 0, 0)
    grid.addWidget(now, 0, 1)
    grid.addWidget(caption, 1, 0)
    grid.addWidget(box, 1, 1)
    return grid
