"""Which color is whose, in a line."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.gui.widgets.field_form import plain_tip
from workbench.gui.widgets.theme import FIELD_GAP, GAP, MARGIN, Theme

_SWATCH_PX = 10


class SeriesLegend(QWidget):
    """A swatch and a name for each of a few series; names are cut where there is no room for them."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._entries: list[tuple[str, int]] = []
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Legend"))
        theme.changed.connect(self.update)

    def show_entries(self, entries: Sequence[tuple[str, int]]) -> None:
        """Names with the numbers of their colors."""
        self._entries = list(entries)
        self.setAccessibleDescription(", ".join(name for name, _ in entries))
        self.setToolTip(plain_tip("\n".join(name for name, _ in entries)))
        self.updateGeometry()
        self.update()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self._entries)

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        widths = [_SWATCH_PX + GAP + metrics.horizontalAdvance(name) + MARGIN for name, _ in self._entries]
        return QSize(sum(widths), metrics.height() + GAP)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        metrics, x = self.fontMetrics(), 0.0
        room = max(0.0, self.width() / max(1, len(self._entries)))
        for name, series in self._entries:
            swatch = QRectF(x, round((self.height() - _SWATCH_PX) / 2), _SWATCH_PX, _SWATCH_PX)
            painter.fillRect(swatch, self._theme.series(series))
            words = QRectF(swatch.right() + GAP, 0, room - _SWATCH_PX - GAP - FIELD_GAP, self.height())
            painter.setPen(self._theme.color("text"))
            text = metrics.elidedText(name, Qt.TextElideMode.ElideRight, max(0, int(words.width())))
            painter.drawText(words, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
            x = min(x + room, words.left() + metrics.horizontalAdvance(text) + MARGIN)
