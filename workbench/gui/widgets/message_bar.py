"""A strip for sentences that the person should read: errors, warnings, results. Never a dialog in the way."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QToolButton, QWidget

from workbench.gui.widgets.field_form import labeled
from workbench.gui.widgets.theme import FIELD_GAP, GAP, MARGIN, Theme

_INFO_MS = 8000


@dataclass(frozen=True, eq=False)
class Message:
    """A sentence with at most two actions."""

    level: str
    """info, warning or error."""
    sentence: str
    action: str = ""
    """Text of a button that calls `do`; none if empty."""
    do: Callable[[], object] | None = None
    second: str = ""
    """Text of one more button, which calls `do_second`; none if empty."""
    do_second: Callable[[], object] | None = None
    stays: bool = False
    """Whether it stays until it is dismissed or replaced, though it is but an info."""


class MessageBar(QFrame):
    """Shows one message until it is dismissed or replaced; one that is kept comes back after the others."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("messageBar")
        self._theme = theme
        self._shown: Message | None = None
        self._kept: Message | None = None
        self._text = labeled("", "")
        self._text.setWordWrap(True)
        self._action, self._second = QPushButton(), QPushButton()
        self._action.clicked.connect(self._act)
        self._second.clicked.connect(self._act_second)
        self._close = QToolButton()
        self._close.setToolTip(self.tr("Dismiss"))
        self._close.setAccessibleName(self.tr("Dismiss"))
        self._close.clicked.connect(self._dismiss)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(MARGIN, GAP, GAP, GAP)
        layout.setSpacing(FIELD_GAP)
        layout.addWidget(self._text, 1)
        layout.addWidget(self._action)
        layout.addWidget(self._second)
        layout.addWidget(self._close)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_INFO_MS)
        self._timer.timeout.connect(self._dismiss)
        theme.changed.connect(self._restyle)
        self._restyle()
        self.hide()

    @property
    def text(self) -> str:
        return self._text.text()

    def tell(
        self,
        level: str,
        sentence: str,
        action: str = "",
        do: Callable[[], object] | None = None,
        *,
        stays: bool = False,
    ) -> None:
        """Show a sentence, with a button `action` that calls `do`, if it is not empty."""
        self._show(Message(level, sentence, action, do, stays=stays))

    def add_warning(self, sentence: str) -> None:
        """Say it too, after what was just told: that was done, but not all is well."""
        before = self._shown
        self.tell("warning", f"{before.sentence}; {sentence}" if before is not None else sentence)

    def tell_progress(self, sentence: str, action: str, do: Callable[[], object]) -> None:
        """Say how far something is, unless a warning or an error is still to be read."""
        if self._shown is None or self._shown.level == "info":
            self._show(Message("info", sentence, action, do))

    def withdraw(self, sentence: str) -> None:
        """Show it no longer, if it is shown: what it was about is mended."""
        if self._shown is not None and self._shown.sentence == sentence:
            self._dismiss()

    def keep(self, message: Message, *, at_once: bool = True) -> None:
        """Show a message that comes back after others, until the person dismisses it or takes an action.

        Args:
            at_once: in place of what is shown; else after it, and not at all if another one is kept.
        """
        if self._kept is not None and not at_once:
            return
        self._kept = message
        if at_once or self.isHidden():
            self._show(message)

    def _show(self, message: Message) -> None:
        self._shown = message
        self.setProperty("level", message.level)
        self.style().unpolish(self)
        self.style().polish(self)
        prefix = {"warning": self.tr("Warning: "), "error": self.tr("Error: ")}.get(message.level, "")
        self._text.setText(prefix + message.sentence)
        for button, text in ((self._action, message.action), (self._second, message.second)):
            button.setText(text)
            button.setVisible(bool(text))
        self.show()
        # Good news is read once; warnings and errors stay until dismissed.
        if message.level == "info" and not message.stays:
            self._timer.start()
        else:
            self._timer.stop()

    def _put_away(self) -> Message | None:
        """Hide what is shown, for good; returns it."""
        shown, self._shown = self._shown, None
        if shown is self._kept:
            self._kept = None
        self.hide()
        return shown

    @Slot()
    def _dismiss(self) -> None:
        self._put_away()
        if self._kept is not None:
            self._show(self._kept)

    @Slot()
    def _act(self) -> None:
        shown = self._put_away()
        if shown is not None and shown.do is not None:
            shown.do()

    @Slot()
    def _act_second(self) -> None:
        shown = self._put_away()
        if shown is not None and shown.do_second is not None:
            shown.do_second()

    @Slot()
    def _restyle(self) -> None:
        self._close.setIcon(self._theme.icon("close", "secondary"))
