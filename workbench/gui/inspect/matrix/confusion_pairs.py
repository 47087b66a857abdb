"""The pairs of classes that are confused most often, as a list; one that is chosen shows its images."""

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal, Slot
from PySide6.QtWidgets import QHeaderView, QTableView, QVBoxLayout, QWidget

from workbench.core.class_names import isolated
from workbench.core.evaluation import Evaluation
from workbench.core.formats import count, percent
from workbench.gui.widgets.elided_label import ElidedLabel
from workbench.gui.widgets.field_form import plain_tip
from workbench.gui.widgets.tables import dress
from workbench.gui.widgets.theme import GAP

_MOST = 100
_ROW_PX = 24
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
Index = QModelIndex | QPersistentModelIndex


class _Pairs(QAbstractTableModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._evaluation: Evaluation | None = None
        self.pairs: list[tuple[int, int, int]] = []
        self._titles = self.tr("truth"), self.tr("taken for"), self.tr("images"), self.tr("of truth")

    def show_evaluation(self, evaluation: Evaluation | None) -> None:
        self.beginResetModel()
        self._evaluation = evaluation
        self.pairs = evaluation.most_confused(_MOST) if evaluation is not None else []
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's signature
        return 0 if parent.isValid() else len(self.pairs)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's signature
        return 0 if parent.isValid() else len(self._titles)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._titles[section]
        return _alignment(section) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def data(self, index: Index, role: int = 0) -> Any:
        if self._evaluation is None or not index.isValid():
            return None
        truth, said, images = self.pairs[index.row()]
        names, total = self._evaluation.class_names, int(self._evaluation.confusion[truth].sum())
        if role == Qt.ItemDataRole.DisplayRole:
            return (names[truth], names[said], count(images), percent(images / total))[index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(index.column())
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleDescriptionRole):
            words = self.tr("{0} of {1} {2} taken for {3}; click to see them")
            first, second = isolated(names[truth]), isolated(names[said])
            return plain_tip(words.format(count(images), count(total), first, second))
        return None


def _alignment(column: int) -> Any:
    return _RIGHT if column >= 2 else Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class ConfusedPairs(QWidget):
    """At most 100 of them, the highest counts first. `pair_chosen` carries truth and prediction."""

    pair_chosen = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = _Pairs(self)
        self.table = QTableView()
        self.table.setModel(self._model)
        self.table.setAccessibleName(self.tr("Most confused pairs of classes"))
        dress(self.table, _ROW_PX)
        header = self.table.horizontalHeader()
        header.setSectionsClickable(False)
        for column in range(4):
            mode = QHeaderView.ResizeMode.Stretch if column < 2 else QHeaderView.ResizeMode.ResizeToContents
            header.setSectionResizeMode(column, mode)
        self.table.clicked.connect(self._choose)
        self.table.activated.connect(self._choose)
        self._line = ElidedLabel("secondary")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, GAP, 0, 0)
        layout.setSpacing(GAP)
        layout.addWidget(self._line)
        layout.addWidget(self.table, 1)

    def show_evaluation(self, evaluation: Evaluation | None) -> None:
        chosen = self._chosen
        self._model.show_evaluation(evaluation)
        pairs = self._model.pairs
        # Of another epoch, it stands elsewhere.
        row = next((row for row, pair in enumerate(pairs) if pair[:2] == chosen), None)
        if row is not None:
            self.table.selectRow(row)
        self.table.setVisible(bool(pairs))
        self._line.setText(self._words(evaluation))

    @property
    def _chosen(self) -> tuple[int, int] | None:
        rows = self.table.selectionModel().selectedRows()
        return self._model.pairs[rows[0].row()][:2] if rows else None

    def _words(self, evaluation: Evaluation | None) -> str:
        if evaluation is None:
            return self.tr("Appears after the first epoch.")
        wrong = len(evaluation.labels) - int(evaluation.correct.sum())
        if not wrong:
            return self.tr("No image is taken for another class.")
        told = sum(images for _, _, images in self._model.pairs)
        if told == wrong:
            return self.tr("All {0} mistakes").format(count(wrong))
        return self.tr("{0} of {1} mistakes").format(count(told), count(wrong))

    @Slot(QModelIndex)
    def _choose(self, index: QModelIndex) -> None:
        if index.isValid():
            truth, said, _ = self._model.pairs[index.row()]
            self.pair_chosen.emit(truth, said)
