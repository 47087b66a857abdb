"""The figures of every class as a table that can be sorted by any of its columns."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QCoreApplication, QModelIndex, QObject, QPersistentModelIndex, Qt

from workbench.core.class_names import isolated
from workbench.core.evaluation import ClassFigures, Evaluation
from workbench.core.formats import count, percent
from workbench.gui.widgets.field_form import plain_tip

_UP, _DOWN = "↑", "↓"
Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class Column:
    """A figure of a class."""

    title: str
    short: str
    """The same where there is less room."""
    tooltip: str
    value: Callable[[ClassFigures], float]
    is_share: bool = True


def columns() -> tuple[Column, ...]:
    """All of them, after that of the names."""

    def tr(text: str) -> str:
        return QCoreApplication.translate("ClassModel", text)

    return (
        Column(
            tr("recall"),
            tr("recall"),
            tr("Share of the class's images that were recognized"),
            lambda f: f.accuracy,
        ),
        Column(
            tr("precision"),
            tr("prec."),
            tr("Share of right answers among those that said this class"),
            lambda f: f.precision,
        ),
        Column("F1", "F1", tr("Harmonic mean of precision and recall"), lambda f: f.f1),
        Column(
            tr("images"),
            tr("images"),
            tr("How many test images the class has: its support"),
            lambda f: f.images,
            is_share=False,
        ),
        Column(
            tr("confidence"),
            tr("conf."),
            tr("Mean probability of what was said of the class's images, right or wrong"),
            lambda f: f.confidence,
        ),
    )


class ClassModel(QAbstractTableModel):
    """A row per class, in the order that is chosen; classes without a figure come last."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.columns = columns()
        self.figures: tuple[ClassFigures, ...] = ()
        self.order: list[int] = []
        """The class of each row."""
        self.sorted_by: int | None = None
        """The column, counted with that of the names; None: as the data have the classes."""
        self.is_descending = False
        self._most_images = 1
        self.has_short_titles = False

    def show_evaluation(self, evaluation: Evaluation | None) -> None:
        figures = evaluation.per_class() if evaluation is not None else ()
        is_same = [each.name for each in figures] == [each.name for each in self.figures]
        self._most_images = max((each.images for each in figures), default=1) or 1
        if is_same:
            self.figures = figures
            self._sort_again()
            return
        self.beginResetModel()
        self.figures = figures
        self._sort()
        self.endResetModel()

    def sort_by_column(self, column: int | None, descending: bool = False) -> None:
        self.sorted_by, self.is_descending = column, descending
        self._sort_again()
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self.columns))

    def _sort_again(self) -> None:
        """What is selected stays with its class."""
        self.layoutAboutToBeChanged.emit()
        former, classes = self.persistentIndexList(), self.order
        self._sort()
        rows = {number: row for row, number in enumerate(self.order)}
        moved = [self.index(rows[classes[index.row()]], index.column()) for index in former]
        self.changePersistentIndexList(former, moved)
        self.layoutChanged.emit()

    def _sort(self) -> None:
        self.order = list(range(len(self.figures)))
        if self.sorted_by == 0:
            self.order.sort(key=lambda row: self.figures[row].name.casefold(), reverse=self.is_descending)
        elif self.sorted_by is not None:
            value = self.columns[self.sorted_by - 1].value
            found = {row: value(self.figures[row]) for row in self.order}
            sign = -1 if self.is_descending else 1
            self.order.sort(key=lambda row: (found[row] != found[row], sign * found[row]))

    def class_at(self, row: int) -> int:
        return self.order[row]

    def share(self, index: Index) -> float:
        """How long the bar of a cell is, from 0 to 1; NaN where there is no figure."""
        column, figures = self.columns[index.column() - 1], self.figures[self.order[index.row()]]
        value = column.value(figures)
        return value if column.is_share else value / self._most_images

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's signature
        return 0 if parent.isValid() else len(self.order)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's signature
        return 0 if parent.isValid() else 1 + len(self.columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            title = self._title(section)
            arrow = _DOWN if self.is_descending else _UP
            return f"{title}\u202f{arrow}" if section == self.sorted_by else title
        if role == Qt.ItemDataRole.ToolTipRole:
            about = self.columns[section - 1].tooltip + ". " if section else ""
            return about + self.tr("Click to sort by it, rising, falling, or not at all")
        return alignment(section) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def _title(self, section: int) -> str:
        if not section:
            return self.tr("class")
        column = self.columns[section - 1]
        return column.short if self.has_short_titles else column.title

    def data(self, index: Index, role: int = 0) -> Any:
        if not index.isValid():
            return None
        figures = self.figures[self.order[index.row()]]
        if role == Qt.ItemDataRole.DisplayRole:
            if not index.column():
                return figures.name
            column = self.columns[index.column() - 1]
            value = column.value(figures)
            # The line above the table says that these are per cent.
            return percent(value).removesuffix("\u202f%") if column.is_share else count(int(value))
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return alignment(index.column())
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleDescriptionRole):
            return plain_tip(self.describe(self.order[index.row()]))
        return None

    def describe(self, index: int) -> str:
        """What is known of a class, in words."""
        figures = self.figures[index]
        right = round(figures.accuracy * figures.images) if figures.images else 0
        words = self.tr(
            "{0} of {1} {2} recognized ({3}); of all that was taken for {2}, {4} was right; F1 {5}, confidence {6}"
        )
        return words.format(
            count(right),
            count(figures.images),
            isolated(figures.name),
            percent(figures.accuracy),
            percent(figures.precision),
            percent(figures.f1),
            percent(figures.confidence),
        )


def alignment(column: int) -> Qt.AlignmentFlag:
    """Names to the left, figures to the right."""
    side = Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
