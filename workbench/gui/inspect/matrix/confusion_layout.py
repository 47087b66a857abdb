"""Where everything of the confusion matrix stands, and in which form names are written along its sides."""

from bisect import bisect_right
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtGui import QFont, QFontMetrics

from workbench.core.class_names import short_names
from workbench.gui.widgets.theme import GAP

CAPTION_PX = 11
_COUNT_PX = (11, 10, 9)
_FEW, _MANY = 12, 30
_LONGEST_ROTATED_PX = 80
_COUNT_ROOM_PX = 2
_GAP_FROM_PX = 8

# Row and column; None: the heading of a column or a row.
Place = tuple[int | None, int | None]


@dataclass(frozen=True)
class Headings:
    """The names along one side: all whole, or all short; empty where not even short ones fit."""

    texts: tuple[str, ...]
    room: int
    """Pixels that the widest one takes."""
    is_rotated: bool = False


def smallest_cell(classes: int, widest_count: str, font: QFont) -> QSize:
    """What a cell needs: its count and a comfortable aim for few classes, a trace of color for very many.

    Rows can be scrolled to; of columns as many as possible stand in the 300 pixels that a narrow dock has.
    """
    if classes > _MANY:
        return QSize(max(2, 8 * _MANY // classes), max(3, 12 * _MANY // classes))
    if classes > _FEW:
        return QSize(max(8, 18 * _FEW // classes), max(12, 22 * _FEW // classes))
    counts = QFontMetrics(_sized(font, _COUNT_PX[-1])).horizontalAdvance(widest_count)
    return QSize(max(22, counts + _COUNT_ROOM_PX), 22)


class ConfusionLayout:
    """Cells in a size: they fill its width, and are about square where the height allows."""

    def __init__(self, names: tuple[str, ...], widest_count: str, font: QFont, size: QSize, foot: int = 0) -> None:
        """`widest_count` is the longest number in a cell, `foot` what stays free below the cells."""
        self._names, self._short, self._classes = names, short_names(names), max(1, len(names))
        least = smallest_cell(self._classes, widest_count, font)
        self.line = QFontMetrics(_sized(font, CAPTION_PX)).height()
        self.font = _sized(font, CAPTION_PX)
        self._choose_headings(least, size, size.height() - foot)
        left = self.line + GAP + (self.rows.room + GAP if self.rows.texts else GAP)
        top = self.line + GAP + (self.columns.room + GAP if self.columns.texts else GAP)
        across = max(0.0, (size.width() - left - 1) / self._classes)
        room = max(0.0, (size.height() - top - foot - 1) / self._classes)
        down = min(room, max(across, least.height()))
        self.xs = [round(left + index * across) for index in range(self._classes + 1)]
        self.ys = [round(top + index * down) for index in range(self._classes + 1)]
        self.gap = 1 if min(across, down) >= _GAP_FROM_PX else 0
        self.count_font = self._count_font(font, widest_count, across, down)

    @staticmethod
    def least_size(names: tuple[str, ...], widest_count: str, font: QFont) -> QSize:
        """Without what stands below the cells."""
        cell = smallest_cell(len(names), widest_count, font)
        metrics = QFontMetrics(_sized(font, CAPTION_PX))
        line = metrics.height()
        if len(names) > _MANY:
            left = top = line + 2 * GAP
        else:
            left = line + GAP + _widest(metrics, short_names(names)) + GAP
            top = line + 2 * GAP + _widest(metrics, short_names(names))
        return QSize(left + len(names) * cell.width() + 1, top + len(names) * cell.height() + 1)

    def _choose_headings(self, least: QSize, size: QSize, height: int) -> None:
        across = (size.width() - self.line - 2 * GAP) / self._classes
        down = min((height - self.line) / self._classes, max(across, least.height()))
        self.rows = self._row_headings(size.width(), least.width(), down)
        if self.rows.texts:
            across -= (self.rows.room + GAP) / self._classes
        # Whole names that stand upright must not push the last rows out of sight.
        room = height - self.line - 2 * GAP - self._classes * least.height() - 1
        self.columns = self._column_headings(across, min(room, _LONGEST_ROTATED_PX))

    def _row_headings(self, width: int, cell: int, down: float) -> Headings:
        metrics = QFontMetrics(self.font)
        if down < metrics.ascent():
            return Headings((), 0)
        whole = _widest(metrics, self._names)
        rest = width - self.line - GAP - whole - GAP - 1
        if whole <= width // 4 and rest >= cell * self._classes:
            return Headings(self._names, whole)
        return Headings(self._short, _widest(metrics, self._short))

    def _column_headings(self, across: float, room: int) -> Headings:
        metrics = QFontMetrics(self.font)
        for texts in (self._names, self._short):
            if _widest(metrics, texts) + 2 <= across:
                return Headings(texts, metrics.height())
        if across < metrics.ascent():
            return Headings((), 0)
        for texts in (self._names, self._short):
            widest = _widest(metrics, texts)
            if widest <= room:
                break
        return Headings(texts, widest, is_rotated=True)

    def _count_font(self, font: QFont, widest: str, across: float, down: float) -> QFont | None:
        """The largest in which every count fits; None: no cell has its count written."""
        if self._classes > _MANY:
            return None
        for pixels in _COUNT_PX:
            sized = _sized(font, pixels)
            metrics = QFontMetrics(sized)
            if metrics.horizontalAdvance(widest) + _COUNT_ROOM_PX <= across and metrics.ascent() < down:
                return sized
        return None

    @property
    def cells(self) -> QRect:
        """All of them."""
        return QRect(self.xs[0], self.ys[0], self.xs[-1] - self.xs[0], self.ys[-1] - self.ys[0])

    def rect(self, place: Place) -> QRect:
        """A cell; for the heading of a row or a column, all its cells."""
        row, column = place
        x0, x1 = (self.xs[0], self.xs[-1]) if column is None else (self.xs[column], self.xs[column + 1])
        y0, y1 = (self.ys[0], self.ys[-1]) if row is None else (self.ys[row], self.ys[row + 1])
        return QRect(x0, y0, x1 - x0, y1 - y0)

    def heading_rect(self, place: Place) -> QRect:
        """Where a row (row, None) or a column (None, column) can be clicked beside its cells."""
        rect = self.rect(place)
        if place[1] is None:
            return QRect(0, rect.top(), self.xs[0], rect.height())
        return QRect(rect.left(), 0, rect.width(), self.ys[0])

    def place_at(self, position: QPoint) -> Place | None:
        row, column = _index(self.ys, position.y()), _index(self.xs, position.x())
        if row is not None and (column is not None or position.x() < self.xs[0]):
            return row, column
        return (None, column) if column is not None and position.y() < self.ys[0] else None


def _index(edges: list[int], at: int) -> int | None:
    index = bisect_right(edges, at) - 1
    return index if 0 <= index < len(edges) - 1 else None


def _sized(font: QFont, pixels: int) -> QFont:
    result = QFont(font)
    result.setPixelSize(pixels)
    return result


def _widest(metrics: QFontMetrics, texts: tuple[str, ...]) -> int:
    return max((metrics.horizontalAdvance(text) for text in texts), default=0)
