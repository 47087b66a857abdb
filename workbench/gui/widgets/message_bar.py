"""A strip for sentences that the person should read: errors, warnings, results. Never a dialog in the way."""

from collections.abc import Callable

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QWidget

from workbench.gui.widgets.theme import FIELD_GAP, GAP, MARGIN, Theme

_INFO_MS = 8000


class MessageBar(QFrame):
    """Shows one sentence with at most one action, until dismissed or replaced."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("messageBar")
        self._theme = theme
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._action = QPushButton()
        self._action.clicked.connect(self._act)
        self._do: Callable[[], object] | None = None
        self._close = QToolButton()
        self._close.setToolTip(self.tr("Dismiss"))
        self._close.setAccessibleName(self.tr("Dismiss"))
        self._close.clicked.connect(self.hide)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(MARGIN, GAP, GAP, GAP)
        layout.setSpacing(FIELD_GAP)
        layout.addWidget(self._text, 1)
        layout.addWidget(self._action)
        layout.addWidget(self._close)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_INFO_MS)
        self._timer.timeout.connect(self.hide)
        theme.changed.connect(self._restyle)
        self._restyle()
        self.hide()

    @property
    def text(self) -> str:
        return self._text.text()

    def tell(self, level: str, sentence: str, action: str = "", do: Callable[[], object] | None = None) -> None:
        """Show a sentence.

        Args:
            level: info, warning or error.
            sentence: what to read.
            action: text of a button that calls `do`; none if empty.
        """
        self.setProperty("level", level)
        self.style().unpolish(self)
        self.style().polish(self)
        prefix = {"warning": self.tr("Warning: "), "error": self.tr("Error: ")}.get(level, "")
        self._text.setText(prefix + sentence)
        self._do = do
        self._action.setText(action)
        self._action.setVisible(bool(action))
        self.show()
        # Good news is read once; warnings and errors stay until dismissed.
        if level == "info":
            self._timer.start()
        else:
            self._timer.stop()

    @Slot()
    def _act(self) -> None:
        self.hide()
        if self._do is not None:
            self._do()

    @Slot()
    def _restyle(self) -> None:
        self._close.setIcon(self._theme.icon("close", "secondary"))
