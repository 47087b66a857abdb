"""The first layer's filters as small pictures."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QImage, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.gui.widgets.pictures import to_qimage
from workbench.gui.widgets.theme import FIELD_GAP, GAP, MARGIN, Theme

_HEADING_PX = 20
_LARGEST_FACTOR = 24


class FilterView(QWidget):
    """All filters at the largest whole multiple of their pixels at which they have room."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._pictures: list[QImage] = []
        self._heading = self.tr("Filters of the first layer")
        self.setAccessibleName(self._heading)
        self.setToolTip(self.tr("Weights as colors: gray is 0; each filter is scaled by its largest weight"))
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self.setAutoFillBackground(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme.changed.connect(self.update)

    def show_filters(self, pictures: NDArray[np.uint8] | None) -> None:
        """(K, kh, kw, 3) pixels, or none."""
        self._pictures = [] if pictures is None else [to_qimage(np.ascontiguousarray(each)) for each in pictures]
        self.setAccessibleDescription(self.tr("{0} filters").format(len(self._pictures)))
        self.update()

    @property
    def count(self) -> int:
        return len(self._pictures)

    def sizeHint(self) -> QSize:
        return QSize(360, 190)

    def minimumSizeHint(self) -> QSize:
        return QSize(220, 150)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        bold = QFont(self.font())
        bold.setWeight(QFont.Weight.DemiBold)
        painter.setFont(bold)
        painter.setPen(self._theme.color("text"))
        heading = QRectF(MARGIN, FIELD_GAP, self.width() - 2 * MARGIN, _HEADING_PX)
        painter.drawText(heading, Qt.AlignmentFlag.AlignVCenter, self._heading)
        rects = self.rects()
        for rect, picture in zip(rects, self._pictures, strict=False):
            painter.drawImage(rect, picture)
        if len(rects) < len(self._pictures):
            painter.setFont(self.font())
            painter.setPen(self._theme.color("secondary"))
            words = self.tr("{0} of {1}").format(len(rects), len(self._pictures))
            painter.drawText(heading, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, words)

    def rects(self) -> list[QRect]:
        """Where each filter is drawn, in this widget's pixels; those that have no room are left out."""
        if not self._pictures:
            return []
        pixels, top = self._pictures[0].width(), FIELD_GAP + _HEADING_PX + GAP
        across, down = self.width() - 2 * MARGIN, self.height() - top - FIELD_GAP
        for factor in range(_LARGEST_FACTOR, 0, -1):
            pitch = factor * pixels + GAP
            columns = max(1, (across + GAP) // pitch)
            rows = -(-len(self._pictures) // columns)
            if rows * pitch - GAP <= down:
                break
        side = factor * pixels
        places = (divmod(number, columns) for number in range(len(self._pictures)))
        return [
            QRect(MARGIN + column * pitch, top + row * pitch, side, side)
            for row, column in places
            if row * pitch + side <= down + GAP
        ]
