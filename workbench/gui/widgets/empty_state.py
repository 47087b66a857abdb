"""What stands in a pane that has nothing to show: a sentence, and the one thing to do about it."""

from collections.abc import Callable

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from workbench.gui.widgets.field_form import labeled
from workbench.gui.widgets.theme import FIELD_GAP, MARGIN


class EmptyState(QWidget):
    """In the middle of its room. Without an action, its button is not there."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._do: Callable[[], object] | None = None
        self._sentence = labeled("", "secondary")
        self._sentence.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._sentence.setWordWrap(True)
        # It may name a file or an address, which is to be copied rather than typed.
        self._sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._button = QPushButton()
        self._button.clicked.connect(self._on_click)
        self._button.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        layout.setSpacing(FIELD_GAP)
        layout.addStretch(1)
        layout.addWidget(self._sentence)
        layout.addWidget(self._button, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(1)

    def show_text(
        self, sentence: str, action: str = "", tooltip: str = "", do: Callable[[], object] | None = None
    ) -> None:
        """Say `sentence`; with an `action`, a button of that name does something about it."""
        self._do = do
        self._sentence.setText(sentence)
        self._button.setText(action)
        self._button.setToolTip(tooltip)
        self._button.setVisible(bool(action))

    @Slot()
    def _on_click(self) -> None:
        if self._do is not None:
            self._do()
