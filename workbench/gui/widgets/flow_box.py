"""Widgets side by side, in as many rows as the width takes."""

from collections.abc import Sequence

from PySide6.QtCore import QRect, QSize
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.gui.widgets.placing import PlacingWidget
from workbench.gui.widgets.theme import FIELD_GAP, GAP


class FlowBox(PlacingWidget):
    """Places its widgets itself, so that its height is known with its width: a layout would learn of it only after
    what stands below has been placed, and place that again.

    Args:
        between: pixels from one widget to the next in a row.
        most_rows: what would need more is hidden, and `more` stands at the end; 0: as many rows as it takes.
    """

    def __init__(self, between: int = FIELD_GAP, most_rows: int = 0, more: QWidget | None = None) -> None:
        super().__init__()
        self._between, self._most_rows, self._more = between, most_rows, more
        self._shown: list[QWidget] = []
        if more is not None:
            more.setParent(self)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_widgets(self, widgets: Sequence[QWidget]) -> None:
        """These, in this order; the ones from before that are not among them stay hidden."""
        for widget in self._shown:
            if widget not in widgets:
                widget.hide()
        self._shown = list(widgets)
        for widget in self._shown:
            widget.setParent(self)
        self.updateGeometry()
        self._place()

    def places(self, width: int) -> list[QRect]:
        """Where each widget stands at a width, and `more` after them; no size has what is hidden."""
        sizes = [_size(widget) for widget in self._shown]
        places = self._flow(sizes, width)
        if self._more is None:
            return places
        if not self._most_rows or _rows(places) <= self._most_rows:
            return [*places, QRect()]
        for kept in range(len(sizes) - 1, 0, -1):
            places = self._flow([*sizes[:kept], _size(self._more)], width)
            if _rows(places) <= self._most_rows:
                break
        return [*places[:kept], *[QRect()] * (len(sizes) - kept), places[-1]]

    def _flow(self, sizes: Sequence[QSize], width: int) -> list[QRect]:
        """None is cut but where it alone is wider."""
        places, row, x, y, tall = list[QRect](), list[QRect](), 0, 0, 0
        for size in sizes:
            if x and x + size.width() > width:
                places += _centered(row, tall)
                row, x, y, tall = [], 0, y + tall + GAP, 0
            row.append(QRect(x, y, min(size.width(), max(width, 1)), size.height()))
            x += size.width() + self._between
            tall = max(tall, size.height())
        return places + _centered(row, tall)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return max((place.bottom() + 1 for place in self.places(width)), default=0)

    def sizeHint(self) -> QSize:
        """All in one row."""
        places = self.places(1 << 20)
        return QSize(max((place.right() + 1 for place in places), default=0), self.heightForWidth(1 << 20))

    def minimumSizeHint(self) -> QSize:
        sizes = [widget.minimumSizeHint() for widget in self._shown]
        return QSize(max((s.width() for s in sizes), default=0), max((s.height() for s in sizes), default=0))

    def _place(self) -> None:
        widgets = self._shown if self._more is None else [*self._shown, self._more]
        for widget, place in zip(widgets, self.places(self.width()), strict=True):
            widget.setVisible(not place.isEmpty())
            if not place.isEmpty():
                widget.setGeometry(place)


def _size(widget: QWidget) -> QSize:
    return widget.sizeHint().expandedTo(widget.minimumSize()).boundedTo(widget.maximumSize())


def _rows(places: list[QRect]) -> int:
    # Those of a row have one middle.
    return len({place.center().y() for place in places})


def _centered(row: list[QRect], tall: int) -> list[QRect]:
    return [place.translated(0, (tall - place.height()) // 2) for place in row]
