"""A folder and what is in it, drawn as a tree with a word or a number at the right of each row."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.gui.widgets.theme import FIELD_GAP, GAP, GROUP_GAP, tabular

_STEM = GROUP_GAP // 2
_LEADING = 3


@dataclass(frozen=True)
class TreeRow:
    """One line of the tree, below the last row that is less deep."""

    depth: int
    name: str
    note: str = ""
    """At the right, such as a number of images."""


class FolderTree(QWidget):
    """Shows rows; as high as they are, and as wide as it is given room."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[TreeRow, ...] = ()
        self.setFont(tabular(self.font()))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    @property
    def text(self) -> str:
        """The rows as lines, for who cannot see the drawing."""
        return "\n".join(f"{'  ' * row.depth}{row.name} {row.note}".rstrip() for row in self._rows)

    def show_rows(self, rows: Sequence[TreeRow]) -> None:
        self._rows = tuple(rows)
        self.setAccessibleDescription(self.text)
        self.updateGeometry()
        self.update()

    @property
    def _row_height(self) -> int:
        return self.fontMetrics().height() + _LEADING

    def sizeHint(self) -> QSize:
        return QSize(0, self._row_height * len(self._rows))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.FontChange:
            self.updateGeometry()
        super().changeEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        height = self._row_height
        # Where the line comes from that leads to the next row of each depth.
        ends: dict[int, int] = {}
        for index, row in enumerate(self._rows):
            top, left = index * height, row.depth * GROUP_GAP
            middle = top + height // 2
            if row.depth:
                stem = left - _STEM
                painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
                painter.drawLine(QPoint(stem, ends[row.depth]), QPoint(stem, middle))
                painter.drawLine(QPoint(stem, middle), QPoint(left - GAP // 2, middle))
            ends |= {row.depth: middle, row.depth + 1: top + height - _LEADING // 2}
            self._paint_words(painter, row, QRect(left + GAP // 2, top, self.width() - left - GAP // 2, height))

    def _paint_words(self, painter: QPainter, row: TreeRow, room: QRect) -> None:
        metrics, middle = self.fontMetrics(), Qt.AlignmentFlag.AlignVCenter
        note = metrics.elidedText(row.note, Qt.TextElideMode.ElideRight, room.width() // 2)
        painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
        painter.drawText(room, int(Qt.AlignmentFlag.AlignRight | middle), note)
        room.setRight(room.right() - metrics.horizontalAdvance(note) - FIELD_GAP)
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        name = metrics.elidedText(row.name, Qt.TextElideMode.ElideMiddle, room.width())
        painter.drawText(room, int(Qt.AlignmentFlag.AlignLeft | middle), name)
