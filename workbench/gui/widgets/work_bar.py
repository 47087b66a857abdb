"""A line that says what goes on in a view: how far its work is, why it could not be done, what can be done."""

from collections.abc import Callable

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from workbench.core.formats import percent
from workbench.gui.widgets.elided_label import ElidedLabel
from workbench.gui.widgets.theme import FIELD_GAP


class WorkBar(QWidget):
    """Keeps its height, so that nothing below it moves. `cancel_asked` comes while work goes on.

    Args:
        hides: it gives up its room while there is nothing to say, where that seldom changes.
    """

    cancel_asked = Signal()

    def __init__(self, parent: QWidget | None = None, *, hides: bool = False) -> None:
        super().__init__(parent)
        self._do: Callable[[], object] | None = None
        self._hides = hides
        self._label = ElidedLabel("secondary")
        self._button = QPushButton()
        self._button.clicked.connect(self._on_click)
        policy = self._button.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._button.setSizePolicy(policy)
        self._is_working = False
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(FIELD_GAP)
        row.addWidget(self._label, 1)
        row.addWidget(self._button)
        self.say("")

    @property
    def text(self) -> str:
        return self._label.text()

    @property
    def is_working(self) -> bool:
        return self._is_working

    def say(
        self, sentence: str, action: str = "", tooltip: str = "", do: Callable[[], object] | None = None
    ) -> None:
        """A sentence, with a button `action` that calls `do` where there is one."""
        self._is_working, self._do = False, do
        self._show(sentence, action, tooltip)

    def show_progress(self, activity: str, done: int, total: int) -> None:
        """With a button that cancels."""
        self._is_working, self._do = True, None
        share = f" {percent(done / total, 0)}" if total else ""
        self._show(f"{activity}…{share}", self.tr("Cancel"), self.tr("Stop this work"))

    def _show(self, sentence: str, action: str, tooltip: str) -> None:
        self._label.setText(sentence)
        self._label.setToolTip(sentence)
        self._button.setText(action)
        self._button.setToolTip(tooltip)
        self._button.setVisible(bool(action))
        if self._hides:
            self.setVisible(bool(sentence))

    @Slot()
    def _on_click(self) -> None:
        if self._is_working:
            self.cancel_asked.emit()
        elif self._do is not None:
            self._do()
