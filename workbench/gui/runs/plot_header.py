"""What stands above a panel's plots: its title, a legend of their lines, and what is set there."""

from collections.abc import Sequence

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from workbench.gui.runs.line_legend import LegendEntry, LineLegend
from workbench.gui.widgets.field_form import labeled
from workbench.gui.widgets.theme import FIELD_GAP, GAP, Theme

# More of a name is cut before the legend gets a row of its own.
_MOST_PX = 160


class PlotHeader(QWidget):
    """The legend stands beside the title where there is room, and below it where there is not.

    Args:
        before, after: what stands left and right of the legend.
    """

    def __init__(
        self, theme: Theme, title: str, before: Sequence[QWidget] = (), after: Sequence[QWidget] = ()
    ) -> None:
        super().__init__()
        self.legend = LineLegend(theme)
        heading = labeled(title, "heading")
        heading.setContentsMargins(0, 0, GAP, 0)
        self._others = [heading, *before, *after]
        self._at = 1 + len(before)
        self._column, self._row = QVBoxLayout(self), QHBoxLayout()
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(GAP)
        self._row.setSpacing(FIELD_GAP)
        for number, widget in enumerate(self._others):
            self._row.addWidget(widget, int(0 < number < self._at))
        self._row.insertStretch(self._at)
        self._column.addLayout(self._row)
        self._column.addWidget(self.legend)
        self._is_beside = False

    def show_legend(self, entries: list[LegendEntry]) -> None:
        self.legend.show_entries(entries)
        self._place_legend()

    def _place_legend(self) -> None:
        others = sum(min(_MOST_PX, widget.sizeHint().width()) + FIELD_GAP for widget in self._others)
        is_beside = others + FIELD_GAP + self.legend.sizeHint().width() <= self.width()
        if is_beside != self._is_beside:
            self._is_beside = is_beside
            self._column.removeWidget(self.legend)
            self._row.removeWidget(self.legend)
            if is_beside:
                self._row.insertWidget(self._at, self.legend)
            else:
                self._column.addWidget(self.legend)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_legend()
