"""Accuracy as it is, and without the images that may be excused, in a row of figures."""

from typing import NamedTuple

from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from workbench.gui.widgets.field_form import labeled
from workbench.gui.widgets.theme import GROUP_GAP, tabular


class Figure(NamedTuple):
    number: str
    caption: str
    tip: str = ""


class LabelFigures(QWidget):
    """Some figures beside each other, each with what it is below; as many as there are room for."""

    MOST = 5

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GROUP_GAP)
        self._cells = [_Cell() for _ in range(self.MOST)]
        for cell in self._cells:
            row.addWidget(cell)
        row.addStretch(1)
        self.show_figures()

    def show_figures(self, *figures: Figure) -> None:
        for place, cell in enumerate(self._cells):
            cell.setVisible(place < len(figures))
            if place < len(figures):
                cell.say(figures[place])

    @property
    def texts(self) -> list[str]:
        """`83.1 % accuracy` and so on, of all that are shown."""
        return [cell.accessibleName() for cell in self._cells if not cell.isHidden()]


class _Cell(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._number, self._caption = labeled("", "heading"), labeled("", "secondary")
        for label in (self._number, self._caption):
            label.setFont(tabular(label.font()))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for label in (self._number, self._caption):
            column.addWidget(_narrow(label))

    def say(self, figure: Figure) -> None:
        self._number.setText(figure.number)
        self._caption.setText(figure.caption)
        self.setToolTip(figure.tip)
        self.setAccessibleName(f"{figure.number} {figure.caption}")


def _narrow(label: QLabel) -> QLabel:
    """Cut where there is no room, in place of making the panel wider."""
    label.setMinimumWidth(1)
    return label
