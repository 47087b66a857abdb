"""How many images both runs, one of them, or neither recognizes: four buttons that ask for these images."""

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QPushButton, QSizePolicy, QWidget

from workbench.core.comparison.agreement import CELLS, Cell, Counts
from workbench.core.formats import count, percent
from workbench.gui.widgets.theme import GAP, tabular


class AgreementGrid(QWidget):
    """`cell_clicked` carries one of `CELLS`."""

    cell_clicked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(GAP)
        self._buttons: dict[Cell, QPushButton] = {}
        for index, cell in enumerate(CELLS):
            button = QPushButton()
            button.setFont(tabular(button.font()))
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.setToolTip(self.tr("Show these images in the gallery"))
            button.clicked.connect(partial(self.cell_clicked.emit, cell))
            grid.addWidget(button, *divmod(index, 2))
            self._buttons[cell] = button

    def words(self, cell: Cell) -> str:
        """What the images of a cell are called."""
        match cell:
            case "both right":
                return self.tr("Both right")
            case "only a right":
                return self.tr("Only A right")
            case "only b right":
                return self.tr("Only B right")
            case "both wrong":
                return self.tr("Both wrong")

    def show_counts(self, counts: Counts) -> None:
        for cell, images in zip(CELLS, counts, strict=False):
            share = percent(images / counts.images, 1)
            self._buttons[cell].setText(f"{self.words(cell)}   {count(images)}   {share}")
            self._buttons[cell].setEnabled(images > 0)
