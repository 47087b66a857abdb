"""What stands above a panel's plots: its title, a legend of their lines, and what is set there."""

from collections.abc import Sequence

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QHBoxLayout, QWidget

from workbench.gui.runs.line_legend import LegendEntry, LineLegend
from workbench.gui.widgets.field_form import labeled
from workbench.gui.widgets.placing import PlacingWidget
from workbench.gui.widgets.theme import FIELD_GAP, GAP, Theme

# More of a name is cut before the legend gets a row of its own.
_MOST_PX = 160


class PlotHeader(PlacingWidget):
    """The legend stands beside the title where there is room, and below it where there is not.

    It places its parts itself, so that its height is known with its width: a layout would learn of it only after
    the plots below have been placed, and place them again.

    Args:
        before, after: what stands left and right of the legend.
    """

    def __init__(
        self, theme: Theme, title: str, before: Sequence[QWidget] = (), after: Sequence[QWidget] = ()
    ) -> None:
        super().__init__()
        heading = labeled(title, "heading")
        heading.setContentsMargins(0, 0, GAP, 0)
        self._named = [heading, *before]
        self._others = [*self._named, *after]
        self._left, self._right = self._row(self._named), self._row(after)
        self.legend = LineLegend(theme, self)
        policy = self.sizePolicy()
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def _row(self, widgets: Sequence[QWidget]) -> QWidget:
        row = QWidget(self)
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(FIELD_GAP)
        for number, widget in enumerate(widgets):
            layout.addWidget(widget, int(number > 0))
        return row

    def show_legend(self, entries: list[LegendEntry]) -> None:
        self.legend.show_entries(entries)
        self.updateGeometry()
        self._place()

    def _is_beside(self, width: int) -> bool:
        others = sum(min(_MOST_PX, widget.sizeHint().width()) + FIELD_GAP for widget in self._others)
        return others + FIELD_GAP + self.legend.sizeHint().width() <= width

    @property
    def _row_height(self) -> int:
        rows = (self._left, self._right, self.legend)
        return max(row.sizeHint().height() for row in rows)

    def heightForWidth(self, width: int) -> int:
        if self._is_beside(width):
            return self._row_height
        return self._row_height + GAP + self.legend.heightForWidth(width)

    def sizeHint(self) -> QSize:
        width = self._left.sizeHint().width() + FIELD_GAP + self._right.sizeHint().width()
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        row = self._left.minimumSizeHint().width() + FIELD_GAP + self._right.minimumSizeHint().width()
        return QSize(max(row, self.legend.minimumSizeHint().width()), self._row_height)

    def _place(self) -> None:
        width, height = self.width(), self._row_height
        right = self._right.sizeHint().width()
        is_beside = self._is_beside(width)
        legend = self.legend.sizeHint().width() if is_beside else 0
        # What has a name in it is cut; the rest is whole.
        room = width - right - FIELD_GAP - (legend + FIELD_GAP if is_beside else 0)
        left = min(sum(widget.sizeHint().width() + FIELD_GAP for widget in self._named), room)
        self._left.setGeometry(0, 0, left, height)
        self._right.setGeometry(width - right, 0, right, height)
        if is_beside:
            own = self.legend.heightForWidth(legend)
            self.legend.setGeometry(left + FIELD_GAP, (height - own) // 2, legend, own)
        else:
            self.legend.setGeometry(0, height + GAP, width, self.legend.heightForWidth(width))
