"""Which color is whose beside a plot, with each one's error at the epoch that is pointed at, or the last."""

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.gui.widgets.field_form import plain_tip
from workbench.gui.widgets.theme import FIELD_GAP, GAP, MARGIN, Theme, tabular

_SWATCH_PX = 10
_ROW_GAP_PX = 6


class LegendRow(NamedTuple):
    """One arm."""

    title: str
    color: int
    value: str
    """Empty where it has none."""


class CurveLegend(QWidget):
    """One below the other; `heading` says what the values are of."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._heading = theme, ""
        self._rows: tuple[LegendRow, ...] = ()
        self.setFont(tabular(self.font()))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self.setAccessibleName(self.tr("Legend"))
        theme.changed.connect(self.update)

    def show_rows(self, heading: str, rows: Sequence[LegendRow]) -> None:
        self._heading, self._rows = heading, tuple(rows)
        said = "\n".join(f"{row.title}  {row.value}" for row in rows)
        self.setAccessibleDescription(said)
        self.setToolTip(plain_tip(said))
        self.updateGeometry()
        self.update()

    @property
    def rows(self) -> tuple[LegendRow, ...]:
        return self._rows

    @property
    def heading(self) -> str:
        return self._heading

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        # As wide as any value may be, so that the plot beside it stands still.
        value = metrics.horizontalAdvance("88.8 %")
        titles = max((metrics.horizontalAdvance(row.title) for row in self._rows), default=0)
        width = MARGIN + _SWATCH_PX + GAP + titles + FIELD_GAP + value + GAP
        rows = len(self._rows) + 1
        return QSize(max(width, metrics.horizontalAdvance(self._heading)), rows * (metrics.height() + _ROW_GAP_PX))

    def minimumSizeHint(self) -> QSize:
        return QSize(self.sizeHint().width(), 0)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        height = self.fontMetrics().height()
        right, y = self.width() - GAP, FIELD_GAP
        painter.setPen(self._theme.color("secondary"))
        side = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(0, y, right, height), Qt.AlignmentFlag.AlignRight | side, self._heading)
        for row in self._rows:
            y += height + _ROW_GAP_PX
            swatch = QRectF(MARGIN, y + round((height - _SWATCH_PX) / 2), _SWATCH_PX, _SWATCH_PX)
            painter.fillRect(swatch, self._theme.series(row.color))
            words = QRectF(swatch.right() + GAP, y, right - swatch.right() - GAP, height)
            painter.setPen(self._theme.color("text"))
            painter.drawText(words, Qt.AlignmentFlag.AlignLeft | side, row.title)
            painter.drawText(words, Qt.AlignmentFlag.AlignRight | side, row.value)
