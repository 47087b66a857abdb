"""A legend whose samples look like the lines of the plot."""

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.gui.runs.line_looks import DOT_PX, LineLook
from workbench.gui.widgets.theme import FIELD_GAP, MARGIN, Theme

SAMPLE_PX = 24
# Of a line that jumps from step to step.
_NOISE = (2, -3, 1, 4, -2, 3, -4, 1, -1, 4, -3, 2, -2, 1)


@dataclass(frozen=True)
class LegendEntry:
    """A kind of line and what it is called."""

    words: str
    look: LineLook
    color: QColor


class LineLegend(QWidget):
    """Samples of lines with their words, in as many rows as the width takes; an entry is never broken."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._entries: list[LegendEntry] = []
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName(self.tr("Legend"))

    def show_entries(self, entries: list[LegendEntry]) -> None:
        self._entries = entries
        self.setAccessibleDescription(" · ".join(entry.words for entry in entries))
        self.updateGeometry()
        self.update()

    def places(self, width: int) -> list[tuple[str, QRect]]:
        """The words of each entry, and where it stands with its sample in a legend of this width."""
        places, x, y = list[tuple[str, QRect]](), 0, 0
        for entry in self._entries:
            own = self._width_of(entry)
            if x and x + own > width:
                x, y = 0, y + self._row_height
            places.append((entry.words, QRect(x, y, own, self._row_height)))
            x += own + MARGIN
        return places

    @property
    def _row_height(self) -> int:
        return QFontMetrics(self.font()).height() + 2

    def _width_of(self, entry: LegendEntry) -> int:
        return SAMPLE_PX + FIELD_GAP + QFontMetrics(self.font()).horizontalAdvance(entry.words)

    def sizeHint(self) -> QSize:
        """All in one row."""
        widths = [self._width_of(entry) for entry in self._entries]
        return QSize(sum(widths) + MARGIN * max(0, len(widths) - 1), self._row_height)

    def minimumSizeHint(self) -> QSize:
        return QSize(max(map(self._width_of, self._entries), default=0), self._row_height)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return max((place.bottom() + 1 for _, place in self.places(width)), default=self._row_height)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        for entry, (words, place) in zip(self._entries, self.places(self.width()), strict=True):
            sample = QRect(place.left(), place.top(), SAMPLE_PX, place.height())
            paint_sample(painter, entry.look, entry.color, self._theme.color("surface"), sample)
            painter.setPen(self._theme.color("secondary"))
            text = place.adjusted(SAMPLE_PX + FIELD_GAP, 0, 0, 0)
            painter.drawText(text, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, words)


def paint_sample(painter: QPainter, look: LineLook, color: QColor, ground: QColor, place: QRect) -> None:
    """A short line as plots draw it, in the middle of a place."""
    left, middle = place.left(), place.center().y()
    painter.setPen(look.pen(color, ground, painter.device().devicePixelRatioF()))
    heights = _NOISE if look.is_noisy else (0, 0)
    apart = place.width() / (len(heights) - 1)
    painter.drawPolyline([QPointF(left + apart * at, middle + height) for at, height in enumerate(heights)])
    if look.has_dots:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.color(color, ground))
        painter.drawEllipse(QPointF(left + place.width() / 2, middle), DOT_PX / 2, DOT_PX / 2)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
