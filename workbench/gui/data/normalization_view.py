"""What normalization makes of the images: its numbers beside those of the data, values of the pixels, pictures."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QTableWidget, QTableWidgetItem, QVBoxLayout, QWidget

from workbench.core.data.channel_figures import SEEN_RANGE, as_seen
from workbench.core.formats import count
from workbench.core.settings.normalization import Normalization, NormalizationName
from workbench.gui.data.image_pairs import ImagePairs
from workbench.gui.data.value_plot import ValuePlot
from workbench.gui.widgets.field_form import labeled
from workbench.gui.widgets.scrolling import scrolling
from workbench.gui.widgets.tables import dress
from workbench.gui.widgets.theme import FIELD_GAP, GROUP_GAP, MARGIN, Theme

_ROW_PX, _FIGURE_PX, _NAME_PX = 28, 76, 200
_ROWS = 4
_OFFERED: tuple[NormalizationName, ...] = ("from-data", "cifar10", "imagenet")


class NormalizationView(QWidget):
    """`chosen` carries the name of what is to be normalized by from now on."""

    chosen = Signal(str)
    seen = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._counts: NDArray[np.int64] | None = None
        self._data: Normalization | None = None
        self._images = 0
        self._table = self._build_table()
        self._plot = ValuePlot(theme)
        name = self.tr("Training images, the original above what the network sees")
        self._pairs = ImagePairs(self.tr("as the network sees it"), name)
        self._sentence, self._work = labeled("", "text"), labeled("", "secondary")
        for label in (self._sentence, self._work):
            label.setWordWrap(True)
        self._buttons = self._build_buttons()
        row = QHBoxLayout()
        row.setSpacing(FIELD_GAP)
        for button in self._buttons.values():
            row.addWidget(button)
        row.addStretch(1)
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(MARGIN, FIELD_GAP, MARGIN, MARGIN)
        layout.setSpacing(FIELD_GAP)
        layout.addWidget(self._sentence)
        layout.addWidget(self._table)
        layout.addLayout(row)
        layout.addWidget(self._work)
        layout.addSpacing(GROUP_GAP - FIELD_GAP)
        layout.addWidget(self._plot)
        layout.addSpacing(GROUP_GAP - FIELD_GAP)
        layout.addWidget(labeled(self.tr("As the network sees them"), "heading"))
        words = self.tr("Above: original. Below: what is {0} or less is black, 0 gray, {1} or more white.")
        layout.addWidget(labeled(words.format(f"−{SEEN_RANGE:g}", f"{SEEN_RANGE:g}"), "secondary"))
        layout.addWidget(self._pairs)
        layout.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolling(page))

    def _build_table(self) -> QTableWidget:
        table = QTableWidget(_ROWS, 7)
        dress(table, _ROW_PX)
        table.setSelectionMode(QTableWidget.SelectionMode.NoSelection)
        table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        mean, std = self.tr("Mean"), self.tr("Deviation")
        channels = self.tr("red"), self.tr("green"), self.tr("blue")
        titles = [f"{kind}\n{channel}" for kind in (mean, std) for channel in channels]
        table.setHorizontalHeaderLabels(["", *titles])
        table.setAccessibleName(self.tr("Mean and standard deviation of each channel, from 0 to 1"))
        table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        table.horizontalHeader().setDefaultSectionSize(_FIGURE_PX)
        table.setColumnWidth(0, _NAME_PX)
        table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        table.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        height = table.horizontalHeader().sizeHint().height() + _ROWS * _ROW_PX + 2 * table.frameWidth()
        table.setFixedSize(QSize(_NAME_PX + 6 * _FIGURE_PX + 2 * table.frameWidth() + 2, height + 2))
        return table

    def _build_buttons(self) -> dict[str, QPushButton]:
        texts = {
            "from-data": self.tr("Use the data's own"),
            "cifar10": self.tr("CIFAR-10"),
            "imagenet": self.tr("ImageNet"),
        }
        buttons: dict[str, QPushButton] = {name: QPushButton(texts[name]) for name in _OFFERED}
        for name, button in buttons.items():
            button.setProperty("normalization", name)
            button.clicked.connect(self._on_button)
        return buttons

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.seen.emit()

    def show_counting(self, words: str) -> None:
        """Values of the pixels are being counted."""
        self._work.setText(words)
        self._work.setVisible(bool(words))

    def show_values(self, counts: NDArray[np.int64] | None, data: Normalization | None, images: int) -> None:
        """(3, 256) how many pixels of the training images have each value; None: not known yet."""
        self._counts, self._data, self._images = counts, data, images
        self._plot.setVisible(counts is not None)

    def show_chosen(self, by: Normalization | None, sentence: str, examples_nhwc: NDArray[np.uint8]) -> None:
        """What images are normalized by at present; None: not known before the data's own numbers are."""
        self._sentence.setText(sentence)
        rows = (
            (self.tr("Chosen"), by),
            (self.tr("These {0} training images").format(count(self._images)), self._data),
            (self.tr("CIFAR-10"), Normalization.named("cifar10")),
            (self.tr("ImageNet"), Normalization.named("imagenet")),
        )
        for row, (name, normalization) in enumerate(rows):
            self._show_row(row, name, normalization)
        if by is not None:
            if self._counts is not None:
                self._plot.show_values(self._counts, by)
            self._pairs.show_pairs(examples_nhwc, as_seen(examples_nhwc, by.mean, by.std))
        self._pairs.setVisible(by is not None)

    def allow(self, name: str, reason: str) -> None:
        """Mark the present choice; with a reason, none can be made now."""
        tips = {
            "from-data": self.tr("Mean and deviation of the images that are trained on, found when a run begins"),
            "cifar10": self.tr("The usual numbers of CIFAR-10"),
            "imagenet": self.tr("The usual numbers of ImageNet, with which most published weights were trained"),
        }
        for offered, button in self._buttons.items():
            button.setEnabled(not reason and offered != name)
            button.setToolTip(reason or (self.tr("Chosen already") if offered == name else tips[offered]))

    def _show_row(self, row: int, name: str, normalization: Normalization | None) -> None:
        numbers = (*normalization.mean, *normalization.std) if normalization is not None else ()
        texts = [name, *(f"{number:.4f}" for number in numbers)]
        for column in range(7):
            item = QTableWidgetItem(texts[column] if column < len(texts) else "…")
            if column:
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self._table.setItem(row, column, item)

    @Slot()
    def _on_button(self) -> None:
        self.chosen.emit(str(self.sender().property("normalization")))
