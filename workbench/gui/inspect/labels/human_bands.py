"""How often a network is right, by how many people gave the label: a row for each band of agreement."""

import numpy as np
from PySide6.QtCore import QRect, QSize, Qt, Slot
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.core.formats import count, percent
from workbench.core.inspection.human_agreement import HumanAgreement
from workbench.gui.widgets.theme import FIELD_GAP, GAP, Theme, tabular

# Lower ends, in the order of the rows; a share of people is in the first band whose end it reaches.
_ENDS = (1.0, 0.95, 0.75, 0.5, 0.0)
_ROW_PX, _BAR_PX = 20, 10
_WIDTH = 300


class HumanBands(QWidget):
    """A table with bars: people who gave the label, images, and the share that the network gets right."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._rows: list[tuple[str, int, float, float]] = []
        self.setFont(tabular(self.font()))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Network right, by agreement of people"))
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(_WIDTH, _ROW_PX * (len(_ENDS) + 1))

    def minimumSizeHint(self) -> QSize:
        return QSize(_WIDTH, _ROW_PX * (len(_ENDS) + 1))

    @Slot(object)
    def show_agreement(self, found: HumanAgreement | None) -> None:
        self._rows = []
        if found is not None:
            names = (
                self.tr("all"),
                self.tr("95–99 %"),
                self.tr("75–95 %"),
                self.tr("50–75 %"),
                self.tr("under half"),
            )
            above = np.inf
            for name, end in zip(names, _ENDS, strict=True):
                chosen = (found.agreement >= end) & (found.agreement < above)
                mean = float(found.confidence[chosen].mean()) if chosen.any() else float("nan")
                self._rows.append((name, int(chosen.sum()), found.evaluation.accuracy_of(chosen), mean))
                above = end
        texts = (f"{name}: {images}, {percent(right)}" for name, images, right, _mean in self._rows)
        self.setAccessibleDescription("; ".join(texts))
        self.setToolTip(
            self.tr(
                "Of the images whose label so many people gave: how many there are, and the share that is right"
            )
        )
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._theme
        metrics = QFontMetrics(self.font())
        first = metrics.horizontalAdvance(self.tr("People agree")) + FIELD_GAP
        second = first + metrics.horizontalAdvance(self.tr("Images")) + FIELD_GAP + GAP
        third = metrics.horizontalAdvance("100.0 %") + FIELD_GAP
        bar = QRect(second + FIELD_GAP, 0, max(0, self.width() - second - third - FIELD_GAP), _BAR_PX)
        left, right = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setPen(theme.color("secondary"))
        painter.drawText(QRect(0, 0, first, _ROW_PX), left | middle, self.tr("People agree"))
        painter.drawText(QRect(0, 0, second, _ROW_PX), right | middle, self.tr("Images"))
        painter.drawText(QRect(bar.left(), 0, self.width() - bar.left(), _ROW_PX), left | middle, self.tr("Right"))
        for row, (name, images, share, _mean) in enumerate(self._rows, 1):
            top = row * _ROW_PX
            painter.setPen(theme.color("text"))
            painter.drawText(QRect(0, top, first, _ROW_PX), left | middle, name)
            painter.drawText(QRect(0, top, second, _ROW_PX), right | middle, count(images))
            painter.drawText(QRect(0, top, self.width(), _ROW_PX), right | middle, percent(share))
            bar.moveTop(top + (_ROW_PX - _BAR_PX) // 2)
            painter.fillRect(bar, theme.color("hairline"))
            if share == share:
                painter.fillRect(QRect(bar.topLeft(), QSize(round(bar.width() * share), _BAR_PX)), theme.series(0))
