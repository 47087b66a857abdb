"""Sentences on the desktop, for a person who is not looking at the window."""

import html
import shutil

from PySide6.QtCore import QObject, QProcess, QTimer, Slot
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QSystemTrayIcon

# Where the desktop shows messages for a time of its own, this is only a wish.
_SHOWN_MS = 8000
# A message goes with its icon on some desktops.
_ICON_MS = 20_000
_TOOL = "notify-send"


class Notifier(QObject):
    """Shows messages through the tray where the desktop has one, else through its own tool; else says nothing.

    The icon in the tray is there only while a message is shown.
    """

    def __init__(self, icon: QIcon, parent: QObject) -> None:
        super().__init__(parent)
        self.is_on = True
        """Whether the person wants messages."""
        self._icon = icon
        self._tray: QSystemTrayIcon | None = None
        self._away = QTimer(self)
        self._away.setSingleShot(True)
        self._away.setInterval(_ICON_MS)
        self._away.timeout.connect(self.put_away)

    def tell(self, title: str, sentence: str) -> None:
        """Show a message; it is not known whether anybody sees it."""
        if not self.is_on:
            return
        if QSystemTrayIcon.isSystemTrayAvailable() and QSystemTrayIcon.supportsMessages():
            self._tell_by_tray(title, sentence)
        elif (tool := shutil.which(_TOOL)) is not None:
            # What a title begins with must not be taken for an option, nor what a name holds for markup.
            options = ["--app-name=ResNet Workbench", f"--expire-time={_SHOWN_MS}", "--"]
            QProcess.startDetached(tool, [*options, title, html.escape(sentence)])

    def _tell_by_tray(self, title: str, sentence: str) -> None:
        if self._tray is None:
            self._tray = QSystemTrayIcon(self._icon, self)
        self._tray.show()
        self._tray.showMessage(title, sentence, self._icon, _SHOWN_MS)
        self._away.start()

    @Slot()
    def put_away(self) -> None:
        """Take the icon out of the tray."""
        self._away.stop()
        if self._tray is not None:
            self._tray.hide()
