"""How a dialog of this program is laid out."""

from collections.abc import Iterable

from PySide6.QtWidgets import QDialog, QHBoxLayout, QLayout, QPushButton, QVBoxLayout, QWidget

from workbench.gui.widgets.theme import FIELD_GAP, MARGIN


def lay_out_dialog(dialog: QDialog, parts: Iterable[QLayout | QWidget], accept: QPushButton, width: int) -> None:
    """The parts one below the other, then Cancel and the button that accepts, which Return presses too."""
    accept.setProperty("role", "primary")
    accept.setDefault(True)
    accept.clicked.connect(dialog.accept)
    cancel = QPushButton(dialog.tr("Cancel"))
    cancel.clicked.connect(dialog.reject)
    ends = QHBoxLayout()
    ends.setSpacing(FIELD_GAP)
    ends.addStretch(1)
    ends.addWidget(cancel)
    ends.addWidget(accept)
    column = QVBoxLayout(dialog)
    column.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
    column.setSpacing(MARGIN)
    for part in parts:
        if isinstance(part, QLayout):
            column.addLayout(part)
        else:
            column.addWidget(part)
    column.addStretch(1)
    column.addLayout(ends)
    dialog.setMinimumWidth(width)
