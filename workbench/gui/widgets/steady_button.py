"""A button whose words change, and nothing beside it moves."""

from collections.abc import Sequence

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QPushButton, QWidget


class SteadyButton(QPushButton):
    """As wide as the longest of its texts needs; says the first one at first."""

    def __init__(self, texts: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(texts[0], parent)
        self._texts = tuple(texts)

    def sizeHint(self) -> QSize:
        hint, advance = super().sizeHint(), self.fontMetrics().horizontalAdvance
        return QSize(hint.width() + max(map(advance, self._texts)) - advance(self.text()), hint.height())
