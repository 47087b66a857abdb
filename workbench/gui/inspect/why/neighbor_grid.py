"""Training images in rows, with their class, how like an image they are, and whether that class was predicted."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QGuiApplication, QPainter, QPixmap
from PySide6.QtWidgets import QSizePolicy, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from workbench.core.class_names import isolated, short_names
from workbench.core.formats import count
from workbench.core.inspection.neighbors import Neighbor, Neighbors
from workbench.gui.widgets.field_form import plain_tip
from workbench.gui.widgets.icon_grid import IconGrid
from workbench.gui.widgets.pictures import EDGE_PX, draw_edge, fitted, to_qimage
from workbench.gui.widgets.theme import FIELD_GAP, GAP, Theme, tabular

_SIDE = 64
_CAPTION_PX, _LINE_PX = 11, 15
_CELL = QSize(_SIDE + 3 * FIELD_GAP, _SIDE + 2 * EDGE_PX + GAP + 2 * _LINE_PX + FIELD_GAP)
_Index = QModelIndex | QPersistentModelIndex


class _Model(QAbstractListModel):
    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.found: Neighbors | None = None
        self.rows: tuple[Neighbor, ...] = ()
        self.pictures: list[QPixmap] = []

    def show(self, found: Neighbors, rows: Sequence[Neighbor]) -> None:
        self.beginResetModel()
        self.found, self.rows = found, tuple(rows)
        self.pictures = [QPixmap.fromImage(fitted(to_qimage(each.pixels), _SIDE)) for each in rows]
        self.endResetModel()

    def rowCount(self, parent: _Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if self.found is None or not index.isValid():
            return None
        row = self.rows[index.row()]
        name, (meaning, _) = isolated(self.found.class_names[row.label]), self.meaning(row)
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{name} {row.similarity:.2f} {meaning}".strip()
        if role == Qt.ItemDataRole.ToolTipRole:
            words = self.tr("{0}\n{1}; number {2} of {3}, similarity {4:.3f} (cosine of the features)")
            rank, images = count(row.rank), count(self.found.images)
            return plain_tip(words.format(row.name, name, rank, images, row.similarity))
        return None

    def meaning(self, row: Neighbor) -> tuple[str, str]:
        """What its class has to do with the image, and the color that says so too; empty if nothing."""
        found = self.found
        if found is None or row.label not in (found.prediction, found.truth):
            return "", ""
        if row.label != found.prediction:
            return self.tr("truth"), "right"
        if found.truth is None:
            return self.tr("predicted"), "accent"
        return self.tr("predicted"), "right" if found.truth == found.prediction else "wrong"


class _Delegate(QStyledItemDelegate):
    def __init__(self, model: _Model, theme: Theme) -> None:
        super().__init__()
        self._model, self._theme = model, theme
        self._font = tabular(QGuiApplication.font())
        self._font.setPixelSize(_CAPTION_PX)

    def sizeHint(self, _option: QStyleOptionViewItem, _index: _Index) -> QSize:
        return _CELL

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        model = self._model
        if model.found is None:
            return
        row, rect = model.rows[index.row()], option.rect
        meaning, role = model.meaning(row)
        picture = QRect(0, 0, _SIDE, _SIDE)
        picture.moveCenter(rect.center())
        picture.moveTop(rect.top() + EDGE_PX + 1)
        painter.drawPixmap(picture, model.pictures[index.row()])
        focused = option.state & QStyle.StateFlag.State_Selected and option.state & QStyle.StateFlag.State_HasFocus
        if role or focused:
            draw_edge(painter, picture, self._theme.color("text" if focused else role))
        painter.setFont(self._font)
        line = QRect(rect.left(), picture.bottom() + GAP, rect.width(), _LINE_PX)
        painter.setPen(self._theme.color("text" if role else "secondary"))
        painter.drawText(line, Qt.AlignmentFlag.AlignCenter, self._caption(model.found, row, line.width()))
        painter.setPen(self._theme.color(role or "secondary"))
        painter.drawText(line.translated(0, _LINE_PX), Qt.AlignmentFlag.AlignCenter, meaning)

    def _caption(self, found: Neighbors, row: Neighbor, width: int) -> str:
        """All names are whole, or all are short."""
        metrics = QFontMetrics(self._font)
        whole = max(metrics.horizontalAdvance(f"{name} 0.00") for name in found.class_names) <= width
        names = found.class_names if whole else short_names(found.class_names)
        return f"{isolated(names[row.label])} {row.similarity:.2f}"


class NeighborGrid(IconGrid):
    """As high as its rows are: who holds it scrolls."""

    def __init__(self, theme: Theme, name: str) -> None:
        self._model = _Model()
        super().__init__(self._model, _Delegate(self._model, theme), name, scrolls=False)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.viewport().update)

    def show_neighbors(self, found: Neighbors, rows: Sequence[Neighbor]) -> None:
        self._model.show(found, rows)
        self.fill_rows()

    @property
    def cell(self) -> QSize:
        return _CELL

    def fill_rows(self) -> None:
        """And as high as all rows."""
        super().fill_rows()
        rows = -(-self._model.rowCount() // self.columns)
        self.setFixedHeight(rows * _CELL.height() + 2 * self.frameWidth() + 2 * GAP)
