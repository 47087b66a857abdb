"""The keys that mark images, and take marks back, while a list of pictures has the focus."""

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QWidget

from workbench.gui.records.marks import Marks


class MarkKeys(QObject):
    """Undo and redo are those of marks in `view`; in other workspaces, those of the settings.

    `mark_asked` comes for M where the view marks by itself: images of a part that the gallery does not show.
    """

    mark_asked = Signal()

    def __init__(self, marks: Marks, view: QWidget) -> None:
        super().__init__(view)
        self._marks = marks
        self.takes_mark = False
        view.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # The first of the two keeps the key from the menu's entry of the same shortcut.
        kinds = (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress)
        if isinstance(event, QKeyEvent) and event.type() in kinds and self._knows(event):
            event.accept()
            if event.type() == QEvent.Type.KeyPress:
                self._do(event)
            return True
        return super().eventFilter(watched, event)

    def _knows(self, event: QKeyEvent) -> bool:
        if event.matches(QKeySequence.StandardKey.Undo):
            return self._marks.can_undo
        if event.matches(QKeySequence.StandardKey.Redo):
            return self._marks.can_redo
        return self.takes_mark and event.key() == Qt.Key.Key_M and not event.modifiers()

    def _do(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Undo):
            self._marks.undo()
        elif event.matches(QKeySequence.StandardKey.Redo):
            self._marks.redo()
        else:
            self.mark_asked.emit()
