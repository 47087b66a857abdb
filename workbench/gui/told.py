"""Slots of the main window whose UserError becomes a sentence in its message bar."""

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING

from workbench.core.errors import UserError

if TYPE_CHECKING:
    from workbench.gui.main_window import MainWindow


def told(slot: Callable[..., None]) -> Callable[..., None]:
    """Wrap a slot: a run deleted elsewhere or images that are gone are told, and the list is read anew."""

    @functools.wraps(slot)
    def guarded(window: "MainWindow", *arguments: object) -> None:
        try:
            slot(window, *arguments)
        except UserError as error:
            window.message_bar.tell("error", str(error))
            window.library.refresh()

    return guarded
