"""Bars of a value per class, drawn alike wherever they appear."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter

from workbench.core.formats import percent
from workbench.gui.widgets.theme import FIELD_GAP, GAP, Theme, tabular

_MAX_ROW_PX = 22
_BAR_SHARE = 0.6


@dataclass(frozen=True)
class ClassBar:
    """One row. `value` is a fraction 0 to 1, NaN where there is none."""

    name: str
    value: float
    color_index: int
    is_truth: bool = False
    is_prediction: bool = False


def row_height(area: QRectF, rows: int) -> float:
    return min(_MAX_ROW_PX, area.height() / max(1, rows))


def draw_class_bars(painter: QPainter, area: QRectF, bars: Sequence[ClassBar], theme: Theme) -> None:
    """Name, bar and per cent in rows; the truth has a mark before its name, the prediction is bold."""
    height = row_height(area, len(bars))
    plain = tabular(painter.font())
    bold = tabular(painter.font())
    bold.setBold(True)
    painter.setFont(bold)
    mark = painter.fontMetrics().horizontalAdvance("▸ ")
    names = mark + max((painter.fontMetrics().horizontalAdvance(bar.name) for bar in bars), default=0)
    names = min(names + GAP, int(area.width() / 2))
    figures = painter.fontMetrics().horizontalAdvance("100.0 %")
    track = max(0.0, area.width() - names - figures - 2 * FIELD_GAP)
    for row, bar in enumerate(bars):
        line = QRectF(area.left(), area.top() + row * height, area.width(), height)
        painter.setFont(bold if bar.is_prediction else plain)
        painter.setPen(theme.color("text" if bar.is_truth or bar.is_prediction else "secondary"))
        middle = Qt.AlignmentFlag.AlignVCenter
        if bar.is_truth:
            painter.drawText(QRectF(line.left(), line.top(), mark, height), middle, "▸")
        name = painter.fontMetrics().elidedText(bar.name, Qt.TextElideMode.ElideRight, names - mark)
        painter.drawText(QRectF(line.left() + mark, line.top(), names - mark, height), middle, name)
        right = Qt.AlignmentFlag.AlignRight | middle
        painter.drawText(QRectF(line.right() - figures, line.top(), figures, height), right, percent(bar.value))
        thickness = max(float(GAP), height * _BAR_SHARE)
        bed = QRectF(line.left() + names + FIELD_GAP, line.center().y() - thickness / 2, track, thickness)
        painter.fillRect(bed, theme.color("hairline"))
        if bar.value == bar.value:
            painter.fillRect(
                QRectF(bed.left(), bed.top(), track * bar.value, thickness), theme.series(bar.color_index)
            )
