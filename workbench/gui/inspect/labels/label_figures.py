"""Accuracy as it is, and without the images that may be excused, in a row of figures."""

from typing import NamedTuple

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from workbench.gui.widgets.field_form import labeled
from workbench.gui.widgets.fitting_label import FittingLabel
from workbench.gui.widgets.theme import GROUP_GAP, tabular


class Figure(NamedTuple):
    number: str
    caption: str
    short: str
    """The caption where there is less room."""
    tip: str = ""


class LabelFigures(QWidget):
    """Some figures beside each other, each with what it is below."""

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
        self._number, self._caption = labeled("", "heading"), FittingLabel("secondary")
        self._figure = Figure("", "", "")
        for label in (self._number, self._caption):
            label.setFont(tabular(label.font()))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._number)
        column.addWidget(self._caption)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def say(self, figure: Figure) -> None:
        self._figure = figure
        self._number.setText(figure.number)
        self._caption.say(figure.caption, figure.short)
        self.setToolTip(figure.tip or figure.caption)
        self.setAccessibleName(f"{figure.number} {figure.caption}")
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        return self._wide_enough(self._figure.caption)

    def minimumSizeHint(self) -> QSize:
        return self._wide_enough(self._figure.short)

    def _wide_enough(self, caption: str) -> QSize:
        widths = (
            self._number.sizeHint().width(),
            self._caption.fontMetrics().horizontalAdvance(caption) + 1,
        )
        return QSize(max(widths), super().sizeHint().height())
