"""Room for a view that needs the images: until these are read, it says so and offers what can be done."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtWidgets import QStackedLayout, QWidget

from workbench.gui.widgets.empty_state import EmptyState


@dataclass(frozen=True)
class Absence:
    """Why there are no images, and one thing to do about it."""

    sentence: str
    action: str = ""
    tooltip: str = ""
    do: Callable[[], object] | None = None


class WhenRead(QWidget):
    """Shows `content`, or why there is nothing to be shown in it."""

    def __init__(self, content: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._content, self._empty = content, EmptyState()
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(content)

    def show_absence(self, absence: Absence | None) -> None:
        """None: the images are there."""
        if absence is None:
            self._stack.setCurrentWidget(self._content)
            return
        self._empty.show_text(absence.sentence, absence.action, absence.tooltip, absence.do)
        self._stack.setCurrentWidget(self._empty)
