"""A panel whose plots are built late and redrawn at most once a second."""

from typing import Protocol

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from workbench.gui.widgets.redraw_timer import RedrawTimer
from workbench.gui.widgets.theme import Theme


class ThemedPlot(Protocol):
    """A plot of the room, which is a widget too."""

    def restyle(self) -> None:
        """Take the theme's present colors."""


class LateDrawing(QWidget):
    """Redraws when somebody can see it. A panel says how to draw what it knows (`_draw`).

    It also connects the theme's `changed` to a slot of its own: PySide 6.11 goes on calling an inherited slot of a
    deleted widget that Python still knows.
    """

    redrawn = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._is_behind = True
        self._timer = RedrawTimer(self.redraw, self)

    @Slot()
    def redraw(self) -> None:
        """Draw what is known by now, or as soon as anybody can see it."""
        self._is_behind = not self.isVisible()
        if not self._is_behind:
            self._draw()

    def _draw(self) -> None:
        raise NotImplementedError

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._is_behind:
            self.redraw()
