"""A list of odd images, alone or in pairs, of which several can be picked."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QAbstractItemView, QStyle, QStyleOptionViewItem, QWidget

from workbench.gui.inspect.labels.findings import Findings, Words
from workbench.gui.inspect.mark_keys import MarkKeys
from workbench.gui.inspect.picture_list import GalleryDelegate, GalleryModel
from workbench.gui.records.marks import Marks
from workbench.gui.widgets.field_form import plain_tip
from workbench.gui.widgets.picture_list import SIDES, PictureList
from workbench.gui.widgets.pictures import EDGE_PX, draw_edge, thumbnail
from workbench.gui.widgets.theme import FIELD_GAP, GAP, Theme

_SIDE_STEP = SIDES.index(96)
_LINE_PX, _ROOM_PX = 16, 46

_Index = QModelIndex | QPersistentModelIndex


class FindingModel(GalleryModel):
    """Rows of findings, in their order."""

    def __init__(self, marks: Marks) -> None:
        super().__init__()
        self._marks = marks
        self.findings: Findings | None = None

    def show_findings(self, findings: Findings | None) -> None:
        self.beginResetModel()
        self.findings = findings
        self._order = findings.indices if findings is not None else np.zeros(0, np.int64)
        self.endResetModel()

    def is_marked(self, image_index: int) -> bool:
        return self.findings is not None and self._marks.is_marked(image_index, self.findings.part)

    @Slot()
    def renew_marks(self) -> None:
        if self.rowCount():
            self.dataChanged.emit(self.index(0), self.index(self.rowCount() - 1))

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if self.findings is None or not index.isValid():
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            finding = self.findings[index.row()]
            return ", ".join([*(caption.whole for caption in finding.captions), finding.line])
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(self.findings[index.row()].tip)
        return None


class FindingDelegate(GalleryDelegate):
    """Draws one picture or two, a caption below each, and a line below them."""

    def __init__(self, model: FindingModel, theme: Theme, parent: QWidget) -> None:
        super().__init__(model, theme, parent)
        self._findings = model

    @property
    def cell(self) -> QSize:
        findings = self._findings.findings
        pictures = findings.pictures if findings is not None else 1
        width = pictures * self._side + (pictures - 1) * FIELD_GAP + _ROOM_PX
        return QSize(width, self._side + 2 * _LINE_PX + FIELD_GAP)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        findings = self._findings.findings
        if findings is None:
            return
        finding, theme = findings[index.row()], self._theme
        rect: QRect = option.rect
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        count = len(finding.pictures)
        left = rect.left() + (rect.width() - count * self._side - (count - 1) * FIELD_GAP) // 2
        painter.setFont(self._font)
        for place, (images, image) in enumerate(finding.pictures):
            picture = QRect(left, rect.top() + EDGE_PX + 1, self._side, self._side)
            painter.drawPixmap(picture, thumbnail(images, image, self._side))
            if finding.is_odd or selected:
                draw_edge(painter, picture, theme.color("accent" if selected else "wrong"))
            if place == 0 and self._findings.is_marked(int(findings.indices[index.row()])):
                self.draw_mark(painter, picture)
            room = _ROOM_PX if count == 1 else FIELD_GAP
            below = QRect(left - room // 2, picture.bottom() + GAP, self._side + room, _LINE_PX)
            painter.setPen(theme.color("text"))
            painter.drawText(
                below, Qt.AlignmentFlag.AlignCenter, self._fitting(finding.captions[place], below.width())
            )
            left += self._side + FIELD_GAP
        line = QRect(rect.left(), rect.top() + EDGE_PX + self._side + GAP + _LINE_PX, rect.width(), _LINE_PX)
        painter.setPen(theme.color("secondary"))
        text = self._metrics.elidedText(finding.line, Qt.TextElideMode.ElideRight, line.width() - GAP)
        painter.drawText(line, Qt.AlignmentFlag.AlignCenter, text)

    def _fitting(self, words: Words, width: int) -> str:
        if self._metrics.horizontalAdvance(words.whole) <= width:
            return words.whole
        return self._metrics.elidedText(words.short, Qt.TextElideMode.ElideRight, width)


class FindingList(PictureList):
    """Tells with `row_chosen` which row is looked at, and with `picked` that others are picked."""

    row_chosen = Signal(int)
    picked = Signal()

    def __init__(self, theme: Theme, marks: Marks, name: str, panel: QWidget) -> None:
        self._rows = FindingModel(marks)
        super().__init__(self._rows, FindingDelegate(self._rows, theme, panel), name)
        self._step = _SIDE_STEP
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self._is_filling = False
        self._delegate.set_side(SIDES[self._step])
        self.keys = MarkKeys(marks, self)
        self.zoomed.connect(self._on_zoom)
        self.selectionModel().currentChanged.connect(self._on_current)
        self.selectionModel().selectionChanged.connect(self._on_picked)
        marks.changed.connect(self._rows.renew_marks)
        theme.changed.connect(self.viewport().update)

    def show_findings(self, findings: Findings | None) -> None:
        self._is_filling = True
        self._rows.show_findings(findings)
        self._is_filling = False
        self.fill_rows()
        self.scrollToTop()
        self.picked.emit()

    @property
    def count(self) -> int:
        return self._rows.rowCount()

    @property
    def picked_images(self) -> NDArray[np.int64]:
        """Numbers of the picked rows' images, in the list's order, each once."""
        findings = self._rows.findings
        # By ranges: ten thousand indexes of Qt's would take a tenth of a second.
        ranges = self.selectionModel().selection().toList()
        rows = sorted(row for each in ranges for row in range(each.top(), each.bottom() + 1))
        if findings is None or not rows:
            return np.zeros(0, np.int64)
        return np.array(list(dict.fromkeys(findings.indices[rows].tolist())), np.int64)

    def look_at(self, image: int | None) -> None:
        """Pick the row of an image that was chosen elsewhere, unless it is picked already."""
        row = self._rows.row_of(image) if image is not None else None
        if row is None or image in self.picked_images.tolist():
            return
        self._is_filling = True
        self.setCurrentIndex(self._rows.index(row))
        self.scrollTo(self._rows.index(row))
        self._is_filling = False
        self.picked.emit()

    @Slot(QModelIndex, QModelIndex)
    def _on_current(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if current.isValid() and not self._is_filling:
            self.row_chosen.emit(current.row())

    @Slot()
    def _on_picked(self) -> None:
        if not self._is_filling:
            self.picked.emit()

    @Slot(int)
    def _on_zoom(self, steps: int) -> None:
        self._step = min(max(self._step + steps, 1), len(SIDES) - 1)
        self._delegate.set_side(SIDES[self._step])
        self.fill_rows()
