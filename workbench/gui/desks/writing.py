"""Files that are written on a lane: how far that is, and what came of it, is told in the message bar."""

import time
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Slot

from workbench.core.events import Progress, Warned
from workbench.core.formats import percent
from workbench.core.home import Home
from workbench.gui.widgets.message_bar import MessageBar
from workbench.gui.work.job import Handle, Job
from workbench.gui.work.lane import Lane

_MOST_WARNINGS = 3
"""How many are told; a damaged list may have hundreds."""
# What is done sooner needs no sentence about how far it is.
_SILENT_S = 0.5


class Writing(QObject):
    """A file with what belongs to it; several may be asked for, one after the other."""

    def __init__(self, lane: Lane, message_bar: MessageBar, parent: QObject) -> None:
        super().__init__(parent)
        self._lane, self._bar = lane, message_bar

    def ask(
        self, job: Job, home: Home, say: Callable[[Any], object], refuse: Callable[[Exception], object]
    ) -> None:
        """
        Args:
            job: its result is what `say` tells of, the path of what was written for example.
        """
        handle = self._lane.ask(job, home, self, replaces=False)
        handle.finished.connect(say)
        handle.refused.connect(refuse)
        _Teller(handle, self._bar, self)


class _Teller(QObject):
    """Tells of one of them, as long as it goes on."""

    def __init__(self, handle: Handle, message_bar: MessageBar, parent: QObject) -> None:
        super().__init__(parent)
        self._handle, self._bar = handle, message_bar
        self._begun, self._warnings = time.monotonic(), list[str]()
        handle.progressed.connect(self._show_progress)
        # After the asker has told what came of it.
        handle.finished.connect(self._add_warnings)
        handle.canceled.connect(self._say_canceled)
        handle.ended.connect(self.deleteLater)

    @Slot(object)
    def _show_progress(self, said: Any) -> None:
        if isinstance(said, Warned):
            self._warnings.append(said.message)
        elif isinstance(said, Progress) and time.monotonic() - self._begun > _SILENT_S:
            share = f" {percent(said.done / said.total, 0)}" if said.total else ""
            self._bar.tell_progress(f"{said.told}…{share}", self.tr("Cancel"), self._handle.cancel)

    @Slot(object)
    def _add_warnings(self, _result: Any) -> None:
        if not self._warnings:
            return
        told = "; ".join(self._warnings[:_MOST_WARNINGS])
        if len(self._warnings) > _MOST_WARNINGS:
            told = self.tr("{0}; and {1} more").format(told, len(self._warnings) - _MOST_WARNINGS)
        self._bar.add_warning(told)

    @Slot()
    def _say_canceled(self) -> None:
        self._bar.tell("info", self.tr("Canceled; nothing was written"))
