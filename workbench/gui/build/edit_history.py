"""Undo and redo of every edit on the left side, as steps from one allowed configuration to the next."""

import time
from typing import Protocol

from PySide6.QtCore import QEvent, QObject, Signal, Slot
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence, QUndoCommand, QUndoStack
from PySide6.QtWidgets import QAbstractSpinBox, QLineEdit, QMenu

from workbench.core.settings.config import RunConfig
from workbench.gui.build.build_panel import BuildPanel

# Digits typed and arrows held within this time are one edit.
_MERGE_WITHIN_S = 1.0
_LIMIT = 200
_COMMAND_ID = 1


class OtherHistory(Protocol):
    """Of something that is undone beside the settings while it has the focus."""

    @property
    def can_undo(self) -> bool: ...

    @property
    def can_redo(self) -> bool: ...

    @property
    def undo_text(self) -> str:
        """What would be taken back, in words."""

    @property
    def redo_text(self) -> str: ...

    def undo(self) -> None: ...

    def redo(self) -> None: ...


class EditHistory(QObject):
    """Follows a BuildPanel. Configurations that are not allowed are one step, however many there were."""

    replayed = Signal()
    """A former configuration is shown."""

    def __init__(self, panel: BuildPanel) -> None:
        super().__init__(panel)
        self._panel = panel
        self.stack = QUndoStack(self)
        self.stack.setUndoLimit(_LIMIT)
        self._last = panel.config
        self._replaying = False
        self._is_allowed = True
        self._other: OtherHistory | None = None
        self._undo: QAction | None = None
        self._redo: QAction | None = None
        panel.config_changed.connect(self._on_change)
        # A spin box has the focus in place of its line edit.
        for kind in (QLineEdit, QAbstractSpinBox):
            for field in panel.findChildren(kind):
                field.installEventFilter(self)

    def add_to(self, menu: QMenu) -> None:
        """Undo and redo as entries that say what they would do."""
        self._undo, self._redo = menu.addAction(""), menu.addAction("")
        self._undo.triggered.connect(self.undo)
        self._redo.triggered.connect(self.redo)
        self._undo.setShortcuts(QKeySequence.keyBindings(QKeySequence.StandardKey.Undo))
        self._redo.setShortcuts(QKeySequence.keyBindings(QKeySequence.StandardKey.Redo))
        self.stack.indexChanged.connect(self._update)
        self._update()

    def allow(self, allowed: bool) -> None:
        """Whether the keys mean the settings: elsewhere they would change what is not in sight."""
        self._is_allowed = allowed
        self._update()

    def lend(self, other: OtherHistory | None) -> None:
        """Let the entries and their keys mean another history from now on; None: the settings' again.

        Also to be called when what the other one would do has changed.
        """
        self._other = other
        self._update()

    @Slot()
    def undo(self) -> None:
        """Go back to the configuration before; from one that is not allowed, to the last that was."""
        if self._other is not None:
            self._other.undo()
        elif self._panel.config is None and self._last is not None:
            self.show(self._last)
        else:
            self.stack.undo()
        self._update()

    @Slot()
    def redo(self) -> None:
        if self._other is not None:
            self._other.redo()
        else:
            self.stack.redo()
        self._update()

    @Slot()
    def _update(self) -> None:
        if self._undo is None or self._redo is None:
            return
        if self._other is not None:
            can_undo, undone = self._other.can_undo, self._other.undo_text
            can_redo, redone = self._other.can_redo, self._other.redo_text
        else:
            is_wrong = self._panel.config is None
            can_undo, can_redo = is_wrong or self.stack.canUndo(), self.stack.canRedo()
            undone = self.tr("wrong value") if is_wrong else self.stack.undoText()
            redone = self.stack.redoText()
        self._undo.setEnabled(self._is_allowed and can_undo)
        self._redo.setEnabled(self._is_allowed and can_redo)
        self._undo.setText(self.tr("&Undo {0}").format(undone).strip())
        self._redo.setText(self.tr("&Redo {0}").format(redone).strip())

    def show(self, config: RunConfig) -> None:
        """Fill the panel without recording that as a new edit."""
        self._replaying = True
        self._panel.show_config(config)
        self._last = config
        self._replaying = False
        self.replayed.emit()

    @Slot()
    def _on_change(self) -> None:
        config = self._panel.config
        if not self._replaying and config is not None and config != self._last:
            # What is left out has a history of its own, that of the marks.
            if self._last is not None and changed_fields(self._last, config) != ["data.excluded"]:
                self.stack.push(_Edit(self, self._last, config))
            self._last = config
        self._update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A field's own undo knows its text alone; the window's knows every edit."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            keys = (QKeySequence.StandardKey.Undo, QKeySequence.StandardKey.Redo)
            if any(event.matches(key) for key in keys):
                event.ignore()
                return True
        return super().eventFilter(watched, event)


class _Edit(QUndoCommand):
    def __init__(self, history: EditHistory, before: RunConfig, after: RunConfig) -> None:
        fields = changed_fields(before, after)
        super().__init__(fields[0].partition(".")[2].replace("_", " ") if len(fields) == 1 else "")
        self._history, self._before, self._after = history, before, after
        self._fields, self._at = fields, time.monotonic()
        self._is_done = True

    def id(self) -> int:
        return _COMMAND_ID

    def mergeWith(self, other: QUndoCommand) -> bool:
        """Join the edits of one field that follow each other quickly."""
        if not isinstance(other, _Edit) or len(self._fields) != 1 or other._fields != self._fields:
            return False
        if other._at - self._at > _MERGE_WITHIN_S:
            return False
        self._after, self._at = other._after, other._at
        # Back where it began, there is nothing to undo.
        self.setObsolete(self._after == self._before)
        return True

    def undo(self) -> None:
        self._is_done = False
        self._history.show(self._before)

    def redo(self) -> None:
        # Qt calls it on push too, when the panel shows the new value already.
        if not self._is_done:
            self._is_done = True
            self._history.show(self._after)


def changed_fields(before: RunConfig, after: RunConfig) -> list[str]:
    """Dotted names of the fields that differ."""
    old, new = before.model_dump(), after.model_dump()
    return [
        f"{section}.{name}"
        for section, fields in old.items()
        for name, value in fields.items()
        if value != new[section][name]
    ]
