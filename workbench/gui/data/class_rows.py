"""A class in a list: how its images look on average, and how many there are of each kind, as bars."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractListModel, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from workbench.core.class_names import isolated
from workbench.core.data.class_figures import ClassCounts
from workbench.core.formats import count
from workbench.gui.widgets.field_form import plain_tip
from workbench.gui.widgets.picture_list import ModelIndex
from workbench.gui.widgets.pictures import fitted, to_qimage
from workbench.gui.widgets.theme import FIELD_GAP, GAP, MARGIN, Theme, mixed, tabular

# Of the mean images: smaller ones where there are many classes.
_LARGE_PX, _SMALL_PX = 64, 32
_FEW_CLASSES = 12
_BAR_PX = 12
_MOST_NAME_PX = 176
_HELD_OUT_SHARE = 0.45


@dataclass(frozen=True)
class ClassRow:
    """What is drawn of one class."""

    name: str
    training: int
    held_out: int
    unused: int
    test: int

    @property
    def kept(self) -> int:
        """All images of the folder `train`."""
        return self.training + self.held_out + self.unused


class ClassRows(QAbstractListModel):
    """A row for each class, in the order of their labels."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[ClassRow] = []
        self.means: list[QPixmap] = []
        self.most = 1
        """Images of the longest bar."""
        self.words: list[tuple[str, str]] = []
        """Beside the two bars of each class."""

    @property
    def side(self) -> int:
        """Of the mean images, in pixels."""
        return _LARGE_PX if len(self.rows) <= _FEW_CLASSES else _SMALL_PX

    def show(self, names: tuple[str, ...], counts: ClassCounts) -> None:
        self.beginResetModel()
        each = zip(names, counts.training, counts.held_out, counts.unused, counts.test, strict=True)
        self.rows = [ClassRow(isolated(name), *map(int, numbers)) for name, *numbers in each]
        self.most = max((max(row.kept, row.test) for row in self.rows), default=1) or 1
        self.words = [(self._kept_words(row), self._test_words(row)) for row in self.rows]
        self.endResetModel()

    def show_means(self, means_nhwc: NDArray[np.uint8] | None) -> None:
        """(C, H, W, 3); None: not known yet."""
        means = [] if means_nhwc is None else list(means_nhwc)
        self.means = [QPixmap.fromImage(fitted(to_qimage(mean), self.side)) for mean in means]
        if self.rows:
            self.dataChanged.emit(self.index(0), self.index(len(self.rows) - 1))

    def _kept_words(self, row: ClassRow) -> str:
        parts = [self.tr("{0} training").format(count(row.training))]
        parts += [self.tr("{0} held out").format(count(row.held_out))] if row.held_out else []
        parts += [self.tr("{0} not used").format(count(row.unused))] if row.unused else []
        return ", ".join(parts)

    def _test_words(self, row: ClassRow) -> str:
        return self.tr("{0} test").format(count(row.test))

    def rowCount(self, parent: ModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def data(self, index: ModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        name, words = self.rows[index.row()].name, ", ".join(self.words[index.row()])
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{name}: {words}"
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(self.tr("{0}: {1}\nClick to see its images").format(name, words))
        return None


class ClassRowDelegate(QStyledItemDelegate):
    """Mean image, name, and two bars: what is kept for training, and the test images."""

    def __init__(self, rows: ClassRows, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._rows, self._theme = rows, theme
        self._font = tabular(parent.font())
        self._metrics = QFontMetrics(self._font)
        self._name_px = self._words_px = 0

    def measure(self) -> None:
        """After other classes are shown: columns are as wide as what stands in them."""
        names = (self._metrics.horizontalAdvance(row.name) for row in self._rows.rows)
        self._name_px = min(max(names, default=0) + 1, _MOST_NAME_PX)
        words = (self._metrics.horizontalAdvance(text) for both in self._rows.words for text in both)
        self._words_px = max(words, default=0) + 1

    def sizeHint(self, _option: QStyleOptionViewItem, _index: ModelIndex) -> QSize:
        return QSize(0, self._rows.side + FIELD_GAP)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: ModelIndex) -> None:
        row, theme = self._rows.rows[index.row()], self._theme
        cell: QRect = option.rect
        if option.state & (QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver):
            painter.fillRect(cell, theme.color("hairline"))
        side = self._rows.side
        picture = QRect(cell.left() + FIELD_GAP, cell.top() + GAP, side, side)
        if index.row() < len(self._rows.means):
            mean = self._rows.means[index.row()]
            painter.drawPixmap(picture.center() - QPoint(mean.width() // 2 - 1, mean.height() // 2 - 1), mean)
        else:
            painter.setPen(theme.color("hairline"))
            painter.drawRect(picture.adjusted(0, 0, -1, -1))
        painter.setFont(self._font)
        painter.setPen(theme.color("text"))
        name = QRect(picture.right() + 1 + MARGIN, cell.top(), self._name_px, cell.height())
        middle = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        # Long names often differ at their ends alone.
        elided = self._metrics.elidedText(row.name, Qt.TextElideMode.ElideMiddle, name.width())
        painter.drawText(name, middle, elided)
        left = name.right() + 1 + MARGIN
        room = max(cell.right() - MARGIN - self._words_px - FIELD_GAP - left, 1)
        top = cell.center().y() - _BAR_PX - GAP // 2 + 1
        self._draw_kept(painter, QRect(left, top, room, _BAR_PX), index.row())
        self._draw_test(painter, QRect(left, top + _BAR_PX + GAP, room, _BAR_PX), index.row())

    def _draw_kept(self, painter: QPainter, bar: QRect, label: int) -> None:
        row, color, surface = self._rows.rows[label], self._theme.series(label), self._theme.color("surface")
        faint, rest = mixed(color, surface, _HELD_OUT_SHARE), self._theme.color("hairline")
        left = start = bar.left()
        done = 0
        for images, fill in ((row.training, color), (row.held_out, faint), (row.unused, rest)):
            done += images
            end = start + round(bar.width() * done / self._rows.most)
            painter.fillRect(QRect(left, bar.top(), end - left, bar.height()), fill)
            left = end
        self._write(painter, bar, left, self._rows.words[label][0])

    def _draw_test(self, painter: QPainter, bar: QRect, label: int) -> None:
        width = round(bar.width() * self._rows.rows[label].test / self._rows.most)
        self._outline(painter, QRect(bar.left(), bar.top(), width, bar.height()), self._theme.series(label))
        self._write(painter, bar, bar.left() + width, self._rows.words[label][1])

    def _outline(self, painter: QPainter, bar: QRect, color: QColor) -> None:
        if bar.width() > 0:
            painter.setPen(QPen(color, 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(bar.adjusted(0, 0, -1, -1))

    def _write(self, painter: QPainter, bar: QRect, left: int, words: str) -> None:
        painter.setPen(self._theme.color("secondary"))
        place = QRect(left + FIELD_GAP, bar.top() - GAP, self._words_px, bar.height() + 2 * GAP)
        painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, words)
