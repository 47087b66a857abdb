"""Small tables of a comparison: class by class, answer by answer, setting by setting."""

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, Qt, Signal, Slot
from PySide6.QtWidgets import QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from workbench.core.comparison.comparison import Comparison
from workbench.core.errors import shown
from workbench.core.formats import count, half_up, percent
from workbench.gui.widgets.tables import dress

_ROW_PX = 24
_MOST_SPLITS = 100


class ComparisonTable(QTableWidget):
    """Rows of texts. `row_opened` carries the number of a row that was opened by a double click or Return."""

    row_opened = Signal(int)

    def __init__(
        self,
        name: str,
        columns: Sequence[tuple[str, str]],
        numbers_from: int,
        tooltip: str = "",
        parent: QWidget | None = None,
    ) -> None:
        """
        Args:
            name: for assistive technology.
            columns: titles with their tooltips.
            numbers_from: the first of those that hold numbers, which stand on the right.
            tooltip: of all cells.
        """
        super().__init__(0, len(columns), parent)
        dress(self, _ROW_PX)
        self.setAccessibleName(name)
        self._tooltip, self._numbers_from = tooltip, numbers_from
        for column, (title, tip) in enumerate(columns):
            item = QTableWidgetItem(title)
            item.setToolTip(tip)
            item.setTextAlignment(self._side_of(column))
            self.setHorizontalHeaderItem(column, item)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.activated.connect(self._on_activated)

    def show_rows(self, rows: Sequence[Sequence[str]]) -> None:
        """Put these in place of the former ones."""
        self.setRowCount(len(rows))
        for row, texts in enumerate(rows):
            for column, text in enumerate(texts):
                item = QTableWidgetItem(text)
                item.setToolTip(self._tooltip or text)
                item.setTextAlignment(self._side_of(column))
                self.setItem(row, column, item)

    def _side_of(self, column: int) -> Qt.AlignmentFlag:
        is_number = column >= self._numbers_from
        side = Qt.AlignmentFlag.AlignRight if is_number else Qt.AlignmentFlag.AlignLeft
        return side | Qt.AlignmentFlag.AlignVCenter

    @Slot(QModelIndex)
    def _on_activated(self, index: QModelIndex) -> None:
        self.row_opened.emit(index.row())


def class_order(found: Comparison) -> list[int]:
    """Numbers of the classes: where B gains most first, and where nothing is known last."""

    def loss(number: int) -> tuple[bool, float]:
        difference = found.agreement.per_class[number].difference
        return difference != difference, -difference

    return sorted(range(len(found.agreement.per_class)), key=loss)


def class_rows(found: Comparison) -> list[tuple[str, ...]]:
    figures = [found.agreement.per_class[number] for number in class_order(found)]
    return [
        (shown(each.name), percent(each.accuracy_a), percent(each.accuracy_b), signed_points(each.difference))
        for each in figures
    ]


def split_rows(found: Comparison) -> list[tuple[str, ...]]:
    """What A says, what B says, and how often; the most frequent first."""
    names = found.agreement.a.class_names
    return [
        (shown(names[each.said_a]), shown(names[each.said_b]), count(each.images))
        for each in found.agreement.splits[:_MOST_SPLITS]
    ]


def setting_rows(found: Comparison) -> list[tuple[str, ...]]:
    return [(each.field, *each.texts) for each in found.settings]


def signed_points(fraction: float) -> str:
    """`+1.2`, of a difference in points; a dash where it is not defined."""
    if fraction != fraction:
        return "–"
    return f"{half_up(100 * fraction, 1):+.1f}".replace("-", "−")
