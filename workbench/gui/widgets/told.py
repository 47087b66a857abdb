"""Errors as sentences in the window's message bar."""

import functools
from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QCoreApplication

from workbench.core.errors import DamagedDatabase, UserError
from workbench.gui.widgets.message_bar import MessageBar


class Refreshable(Protocol):
    def refresh(self, *, anew: bool = False) -> None:
        """Read again what may have changed."""

    def report(self, error: DamagedDatabase) -> None:
        """Say that the list itself is damaged, and how it is repaired."""


class Telling(Protocol):
    """Who has such slots: the main window, and the desk of runs."""

    message_bar: MessageBar

    @property
    def library(self) -> Refreshable: ...


def sentence_of(error: Exception) -> str:
    """What to tell of an error: its sentence, or that it is a bug."""
    if isinstance(error, UserError):
        return str(error)
    first_line = str(error).split("\n")[0]
    advice = QCoreApplication.translate("Told", "(a bug of the workbench; details are in the log)")
    return f"{type(error).__name__}: {first_line} {advice}"


def told(slot: Callable[..., None]) -> Callable[..., None]:
    """Wrap a slot: a run deleted elsewhere or images that are gone are told, and the list is read anew."""

    @functools.wraps(slot)
    def guarded(owner: Telling, *arguments: object) -> None:
        try:
            slot(owner, *arguments)
        except DamagedDatabase as error:
            owner.library.report(error)
        except UserError as error:
            owner.message_bar.tell("error", str(error))
            owner.library.refresh(anew=True)

    return guarded
