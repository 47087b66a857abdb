"""The trials of a study as rows."""

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from workbench.core.formats import percent
from workbench.core.search.dimensions import value_text
from workbench.core.search.study import StudyRecord, TrialRecord

Index = QModelIndex | QPersistentModelIndex
_FIRST, _LAST = 2, 2
"""Columns before and behind those of the fields."""
SORTED_BY = Qt.ItemDataRole.UserRole


class TrialsModel(QAbstractTableModel):
    """Number, state, a column for each field, accuracy and epochs."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._study: StudyRecord | None = None
        self._fields: list[str] = []

    def show_study(self, study: StudyRecord | None) -> None:
        self.beginResetModel()
        self._study, self._fields = study, list(study.definition.space) if study is not None else []
        self.endResetModel()

    def update_trials(self, study: StudyRecord) -> bool:
        """Take newer trials of the same study, without losing what is chosen. Returns whether it was possible."""
        before = self._study
        if before is None or before.definition != study.definition or len(study.trials) < len(before.trials):
            return False
        added = len(study.trials) - len(before.trials)
        if added:
            self.beginInsertRows(QModelIndex(), len(before.trials), len(study.trials) - 1)
        self._study = study
        if added:
            self.endInsertRows()
        self.dataChanged.emit(self.index(0, 0), self.index(len(before.trials) - 1, self.columnCount() - 1))
        return True

    def trial(self, row: int) -> TrialRecord | None:
        return self._study.trials[row] if self._study is not None and row < len(self._study.trials) else None

    def row_of(self, number: int) -> int:
        """-1: there is none."""
        trials = self._study.trials if self._study is not None else ()
        return next((row for row, trial in enumerate(trials) if trial.number == number), -1)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # as Qt declares it
        return 0 if parent.isValid() or self._study is None else len(self._study.trials)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # as Qt declares it
        return 0 if parent.isValid() else _FIRST + len(self._fields) + _LAST

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        field = self._field(section)
        if role == Qt.ItemDataRole.DisplayRole:
            titles = {0: self.tr("Trial"), 1: self.tr("State")}
            last = {self.columnCount() - 2: self.tr("Validation"), self.columnCount() - 1: self.tr("Epochs")}
            return field.partition(".")[2].replace("_", " ") if field else (titles | last).get(section)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self._side(section)
        return field if role == Qt.ItemDataRole.ToolTipRole and field else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        trial = self.trial(index.row())
        if trial is None:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self._side(index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            where = self.tr("run {0} on {1}").format(trial.run_id, trial.host) if trial.run_id else ""
            return "\n".join(filter(None, (where, trial.message)))
        if role not in (Qt.ItemDataRole.DisplayRole, SORTED_BY):
            return None
        value = self._value(trial, index.column())
        if role == SORTED_BY:
            is_number = isinstance(value, int | float)
            return value if is_number else (value_text(value) if value is not None else "")
        return self._text(value, index.column())

    def _value(self, trial: TrialRecord, column: int) -> Any:
        field = self._field(column)
        if field:
            return trial.values.get(field)
        if column < _FIRST:
            return (trial.number, self._state_words(trial))[column]
        is_accuracy = column == self.columnCount() - 2
        return trial.accuracy if is_accuracy else max(trial.accuracies, default=None)

    def _text(self, value: Any, column: int) -> str:
        if value is None:
            return ""
        if column == self.columnCount() - 2:
            return percent(value)
        if isinstance(value, float):
            return f"{value:.3g}"
        return value if column == 1 else value_text(value)

    def _state_words(self, trial: TrialRecord) -> str:
        return {
            "waiting": self.tr("waiting"),
            "running": self.tr("running"),
            "finished": self.tr("finished"),
            "pruned": self.tr("pruned"),
            "stopped": self.tr("stopped"),
            "failed": self.tr("failed"),
        }[trial.state]

    def _field(self, column: int) -> str:
        """Empty of other columns."""
        place = column - _FIRST
        return self._fields[place] if 0 <= place < len(self._fields) else ""

    def _side(self, column: int) -> Qt.AlignmentFlag:
        side = Qt.AlignmentFlag.AlignLeft if column < _FIRST else Qt.AlignmentFlag.AlignRight
        return side | Qt.AlignmentFlag.AlignVCenter
