"""Draws the confusion matrix."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPen

from workbench.gui.inspect.confusion_scales import ColorScale, Legend, change_scales, mistake_scale, right_scale
from workbench.gui.inspect.matrix.confusion_layout import ConfusionLayout, Headings, Place
from workbench.gui.inspect.matrix.confusion_shown import ShownConfusion
from workbench.gui.widgets.theme import FIELD_GAP, GAP, Theme

_CENTER = Qt.AlignmentFlag.AlignCenter
_MIDDLE = Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True)
class Marks:
    """What is marked: under the pointer or the keys, and shown elsewhere; rows and columns as they stand."""

    hovered: Place | None
    chosen: Place


@dataclass(eq=False)
class ConfusionPainter:
    """Draws one matrix in one layout and theme."""

    shown: ShownConfusion
    layout: ConfusionLayout
    legend: Legend
    theme: Theme
    titles: tuple[str, str]
    """Of the rows and of the columns."""

    def draw(self, painter: QPainter, marks: Marks) -> None:
        cells = self.layout.cells
        painter.drawImage(cells.topLeft(), self._image)
        if self.layout.count_font is not None:
            self._draw_counts(painter, self.layout.count_font)
        row, column = marks.hovered or (None, None)
        self._draw_row_headings(painter, row)
        self._draw_column_headings(painter, column)
        self._draw_titles(painter, row, column)
        self._draw_marks(painter, marks)
        self.legend.draw(painter, cells.left(), cells.bottom() + FIELD_GAP, self._scales, self.theme)

    @cached_property
    def _scales(self) -> tuple[ColorScale, ColorScale]:
        """Of the diagonal and of the rest."""
        if self.shown.is_difference:
            return change_scales(self.theme)
        return right_scale(self.theme), mistake_scale()

    @cached_property
    def _image(self) -> QImage:
        """All cells, pixel by pixel: one rectangle each took 60 ms of 100 classes."""
        right, mistakes = self._scales
        colors = mistakes.colors(self.shown.colored)
        diagonal = np.arange(len(colors))
        colors[diagonal, diagonal] = right.colors(self.shown.colored.diagonal())
        opaque = np.full((*colors.shape[:2], 1), 255, np.uint8)
        heights, widths = np.diff(self.layout.ys), np.diff(self.layout.xs)
        pixels = np.concatenate([colors, opaque], axis=2).repeat(heights, axis=0).repeat(widths, axis=1)
        if self.layout.gap:
            pixels[np.cumsum(heights) - 1] = 0
            pixels[:, np.cumsum(widths) - 1] = 0
        pixels = np.ascontiguousarray(pixels)
        height, width = pixels.shape[:2]
        return QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGBA8888).copy()

    def _draw_counts(self, painter: QPainter, font: QFont) -> None:
        painter.setFont(font)
        shown, (right, mistakes) = self.shown, self._scales
        for row, column in np.argwhere(shown.values).tolist():
            scale = right if row == column else mistakes
            painter.setPen(scale.ink(float(shown.colored[row, column])))
            cell = self.layout.rect((row, column)).adjusted(0, 0, -1, -1)
            painter.drawText(cell, _CENTER, shown.written(float(shown.values[row, column])))

    def _draw_row_headings(self, painter: QPainter, hovered: int | None) -> None:
        painter.setFont(self.layout.font)
        right = self.layout.xs[0] - GAP
        for index, text in enumerate(self.layout.rows.texts):
            painter.setPen(self.theme.color("text" if index == hovered else "secondary"))
            rect = self.layout.heading_rect((index, None))
            room = QRectF(0, rect.top(), right, rect.height() - 1)
            painter.drawText(room, Qt.AlignmentFlag.AlignRight | _MIDDLE, text)

    def _draw_column_headings(self, painter: QPainter, hovered: int | None) -> None:
        painter.setFont(self.layout.font)
        columns: Headings = self.layout.columns
        bottom = self.layout.ys[0] - GAP // 2
        for index, text in enumerate(columns.texts):
            painter.setPen(self.theme.color("text" if index == hovered else "secondary"))
            rect = self.layout.heading_rect((None, index))
            if not columns.is_rotated:
                painter.drawText(
                    QRectF(rect.left(), bottom - columns.room, rect.width() - 1, columns.room), _CENTER, text
                )
                continue
            painter.save()
            painter.translate(rect.left(), bottom)
            painter.rotate(-90)
            painter.drawText(QRectF(0, 0, columns.room + 1, rect.width() - 1), _MIDDLE, text)
            painter.restore()

    def _draw_titles(self, painter: QPainter, row: int | None, column: int | None) -> None:
        """What rows and columns are; where they have no headings, also the class under the pointer."""
        cells, line, names = self.layout.cells, self.layout.line, self.shown.names
        rows, columns = self.titles
        if row is not None and not self.layout.rows.texts:
            rows = f"{rows}: {names[row]}"
        if column is not None and not self.layout.columns.texts:
            columns = f"{columns}: {names[column]}"
        painter.setPen(self.theme.color("secondary"))
        painter.drawText(QRectF(cells.left(), 0, cells.width(), line), _CENTER, columns)
        painter.save()
        painter.translate(0, cells.bottom())
        painter.rotate(-90)
        painter.drawText(QRectF(0, 0, cells.height(), line), _CENTER, rows)
        painter.restore()

    def _draw_marks(self, painter: QPainter, marks: Marks) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if marks.hovered is not None:
            row, column = marks.hovered
            color = self.theme.color("secondary")
            if row is not None:
                self._frame(painter, (row, None), color)
            if column is not None:
                self._frame(painter, (None, column), color)
        if marks.chosen != (None, None):
            # On dark and on light cells alike.
            self._frame(painter, marks.chosen, self.theme.color("surface"), 2)
            self._frame(painter, marks.chosen, self.theme.color("accent"))

    def _frame(self, painter: QPainter, place: Place, color: QColor, wider: int = 0) -> None:
        painter.setPen(QPen(color, (2 if self.layout.gap else 1) + wider))
        painter.drawRect(self.layout.rect(place).adjusted(-1, -1, 0, 0))
