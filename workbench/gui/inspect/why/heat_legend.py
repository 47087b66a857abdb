"""The scale of a heat map: what its colors mean."""

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.core.inspection.heat_colors import heat
from workbench.gui.widgets.theme import GAP, Theme, mixed

_RAMP_PX, _STOPS = 8, 33
# Letters of other scripts come from other fonts, whose lines are higher.
_SPARE_PX = 4


class HeatLegend(QWidget):
    """A ramp from cool to warm on the ground of the panel, with words at both ends."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._against = self._for = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Scale of the map"))
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(200, self.fontMetrics().height() + GAP + _RAMP_PX + _SPARE_PX)

    def show_ends(self, against: str, for_: str) -> None:
        """What stands at the cool end and at the warm one."""
        self._against, self._for = against, for_
        self.setAccessibleDescription(f"{against}, {for_}")
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        if not self._for:
            return
        painter = QPainter(self)
        ramp = QRectF(0, 0, self.width(), _RAMP_PX)
        gradient = QLinearGradient(QPointF(ramp.left(), 0), QPointF(ramp.right(), 0))
        ground = self._theme.color("surface")
        colors = heat(np.linspace(-1, 1, _STOPS, dtype=np.float32)[None], 1.0)[0]
        for number, color in enumerate(colors.tolist()):
            gradient.setColorAt(number / (_STOPS - 1), mixed(QColor(*color[:3]), ground, color[3] / 255))
        painter.fillRect(ramp, gradient)
        painter.setPen(self._theme.color("hairline"))
        painter.drawRect(ramp.adjusted(0, 0, -1, -1))
        painter.setPen(self._theme.color("secondary"))
        words = QRectF(0, ramp.bottom() + GAP, self.width(), self.height() - ramp.bottom() - GAP)
        ends = ((self._against, Qt.AlignmentFlag.AlignLeft), (self._for, Qt.AlignmentFlag.AlignRight))
        for text, side in ends:
            shown = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, self.width() // 2 - GAP)
            painter.drawText(words, side | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextDontClip, shown)
