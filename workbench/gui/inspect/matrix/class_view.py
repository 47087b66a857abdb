"""Precision, recall, F1, images and confidence of every class; a class that is chosen shows its images."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from workbench.core.class_names import isolated, short_names
from workbench.core.evaluation import ClassFigures, Evaluation
from workbench.core.formats import percent
from workbench.gui.inspect.matrix.class_model import ClassModel
from workbench.gui.inspect.matrix.sort_header import SortHeader
from workbench.gui.widgets.elided_label import ElidedLabel
from workbench.gui.widgets.tables import dress
from workbench.gui.widgets.theme import GAP, Theme, tabular

_WIDTH, _MIN_WIDTH = 400, 260
_ROW_PX, _BAR_PX, _SWATCH_PX = 26, 3, 8
_CAPTION_PX = 11
_CELL_MARGIN = 4


class ClassView(QWidget):
    """Shows the per-class figures of an Evaluation. `class_clicked` carries the index of a class."""

    class_clicked = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = ClassModel(self)
        self._worst: list[int] = []
        self._line = ElidedLabel("secondary")
        self.table = _ClassTable(self.model, theme)
        self.table.setAccessibleName(self.tr("Figures of every class"))
        self.table.clicked.connect(self._choose)
        self.table.activated.connect(self._choose)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, GAP, 0, 0)
        layout.setSpacing(GAP)
        layout.addWidget(self._line)
        layout.addWidget(self.table, 1)
        theme.changed.connect(self.table.viewport().update)

    def show_evaluation(self, evaluation: Evaluation | None) -> None:
        self.model.show_evaluation(evaluation)
        self._worst = _worst(self.model.figures)
        self.table.show_classes(self._worst)
        words = " · ".join(filter(None, (self.tr("in per cent"), self.worst_line)))
        self._line.setText(words if self.model.figures else self.tr("Appears after the first epoch."))
        self._line.setToolTip(self._line.text())
        self.table.setVisible(bool(self.model.figures))
        self.setAccessibleDescription(self.worst_line)

    def sort_by(self, title: str, descending: bool = False) -> None:
        """By the column of this title; empty: as the data have the classes."""
        titles = [self.tr("class"), *(column.title for column in self.model.columns)]
        self.model.sort_by_column(titles.index(title) if title else None, descending)

    @property
    def worst_line(self) -> str:
        """Names the worst class, or those that are equally bad, with what they reach."""
        if not self._worst:
            return ""
        figures = self.model.figures
        names = ", ".join(isolated(figures[index].name) for index in self._worst)
        return self.tr("worst: {0}, {1}").format(names, percent(figures[self._worst[0]].accuracy))

    @property
    def shown_names(self) -> tuple[str, ...]:
        """Names as they are written, from row to row: all whole, or all short."""
        names = self.table.written_names
        return tuple(names[index] for index in self.model.order)

    def row_rect(self, index: int) -> QRect:
        """Where a class is drawn and can be clicked, in the pixels of the table's viewport."""
        row = self.model.order.index(index)
        first = self.table.visualRect(self.model.index(row, 0))
        return QRect(0, first.top(), self.table.viewport().width(), first.height())

    def describe(self, index: int) -> str:
        """What is known of a class, in words."""
        return self.model.describe(index)

    def sizeHint(self) -> QSize:
        return QSize(_WIDTH, 12 * _ROW_PX)

    def minimumSizeHint(self) -> QSize:
        return QSize(_MIN_WIDTH, 3 * _ROW_PX)

    @Slot(QModelIndex)
    def _choose(self, index: QModelIndex) -> None:
        if index.isValid():
            self.class_clicked.emit(self.model.class_at(index.row()))


class _ClassTable(QTableView):
    def __init__(self, model: ClassModel, theme: Theme) -> None:
        super().__init__()
        self._classes = model
        self._names: tuple[str, ...] = ()
        self.written_names: tuple[str, ...] = ()
        """Of each class, whole or short."""
        self.worst: frozenset[int] = frozenset()
        header = SortHeader(theme, self)
        self.setHorizontalHeader(header)
        self.setModel(model)
        dress(self, _ROW_PX)
        header.sort_asked.connect(self._sort)
        self.setItemDelegate(_ClassDelegate(model, theme, self))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        small = QFont(self.font())
        small.setPixelSize(_CAPTION_PX)
        header.setFont(small)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setMinimumSectionSize(_SWATCH_PX)

    def _size_columns(self) -> None:
        """Whole titles where the names have room beside them; else the same in short."""
        names = self._room_for(short_names(self._names))
        for self._classes.has_short_titles in (False, True):
            widths = self._widths()
            if names + sum(widths) <= self.viewport().width():
                break
        room = self.viewport().width() - sum(widths)
        for number, width in enumerate([max(_SWATCH_PX, room), *widths]):
            self.setColumnWidth(number, width)
        whole = self._room_for(self._names) <= room
        self.written_names = self._names if whole else short_names(self._names)

    def _widths(self) -> list[int]:
        figures = QFontMetrics(tabular(self.font())).horizontalAdvance("100.0")
        titles = QFontMetrics(self.horizontalHeader().font())
        arrow = titles.horizontalAdvance("\u202f↓")
        is_short = self._classes.has_short_titles
        written = [column.short if is_short else column.title for column in self._classes.columns]
        return [max(figures, titles.horizontalAdvance(text) + arrow) + 2 * _CELL_MARGIN for text in written]

    def _room_for(self, names: tuple[str, ...]) -> int:
        bold = QFont(self.font())
        bold.setBold(True)
        widest = max((QFontMetrics(bold).horizontalAdvance(name) for name in names), default=0)
        return widest + _SWATCH_PX + 3 * _CELL_MARGIN

    def show_classes(self, worst: list[int]) -> None:
        self.worst = frozenset(worst)
        names = tuple(each.name for each in self._classes.figures)
        if names != self._names:
            self._names = names
            self._size_columns()
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._size_columns()

    @Slot(int)
    def _sort(self, column: int) -> None:
        """Rising, falling, and as the data have the classes again."""
        model = self._classes
        if model.sorted_by != column:
            model.sort_by_column(column)
        elif not model.is_descending:
            model.sort_by_column(column, descending=True)
        else:
            model.sort_by_column(None)
        self.scrollToTop()


class _ClassDelegate(QStyledItemDelegate):
    """Names with the color of their class; figures above a bar."""

    def __init__(self, model: ClassModel, theme: Theme, table: _ClassTable) -> None:
        super().__init__(table)
        self._model, self._theme, self._table = model, theme, table

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        theme, number = self._theme, self._model.class_at(index.row())
        rect, is_worst = QRectF(option.rect), number in self._table.worst
        painter.save()
        if self._table.selectionModel().isRowSelected(index.row()):
            painter.fillRect(rect, theme.color("hairline"))
        font = QFont(self._table.font())
        font.setBold(is_worst)
        painter.setFont(font)
        painter.setPen(theme.color("wrong" if is_worst and index.column() < 2 else "text"))
        inside = rect.adjusted(_CELL_MARGIN, 0, -_CELL_MARGIN, 0)
        if index.column() == 0:
            top = round(rect.center().y() - _SWATCH_PX / 2)
            painter.fillRect(QRectF(inside.left(), top, _SWATCH_PX, _SWATCH_PX), theme.series(number))
            inside.setLeft(inside.left() + _SWATCH_PX + _CELL_MARGIN)
            text = self._table.written_names[number]
        else:
            self._draw_bar(painter, inside, self._model.share(index))
            inside.setBottom(inside.bottom() - _BAR_PX)
            text = index.data(Qt.ItemDataRole.DisplayRole)
        flags = index.data(Qt.ItemDataRole.TextAlignmentRole) | Qt.TextFlag.TextSingleLine
        painter.drawText(inside, flags, text)
        painter.restore()

    def _draw_bar(self, painter: QPainter, inside: QRectF, share: float) -> None:
        bed = QRectF(inside.left(), inside.bottom() - _BAR_PX - 1, inside.width(), _BAR_PX)
        painter.fillRect(bed, self._theme.color("hairline"))
        if share == share:
            painter.fillRect(QRectF(bed.topLeft(), bed.size()).adjusted(0, 0, (share - 1) * bed.width(), 0),
                             self._theme.color("secondary"))  # fmt: skip


def _worst(figures: tuple[ClassFigures, ...]) -> list[int]:
    """Classes of the lowest accuracy; none where half of them or more are equally bad."""
    known = [each.accuracy for each in figures if each.images]
    least = min(known, default=0.0)
    lowest = [index for index, each in enumerate(figures) if each.images and each.accuracy == least]
    return lowest if 2 * len(lowest) < len(known) else []
